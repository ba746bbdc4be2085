import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { rendered, type PictureOptions } from './picture.ts';
import { pngOf } from './png.ts';
import type { RenderAnswer, RenderTask } from './worker.ts';

export interface Renderer {
  /** `report` is told percent done. */
  render(options: PictureOptions, report: (percent: number) => void): Promise<Buffer>;
  close(): Promise<void>;
}

/** Renders without keeping the server from answering. A thread loads compiled code only: from source, it renders in slices. */
export const createRenderer = (): Renderer =>
  import.meta.url.endsWith('.js') ? inThreads(new URL('worker.js', import.meta.url)) : inSlices();

/** Two pictures at once are as many as a small machine has use for. */
const THREADS = 2;

function inThreads(file: URL): Renderer {
  const threads: Worker[] = [];
  const waiting = new Map<
    number,
    { resolve(png: Buffer): void; reject(error: Error): void; report(percent: number): void }
  >();
  let asked = 0;
  let closed = false;

  function failAll(error: Error): void {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function start(): Worker {
    const thread = new Worker(file);
    thread.unref();
    thread.on('message', (answer: RenderAnswer) => {
      if ('percent' in answer) return waiting.get(answer.number)?.report(answer.percent);
      const { number, png } = answer;
      waiting.get(number)?.resolve(Buffer.from(png.buffer, png.byteOffset, png.byteLength));
      waiting.delete(number);
    });
    thread.on('error', failAll);
    return thread;
  }

  return {
    render: (options, report) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error('the renderer is closed'));
        const number = (asked += 1);
        waiting.set(number, { resolve, reject, report });
        (threads[number % THREADS] ??= start()).postMessage({ number, options } satisfies RenderTask, []);
      }),
    async close() {
      closed = true;
      await Promise.all(threads.map((thread) => thread.terminate()));
      failAll(new Error('the renderer was closed'));
    },
  };
}

const SLICE_MS = 8;

function inSlices(): Renderer {
  let closed = false;
  return {
    async render(options, report) {
      const rows = rendered(options);
      for (let began = performance.now(); ;) {
        const { done, value } = rows.next();
        if (done) return pngOf(value);
        if (performance.now() - began < SLICE_MS) continue;
        report(value);
        await setImmediate();
        if (closed) throw new Error('the renderer was closed');
        began = performance.now();
      }
    },
    close: () => {
      closed = true;
      return Promise.resolve();
    },
  };
}
