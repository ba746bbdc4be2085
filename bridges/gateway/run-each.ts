import { CODES, CommandError, failed } from '../../lib/realityserver/json-rpc.ts';

import { SUBMIT, type OwnCall, type OwnOutcome } from './own-commands.ts';

/** Our commands of one request by their place in it; an error stands for one whose parameters cannot be read. */
export type OwnCalls = ReadonlyMap<number, OwnCall | Error>;
export type OwnOutcomes = ReadonlyMap<number, OwnOutcome>;

/** Each costs a call of the engine or of a broker. */
const MOST_CALLS = 100;

/**
 * In turn, as RealityServer runs the calls of one request. Only submits that follow each other do not wait for their
 * answers: they leave in their order, and many cost a broker little more than one.
 */
export async function runEach(calls: OwnCalls, run: (call: OwnCall) => Promise<OwnOutcome>): Promise<OwnOutcomes> {
  const outcomes = new Map<number, OwnOutcome>();
  const underWay = new Map<number, Promise<OwnOutcome>>();
  const settle = async (): Promise<void> => {
    const settled = await Promise.all(underWay.values());
    for (const [index, place] of [...underWay.keys()].entries()) outcomes.set(place, settled[index] as OwnOutcome);
    underWay.clear();
  };
  for (const [place, call] of calls) {
    const isSubmit = !(call instanceof Error) && call.method === SUBMIT;
    // It may ask after a job that was submitted before it.
    if (!isSubmit) await settle();
    const isOneTooMany = outcomes.size + underWay.size >= MOST_CALLS;
    underWay.set(place, isOneTooMany ? tooMany() : call instanceof Error ? unreadable(call) : run(call));
    if (!isSubmit) await settle();
  }
  await settle();
  return outcomes;
}

const tooMany = (): Promise<OwnOutcome> =>
  refused(new CommandError(CODES.request, `at most ${MOST_CALLS} of our commands may come in one request`));

const unreadable = ({ message }: Error): Promise<OwnOutcome> =>
  refused(new CommandError(CODES.parameters, `params: ${message}`));

const refused = async (error: CommandError): Promise<OwnOutcome> => ({ outcome: failed(error) });
