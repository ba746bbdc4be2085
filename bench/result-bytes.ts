/** Small, so that what is measured is the queue manager and not the disk. */
export const RESULT_BYTES = 20_000;
