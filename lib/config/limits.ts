/** Node's timers hold 31 bits of milliseconds: a longer one would fire at once. */
export const LONGEST_TIMER = '24d';

export const MOST_ATTEMPTS = 100;
