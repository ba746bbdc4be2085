import type { Config } from '../config/config.ts';
import { BUILT_IN_TASKS } from '../contract/task-configs.ts';
import { loadUserModule, UserModuleError } from '../user-module.ts';

import { isDefinedTask, type TaskDefinition } from './define-task.ts';

/** A task of the user's, with its settings of the configuration. */
export interface UserTask extends TaskDefinition<unknown> {
  settings: Readonly<Record<string, string>>;
}

/** The tasks of `tasks_module` by name. Throws `UserModuleError` for what cannot be one, and for settings of none. */
export function loadUserTasks({ file, dqm }: Pick<Config, 'file' | 'dqm'>): ReadonlyMap<string, UserTask> {
  const { tasksModule, taskSettings } = dqm;
  const tasks = new Map<string, UserTask>();
  for (const [name, value] of tasksModule === undefined ? [] : Object.entries(loadUserModule(tasksModule))) {
    if (!isDefinedTask(value)) {
      throw new UserModuleError(`${tasksModule}: ${name} is no task: make it with defineTask, export nothing else`);
    }
    if (BUILT_IN_TASKS.includes(name))
      throw new UserModuleError(`${tasksModule}: ${name} is built in: name it otherwise`);
    tasks.set(name, { ...value, settings: taskSettings.get(name) ?? {} });
  }
  for (const name of taskSettings.keys()) {
    if (tasks.has(name)) continue;
    const missing = tasksModule === undefined ? 'there is no tasks_module' : `${tasksModule} exports no such task`;
    throw new UserModuleError(`${file}: a <user task> has settings for ${name}, but ${missing}`);
  }
  return tasks;
}
