import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { GetObjectCommand } from '@aws-sdk/client-s3';

import { createS3 } from '../../lib/aws.ts';
import type { Config } from '../../lib/config/config.ts';
import type { JobView } from '../../lib/jobs/job-view.ts';

import { contactSheet } from './contact-sheet.ts';
import type { Sent } from './producer.ts';

/** Fetches what the jobs have put into S3, and makes a page of it. Gives the page's path. */
export async function savePictures(
  folder: string,
  jobs: readonly JobView[],
  sent: readonly Sent[],
  { aws }: Config,
): Promise<string> {
  const pictures = join(folder, 'pictures');
  await mkdir(pictures, { recursive: true });
  const s3 = createS3(aws);
  const entries = [];
  for (const { message_id, host, gpu_seconds, tasks, ui_url } of jobs) {
    const destinations = tasks.flatMap(({ destination }) => destination ?? []);
    const uploaded = destinations.find((destination) => destination.startsWith('s3://'));
    if (uploaded === undefined) continue;
    const [, , Bucket, ...key] = uploaded.split('/');
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key.join('/') }));
    const file = basename(uploaded);
    await pipeline(Body as Readable, createWriteStream(join(pictures, file)));
    const title = sent.find(({ messageId }) => messageId === message_id)?.title ?? file;
    entries.push({ title, file, host: host ?? '', gpuSeconds: gpu_seconds ?? 0, destinations, link: ui_url });
  }
  s3.destroy();
  const page = join(pictures, 'index.html');
  await writeFile(page, contactSheet(entries));
  return page;
}
