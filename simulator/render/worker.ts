import { parentPort } from 'node:worker_threads';

import type { PictureOptions } from './picture.ts';
import { renderedPng } from './png.ts';

/** Asked by its number, answered with the same. */
export interface RenderTask {
  number: number;
  options: PictureOptions;
}

export type RenderAnswer = { number: number; png: Uint8Array } | { number: number; percent: number };

const PERCENT_STEP = 5;

parentPort?.on('message', ({ number, options }: RenderTask) => {
  // A copy of its own: a small buffer lies in memory that others use.
  const png = new Uint8Array(renderedPng(options, inSteps(number)));
  parentPort?.postMessage({ number, png } satisfies RenderAnswer, [png.buffer]);
});

/** A message a row would cost more than the row. */
function inSteps(number: number): (percent: number) => void {
  let next = PERCENT_STEP;
  return (percent) => {
    if (percent < next) return;
    next = percent + PERCENT_STEP;
    parentPort?.postMessage({ number, percent } satisfies RenderAnswer, []);
  };
}
