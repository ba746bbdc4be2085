import { createHmac } from 'node:crypto';
import { Readable } from 'node:stream';

import { headerText } from './destination.ts';
import type { PostRequest } from './post.ts';

export interface JsonPost {
  /** The same for every attempt. */
  idempotencyKey: string;
  jobId: string | null;
  /** Signs what is sent; undefined = unsigned. */
  signingSecret: string | undefined;
}

/** A POST of ours that tells something, signed like a delivery. */
export function jsonPost(url: URL, value: unknown, { idempotencyKey, jobId, signingSecret }: JsonPost): PostRequest {
  const body = Buffer.from(JSON.stringify(value));
  const signature =
    signingSecret === undefined ? undefined : createHmac('sha256', signingSecret).update(body).digest('hex');
  return {
    url,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': headerText(idempotencyKey),
      ...(jobId !== null && { 'x-dqm-job-id': headerText(jobId) }),
      ...(signature !== undefined && { 'x-dqm-signature': `sha256=${signature}` }),
    },
    originHeaders: {},
    body: () => Promise.resolve(Readable.from([body])),
    size: body.length,
  };
}
