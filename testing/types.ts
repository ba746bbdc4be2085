import type { JsonValue, Result, Task } from '../workflows/chains/types.ts';

/** What a command gives in a test: bytes (an `image/png`), or JSON; nothing is `null`. */
export type CommandAnswer = Uint8Array | JsonValue | void;

/** Stands for a command. `parameters` are those of the call; a thrown error fails it for good. */
export type CommandFake = (parameters: never) => CommandAnswer | Promise<CommandAnswer>;

/** A call of `command` that reached a render host. */
export interface CommandCall {
  name: string;
  parameters: JsonValue;
  queue: string;
}

/** A task that `deliver` ran. */
export interface Delivery {
  task: Task;
  result: Result;
}

/** What a chain asks a person. */
export interface Question {
  who: string;
  preview: Result | null;
}

/** What the person says; `undefined`: nothing, so that the time given by `within` passes. */
export type ApprovalAnswer = 'approved' | 'declined' | { decision: 'approved' | 'declined'; note: string } | undefined;

/** What a chain has done, in the order it was done. */
export interface ChainRecord {
  commands: CommandCall[];
  deliveries: Delivery[];
  approvals: Question[];
}
