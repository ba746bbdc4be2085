import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * Runs a command as long as our end of its pipe is open: it ends with us, `kill -9` included. A shell waits on that pipe,
 * because the servers do not watch who started them.
 */
const KEEPER = `
exec 3<&0
"$@" 3<&- </dev/null &
kept=$!
{ read -r _ <&3; kill -TERM $kept; } >/dev/null 2>&1 &
watcher=$!
wait $kept
status=$?
kill -KILL $watcher 2>/dev/null
exit $status
`;

/** What a server prints last tells why it ended. */
const KEPT_LINES = 20;
/** Beyond it a server that was asked to end is killed. RabbitMQ needs a few seconds. */
const STOP_LIMIT_MS = 20_000;

export interface KeepOptions {
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Its working folder. */
  folder: string;
}

/** A process that lives no longer than ours. */
export interface Kept {
  readonly pid: number;
  /** Settles when it has ended after `stop`; rejects, with its last lines, when it ended by itself. */
  readonly done: Promise<void>;
  /** The rest of the first line on its standard output that begins so. Rejects when it ends before. */
  line(beginning: string): Promise<string>;
  /** Ends it, and resolves when it has ended. */
  stop(): Promise<void>;
}

/** In a session of its own: Ctrl-C in a terminal reaches only us, and we decide when it is no longer needed. */
export function keep({ command, args, env, folder }: KeepOptions): Kept {
  const child = spawn('/bin/sh', ['-c', KEEPER, 'keeper', command, ...args], { cwd: folder, env, detached: true });
  child.stdin.on('error', () => {}); // the shell is gone already
  const output = createInterface(child.stdout);
  const lines: string[] = [];
  for (const stream of [output, createInterface(child.stderr)]) {
    stream.on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    });
  }

  let stopping = false;
  const done = ended(child).then((how) => {
    if (!stopping) throw new Error(`${command} ended by itself (${how})${lines.map((line) => `\n  ${line}`).join('')}`);
  });
  done.catch(() => {}); // whoever waits for it hears of it
  return {
    pid: child.pid ?? 0,
    done,
    line: (beginning) =>
      new Promise((resolve, reject) => {
        output.on('line', (line) => line.startsWith(beginning) && resolve(line.slice(beginning.length)));
        done.then(() => reject(new Error(`${command} was stopped`)), reject);
      }),
    async stop() {
      stopping = true;
      child.stdin.end();
      const limit = setTimeout(() => killGroup(child), STOP_LIMIT_MS);
      await done.catch(() => {});
      clearTimeout(limit);
    },
  };
}

/** How it ended. With `close`, not `exit`: whatever it started and that holds its output is gone too. */
function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone between the look and the kill.
  }
}
