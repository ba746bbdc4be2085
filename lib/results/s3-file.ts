import { open, type FileHandle } from 'node:fs/promises';

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';

import { StagingError } from './staging-error.ts';
import type { StagedFile } from './store.ts';

export interface S3Object {
  Bucket: string;
  Key: string;
}

/** Larger files go in parts. S3 takes 5 MiB at least, 10,000 parts at most. */
const PART_BYTES = 8 * 1024 * 1024;
const MAX_PARTS = 10_000;

/**
 * Puts a staged file into one object, which nobody sees before all of it is there. One part at a time through one
 * buffer: on a render host memory counts more, and the GPU does not wait for this. (lib-storage makes a new buffer for
 * each part, 50 MB and more until they are collected.)
 */
export async function sendFileToS3(s3: S3Client, object: S3Object, file: StagedFile, signal: AbortSignal) {
  const handle = await open(file.path, 'r').catch((cause: unknown) => {
    throw new StagingError(`${file.path} is gone`, { cause });
  });
  try {
    const buffer = Buffer.allocUnsafe(Math.min(file.size, partBytes(file.size)));
    if (file.size > PART_BYTES) return await sendParts(s3, object, { file, handle, buffer }, signal);
    const Body = await fill(buffer, handle, 0);
    await s3.send(new PutObjectCommand({ ...object, Body, ContentType: file.mimeType }), { abortSignal: signal });
  } finally {
    await handle.close();
  }
}

const partBytes = (size: number): number => Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS));

interface OpenFile {
  file: StagedFile;
  handle: FileHandle;
  buffer: Buffer;
}

async function sendParts(s3: S3Client, object: S3Object, { file, handle, buffer }: OpenFile, signal: AbortSignal) {
  const begin = new CreateMultipartUploadCommand({ ...object, ContentType: file.mimeType });
  const { UploadId } = await s3.send(begin, { abortSignal: signal });
  try {
    const parts: CompletedPart[] = [];
    for (let position = 0; position < file.size; position += buffer.length) {
      const PartNumber = parts.length + 1;
      const Body = await fill(buffer.subarray(0, file.size - position), handle, position);
      const part = new UploadPartCommand({ ...object, UploadId, PartNumber, Body });
      const { ETag } = await s3.send(part, { abortSignal: signal });
      parts.push({ PartNumber, ...(ETag !== undefined && { ETag }) });
    }
    const end = new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts: parts } });
    await s3.send(end, { abortSignal: signal });
  } catch (error) {
    // Parts of an unfinished upload cost money until they are taken away; a bucket's expiry rule takes what stays.
    await s3.send(new AbortMultipartUploadCommand({ ...object, UploadId })).catch(() => undefined);
    throw error;
  }
}

async function fill(buffer: Buffer, handle: FileHandle, position: number): Promise<Buffer> {
  for (let filled = 0; filled < buffer.length;) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) throw new StagingError('a staged file became shorter while it was read');
    filled += bytesRead;
  }
  return buffer;
}
