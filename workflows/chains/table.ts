import type { Chain, ChainTable } from './types.ts';

/** The chains of a module: its exported functions by name, `default` aside. */
export function chainTable(module: Readonly<Record<string, unknown>>): ChainTable {
  const chains = Object.entries(module).filter(
    (entry): entry is [string, Chain] => entry[0] !== 'default' && typeof entry[1] === 'function',
  );
  return Object.assign(Object.create(null) as Record<string, Chain>, Object.fromEntries(chains));
}
