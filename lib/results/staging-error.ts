/** The host's own staging folder failed, a full disk for example: a fault of the host, not of the command. */
export class StagingError extends Error {
  override readonly name = 'StagingError';
}

/** Tells a failing disk from a failing connection. */
export async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw stagingError(error);
  }
}

/** The same for work of microseconds that is done in this thread. */
export function onDiskAtOnce<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw stagingError(error);
  }
}

const stagingError = (error: unknown): StagingError =>
  new StagingError(`staging folder: ${(error as Error).message}`, { cause: error });
