import type { StagedResult } from '../../lib/contract/job-input.ts';

/** What became of one call of the kit. */
export type JournalEntry = { key: string } & (
  | { done: unknown }
  | { failed: { type: string; message: string } }
  /** Of a call that waits for a time or a person: when it began, milliseconds. */
  | { started: number }
);

/** What ended together, in the order of ending: code that goes on from it sees the same order again. */
export interface JournalBatch {
  atMs: number;
  entries: JournalEntry[];
}

type PackedEntry =
  | [kind: 'd', key: string, value: unknown]
  | [kind: 'f', key: string, type: string, message: string]
  | [kind: 's', key: string, startedMs: number]
  | [kind: 'c', key: string, sha256: string, size: number, mimeType: number, host: number, gpuSeconds: number];

/** One piece of a journal as it lies in the result store. Thousands of entries pass through a history: it is compact. */
export interface JournalPart {
  version: 1;
  /** Of the addresses of results, up to the key. */
  base: string;
  mimeTypes: string[];
  hosts: string[];
  batches: [atMs: number, entries: PackedEntry[]][];
}

interface Rendered {
  result: StagedResult;
  host: string;
  gpuSeconds: number;
}

export function packPart(batches: readonly JournalBatch[]): JournalPart {
  const part: JournalPart = { version: 1, base: '', mimeTypes: [], hosts: [], batches: [] };
  for (const { atMs, entries } of batches) part.batches.push([atMs, entries.map((entry) => packed(entry, part))]);
  return part;
}

export const unpackPart = (part: JournalPart): JournalBatch[] =>
  part.batches.map(([atMs, entries]) => ({ atMs, entries: entries.map((entry) => unpacked(entry, part)) }));

function packed(entry: JournalEntry, part: JournalPart): PackedEntry {
  const { key } = entry;
  if ('failed' in entry) return ['f', key, entry.failed.type, entry.failed.message];
  if ('started' in entry) return ['s', key, entry.started];
  const { done } = entry;
  if (!isRendered(done)) return ['d', key, done];
  const { result, host, gpuSeconds } = done;
  const { uri, sha256, size, mimeType } = result;
  const tail = tailOf(key, sha256);
  part.base ||= uri.slice(0, -tail.length);
  // A store that was mounted elsewhere in between writes other addresses.
  if (uri !== part.base + tail) return ['d', key, done];
  return ['c', key, sha256, size, indexIn(part.mimeTypes, mimeType), indexIn(part.hosts, host), gpuSeconds];
}

function unpacked(entry: PackedEntry, { base, mimeTypes, hosts }: JournalPart): JournalEntry {
  switch (entry[0]) {
    case 'd':
      return { key: entry[1], done: entry[2] };
    case 'f':
      return { key: entry[1], failed: { type: entry[2], message: entry[3] } };
    case 's':
      return { key: entry[1], started: entry[2] };
    case 'c': {
      const [, key, sha256, size, mimeType, host, gpuSeconds] = entry;
      const uri = base + tailOf(key, sha256);
      const result = { uri, sha256, size, mimeType: mimeTypes[mimeType] ?? '' };
      return { key, done: { result, host: hosts[host] ?? '', gpuSeconds } satisfies Rendered };
    }
    default:
      return entry satisfies never;
  }
}

/** The key of a command's step is the end of its result's key in the store. */
const tailOf = (key: string, sha256: string): string => `${key}/${sha256}`;

const isRendered = (value: unknown): value is Rendered =>
  typeof (value as Partial<Rendered> | null | undefined)?.result?.uri === 'string';

function indexIn(list: string[], text: string): number {
  const index = list.indexOf(text);
  return index === -1 ? list.push(text) - 1 : index;
}
