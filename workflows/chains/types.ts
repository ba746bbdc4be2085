import type { StagedResult, TaskSpec } from '../../lib/contract/job-input.ts';
import type { PriorityKey } from '../../lib/contract/names.ts';

/** What JSON can hold: parameters of a command, and what a chain returns. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** A command's result, by reference: `uri`, `sha256`, `size` in bytes, `mimeType`. The bytes stay in the result store. */
export interface Result extends StagedResult {}

/** A completion task as a message lists it: `{ name: 's3_upload', config: { … } }`. */
export interface Task extends TaskSpec {}

/** The job that a chain was started for. `Parameters`: the shape of the message's `parameters`. */
export interface ChainJob<Parameters = Readonly<Record<string, JsonValue>>> {
  readonly parameters: Parameters;
  /** The message's tasks: nothing runs them unless the chain passes them to `deliver`. */
  readonly tasks: readonly Task[];
  readonly jobId: string;
  readonly messageId: string;
  /** The named queue it came through; its commands go there unless they name another. */
  readonly queue: string;
  readonly tenant: string | null;
  /** 1 (first) to 5 (last); `null` when the message gave none. */
  readonly priority: PriorityKey | null;
}

/** A function of `chains_module`. What it takes is checked by `parameters.ts`, where there is one. */
export type Chain = (job: ChainJob<never>) => unknown;

/** By the command that starts it. Without a prototype: `toString` is no chain. */
export type ChainTable = Readonly<Record<string, Chain>>;
