import { randomUUID } from 'node:crypto';

import {
  CreateBucketCommand,
  GetObjectCommand,
  S3Client,
  UploadPartCommand,
  type ListPartsCommandInput,
  type Part,
  type UploadPartCopyCommandInput,
} from '@aws-sdk/client-s3';

import { createS3 } from '../../lib/aws.ts';

import { servers } from './servers.ts';

const opened: S3Client[] = [];
afterAll(() => opened.forEach((s3) => s3.destroy()));

/** A client as the program makes it, of the emulator; closed after the test file. */
export function anS3Client(endpoint = servers().awsEndpoint): S3Client {
  const s3 = createS3({
    s3: {
      endpoint,
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

/**
 * The emulator can neither tell which parts are there nor copy into one; with this, its clients do what S3 does. `parts`: of
 * all uploads, by their ids.
 */
export function withParts(s3: S3Client, parts: Map<string, Part[]>): S3Client {
  s3.middlewareStack.add(
    (next, { commandName }) =>
      async (call) => {
        if (commandName === 'ListPartsCommand') {
          const there = parts.get((call.input as ListPartsCommandInput).UploadId ?? '');
          if (!there) throw refusal(404, 'NoSuchUpload');
          return { response: {}, output: { $metadata: {}, Parts: there } };
        }
        if (commandName === 'UploadPartCopyCommand') {
          const { ETag } = await copyPart(s3, call.input as UploadPartCopyCommandInput);
          return { response: {}, output: { $metadata: {}, CopyPartResult: { ETag } } };
        }
        const answer = await next(call);
        if (commandName === 'UploadPartCommand') {
          const {
            UploadId = '',
            PartNumber = 0,
            Body,
          } = call.input as { UploadId?: string; PartNumber?: number; Body?: Buffer };
          const { ETag = '' } = answer.output as { ETag?: string };
          parts.set(UploadId, [...(parts.get(UploadId) ?? []), { PartNumber, ETag, Size: Body?.length ?? 0 }]);
        }
        return answer;
      },
    { step: 'initialize' },
  );
  return s3;
}

async function copyPart(
  s3: S3Client,
  { CopySource = '', CopySourceRange: Range, ...part }: UploadPartCopyCommandInput,
) {
  const [Bucket = '', ...key] = CopySource.split('/').map(decodeURIComponent);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key.join('/'), Range }));
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
  const { Bucket: to, Key, UploadId, PartNumber } = part;
  return s3.send(new UploadPartCommand({ Bucket: to, Key, UploadId, PartNumber, Body: bytes }));
}

/** What S3's client throws for an answer. */
export const refusal = (status: number, name: string, message = 'refused'): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
