import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { PutObjectCommand, UploadPartCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';

import { beginParts, completeParts, partBytes, PART_BYTES, type S3Object } from '../../lib/results/s3-multipart.ts';

import type { SharedUpload } from './shared-upload.ts';

export interface S3Stream {
  s3: S3Client;
  object: S3Object;
  body: Readable;
  /** Bytes. */
  size: number;
  fields?: Omit<PutObjectCommandInput, 'Bucket' | 'Key' | 'Body' | 'ContentLength'>;
}

/**
 * Streams bytes into one object: small ones in one request, large ones in parts, of which those that an earlier attempt has
 * sent are not sent again. Each part is held until it has arrived, so the client can repeat it. Nothing is seen of the
 * object before all of it is there.
 */
export async function streamToS3(stream: S3Stream, upload: SharedUpload, signal: AbortSignal): Promise<void> {
  const { s3, object, body, size, fields } = stream;
  if (size > PART_BYTES) return sendParts(stream, upload, signal);
  // Most results: without what the parts of a large one need.
  const command = new PutObjectCommand({ ...fields, ...object, ContentLength: size, Body: await buffer(body) });
  await s3.send(command, { abortSignal: signal });
}

async function sendParts(
  { s3, object, body, size, fields }: S3Stream,
  upload: SharedUpload,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { uploadId, there } = await beginParts(s3, { ...fields, ...object }, upload.id, signal);
    upload.began(uploadId);
    const etags: string[] = [];
    const send = async (Body: Buffer, PartNumber: number): Promise<void> => {
      const part = new UploadPartCommand({ ...object, UploadId: uploadId, PartNumber, Body });
      const { ETag = '' } = await s3.send(part, { abortSignal: signal });
      etags[PartNumber - 1] = ETag;
    };
    let sending = Promise.resolve();
    for await (const piece of pieces(body, partBytes(size))) {
      await sending;
      const number = etags.push('');
      const earlier = there.get(number)?.etag;
      if (earlier !== undefined && isOf(earlier, piece)) etags[number - 1] = earlier;
      else sending = send(piece, number);
      // Its error is the next round's.
      sending.catch(() => undefined);
    }
    await sending;
    await completeParts(s3, object, uploadId, etags, signal);
  } finally {
    body.destroy();
  }
}

/** The last one may be shorter. A piece is good until the next but one: two buffers take turns, one is filled while one is sent. */
async function* pieces(body: Readable, bytes: number): AsyncGenerator<Buffer> {
  let [filling, other] = [Buffer.allocUnsafe(bytes), Buffer.allocUnsafe(bytes)];
  let filled = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    for (let taken = 0; taken < chunk.length;) {
      const copied = chunk.copy(filling, filled, taken);
      taken += copied;
      filled += copied;
      if (filled < bytes) continue;
      yield filling;
      [filling, other] = [other, filling];
      filled = 0;
    }
  }
  if (filled > 0) yield filling.subarray(0, filled);
}

/** Of a part that S3 has encrypted with a key of its own the ETag says nothing: such a part is sent again. */
const isOf = (etag: string, bytes: Buffer): boolean =>
  etag.replaceAll('"', '') === createHash('md5').update(bytes).digest('hex');
