/** The host's own staging folder failed, a full disk for example: a fault of the host, not of the command. */
export class StagingError extends Error {
  override readonly name = 'StagingError';
}
