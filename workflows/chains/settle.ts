/**
 * Where the outcome of a call goes. Callbacks, since the engine notes the stack of each promise that a workflow makes:
 * a few for each of thousands of calls would be most of the time that a chain takes.
 */
export interface Settle<Outcome> {
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}
