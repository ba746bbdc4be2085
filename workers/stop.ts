import type { Worker } from '@temporalio/worker';

/** A second request to stop is not a mistake, for the SDK it is. */
export function stopOnce(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}
