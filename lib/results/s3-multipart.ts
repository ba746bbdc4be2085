import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type CreateMultipartUploadCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';

import { isNotImplemented, s3ErrorOf } from './s3-errors.ts';

export interface S3Object {
  Bucket: string;
  Key: string;
}

/** An object that S3 puts together from parts, which begin with number 1: nobody sees it before all of them are there. */
export interface Multipart {
  uploadId: string;
  /** What an earlier attempt has left there, by number. */
  there: ReadonlyMap<number, PartThere>;
}

export interface PartThere {
  etag: string;
  size: number;
}

/** Larger objects go in parts of this size. S3 takes 5 MiB at least, 10,000 parts at most. */
export const PART_BYTES = 8 * 1024 * 1024;
const MAX_PARTS = 10_000;

export const partBytes = (size: number, wanted = PART_BYTES): number => Math.max(wanted, Math.ceil(size / MAX_PARTS));

/** Begins an upload, or goes on with an earlier one where S3 still has it and tells of its parts. */
export async function beginParts(
  s3: S3Client,
  object: CreateMultipartUploadCommandInput & S3Object,
  earlierId: string | undefined,
  signal: AbortSignal,
): Promise<Multipart> {
  const there = earlierId === undefined ? undefined : await partsThere(s3, object, earlierId, signal);
  if (earlierId !== undefined && there) return { uploadId: earlierId, there };
  const { UploadId: uploadId = '' } = await s3.send(new CreateMultipartUploadCommand(object), { abortSignal: signal });
  return { uploadId, there: new Map() };
}

/** Undefined: S3 has taken it away meanwhile, or does not let us ask. */
async function partsThere(
  s3: S3Client,
  { Bucket, Key }: S3Object,
  UploadId: string,
  signal: AbortSignal,
): Promise<Map<number, PartThere> | undefined> {
  const there = new Map<number, PartThere>();
  try {
    for (let marker: string | undefined, isMore = true; isMore;) {
      const page = new ListPartsCommand({ Bucket, Key, UploadId, PartNumberMarker: marker });
      const { Parts = [], IsTruncated = false, NextPartNumberMarker } = await s3.send(page, { abortSignal: signal });
      for (const { PartNumber = 0, ETag = '', Size = 0 } of Parts) there.set(PartNumber, { etag: ETag, size: Size });
      isMore = IsTruncated;
      marker = NextPartNumberMarker;
    }
    return there;
  } catch (error) {
    const { status = 0 } = s3ErrorOf(error);
    if (!isNotImplemented(error) && (status < 400 || status >= 500)) throw error;
    await abortParts(s3, { Bucket, Key }, UploadId);
    return undefined;
  }
}

/** `etags`: of all parts, in their order. */
export async function completeParts(
  s3: S3Client,
  { Bucket, Key }: S3Object,
  UploadId: string,
  etags: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const Parts = etags.map((ETag, index) => ({ PartNumber: index + 1, ETag }));
  const end = new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } });
  await s3.send(end, { abortSignal: signal });
}

const ABORT_LIMIT_MS = 5_000;

/** Parts of an unfinished upload cost money until they are taken away; a bucket's expiry rule takes what stays. */
export async function abortParts(s3: S3Client, { Bucket, Key }: S3Object, UploadId: string): Promise<void> {
  const abort = new AbortMultipartUploadCommand({ Bucket, Key, UploadId });
  await s3.send(abort, { abortSignal: AbortSignal.timeout(ABORT_LIMIT_MS) }).catch(() => undefined);
}
