import { open, type FileHandle } from 'node:fs/promises';

import { PutObjectCommand, UploadPartCommand, type S3Client } from '@aws-sdk/client-s3';

import { s3ErrorOf } from './s3-errors.ts';
import { abortParts, beginParts, completeParts, partBytes, PART_BYTES, type S3Object } from './s3-multipart.ts';
import { StagingError } from './staging-error.ts';
import type { StagedFile } from './store.ts';

/** What has arrived of objects whose upload was cut off, by their keys. */
export type CutOff = Map<string, { uploadId: string; etags: string[] }>;

/**
 * Puts a staged file into one object, which nobody sees before all of it is there; one that was cut off goes on where it
 * was. One part at a time through one buffer: on a render host memory counts more, and the GPU does not wait for this.
 */
export async function sendFileToS3(
  s3: S3Client,
  object: S3Object,
  file: StagedFile,
  cutOff: CutOff,
  signal: AbortSignal,
): Promise<void> {
  const handle = await open(file.path, 'r').catch((cause: unknown) => {
    throw new StagingError(`${file.path} is gone`, { cause });
  });
  try {
    const buffer = Buffer.allocUnsafe(Math.min(file.size, partBytes(file.size)));
    if (file.size > PART_BYTES) return await sendParts(s3, object, { file, handle, buffer }, cutOff, signal);
    const Body = await fill(buffer, handle, 0);
    await s3.send(new PutObjectCommand({ ...object, Body, ContentType: file.mimeType }), { abortSignal: signal });
  } finally {
    await handle.close();
  }
}

interface OpenFile {
  file: StagedFile;
  handle: FileHandle;
  buffer: Buffer;
}

async function sendParts(
  s3: S3Client,
  object: S3Object,
  { file, handle, buffer }: OpenFile,
  cutOff: CutOff,
  signal: AbortSignal,
): Promise<void> {
  const earlier = cutOff.get(object.Key);
  // Nobody else goes on with it meanwhile.
  cutOff.delete(object.Key);
  const { uploadId, etags } = earlier ?? {
    ...(await beginParts(s3, { ...object, ContentType: file.mimeType }, undefined, signal)),
    etags: [],
  };
  try {
    for (let position = etags.length * buffer.length; position < file.size; position += buffer.length) {
      const Body = await fill(buffer.subarray(0, file.size - position), handle, position);
      const part = new UploadPartCommand({ ...object, UploadId: uploadId, PartNumber: etags.length + 1, Body });
      const { ETag = '' } = await s3.send(part, { abortSignal: signal });
      etags.push(ETag);
    }
    await completeParts(s3, object, uploadId, etags, signal);
  } catch (error) {
    if (!signal.aborted && isAway(error)) cutOff.set(object.Key, { uploadId, etags });
    else await abortParts(s3, object, uploadId);
    throw error;
  }
}

/** S3 did not answer, or not now: what it has it will have later, too. */
function isAway(error: unknown): boolean {
  const { status } = s3ErrorOf(error);
  return !(error instanceof StagingError) && (status === undefined || status >= 500);
}

async function fill(buffer: Buffer, handle: FileHandle, position: number): Promise<Buffer> {
  for (let filled = 0; filled < buffer.length;) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) throw new StagingError('a staged file became shorter while it was read');
    filled += bytesRead;
  }
  return buffer;
}
