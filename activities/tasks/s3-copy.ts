import {
  CopyObjectCommand,
  UploadPartCopyCommand,
  type CreateMultipartUploadCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';

import { beginParts, completeParts, partBytes, type S3Object } from '../../lib/results/s3-multipart.ts';

import type { SharedUpload } from './shared-upload.ts';

export interface S3Copy {
  s3: S3Client;
  source: S3Object;
  object: S3Object;
  /** Bytes. */
  size: number;
  /** Instead of the source's own. */
  fields: Omit<CreateMultipartUploadCommandInput, 'Bucket' | 'Key'>;
  limits: CopyLimits;
}

export interface CopyLimits {
  /** Larger objects are copied in parts. S3 takes 5 GiB at most. */
  wholeBytes: number;
  /** S3 takes 5 MiB at least and 5 GiB at most; the client waits a minute for each. */
  partBytes: number;
}

const GIB = 1024 ** 3;
export const COPY_LIMITS: CopyLimits = { wholeBytes: 5 * GIB, partBytes: GIB / 2 };

/** Copies inside S3: the bytes do not come here. Parts that an earlier attempt has copied are not copied again. */
export async function copyInS3(copy: S3Copy, upload: SharedUpload, signal: AbortSignal): Promise<void> {
  const { s3, source, object, size, fields, limits } = copy;
  if (size > limits.wholeBytes) return copyParts(copy, upload, signal);
  const command = new CopyObjectCommand({
    ...fields,
    ...object,
    CopySource: sourceText(source),
    // Else the source's own would come along instead of these fields.
    MetadataDirective: 'REPLACE',
  });
  await s3.send(command, { abortSignal: signal });
}

async function copyParts(
  { s3, source, object, size, fields, limits }: S3Copy,
  upload: SharedUpload,
  signal: AbortSignal,
): Promise<void> {
  const { uploadId, there } = await beginParts(s3, { ...fields, ...object }, upload.id, signal);
  upload.began(uploadId);
  const bytes = partBytes(size, limits.partBytes);
  const etags: string[] = [];
  for (let position = 0; position < size; position += bytes) {
    const end = Math.min(position + bytes, size);
    const number = etags.length + 1;
    const earlier = there.get(number);
    // The source is named after its content: what was copied of it is still right.
    if (earlier?.size === end - position) {
      etags.push(earlier.etag);
      continue;
    }
    const part = new UploadPartCopyCommand({
      ...object,
      UploadId: uploadId,
      PartNumber: number,
      CopySource: sourceText(source),
      CopySourceRange: `bytes=${position}-${end - 1}`,
    });
    const { CopyPartResult } = await s3.send(part, { abortSignal: signal });
    etags.push(CopyPartResult?.ETag ?? '');
  }
  await completeParts(s3, object, uploadId, etags, signal);
}

const sourceText = ({ Bucket, Key }: S3Object): string => [Bucket, ...Key.split('/')].map(encodeURIComponent).join('/');
