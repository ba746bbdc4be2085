import { NO_LIMIT } from '../bridges/allowance/allowance.ts';
import type { BridgeDeps } from '../bridges/bridge.ts';
import { createGate } from '../bridges/intake/gate.ts';
import { systemClock } from '../lib/clock.ts';

import { UsageError, type Context } from './context.ts';
import { createJudge, writeJudgement, type Judgement } from './judge.ts';
import { startBridge } from './parts/start-bridge.ts';
import { runProcess } from './process.ts';
import { queueNamed } from './queue-named.ts';

/**
 * `dqm bridge --dry-run`: what the messages of a copy queue would become, until it is told to stop. It needs no engine.
 * A judged copy is acknowledged, so the queue that jobs come from is refused.
 */
export function dryRun(context: Context, names: readonly string[]): Promise<void> {
  const { config, output, log } = context;
  if (names.length === 0) throw new UsageError('--dry-run needs the name of a copy queue, --queue NAME');
  const queues = names.map((name) => queueNamed(config, name));
  for (const { name, kind } of queues) {
    if (kind === 'direct') throw new UsageError(`queue ${name} has no broker: there is nothing to look at`);
    if (name === config.listenQueue)
      throw new UsageError(
        `--dry-run deletes what it has judged: give it a copy of ${name}, not the listen_queue itself`,
      );
  }
  const counts = { accepted: 0, rejected: 0 };
  return runProcess(log, async (opened) => {
    const deps = dryDeps(context, ({ outcome }) => (counts[outcome] += 1));
    for (const queue of queues) {
      const bridge = startBridge(queue, config, deps, opened);
      if (bridge) opened.runs(bridge);
    }
  }).finally(() => {
    if (!output.json) output.write(`${counts.accepted} would be accepted, ${counts.rejected} rejected\n`);
  });
}

/** To a transport a judged copy is what a duplicate is: acknowledged, and nothing runs. */
function dryDeps({ config, output, log }: Context, count: (judgement: Judgement) => void): BridgeDeps {
  const quiet = { ...log, info: () => undefined };
  const judge = createJudge(config);
  return {
    intake: {
      gate: createGate({ probe: async () => undefined, clock: systemClock, log: quiet }),
      judge: async (message) => {
        const judgement = judge(message);
        writeJudgement(output, { message_id: message.messageId }, judgement);
        count(judgement);
        return { outcome: 'duplicate', workflowId: '' };
      },
    },
    allowance: NO_LIMIT,
    holdRejected: () => Promise.reject(new Error('a dry run holds nothing')),
    // `acknowledge on_completion`: what never ran has ended.
    watchEndings: () => ({ ended: async () => 'completed' }),
    metrics: { received: () => undefined, settled: () => undefined, intake: () => undefined },
    log: quiet,
    drainTimeoutMs: config.dqm.drainTimeoutMs,
    onReady: () => undefined,
  };
}
