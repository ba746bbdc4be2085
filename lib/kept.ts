import type { Clock } from './clock.ts';

/** What was read stays for a while; who asks meanwhile shares it. What failed is read again. */
export function kept<T>(clock: Clock, forMs: number, read: () => Promise<T>): { (): Promise<T>; atMs(): number } {
  let atMs = Number.NEGATIVE_INFINITY;
  let value: Promise<T>;
  const seen = (): Promise<T> => {
    if (clock.now() - atMs < forMs) return value;
    atMs = clock.now();
    value = read();
    value.catch(() => (atMs = Number.NEGATIVE_INFINITY));
    return value;
  };
  return Object.assign(seen, { atMs: () => atMs });
}
