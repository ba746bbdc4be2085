import { randomUUID } from 'node:crypto';

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

import { createS3 } from '../../lib/aws.ts';

import { servers } from './servers.ts';

const opened: S3Client[] = [];
afterAll(() => opened.forEach((s3) => s3.destroy()));

/** A client as the program makes it, of the emulator; closed after the test file. */
export function anS3Client(): S3Client {
  const s3 = createS3({
    s3: {
      endpoint: servers().awsEndpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      pathStyle: true,
    },
    sqs: {},
  });
  opened.push(s3);
  return s3;
}

export async function aBucket(s3: S3Client): Promise<string> {
  const Bucket = `bucket-${randomUUID()}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

/**
 * The emulator ignores `If-None-Match`; with this, its client does what S3 does: the first of several puts is taken, the
 * others are answered with 412 once it is there.
 */
export function withConditionalPuts(s3: S3Client): S3Client {
  const taken = new Map<string, Promise<unknown>>();
  s3.middlewareStack.add(
    (next) => async (call) => {
      const { Bucket, Key, IfNoneMatch } = call.input as { Bucket?: string; Key?: string; IfNoneMatch?: string };
      const name = `${Bucket}/${Key}`;
      const first = taken.get(name);
      if (IfNoneMatch !== '*') return next(call);
      if (first) {
        await first;
        throw refusal(412, 'PreconditionFailed');
      }
      const putting = next(call);
      taken.set(name, putting);
      return putting;
    },
    { step: 'initialize' },
  );
  return s3;
}

/** What S3's client throws for an answer. */
export const refusal = (status: number, name: string, message = 'refused'): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
