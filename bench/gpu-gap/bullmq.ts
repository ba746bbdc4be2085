import { randomUUID } from 'node:crypto';

import { Queue, Worker } from 'bullmq';

import type { Peer } from './peer.ts';

/** Where its Redis is. */
interface Connection {
  host: string;
  port: number;
}

/** The upload inside the job, as it is written first. */
export const bullmqPeer = (connection: Connection): Peer => ({
  name: 'BullMQ 6',
  run: async (jobs, { render, upload }) => {
    const name = randomUUID();
    const queue = new Queue(name, { connection });
    await addAll(queue, jobs);
    const worker = new Worker(
      name,
      async () => {
        await render();
        await upload();
      },
      { connection, concurrency: 1 },
    );
    await completed(worker, jobs);
    await worker.close();
    await queue.close();
  },
});

/** As its documentation advises: the upload in a queue of its own. */
export const bullmqTwoQueuesPeer = (connection: Connection): Peer => ({
  name: 'BullMQ 6, upload in a second queue',
  run: async (jobs, { render, upload }) => {
    const [renders, uploads] = [randomUUID(), randomUUID()];
    const renderQueue = new Queue(renders, { connection });
    const uploadQueue = new Queue(uploads, { connection });
    await addAll(renderQueue, jobs);
    const uploader = new Worker(uploads, upload, { connection, concurrency: 2 });
    const renderer = new Worker(
      renders,
      async () => {
        await render();
        await uploadQueue.add('upload', {});
      },
      { connection, concurrency: 1 },
    );
    await completed(uploader, jobs);
    await Promise.all([renderer, uploader, renderQueue, uploadQueue].map((each) => each.close()));
  },
});

const addAll = (queue: Queue, jobs: number): Promise<unknown> =>
  queue.addBulk(Array.from({ length: jobs }, () => ({ name: 'render', data: {} })));

const completed = (worker: Worker, jobs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let done = 0;
    worker.on('completed', () => {
      done += 1;
      if (done === jobs) resolve();
    });
    worker.on('failed', (_job, error) => reject(error));
  });
