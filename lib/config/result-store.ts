import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { bucket } from './addresses.ts';
import type { ResultStoreConfig } from './config.ts';
import { path, type ValueKind } from './values.ts';

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;

/** A folder as a path or `file:` address, relative to the file that names it, or `s3://bucket/prefix`. */
export const resultStore: ValueKind<ResultStoreConfig> = {
  expects: 'a path, file:///path or s3://bucket/prefix',
  secret: true,
  read(value, folder) {
    switch (SCHEME.exec(value)?.[1]?.toLowerCase()) {
      case undefined:
        return fileStore(path.read(value, folder));
      case 'file':
        return fileStore(filePath(value.trim(), folder));
      case 's3':
        return s3Store(value.trim(), folder);
      default:
        return undefined;
    }
  },
};

const fileStore = (root: string | undefined): ResultStoreConfig | undefined =>
  root === undefined ? undefined : { kind: 'file', root };

function filePath(address: string, folder: string): string | undefined {
  try {
    return resolve(fileURLToPath(new URL(address, pathToFileURL(`${folder}/`))));
  } catch {
    // Another machine's (file://host/…), or an encoded slash.
    return undefined;
  }
}

function s3Store(address: string, folder: string): ResultStoreConfig | undefined {
  const [, name = '', prefix = ''] = /^s3:\/\/([^/?#@\s]+)(?:\/([^?#\s]*))?$/i.exec(address) ?? [];
  if (bucket.read(name, folder) === undefined) return undefined;
  return { kind: 's3', bucket: name, prefix: prefix.split('/').filter(Boolean).join('/') };
}
