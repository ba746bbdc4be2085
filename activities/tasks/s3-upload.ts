import type { ObjectCannedACL, S3Client, StorageClass } from '@aws-sdk/client-s3';

import type { StagedResult } from '../../lib/contract/job-input.ts';
import { readTaskConfig, type TaskConfig } from '../../lib/contract/task-configs.ts';
import { isMissingObject, isNotImplemented } from '../../lib/results/s3-errors.ts';
import { abortParts, type S3Object } from '../../lib/results/s3-multipart.ts';
import { NoSuchResult } from '../../lib/results/store.ts';
import { s3Failure } from '../classify.ts';
import { withHeartbeat, type Details } from '../heartbeat.ts';

import { COPY_LIMITS, copyInS3, type CopyLimits } from './s3-copy.ts';
import { streamToS3 } from './s3-stream.ts';
import { isLastAttempt, sharedUpload, type SharedUpload, type UploadDetails } from './shared-upload.ts';
import { stopped, templateVariables, type CommonTaskDeps, type TaskInput, type TaskOutcome } from './task.ts';

export interface S3UploadDeps extends CommonTaskDeps {
  /** A client for a task's region; without one for the configured region. Reaches the S3 that the result store is in. */
  s3For(region?: string): S3Client;
  /** Default: what S3 takes. */
  copyLimits?: CopyLimits;
}

type Config = TaskConfig<'s3_upload'>;

export function createS3Upload(deps: S3UploadDeps) {
  const clients = new Map<string | undefined, S3Client>();
  const clientOf = (region: string | undefined): S3Client => {
    const client = clients.get(region) ?? deps.s3For(region);
    clients.set(region, client);
    return client;
  };
  return {
    /** Puts the result's bytes into a bucket. Safe to repeat: the same object again. */
    s3_upload: (input: TaskInput): Promise<TaskOutcome> =>
      withHeartbeat(async (signal, details: Details<UploadDetails>) => {
        let delivery: Delivery | undefined;
        let destination = 's3_upload';
        try {
          const config = readTaskConfig(
            's3_upload',
            input.task,
            templateVariables(input, deps.mimeExtensions),
            deps.rules,
          );
          destination = `s3_upload to s3://${config.bucket}/${config.key}`;
          delivery = {
            s3: clientOf(config.region),
            object: { Bucket: config.bucket, Key: config.key },
            fields: fieldsOf(config, input.result),
            result: input.result,
            upload: sharedUpload(details),
          };
          await deliver(delivery, deps, signal);
          return { destination: `s3://${config.bucket}/${config.key}` };
        } catch (error) {
          const failure = signal.aborted ? stopped(signal, destination) : s3Failure(error, destination);
          if (delivery?.upload.id !== undefined && isLastAttempt(failure))
            await abortParts(delivery.s3, delivery.object, delivery.upload.id);
          throw failure;
        }
      }),
  };
}

interface Delivery {
  s3: S3Client;
  object: S3Object;
  fields: ReturnType<typeof fieldsOf>;
  result: StagedResult;
  upload: SharedUpload;
}

async function deliver(delivery: Delivery, { store, copyLimits }: S3UploadDeps, signal: AbortSignal): Promise<void> {
  const { result, upload } = delivery;
  if (store.location.kind === 's3') {
    const source = objectOf(store.location, store.keyOf(result), result);
    try {
      const copy = { ...delivery, source, size: result.size, limits: copyLimits ?? COPY_LIMITS };
      return await copyInS3(copy, upload, signal);
    } catch (error) {
      if (isMissingObject(error))
        throw new NoSuchResult(`${result.uri} is gone from the result store`, { cause: error });
      if (!isNotImplemented(error)) throw error;
    }
  }
  const body = await store.open(result, signal);
  await streamToS3({ ...delivery, body, size: result.size }, upload, signal);
}

/** Where the store keeps a result's bytes. */
const objectOf = ({ bucket, prefix }: { bucket: string; prefix: string }, key: string, { sha256 }: StagedResult) => ({
  Bucket: bucket,
  Key: [prefix, key, sha256].filter((part) => part !== '').join('/'),
});

const fieldsOf = (config: Config, { mimeType }: StagedResult) => ({
  ContentType: config.content_type ?? mimeType,
  ...(config.cache_control !== undefined && { CacheControl: config.cache_control }),
  ...(config.content_disposition !== undefined && { ContentDisposition: config.content_disposition }),
  ...(config.acl !== undefined && { ACL: config.acl as ObjectCannedACL }),
  ...(config.storage_class !== undefined && { StorageClass: config.storage_class as StorageClass }),
  ...(config.metadata !== undefined && { Metadata: config.metadata }),
});
