import { chainParameters } from '../../lib/chain-parameters.ts';
import type { Config } from '../../lib/config/config.ts';
import type { MessageRules } from '../../lib/contract/job-message.ts';
import { checkTask } from '../../lib/contract/task-configs.ts';

/** What a configuration lets into its queues. */
export const messageRules = (config: Config): MessageRules => ({
  maxMessageBytes: config.dqm.maxMessageBytes,
  file: config.file,
  allowCommands: config.allowCommands,
  checkTask: (task, path) => checkTask(task, path, taskRules(config)),
  checkParameters: chainParameters(config.dqm.chainsModule),
});

/** What a task may reach: the same for the bridge that judges a message and the worker that carries it out. */
export const taskRules = ({ dqm }: Config) => ({
  allowBuckets: dqm.allowBuckets,
  allowPostbacks: dqm.allowPostbacks,
  resultStore: dqm.resultStore,
});
