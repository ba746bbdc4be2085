/**
 * `durable-queue-manager/chains`: what a chain may call. A chain is an exported async function of `chains_module`; its
 * name is the command that starts it. It runs in Temporal's sandbox, and may run again from its start at any time: each
 * of these calls is then answered with what it gave the first time.
 */
export type { ChainJob, JsonValue, Result, Task } from './types.ts';
export { approval, type Approval, type ApprovalOptions } from './approval.ts';
export { command, type CommandOptions } from './command.ts';
export { deliver } from './deliver.ts';
export { inParallel, type ParallelOptions } from './in-parallel.ts';
export { pause, type Duration } from './pause.ts';
export { progress } from './progress.ts';
