import { CopyObjectCommand, type ObjectCannedACL, type S3Client, type StorageClass } from '@aws-sdk/client-s3';

import type { StagedResult } from '../../lib/contract/job-input.ts';
import { readTaskConfig, type TaskConfig } from '../../lib/contract/task-configs.ts';
import { isMissingObject, s3ErrorOf } from '../../lib/results/s3-errors.ts';
import { NoSuchResult, type ResultStore } from '../../lib/results/store.ts';
import { s3Failure } from '../classify.ts';
import { withHeartbeat } from '../heartbeat.ts';

import { streamToS3 } from './s3-stream.ts';
import { stopped, templateVariables, type CommonTaskDeps, type TaskInput, type TaskOutcome } from './task.ts';

export interface S3UploadDeps extends CommonTaskDeps {
  /** A client for a task's region; without one for the configured region. Reaches the S3 that the result store is in. */
  s3For(region?: string): S3Client;
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
      withHeartbeat(async (signal) => {
        let destination = 's3_upload';
        try {
          const config = readTaskConfig(
            's3_upload',
            input.task,
            templateVariables(input, deps.mimeExtensions),
            deps.rules,
          );
          destination = `s3_upload to s3://${config.bucket}/${config.key}`;
          await deliver(clientOf(config.region), config, input.result, deps.store, signal);
          return { destination: `s3://${config.bucket}/${config.key}` };
        } catch (error) {
          throw signal.aborted ? stopped(signal, destination) : s3Failure(error, destination);
        }
      }),
  };
}

/** S3's own limit of a copy in one request. */
const MAX_COPY_BYTES = 5 * 1024 ** 3;
const NOT_IMPLEMENTED = 501;

async function deliver(s3: S3Client, config: Config, result: StagedResult, store: ResultStore, signal: AbortSignal) {
  if (store.location.kind === 's3' && result.size <= MAX_COPY_BYTES) {
    try {
      return await copy(s3, config, { source: store.location, result, store }, signal);
    } catch (error) {
      if (s3ErrorOf(error).status !== NOT_IMPLEMENTED) throw error;
    }
  }
  const body = await store.open(result, signal);
  const { bucket, key } = config;
  await streamToS3({ s3, bucket, key, body, size: result.size, fields: fieldsOf(config, result) }, signal);
}

interface CopySource {
  source: { bucket: string; prefix: string };
  result: StagedResult;
  store: ResultStore;
}

/** Inside S3: the bytes do not come here. */
async function copy(s3: S3Client, config: Config, { source, result, store }: CopySource, signal: AbortSignal) {
  const key = [source.prefix, store.keyOf(result), result.sha256].filter((part) => part !== '').join('/');
  const command = new CopyObjectCommand({
    ...fieldsOf(config, result),
    Bucket: config.bucket,
    Key: config.key,
    CopySource: [source.bucket, ...key.split('/')].map(encodeURIComponent).join('/'),
    // Else the source's own would come along instead of these fields.
    MetadataDirective: 'REPLACE',
  });
  try {
    await s3.send(command, { abortSignal: signal });
  } catch (error) {
    if (!isMissingObject(error)) throw error;
    throw new NoSuchResult(`${result.uri} is gone from the result store`, { cause: error });
  }
}

const fieldsOf = (config: Config, { mimeType }: StagedResult) => ({
  ContentType: config.content_type ?? mimeType,
  ...(config.cache_control !== undefined && { CacheControl: config.cache_control }),
  ...(config.content_disposition !== undefined && { ContentDisposition: config.content_disposition }),
  ...(config.acl !== undefined && { ACL: config.acl as ObjectCannedACL }),
  ...(config.storage_class !== undefined && { StorageClass: config.storage_class as StorageClass }),
  ...(config.metadata !== undefined && { Metadata: config.metadata }),
});
