import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';

/** Larger objects go in parts. */
const PART_BYTES = 8 * 1024 * 1024;
const MAX_PARTS = 10_000;
/** Parts in memory at once. Two keep the line busy; every task of a worker that uploads holds as many. */
const PARTS_AT_ONCE = 2;

export interface S3Stream {
  s3: S3Client;
  bucket: string;
  key: string;
  body: Readable;
  /** Bytes. */
  size: number;
  fields?: Omit<PutObjectCommandInput, 'Bucket' | 'Key' | 'Body' | 'ContentLength'>;
}

/**
 * Streams bytes into one object: small ones in one request, large ones in parts. Each part is held until it has arrived,
 * so the client can repeat it. Nothing is seen of the object before all of it is there.
 */
export async function streamToS3(
  { s3, bucket, key, body, size, fields }: S3Stream,
  signal: AbortSignal,
): Promise<void> {
  const object = { ...fields, Bucket: bucket, Key: key, ContentLength: size };
  if (size > PART_BYTES) return uploadParts(s3, { ...object, Body: body }, size, signal);
  // Most results: without what the parts of a large one need.
  await s3.send(new PutObjectCommand({ ...object, Body: await buffer(body) }), { abortSignal: signal });
}

async function uploadParts(
  s3: S3Client,
  params: PutObjectCommandInput & { Body: Readable },
  size: number,
  signal: AbortSignal,
): Promise<void> {
  const { Body: body } = params;
  const abortController = new AbortController();
  const abort = (): void => {
    abortController.abort(signal.reason);
    body.destroy();
  };
  const upload = new Upload({
    client: s3,
    params,
    partSize: Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS)),
    queueSize: PARTS_AT_ONCE,
    abortController,
  });
  // Once the upload has failed nobody else listens to what the stream says.
  body.on('error', () => undefined);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    await upload.done();
  } finally {
    signal.removeEventListener('abort', abort);
    body.destroy();
  }
}
