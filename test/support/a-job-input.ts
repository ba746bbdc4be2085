import type { JobInput, StagedResult } from '../../lib/contract/job-input.ts';

const HOUR_MS = 3_600_000;

/** A valid input of a job's workflow; a test names what it cares about. */
export function aJobInput(changes: Partial<JobInput> = {}): JobInput {
  const command = changes.command ?? 'render_product';
  return {
    version: 1,
    queue: 'renders',
    jobId: 'chair-1',
    messageId: 'm-1',
    body: { text: JSON.stringify({ command, parameters: { scene: 'chair.mi' } }) },
    envelope: { transport: 'direct' },
    command,
    tasks: [
      { name: 's3_upload', config: { bucket: 'results', key: '${message_id}.${mime_ext}' } },
      { name: 'http_post', config: { postback_uri: 'https://shop.example/store/${message_id}.${mime_ext}' } },
    ],
    tenant: null,
    priority: null,
    limits: {
      commandTimeoutMs: 2 * HOUR_MS,
      commandAttempts: 3,
      heartbeatTimeoutMs: 30_000,
      taskRetryWindowMs: 72 * HOUR_MS,
    },
    deadLetter: false,
    reportsFailure: false,
    generation: 0,
    mayBeStaged: false,
    ...changes,
  };
}

export const aStagedResult = (changes: Partial<StagedResult> = {}): StagedResult => ({
  uri: 'file:///var/lib/dqm/results/renders/chair-1/0-abc-0/0123',
  sha256: '0123456789abcdef'.repeat(4),
  size: 48_213,
  mimeType: 'image/png',
  ...changes,
});
