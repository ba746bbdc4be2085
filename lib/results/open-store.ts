import type { S3Client } from '@aws-sdk/client-s3';

import type { ResultStoreConfig } from '../config/config.ts';

import { createFileStore } from './file-store.ts';
import { createS3Store } from './s3-store.ts';
import type { ResultStore } from './store.ts';

/** The store that `result_store` names. An S3 one needs a client; a folder is made with the first result. */
export function createResultStore(location: ResultStoreConfig, { s3 }: { s3?: S3Client } = {}): ResultStore {
  switch (location.kind) {
    case 'file':
      return createFileStore(location);
    case 's3':
      if (!s3) throw new TypeError('A result store in S3 needs an S3 client');
      return createS3Store({ ...location, s3 });
    default:
      return location satisfies never;
  }
}
