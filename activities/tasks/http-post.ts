import { createHmac } from 'node:crypto';

import { durationMs } from '../../lib/config/durations.ts';
import type { StagedResult } from '../../lib/contract/job-input.ts';
import { readTaskConfig, type TaskConfig } from '../../lib/contract/task-configs.ts';
import { destinationOf, headerText } from '../../lib/postback/destination.ts';
import type { Post } from '../../lib/postback/post.ts';
import type { ResultStore } from '../../lib/results/store.ts';
import { postErrorFailure, postFailure } from '../classify.ts';
import { withHeartbeat } from '../heartbeat.ts';

import {
  idempotencyKey,
  stopped,
  templateVariables,
  windowEndMs,
  type CommonTaskDeps,
  type TaskInput,
  type TaskOutcome,
} from './task.ts';

export interface HttpPostDeps extends CommonTaskDeps {
  post: Post;
  verifySsl: boolean;
  /** Signs what is sent; undefined = unsigned. */
  signingSecret: string | undefined;
}

/** One attempt, from the connection to the last byte of the answer: 300 MB at 5 MBit/s. */
const DEFAULT_TIMEOUT_MS = 600_000;

export function createHttpPost(deps: HttpPostDeps) {
  return {
    /** Sends the result's bytes to a web server. May arrive twice: the `Idempotency-Key` says so. */
    http_post: (input: TaskInput): Promise<TaskOutcome> =>
      withHeartbeat(async (signal) => {
        let destination = 'http_post';
        try {
          const config = readTaskConfig(
            'http_post',
            input.task,
            templateVariables(input, deps.mimeExtensions),
            deps.rules,
          );
          const url = new URL(config.postback_uri);
          destination = `http_post to ${destinationOf(url)}`;
          const answer = await deliver(url, config, input, deps, signal);
          if (answer.status >= 200 && answer.status < 300) return { destination: destinationOf(url) };
          throw postFailure(answer, { destination, windowEndMs: windowEndMs(), nowMs: Date.now() });
        } catch (error) {
          if (signal.aborted) throw stopped(signal, destination);
          throw postErrorFailure(error, { destination, verifySsl: deps.verifySsl });
        }
      }),
  };
}

async function deliver(
  url: URL,
  config: TaskConfig<'http_post'>,
  input: TaskInput,
  { store, post, signingSecret }: HttpPostDeps,
  signal: AbortSignal,
) {
  const { result } = input;
  const timeoutMs = (config.timeout === undefined ? undefined : durationMs(config.timeout)) ?? DEFAULT_TIMEOUT_MS;
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const signature = signingSecret === undefined ? undefined : await hmac(store, result, signingSecret, bounded);
  return post(
    {
      url,
      method: config.method === 'PUT' ? 'PUT' : 'POST',
      headers: {
        'content-type': result.mimeType,
        'idempotency-key': idempotencyKey(input, store),
        'x-dqm-job-id': headerText(input.variables.job_id),
        ...(signature !== undefined && { 'x-dqm-signature': `sha256=${signature}` }),
      },
      originHeaders: Object.fromEntries(
        Object.entries(config.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
      ),
      body: () => store.open(result, bounded),
      size: result.size,
    },
    bounded,
  );
}

/** A pass of its own over the bytes: the signature is a header, so it goes before them. */
async function hmac(store: ResultStore, result: StagedResult, secret: string, signal: AbortSignal): Promise<string> {
  const mac = createHmac('sha256', secret);
  for await (const chunk of (await store.open(result, signal)) as AsyncIterable<Buffer>) mac.update(chunk);
  return mac.digest('hex');
}
