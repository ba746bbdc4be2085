/** `durable-queue-manager/tasks`: completion tasks of one's own, exported from the configuration's `tasks_module`. */
export type { Schema as TaskSchema } from '../contract/schema.ts';
export { defineTask, type TaskDefinition, type TaskResult, type TaskRun } from './define-task.ts';
export { TaskRejected, TaskUnavailable, type TaskUnavailableOptions } from './errors.ts';
