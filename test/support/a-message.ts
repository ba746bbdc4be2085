import type { QueueMessage } from '../../lib/contract/queue-message.ts';
import type { MessageRules } from '../../lib/contract/job-message.ts';
import { checkTask } from '../../lib/contract/task-configs.ts';

/** The golden message of interface.md 1, byte for byte. */
export const GOLDEN_BODY = `{ "command": "render_product",
  "parameters": { "scene": "chair.mi", "width": 1920, "tint": { "r": 1.0, "g": 0.2, "b": 0.1 } },
  "tasks": [
    { "name": "s3_upload", "config": { "bucket": "results", "key": "chairs/\${message_id}.\${mime_ext}" } },
    { "name": "http_post", "config": { "postback_uri": "https://shop.example/store/\${message_id}.\${mime_ext}" } } ] }`;

/** A message of the queue `renders` as no broker in particular gives it; `body` is bytes, a text, or made JSON. */
export function aMessage({ body = GOLDEN_BODY, ...changes }: MessageChanges = {}): QueueMessage {
  return {
    queue: 'renders',
    body: bytesOf(body),
    messageId: 'm-1',
    attributes: {},
    envelope: { transport: 'direct' },
    ...changes,
  };
}

export type MessageChanges = Partial<Omit<QueueMessage, 'body'>> & { body?: unknown };

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** The body of a job without tasks; `fields` are added to it. */
export const aBody = (fields: object = {}): object => ({
  command: 'render_product',
  parameters: { scene: 'chair.mi' },
  ...fields,
});

export const someRules = (changes: Partial<MessageRules> = {}): MessageRules => ({
  maxMessageBytes: 1_048_576,
  allowCommands: new Set(['render_product', 'batch::turntable']),
  file: '/etc/dqm/realityserver.conf',
  checkTask: (task, path) =>
    checkTask(task, path, {
      allowBuckets: [],
      allowPostbacks: [],
      resultStore: { kind: 'file', root: '/var/lib/dqm/results' },
      userTasks: new Map(),
    }),
  checkParameters: () => undefined,
  ...changes,
});
