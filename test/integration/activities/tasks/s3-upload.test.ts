import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { DeleteObjectCommand, GetObjectCommand, type Part, type S3Client } from '@aws-sdk/client-s3';

import type { CopyLimits } from '../../../../activities/tasks/s3-copy.ts';
import { createS3Upload } from '../../../../activities/tasks/s3-upload.ts';
import type { TaskInput } from '../../../../activities/tasks/task.ts';
import type { TaskRules } from '../../../../lib/contract/task-configs.ts';
import { createFileStore } from '../../../../lib/results/file-store.ts';
import { createS3Store } from '../../../../lib/results/s3-store.ts';
import type { ResultStore } from '../../../../lib/results/store.ts';
import { aBucket, anS3Client, refusal, withParts } from '../../../support/a-bucket.ts';
import { aProxy } from '../../../support/a-proxy.ts';
import { aFolder, aStagedFile } from '../../../support/a-staged-file.ts';
import { aKey, patient } from '../../../support/result-store-promises.ts';
import { runActivity, startActivity } from '../../../support/run-activity.ts';
import { servers } from '../../../support/servers.ts';

const folder = aFolder();
const s3 = anS3Client();
const fileStore = createFileStore({ root: folder });
let bucket: string;
beforeAll(async () => {
  bucket = await aBucket(s3);
});

interface Settings {
  store?: ResultStore;
  copyLimits?: CopyLimits;
  client?: S3Client;
  rules?: Partial<TaskRules>;
  askedRegions?: (string | undefined)[];
}

function anS3Upload({ store = fileStore, client = s3, rules, askedRegions = [], copyLimits }: Settings = {}) {
  return createS3Upload({
    store,
    ...(copyLimits && { copyLimits }),
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

describe('a large result', () => {
  const MIB = 1024 * 1024;
  const parts = new Map<string, Part[]>();

  /** Tells which parts it was asked to send or copy. */
  function aWatchedClient(endpoint?: string): { client: S3Client; sent: string[] } {
    const sent: string[] = [];
    const client = withParts(anS3Client(endpoint), parts);
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        (call) => {
          const { PartNumber } = call.input as { PartNumber?: number };
          sent.push([commandName.replace('Command', ''), PartNumber].filter(Boolean).join(' '));
          return next(call);
        },
      { step: 'initialize', priority: 'high' },
    );
    return { client, sent };
  }

  /** One whose second part is answered so. */
  function aClientThatFails(answer: () => Promise<never>): { client: S3Client; sent: string[] } {
    const watched = aWatchedClient();
    watched.client.middlewareStack.add(
      (next, { commandName }) =>
        (call) =>
          commandName === 'UploadPartCommand' && (call.input as { PartNumber?: number }).PartNumber === 2
            ? answer()
            : next(call),
      { step: 'initialize' },
    );
    return watched;
  }

  test('goes on with the parts that are there when its connection was cut', async () => {
    const proxy = await aProxy(new URL(servers().awsEndpoint).host);
    const endpoint = `http://${proxy.host}:${proxy.port}`;
    const content = randomBytes(20 * MIB);
    const input = await aPicture({ content, config: { key: 'cut', metadata: { a: 'b' } } });

    const reached = proxy.holdAt({ bytes: 'partNumber=2', passes: false });
    const first = startActivity(anS3Upload({ client: aWatchedClient(endpoint).client }), input);
    await Promise.all([
      reached.then(() => proxy.cut()),
      expect(first.done).rejects.toMatchObject({ type: 'TaskUnavailable', nonRetryable: false }),
    ]);
    await proxy.mend();

    const { client, sent } = aWatchedClient(endpoint);
    await runActivity(anS3Upload({ client }), input, { heartbeatDetails: first.beats.at(-1) });
    expect(sent).toEqual(['ListParts', 'UploadPart 2', 'UploadPart 3', 'CompleteMultipartUpload']);
    const { bytes, Metadata } = await read('cut');
    expect(bytes.equals(content)).toBe(true);
    expect(Metadata).toEqual({ a: 'b' });
  });

  test('sends a part again that holds other bytes', async () => {
    const content = randomBytes(20 * MIB);
    const input = await aPicture({ content, config: { key: 'damaged' } });
    const failing = aClientThatFails(() => Promise.reject(refusal(503, 'SlowDown')));
    const first = startActivity(anS3Upload({ client: failing.client }), input);
    await expect(first.done).rejects.toMatchObject({ type: 'TaskUnavailable' });
    const { uploadId } = first.beats.at(-1) as { uploadId: string };
    parts.set(uploadId, [{ PartNumber: 1, ETag: '"0123"', Size: 8 * MIB }]);

    const { client, sent } = aWatchedClient();
    await runActivity(anS3Upload({ client }), input, { heartbeatDetails: { uploadId } });
    expect(sent).toContain('UploadPart 1');
    expect((await read('damaged')).bytes.equals(content)).toBe(true);
  });

  test('begins anew when S3 has taken the parts away', async () => {
    const content = randomBytes(9 * MIB);
    const input = await aPicture({ content, config: { key: 'anew' } });
    const { client, sent } = aWatchedClient();
    await runActivity(anS3Upload({ client }), input, { heartbeatDetails: { uploadId: 'gone' } });
    expect(sent.slice(0, 3)).toEqual(['ListParts', 'AbortMultipartUpload', 'CreateMultipartUpload']);
    expect((await read('anew')).bytes.equals(content)).toBe(true);
  });

  test('leaves no parts when the task fails for good', async () => {
    const { client, sent } = aClientThatFails(() => Promise.reject(refusal(403, 'AccessDenied')));
    const input = await aPicture({ content: Buffer.alloc(20 * MIB) });
    await expect(runActivity(anS3Upload({ client }), input)).rejects.toMatchObject({ type: 'TaskRejected' });
    expect(sent.at(-1)).toBe('AbortMultipartUpload');
  });

  test.each([
    ['leaves no parts when it is cancelled', 'cancel', 'CancelledFailure', 'AbortMultipartUpload'],
    ['leaves its parts to another worker when this one stops', 'stopWorker', 'ApplicationFailure', 'UploadPart 2'],
  ] as const)('%s', async (_what, end, name, last) => {
    let reached = (): void => undefined;
    const second = new Promise<void>((resolve) => (reached = resolve));
    let abort = (): void => undefined;
    const { client, sent } = aClientThatFails(() => {
      reached();
      return new Promise((_resolve, reject) => (abort = () => reject(new Error('aborted'))));
    });
    const activity = startActivity(anS3Upload({ client }), await aPicture({ content: Buffer.alloc(20 * MIB) }));
    await second;
    activity[end]();
    abort();
    await expect(activity.done).rejects.toMatchObject({ name });
    expect(sent.at(-1)).toBe(last);
  });

  test('that S3 cannot copy at once is copied in parts, and goes on with those that are there', async () => {
    const content = randomBytes(12 * MIB);
    const store = createS3Store({ s3, bucket, prefix: 'farm results/ü' });
    const input = await aPicture({ store, content, config: { key: 'copied-in-parts', metadata: { a: 'b' } } });
    const copyLimits = { wholeBytes: 5 * MIB, partBytes: 5 * MIB };
    const failing = aWatchedClient();
    failing.client.middlewareStack.add(
      (next, { commandName }) =>
        (call) =>
          commandName === 'UploadPartCopyCommand' && (call.input as { PartNumber?: number }).PartNumber === 2
            ? Promise.reject(refusal(503, 'SlowDown'))
            : next(call),
      { step: 'initialize', priority: 'high' },
    );
    const first = startActivity(anS3Upload({ store, client: failing.client, copyLimits }), input);
    await expect(first.done).rejects.toMatchObject({ type: 'TaskUnavailable' });

    const { client, sent } = aWatchedClient();
    await runActivity(anS3Upload({ store, client, copyLimits }), input, { heartbeatDetails: first.beats.at(-1) });
    expect(sent.filter((command) => !command.startsWith('UploadPart '))).toEqual([
      'ListParts',
      'UploadPartCopy 2',
      'GetObject',
      'UploadPartCopy 3',
      'GetObject',
      'CompleteMultipartUpload',
    ]);
    const { bytes, ContentType, Metadata } = await read('copied-in-parts');
    expect(bytes.equals(content)).toBe(true);
    expect(ContentType).toBe('image/png');
    expect(Metadata).toEqual({ a: 'b' });
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
  const proxy = await aProxy(new URL(servers().awsEndpoint).host);
  const reached = proxy.holdAt({ bytes: '?uploads', passes: false });
  const client = anS3Client(`http://${proxy.host}:${proxy.port}`);
  const activity = startActivity(anS3Upload({ client }), await aPicture({ content: Buffer.alloc(20_000_000) }));
  await reached;
  activity.cancel();
  await expect(activity.done).rejects.toMatchObject({ name: 'CancelledFailure' });
});
