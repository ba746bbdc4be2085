import { chainParameters } from '../../lib/chain-parameters.ts';
import type { Config } from '../../lib/config/config.ts';
import type { MessageRules } from '../../lib/contract/job-message.ts';
import { checkTask, type TaskRules } from '../../lib/contract/task-configs.ts';
import { loadUserTasks } from '../../lib/tasks/load.ts';

/** What a configuration lets into its queues. */
export function messageRules(config: Config): MessageRules {
  const rules = taskRules(config);
  return {
    maxMessageBytes: config.dqm.maxMessageBytes,
    file: config.file,
    allowCommands: config.allowCommands,
    checkTask: (task, path) => checkTask(task, path, rules),
    checkParameters: chainParameters(config.dqm.chainsModule),
  };
}

/** What a task may reach: the same for the bridge that judges a message and the worker that carries it out. */
export const taskRules = (config: Config): TaskRules => ({
  allowBuckets: config.dqm.allowBuckets,
  allowPostbacks: config.dqm.allowPostbacks,
  resultStore: config.dqm.resultStore,
  userTasks: loadUserTasks(config),
});
