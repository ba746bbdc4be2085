import { z } from 'zod';

import type { ResultStoreConfig } from '../config/config.ts';

import { isAscii, isOpen, isToken, knownStart, text, textMap, type Stage } from './task-values.ts';

/** A bucket's name, also an old or an S3-compatible one, or the ARN of an access point. */
const BUCKET = /^(arn:[\w:./-]+|[A-Za-z0-9][A-Za-z0-9._-]{1,254})$/;
const MAX_KEY_BYTES = 1_024;
const MAX_METADATA_BYTES = 2_048;

const ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
] as const;

/** Other keys are tolerated. */
export const s3UploadSchema = (stage: Stage) => {
  const header = text(stage, 'a text of printable ASCII characters', isAscii);
  return z.object({
    bucket: text(stage, 'the name of a bucket', (value) => BUCKET.test(value)),
    key: text(stage, `a text of 1 to ${MAX_KEY_BYTES} bytes`, isKey),
    content_type: header.optional(),
    cache_control: header.optional(),
    content_disposition: header.optional(),
    acl: text(stage, `one of ${ACLS.join(', ')}`, (value) => (ACLS as readonly string[]).includes(value)).optional(),
    storage_class: text(stage, 'a storage class such as STANDARD_IA', (value) =>
      /^[A-Z_0-9]{1,60}$/.test(value),
    ).optional(),
    metadata: textMap(
      stage,
      (name) => (isToken(name) ? undefined : "is no name for a header, which S3's metadata are"),
      'a text of printable ASCII characters',
      isAscii,
    )
      .refine((map) => metadataBytes(map) <= MAX_METADATA_BYTES, `must not exceed ${MAX_METADATA_BYTES} bytes in all`)
      .optional(),
    region: text(stage, 'a region such as eu-west-1', (value) => /^[A-Za-z0-9-]{1,60}$/.test(value)).optional(),
  });
};

const isKey = (value: string): boolean => {
  const bytes = Buffer.byteLength(value);
  // Half a surrogate pair has no UTF-8.
  return bytes >= 1 && bytes <= MAX_KEY_BYTES && !/\p{Surrogate}/u.test(value);
};

const metadataBytes = (map: Record<string, string>): number =>
  Object.entries(map).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);

/** What the operator's rules say: `.bucket: …`. */
export function s3UploadMistake(
  { bucket, key }: { bucket: string; key: string },
  stage: Stage,
  { allowBuckets, resultStore }: { allowBuckets: readonly string[]; resultStore: ResultStoreConfig },
): string | undefined {
  if (isOpen(bucket, stage)) return undefined;
  if (allowBuckets.length > 0 && !allowBuckets.includes(bucket)) {
    return `.bucket: ${bucket} is not allowed by allow_bucket`;
  }
  if (resultStore.kind !== 's3' || resultStore.bucket !== bucket) return undefined;
  const { prefix } = resultStore;
  if (prefix === '') return '.bucket: is the result store, which no task may write into';
  return knownStart(key, stage).startsWith(`${prefix}/`)
    ? '.key: lies inside the result store, which no task may write into'
    : undefined;
}
