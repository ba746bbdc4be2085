import { LOOP_GUARD } from '../../lib/contract/names.ts';

/** Far more than a chain has use for, and done well within the second. */
const MOST_TURNS = 10_000_000;

let turns = 0;

/** A step was answered: loops that wait for steps may turn for ever. */
export const loopWaited = (): void => void (turns = 0);

/** The bundler has each loop of a chains module call it. Counts, since a chain must fail at the same place again. */
function loopTurns(): void {
  turns += 1;
  if (turns <= MOST_TURNS) return;
  turns = 0;
  const error = new Error(
    `a loop has turned ${MOST_TURNS.toLocaleString('en')} times and awaited no step: does it end?`,
  );
  Error.captureStackTrace(error, loopTurns);
  throw error;
}

Object.assign(globalThis, { [LOOP_GUARD]: loopTurns });
