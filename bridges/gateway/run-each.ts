import { CODES, CommandError, failed } from '../../lib/realityserver/json-rpc.ts';

import type { OwnCall, OwnOutcome } from './own-commands.ts';

/** Our commands of one request by their place in it; an error stands for one whose parameters cannot be read. */
export type OwnCalls = ReadonlyMap<number, OwnCall | Error>;
export type OwnOutcomes = ReadonlyMap<number, OwnOutcome>;

/** Each costs a call of the engine or of a broker. */
const MOST_CALLS = 100;

/** In turn, as RealityServer runs the calls of one request. */
export async function runEach(calls: OwnCalls, run: (call: OwnCall) => Promise<OwnOutcome>): Promise<OwnOutcomes> {
  const outcomes = new Map<number, OwnOutcome>();
  for (const [place, call] of calls) {
    const refusal =
      outcomes.size >= MOST_CALLS
        ? new CommandError(CODES.request, `at most ${MOST_CALLS} of our commands may come in one request`)
        : call instanceof Error
          ? new CommandError(CODES.parameters, `params: ${call.message}`)
          : undefined;
    outcomes.set(place, refusal || call instanceof Error ? { outcome: failed(refusal) } : await run(call));
  }
  return outcomes;
}
