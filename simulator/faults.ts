import { z } from 'zod';

const MOST_MS = 24 * 60 * 60 * 1000;
const milliseconds = z.number().min(0).max(MOST_MS);
/** Every fault may come some time after the call began. */
const delayed = { after_ms: milliseconds.default(0) };

/** How a call fails. Those in the second half spoil an answer; the command has run before. */
export const Fault = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('error_code'),
    code: z.int().default(-32_000),
    message: z.string().default('The simulator was asked to fail'),
    ...delayed,
  }),
  /** Any status; without `json_rpc` a page of text, with it a JSON-RPC error. */
  z.object({
    kind: z.literal('http_500'),
    status: z.int().min(200).max(599).default(500),
    json_rpc: z.boolean().default(false),
    ...delayed,
  }),
  /** Never answers. */
  z.object({ kind: z.literal('hang'), ...delayed }),
  z.object({ kind: z.literal('close'), ...delayed }),
  /** Every connection ends, and nobody listens; with `restart_after_ms` it comes back at the same address. */
  z.object({ kind: z.literal('crash'), restart_after_ms: milliseconds.optional(), ...delayed }),

  z.object({
    kind: z.literal('slow_bytes'),
    chunk_bytes: z.int().min(1).default(256),
    interval_ms: milliseconds.default(50),
    ...delayed,
  }),
  /** The connection ends after so many bytes, or in the middle. */
  z.object({
    kind: z.literal('truncated'),
    after_bytes: z.int().min(0).optional(),
    chunked: z.boolean().default(false),
    ...delayed,
  }),
  z.object({ kind: z.literal('wrong_type'), mime_type: z.string().default('text/html'), ...delayed }),
  z.object({ kind: z.literal('empty'), ...delayed }),
]);
export type Fault = z.output<typeof Fault>;

/** Faults that wait for the next calls of a command. */
export interface FaultPlan {
  add(command: string, fault: Fault, times: number): void;
  take(command: string): Fault | undefined;
  clear(): void;
  /** How many still wait. */
  readonly waiting: number;
}

export function createFaultPlan(): FaultPlan {
  const planned: { command: string; fault: Fault; times: number }[] = [];
  return {
    add: (command, fault, times) => planned.push({ command, fault, times }),
    take(command) {
      const index = planned.findIndex((each) => each.command === command);
      const next = planned[index];
      if (next === undefined) return undefined;
      next.times -= 1;
      if (next.times === 0) planned.splice(index, 1);
      return next.fault;
    },
    clear: () => {
      planned.length = 0;
    },
    get waiting() {
      return planned.reduce((sum, { times }) => sum + times, 0);
    },
  };
}
