/** Activities that a chain has open at once; more wait in the kit. An engine refuses 2,000, for ever. */
export const MOST_OPEN = 500;

/** A chain goes on in a new history only when it has got so far in this one: else it would do nothing else. */
export const FEWEST_STEPS_OF_A_RUN = 100;
