import type { Readable } from 'node:stream';

import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

import type { StagedResult } from '../contract/job-input.ts';

import { checkedKey, keyUnder, parseReference, REFERENCE_NAME, referenceText } from './reference.ts';
import { isMissingObject, isNotImplemented, s3ErrorOf, s3ErrorText } from './s3-errors.ts';
import { sendFileToS3, type CutOff } from './s3-file.ts';
import { StagingError } from './staging-error.ts';
import { NoSuchResult, StoreUnavailable, type ResultStore, type StagedFile } from './store.ts';
import { verified } from './verified.ts';

export interface S3StoreOptions {
  s3: S3Client;
  bucket: string;
  /** Without slashes at its ends; may be empty. */
  prefix: string;
}

/** Results in a bucket: `<prefix>/<key>/<sha256>` holds the bytes, and `reference.json` beside it publishes them. */
export function createS3Store({ s3, bucket, prefix }: S3StoreOptions): ResultStore {
  const base = prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
  const objectOf = (key: string, name: string) => ({
    Bucket: bucket,
    Key: [...(prefix === '' ? [] : [prefix]), checkedKey(key), name].join('/'),
  });
  const keyOf = (result: StagedResult): string => keyUnder(base, result);
  const cutOff: CutOff = new Map();
  async function find(key: string, signal: AbortSignal): Promise<StagedResult | undefined> {
    checkedKey(key);
    return asking(base, signal, () => readPublished(key, signal));
  }

  async function readPublished(key: string, signal: AbortSignal): Promise<StagedResult | undefined> {
    const text = await ifPresent(readText(objectOf(key, REFERENCE_NAME), signal));
    const reference = text === undefined ? undefined : parseReference(text);
    if (!reference) return undefined;
    const head = new HeadObjectCommand(objectOf(key, reference.sha256));
    const bytes = await ifPresent(s3.send(head, { abortSignal: signal }));
    return bytes?.ContentLength === reference.size
      ? { uri: `${base}/${key}/${reference.sha256}`, ...reference }
      : undefined;
  }

  async function readText(object: { Bucket: string; Key: string }, signal: AbortSignal): Promise<string> {
    const { Body } = await s3.send(new GetObjectCommand(object), { abortSignal: signal });
    return (await Body?.transformToString()) ?? '';
  }

  const put = (key: string, file: StagedFile, signal: AbortSignal) =>
    asking(base, signal, async () => {
      const earlier = await readPublished(key, signal);
      if (earlier) return earlier;
      await sendFileToS3(s3, objectOf(key, file.sha256), file, cutOff, signal);
      await publishReference(key, file, signal);
      // Read back, whatever was answered: some implementations of S3 ignore If-None-Match.
      const published = await readPublished(key, signal);
      if (!published) throw new StoreUnavailable(`result store ${base}: cannot read what was published as ${key}`);
      if (published.sha256 !== file.sha256) {
        // Another attempt, with other content, was first.
        await s3.send(new DeleteObjectCommand(objectOf(key, file.sha256)), { abortSignal: signal });
      }
      return published;
    });

  async function publishReference(key: string, file: StagedFile, signal: AbortSignal): Promise<void> {
    const reference = {
      ...objectOf(key, REFERENCE_NAME),
      Body: referenceText(file),
      ContentType: 'application/json',
    };
    try {
      await s3.send(new PutObjectCommand({ ...reference, IfNoneMatch: '*' }), { abortSignal: signal });
    } catch (error) {
      if (s3ErrorOf(error).status !== PRECONDITION_FAILED && !isNotImplemented(error)) throw error;
      if (await readPublished(key, signal)) return;
      // One stands there whose bytes are gone, or the condition is unknown here.
      await s3.send(new PutObjectCommand(reference), { abortSignal: signal });
    }
  }

  const open = async (result: StagedResult, signal: AbortSignal): Promise<Readable> => {
    const object = objectOf(keyOf(result), result.sha256);
    const answer = await asking(base, signal, () =>
      ifPresent(s3.send(new GetObjectCommand(object), { abortSignal: signal })),
    );
    if (!answer) throw new NoSuchResult(`${result.uri} is gone from the result store`);
    return verified(answer.Body as Readable, result, (error) => unavailable(base, error), signal);
  };

  const addressOf = (result: StagedResult, forMs: number): Promise<string> => {
    const object = new GetObjectCommand(objectOf(keyOf(result), result.sha256));
    return getSignedUrl(s3, object, { expiresIn: Math.min(Math.ceil(forMs / 1_000), LONGEST_SIGNED_SECONDS) });
  };

  return { find, put, open, keyOf, addressOf, location: { kind: 's3', bucket, prefix } };
}

/** S3's own limit, a week. */
const LONGEST_SIGNED_SECONDS = 604_800;
const PRECONDITION_FAILED = 412;

async function ifPresent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissingObject(error)) return undefined;
    throw error;
  }
}

function unavailable(base: string, error: unknown): StoreUnavailable {
  // Without s3:ListBucket S3 answers so for every object that does not exist yet.
  const hint = s3ErrorOf(error).status === 403 ? ' (it needs s3:ListBucket on the bucket, too)' : '';
  return new StoreUnavailable(`result store ${base}: ${s3ErrorText(error)}${hint}`, { cause: error });
}

/** What S3 refuses (no such bucket, access denied, unreachable …) concerns the store, not one key. */
async function asking<T>(base: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreUnavailable || error instanceof StagingError) throw error;
    throw unavailable(base, error);
  }
}
