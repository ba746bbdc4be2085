import type { Readable } from 'node:stream';

import type { Schema } from '../contract/schema.ts';

/** What a task delivers. */
export interface TaskResult {
  mimeType: string;
  /** Bytes. */
  size: number;
  /** Hex. */
  sha256: string;
  /** The bytes, from their beginning each time. The stream fails when they are gone or damaged. */
  open(): Promise<Readable>;
}

export interface TaskRun<Config> {
  /** As the schema gives it, templates filled. */
  config: Config;
  /** The task's `setting` lines of the configuration: secrets come from there, never from a message. */
  settings: Readonly<Record<string, string>>;
  result: TaskResult;
  jobId: string;
  /** The same for every attempt and retry of this delivery, another when the job delivers other content. */
  idempotencyKey: string;
  /** Aborted when the job is cancelled or the worker stops: end soon. */
  signal: AbortSignal;
}

export interface TaskDefinition<Config> {
  /** Checks a message's `config` before its job starts, and once more when the templates are filled. */
  config: Schema<Config>;
  /**
   * Delivers the result; safe to repeat, since an attempt may have delivered and died before it said so. Throws
   * `TaskRejected` when trying again cannot help; anything else is tried again for `task_retry_window`. May give the
   * destination, as people should read it: user info and query of an address are cut off.
   */
  run(task: TaskRun<Config>): Promise<string | void>;
}

/** A module may have its own copy of this package, so definitions are known by a name that copies share. */
const DEFINED = Symbol.for('durable-queue-manager/task');

/** A completion task of one's own. The name of its export in `tasks_module` is the `name` that messages call it by. */
export const defineTask = <Config>(definition: TaskDefinition<Config>): TaskDefinition<Config> =>
  Object.assign(definition, { [DEFINED]: true });

export const isDefinedTask = (value: unknown): value is TaskDefinition<unknown> =>
  typeof value === 'object' && value !== null && DEFINED in value;
