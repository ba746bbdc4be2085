/** `durable-queue-manager/testing`: runs chains in jest, vitest and node:test, without a GPU. */
import { closeTestEngine } from './engine.ts';
import { stopWithTests } from './stop-with-tests.ts';

export { closeTestEngine };
export { ChainFailed, runChain, type ChainRun, type RunChainOptions } from './run-chain.ts';
export type {
  ApprovalAnswer,
  ChainRecord,
  CommandAnswer,
  CommandCall,
  CommandFake,
  Delivery,
  Question,
} from './types.ts';

stopWithTests(closeTestEngine);
