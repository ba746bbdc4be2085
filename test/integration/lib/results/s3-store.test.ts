import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';

import {
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  HeadObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

import { createS3Store } from '../../../../lib/results/s3-store.ts';
import { StoreUnavailable } from '../../../../lib/results/store.ts';
import { aBucket, anS3Client, refusal, withConditionalPuts } from '../../../support/a-bucket.ts';
import { aProxy } from '../../../support/a-proxy.ts';
import { aFolder, aStagedFile } from '../../../support/a-staged-file.ts';
import { aKey, itKeepsThePromisesOfAResultStore, patient } from '../../../support/result-store-promises.ts';
import { servers } from '../../../support/servers.ts';

const folder = aFolder();
const s3 = withConditionalPuts(anS3Client());
let bucket: string;
beforeAll(async () => {
  bucket = await aBucket(s3);
});

const objectOf = (uri: string) => {
  const { hostname, pathname } = new URL(uri);
  return { Bucket: hostname, Key: pathname.slice(1) };
};

async function sizeOf(uri: string): Promise<number> {
  const { ContentLength } = await s3.send(new HeadObjectCommand(objectOf(uri)));
  return ContentLength ?? 0;
}

describe.each([
  ['under a prefix', 'farm/results'],
  ['in a bucket of its own', ''],
])('the store in S3 %s', (_where, prefix) => {
  itKeepsThePromisesOfAResultStore(async () => ({
    store: createS3Store({ s3, bucket, prefix }),
    loseBytes: async (uri) => {
      await s3.send(new DeleteObjectCommand(objectOf(uri)));
    },
    damageBytes: async (uri) => {
      await s3.send(new PutObjectCommand({ ...objectOf(uri), Body: Buffer.alloc(await sizeOf(uri)) }));
    },
  }));
});

describe('the store in S3', () => {
  test('a result of 20 MB goes there in parts', async () => {
    const store = createS3Store({ s3, bucket, prefix: 'large' });
    const file = aStagedFile(folder, Buffer.alloc(20 * 1024 * 1024, 7), 'image/x-exr');

    const { uri, size } = await store.put(aKey(), file, patient());

    expect(size).toBe(20 * 1024 * 1024);
    expect(await sizeOf(uri)).toBe(size);
    // A server-side copy of the emulator keeps it.
    expect((await s3.send(new HeadObjectCommand(objectOf(uri)))).ContentType).toBe('image/x-exr');
  });

  test('a result whose way there was cut off goes on with the parts that are there', async () => {
    const proxy = await aProxy(new URL(servers().awsEndpoint).host);
    const client = anS3Client(`http://${proxy.host}:${proxy.port}`);
    const sent: (number | undefined)[] = [];
    client.middlewareStack.add(
      (next, { commandName }) =>
        (call) => {
          if (commandName === 'UploadPartCommand') sent.push((call.input as { PartNumber?: number }).PartNumber);
          return next(call);
        },
      { step: 'initialize' },
    );
    const store = createS3Store({ s3: client, bucket, prefix: 'cut off' });
    const content = randomBytes(20 * 1024 * 1024);
    const [key, file] = [aKey(), aStagedFile(folder, content)];
    const reached = proxy.holdAt({ bytes: 'partNumber=2', passes: false });
    const first = store.put(key, file, patient());
    await Promise.all([reached.then(() => proxy.cut()), expect(first).rejects.toThrow(StoreUnavailable)]);
    await proxy.mend();
    expect(sent).toEqual([1, 2]);

    const result = await store.put(key, file, patient());
    expect(sent).toEqual([1, 2, 2, 3]);
    expect((await buffer(await store.open(result, patient()))).equals(content)).toBe(true);
  });

  test('a loser removes its bytes', async () => {
    const store = createS3Store({ s3, bucket, prefix: 'losers' });
    const key = aKey();
    await Promise.all(['a', 'b', 'c'].map((content) => store.put(key, aStagedFile(folder, content), patient())));

    const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `losers/${key}/` }));
    const { sha256 } = (await store.find(key, patient()))!;
    expect(listed.Contents?.map(({ Key }) => Key).sort()).toEqual(
      [`losers/${key}/${sha256}`, `losers/${key}/reference.json`].sort(),
    );
  });

  test('an S3 that ignores If-None-Match gives what stands there in the end', async () => {
    const store = createS3Store({ s3: anS3Client(), bucket, prefix: 'plain' });
    const key = aKey();
    const first = await store.put(key, aStagedFile(folder, 'first'), patient());
    expect(await store.put(key, aStagedFile(folder, 'second'), patient())).toEqual(first);
  });

  test('a bucket that does not exist is a store that is unavailable, and the message names it', async () => {
    const store = createS3Store({ s3, bucket: 'no-such-bucket', prefix: 'x' });
    await expect(store.find(aKey(), patient())).rejects.toThrow(StoreUnavailable);
    await expect(store.find(aKey(), patient())).rejects.toThrow('s3://no-such-bucket/x: NoSuchBucket');
    await expect(store.put(aKey(), aStagedFile(folder), patient())).rejects.toThrow(StoreUnavailable);
  });

  test('denied access is unavailable, never "there is no such result"', async () => {
    const denied = anS3Client();
    denied.middlewareStack.add(() => () => Promise.reject(refusal(403, 'AccessDenied')), { step: 'initialize' });
    const store = createS3Store({ s3: denied, bucket, prefix: '' });
    await expect(store.find(aKey(), patient())).rejects.toThrow(/AccessDenied.*s3:ListBucket/);
  });

  test('an S3 that is away half-way through a put leaves nothing that is found', async () => {
    const key = aKey();
    const failing = failingAt(anS3Client(), 'reference.json');
    const put = createS3Store({ s3: failing, bucket, prefix: 'away' }).put(key, aStagedFile(folder), patient());
    await expect(put).rejects.toThrow(StoreUnavailable);
    expect(await createS3Store({ s3, bucket, prefix: 'away' }).find(key, patient())).toBeUndefined();
  });
});

/** Fails every put of an object of this name. */
function failingAt(client: S3Client, name: string): S3Client {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (call) => {
        const { Key } = call.input as { Key?: string };
        if (commandName === 'PutObjectCommand' && Key?.endsWith(name)) throw refusal(503, 'ServiceUnavailable');
        return next(call);
      },
    { step: 'initialize' },
  );
  return client;
}
