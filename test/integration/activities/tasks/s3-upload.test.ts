import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { DeleteObjectCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';

import { createS3Upload } from '../../../../activities/tasks/s3-upload.ts';
import type { TaskInput } from '../../../../activities/tasks/task.ts';
import type { TaskRules } from '../../../../lib/contract/task-configs.ts';
import { createFileStore } from '../../../../lib/results/file-store.ts';
import { createS3Store } from '../../../../lib/results/s3-store.ts';
import type { ResultStore } from '../../../../lib/results/store.ts';
import { aBucket, anS3Client, refusal } from '../../../support/a-bucket.ts';
import { aFolder, aStagedFile } from '../../../support/a-staged-file.ts';
import { aKey, patient } from '../../../support/result-store-promises.ts';
import { runActivity, startActivity } from '../../../support/run-activity.ts';

const folder = aFolder();
const s3 = anS3Client();
const fileStore = createFileStore({ root: folder });
let bucket: string;
beforeAll(async () => {
  bucket = await aBucket(s3);
});

interface Settings {
  store?: ResultStore;
  client?: S3Client;
  rules?: Partial<TaskRules>;
  askedRegions?: (string | undefined)[];
}

function anS3Upload({ store = fileStore, client = s3, rules, askedRegions = [] }: Settings = {}) {
  return createS3Upload({
    store,
    s3For: (region) => {
      askedRegions.push(region);
      return client;
    },
    rules: { allowBuckets: [], allowPostbacks: [], resultStore: store.location, userTasks: new Map(), ...rules },
    mimeExtensions: new Map([['image/x-own', 'own']]),
  }).s3_upload;
}

interface Picture {
  store?: ResultStore;
  config?: object;
  content?: string | Buffer;
  mimeType?: string;
}

async function aPicture({ store = fileStore, config = {}, content = 'a picture', mimeType }: Picture = {}) {
  const input: TaskInput = {
    task: { name: 's3_upload', config: { bucket, key: 'chairs/${message_id}.${mime_ext}', ...config } },
    index: 0,
    step: '0',
    result: await store.put(aKey(), aStagedFile(folder, content, mimeType), patient()),
    variables: { message_id: 'm-1', job_id: 'chair-1', queue_name: 'renders', command: 'render_product' },
  };
  return input;
}

async function read(Key: string) {
  const { Body, ...answer } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
  return { ...answer, bytes: await buffer(Body as Readable) };
}

/** What is sent, instead of sending it. */
function recorded(): { client: S3Client; sent: { name: string; input: unknown }[] } {
  const client = anS3Client();
  const sent: { name: string; input: unknown }[] = [];
  client.middlewareStack.add(
    (_next, { commandName = '' }) =>
      async ({ input }) => {
        sent.push({ name: commandName, input });
        return { response: {}, output: { $metadata: {} } };
      },
    { step: 'initialize' },
  );
  return { client, sent };
}

test('the bytes are there, with their type, under the filled key', async () => {
  const { destination } = await runActivity(anS3Upload(), await aPicture());
  expect(destination).toBe(`s3://${bucket}/chairs/m-1.png`);
  const { bytes, ContentType } = await read('chairs/m-1.png');
  expect(bytes.toString()).toBe('a picture');
  expect(ContentType).toBe('image/png');
});

test('an extension of add_mime_type stands in the key', async () => {
  const { destination } = await runActivity(anS3Upload(), await aPicture({ mimeType: 'image/x-own' }));
  expect(destination).toMatch(/\.own$/);
});

test('20 MB go there in parts, with metadata and content type of the task', async () => {
  const content = randomBytes(20 * 1024 * 1024);
  const config = { key: 'large', content_type: 'image/x-exr', metadata: { job: '${job_id}', scene: 'chair' } };

  await runActivity(anS3Upload(), await aPicture({ content, config }));

  const { bytes, ContentType, Metadata } = await read('large');
  expect(bytes.equals(content)).toBe(true);
  expect(ContentType).toBe('image/x-exr');
  expect(Metadata).toEqual({ job: 'chair-1', scene: 'chair' });
});

test.each([0, 1, 8 * 1024 * 1024, 8 * 1024 * 1024 + 1])('%i bytes arrive whole', async (size) => {
  const content = randomBytes(size);
  await runActivity(anS3Upload(), await aPicture({ content, config: { key: `size-${size}` } }));
  expect((await read(`size-${size}`)).bytes.equals(content)).toBe(true);
});

test('every field of the task goes to S3', async () => {
  const { client, sent } = recorded();
  const config = {
    key: 'k',
    cache_control: 'max-age=60',
    content_disposition: 'attachment',
    acl: 'public-read',
    storage_class: 'STANDARD_IA',
    metadata: { a: 'b' },
  };
  await runActivity(anS3Upload({ client }), await aPicture({ config }));
  expect(sent).toMatchObject([
    {
      name: 'PutObjectCommand',
      input: {
        Bucket: bucket,
        Key: 'k',
        ContentType: 'image/png',
        CacheControl: 'max-age=60',
        ContentDisposition: 'attachment',
        ACL: 'public-read',
        StorageClass: 'STANDARD_IA',
        Metadata: { a: 'b' },
        ContentLength: 9,
      },
    },
  ]);
});

test('the region of a task has a client of its own, made once', async () => {
  const askedRegions: (string | undefined)[] = [];
  const upload = anS3Upload({ askedRegions });
  for (const region of ['us-east-1', 'us-east-1', undefined]) {
    await runActivity(upload, await aPicture({ config: region === undefined ? {} : { region } }));
  }
  expect(askedRegions).toEqual(['us-east-1', undefined]);
});

describe('a result that is staged in S3', () => {
  const inS3 = () => createS3Store({ s3, bucket, prefix: 'farm results/ü' });

  test('is copied there, with its type and the metadata of the task', async () => {
    const store = inS3();
    const config = { key: 'copied', metadata: { a: 'b' } };
    const input = await aPicture({ store, config, mimeType: 'image/x-exr' });
    await runActivity(anS3Upload({ store }), input);

    const { bytes, ContentType, Metadata } = await read('copied');
    expect(bytes.toString()).toBe('a picture');
    expect(ContentType).toBe('image/x-exr');
    expect(Metadata).toEqual({ a: 'b' });
  });

  test('is copied by S3 itself, with the fields of the task instead of its own', async () => {
    const store = inS3();
    const { client, sent } = recorded();
    const input = await aPicture({ store, config: { key: 'copied', content_type: 'image/own' } });
    await runActivity(anS3Upload({ store, client }), input);
    expect(sent).toMatchObject([
      {
        name: 'CopyObjectCommand',
        input: {
          Key: 'copied',
          CopySource: `${bucket}/farm%20results/%C3%BC/${store.keyOf(input.result)}/${input.result.sha256}`,
          MetadataDirective: 'REPLACE',
          ContentType: 'image/own',
        },
      },
    ]);
  });

  test('goes through here where S3 cannot copy', async () => {
    const store = inS3();
    const client = anS3Client();
    client.middlewareStack.add(
      (next, { commandName }) =>
        (call) => {
          if (commandName === 'CopyObjectCommand') throw refusal(501, 'NotImplemented');
          return next(call);
        },
      { step: 'initialize' },
    );
    await runActivity(anS3Upload({ store, client }), await aPicture({ store, config: { key: 'streamed' } }));
    expect((await read('streamed')).bytes.toString()).toBe('a picture');
  });

  test('and is gone is final', async () => {
    const store = inS3();
    const input = await aPicture({ store });
    const Key = decodeURI(new URL(input.result.uri).pathname.slice(1));
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    await expect(runActivity(anS3Upload({ store }), input)).rejects.toMatchObject({
      type: 'TaskRejected',
      message: expect.stringContaining('is gone from the result store') as string,
    });
  });
});

test('a bucket that does not exist is final', async () => {
  const input = await aPicture({ config: { bucket: 'no-such-bucket' } });
  await expect(runActivity(anS3Upload(), input)).rejects.toMatchObject({
    type: 'TaskRejected',
    nonRetryable: true,
    message: expect.stringContaining('s3_upload to s3://no-such-bucket/chairs/m-1.png: NoSuchBucket') as string,
  });
});

test.each([0, 20 * 1024 * 1024])('a bucket that does not exist is final for %i bytes', async (size) => {
  const input = await aPicture({ config: { bucket: 'no-such-bucket' }, content: Buffer.alloc(size) });
  await expect(runActivity(anS3Upload(), input)).rejects.toMatchObject({ type: 'TaskRejected' });
});

test('a bucket that allow_bucket does not list is final, and nothing is sent', async () => {
  const { client, sent } = recorded();
  const upload = anS3Upload({ client, rules: { allowBuckets: ['results'] } });
  await expect(runActivity(upload, await aPicture())).rejects.toMatchObject({
    type: 'TaskRejected',
    message: `s3_upload: config.bucket: ${bucket} is not allowed by allow_bucket`,
  });
  expect(sent).toEqual([]);
});

test('a key inside the result store is final, and nothing is sent', async () => {
  const { client, sent } = recorded();
  const store = createS3Store({ s3, bucket, prefix: 'farm' });
  const input = await aPicture({ store, config: { key: '${message_id}/x' } });
  const variables = { ...input.variables, message_id: 'farm' };
  await expect(runActivity(anS3Upload({ store, client }), { ...input, variables })).rejects.toMatchObject({
    type: 'TaskRejected',
    message: expect.stringContaining('inside the result store') as string,
  });
  expect(sent).toEqual([]);
});

test('a staged result that is gone is final', async () => {
  const input = await aPicture();
  unlinkSync(fileURLToPath(input.result.uri));
  await expect(runActivity(anS3Upload(), input)).rejects.toMatchObject({ type: 'TaskRejected', nonRetryable: true });
});

test('an S3 that is away is retried', async () => {
  const client = anS3Client();
  client.middlewareStack.add(() => () => Promise.reject(refusal(503, 'SlowDown')), { step: 'initialize' });
  await expect(runActivity(anS3Upload({ client }), await aPicture())).rejects.toMatchObject({
    type: 'TaskUnavailable',
    nonRetryable: false,
  });
});

test('a cancel ends the upload', async () => {
  const client = anS3Client();
  let reached = () => {};
  const request = new Promise<void>((resolve) => (reached = resolve));
  client.middlewareStack.add(
    () => () => {
      reached();
      return new Promise(() => {});
    },
    { step: 'initialize' },
  );
  const activity = startActivity(anS3Upload({ client }), await aPicture({ content: Buffer.alloc(20_000_000) }));
  await request;
  activity.cancel();
  await expect(activity.done).rejects.toMatchObject({ name: 'CancelledFailure' });
});
