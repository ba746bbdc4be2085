import { startAmqpBridge } from '../../bridges/amqp/bridge.ts';
import type { BridgeDeps } from '../../bridges/bridge.ts';
import { startSqsBridge } from '../../bridges/sqs/bridge.ts';
import { createSqs } from '../../lib/aws.ts';
import type { Config, QueueConfig } from '../../lib/config/config.ts';
import type { Running } from '../../lib/run.ts';
import type { Opened } from '../process.ts';

/** The bridge of a queue's broker; undefined for a queue that has none. */
export function startBridge(queue: QueueConfig, config: Config, deps: BridgeDeps, opened: Opened): Running | undefined {
  switch (queue.kind) {
    case 'sqs': {
      const sqs = createSqs(config.aws);
      opened.closes(() => sqs.destroy());
      return startSqsBridge({ ...deps, sqs, queue });
    }
    case 'amqp':
      return startAmqpBridge({ ...deps, queue });
    case 'direct':
      return undefined;
    default:
      return queue satisfies never;
  }
}
