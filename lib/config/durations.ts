const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const DURATION = /^(\d{1,15})(ms|s|m|h|d)$/;

/** Milliseconds of `500ms`, `30s`, `10m`, `2h`, `7d`; undefined for anything else, a number without a unit included. */
export function durationMs(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (count === undefined) return undefined;
  const milliseconds = Number(count) * UNITS[unit as keyof typeof UNITS];
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}

/** For the constants of the program itself. */
export function duration(text: string): number {
  const milliseconds = durationMs(text);
  if (milliseconds === undefined) throw new RangeError(`Not a duration: ${text}`);
  return milliseconds;
}
