import type { QueueMessage } from '../lib/contract/queue-message.ts';

export interface LookOptions {
  /** Messages at most. */
  limit: number;
  /** Look even where a look might dead-letter a message. */
  force: boolean;
}

export interface Looked {
  messages: QueueMessage[];
  /** Why it stopped before the limit and before the queue's end. */
  stopped?: string;
}

/** A look counts as a delivery, and this queue's limit of deliveries is low or unknown. */
export class LookRefused extends Error {
  override readonly name = 'LookRefused';
}

/** A message that one or two more deliveries would dead-letter is the last to be looked at. */
export const LEAST_LEFT = 2;
