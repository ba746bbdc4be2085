import type { Readable } from 'node:stream';

import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
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
  const abortController = new AbortController();
  const abort = (): void => {
    abortController.abort(signal.reason);
    body.destroy();
  };
  const upload = new Upload({
    client: s3,
    params: { ...fields, Bucket: bucket, Key: key, Body: body, ContentLength: size },
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
