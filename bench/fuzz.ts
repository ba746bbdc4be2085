/** Numbers that look random and are the same for the same seed. */
export interface Fuzz {
  /** 0 … below `limit`. */
  number(limit: number): number;
  one<T>(of: readonly T[]): T;
  many<T>(count: number, make: () => T): T[];
  /** With some of its bytes changed, left out or doubled. */
  spoiled(bytes: Buffer): Buffer;
}

export function createFuzz(seed: number): Fuzz {
  let state = seed;
  // mulberry32
  const random = (): number => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const number = (limit: number): number => Math.floor(random() * limit);
  return {
    number,
    one: (of) => of[number(of.length)] as (typeof of)[number],
    many: (count, make) => Array.from({ length: count }, make),
    spoiled: (bytes) => {
      const at = number(bytes.length + 1);
      const size = number(4) + 1;
      const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + size)];
      const middle = [Buffer.alloc(0), Buffer.from([number(256)]), bytes.subarray(at, at + size * 2)][number(3)];
      return Buffer.concat([before, middle ?? Buffer.alloc(0), after]);
    },
  };
}
