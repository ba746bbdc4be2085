/** One call as the server saw it; times in milliseconds since 1970, with fractions. */
export interface CallRecord {
  command: string;
  start: number;
  /** When its work was done: before the last byte is sent. `null` while it runs. */
  end: number | null;
  /** Another command ran at the same time: a GPU was used twice. */
  overlap: boolean;
  /** The connection ended before the whole answer was sent. */
  closed: boolean;
  /** The request it came in, exactly. */
  body: string;
}

/** Old ones give way: a long run must not fill the memory. */
const MOST_RECORDS = 10_000;
/** Use no GPU, so they overlap with nothing. */
const WITHOUT_GPU = new Set(['get_version', 'echo', 'stop_render']);

const now = (): number => performance.timeOrigin + performance.now();

export interface CallLog {
  records: CallRecord[];
  begin(command: string, body: string): CallRecord;
  end(record: CallRecord): void;
  endAll(): void;
}

export function createCallLog(): CallLog {
  const records: CallRecord[] = [];
  const running = new Set<CallRecord>();

  function end(record: CallRecord): void {
    if (running.delete(record)) record.end = now();
  }

  return {
    records,
    begin(command, body) {
      const record: CallRecord = { command, start: now(), end: null, overlap: false, closed: false, body };
      if (!WITHOUT_GPU.has(command)) {
        for (const other of running) {
          if (!WITHOUT_GPU.has(other.command)) other.overlap = record.overlap = true;
        }
      }
      running.add(record);
      records.push(record);
      if (records.length > MOST_RECORDS) records.shift();
      return record;
    },
    end,
    endAll: () => running.forEach(end),
  };
}
