import type { JobRow } from './job-view.ts';

/** Failed jobs of one kind, one command and one host. */
export interface FailureGroup {
  error: string | null;
  command: string | null;
  host: string | null;
  count: number;
  /** When the latest of them ended, or began where it has not closed. */
  newest: string;
}

/** The largest group first, of equal ones the latest. */
export function failureGroups(rows: readonly JobRow[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const { error, command, host, ended, created } of rows) {
    const type = error?.type ?? null;
    const key = JSON.stringify([type, command, host]);
    const at = ended ?? created;
    const group = groups.get(key) ?? { error: type, command, host, count: 0, newest: at };
    groups.set(key, { ...group, count: group.count + 1, newest: at > group.newest ? at : group.newest });
  }
  return [...groups.values()].sort((one, other) => other.count - one.count || other.newest.localeCompare(one.newest));
}
