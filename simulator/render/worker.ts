import { parentPort } from 'node:worker_threads';

import type { PictureOptions } from './picture.ts';
import { renderedPng } from './png.ts';

/** Asked by its number, answered with the same. */
export interface RenderTask {
  number: number;
  options: PictureOptions;
}

export interface RenderedTask {
  number: number;
  png: Uint8Array;
}

parentPort?.on('message', ({ number, options }: RenderTask) => {
  // A copy of its own: a small buffer lies in memory that others use.
  const png = new Uint8Array(renderedPng(options));
  parentPort?.postMessage({ number, png } satisfies RenderedTask, [png.buffer]);
});
