import { join } from 'node:path';

import type { Client } from '@temporalio/client';

import { createChainActivities, type ChainSettings } from '../../activities/chain.ts';
import { createTaskActivities } from '../../activities/tasks/index.ts';
import { createUserTasks } from '../../activities/tasks/user-task.ts';
import { limitsOf } from '../../bridges/intake/intake.ts';
import { createS3 } from '../../lib/aws.ts';
import type { Config } from '../../lib/config/config.ts';
import { createPostbackAgent } from '../../lib/postback/agent.ts';
import { createPost } from '../../lib/postback/post.ts';
import { loadUserTasks } from '../../lib/tasks/load.ts';
import { clientOn, connectClient, connectWorker } from '../../lib/temporal.ts';
import { UserModuleError } from '../../lib/user-module.ts';
import { workflowsOf } from '../../workers/bundle.ts';
import { countTasks } from '../../workers/count-tasks.ts';
import { startJobWorker } from '../../workers/jobs.ts';
import { tellMisfits } from '../../workers/misfits.ts';

import { approvalWebhook } from './approval-webhook.ts';
import { openFailureWebhook } from './failure-webhook.ts';
import { taskRules } from './message-rules.ts';
import type { Shared } from './shared.ts';

/** Workflows and completion tasks of all queues. Gives a client whose starts this worker may get with the answer. */
export async function openJobWorker(shared: Shared): Promise<Client> {
  const { config, temporal, opened, metrics, log } = shared;
  const setReady = shared.readiness.part('job worker');
  const agent = createPostbackAgent({ verifySsl: config.httpPost.verifySsl });
  opened.closes(() => agent.close());
  const common = { store: shared.store, rules: taskRules(config), mimeExtensions: config.mimeExtensions };
  const builtInTasks = createTaskActivities({
    ...common,
    s3For: (region) => {
      const s3 = createS3(config.aws, region);
      opened.closes(() => s3.destroy());
      return s3;
    },
    post: createPost({
      agent,
      allowPostbacks: config.dqm.allowPostbacks,
      followRedirects: config.httpPost.followRedirects,
    }),
    verifySsl: config.httpPost.verifySsl,
    signingSecret: config.dqm.signingSecret,
  });
  const userTasks = createUserTasks(loadUserTasks(config), common);
  const tasks = { ...builtInTasks, ...userTasks };
  const chains = createChainActivities({
    settings: chainSettings(config, Object.keys(tasks)),
    store: shared.store,
    folder: join(config.dqm.dataFolder, 'journals'),
  });
  const workflowBundle = await workflowsOf(config, log);
  const ours = { ...chains, ...(await openFailureWebhook(shared, agent)), ...approvalWebhook(config, agent) };
  refuseNamesOf(ours, userTasks, config);
  const connection = await connectWorker(temporal, { log, signal: opened.signal });
  opened.closes(() => connection.close());
  const { client, close } = await connectClient(temporal, { log, signal: opened.signal });
  opened.closes(close);
  tellMisfits({ misfits: shared.misfits, client, log });
  opened.runs(
    await startJobWorker({
      connection,
      namespace: temporal.namespace,
      dataConverter: temporal.dataConverter,
      workflowBundle,
      activities: { ...countTasks(tasks, metrics), ...ours },
    }),
  );
  setReady(true);
  log.info('Job worker started');
  return clientOn(connection, temporal);
}

/** Both are activities of one worker, known to the engine by their names. */
function refuseNamesOf(ours: object, userTasks: object, { dqm }: Config): void {
  const taken = Object.keys(userTasks).find((name) => Object.hasOwn(ours, name));
  if (taken !== undefined)
    throw new UserModuleError(`${dqm.tasksModule}: ${taken} is a name of ours: name it otherwise`);
}

const chainSettings = (config: Config, tasks: string[]): ChainSettings => ({
  file: config.file,
  allowCommands: [...config.allowCommands],
  tasks,
  defaultLimits: limitsOf(config),
  tellsApprovals: config.dqm.approvalWebhook !== undefined,
  limits: Object.fromEntries([...config.dqm.commands.keys()].map((name) => [name, limitsOf(config, name)])),
});
