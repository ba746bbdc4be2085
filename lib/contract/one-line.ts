const LONGEST = 1_000;

/** Brokers and terminals take neither control characters nor half a surrogate pair, and a producer's text may hold both. */
export const oneLine = (text: string): string =>
  text.slice(0, LONGEST).replace(/[\p{Cc}\p{Surrogate}\p{Zl}\p{Zp}\uFFFE\uFFFF]/gu, '\uFFFD');
