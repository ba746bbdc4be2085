import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The program as users run it: the build, in a process of its own. */
export const PROGRAM = join(__dirname, '../../dist/cli/main.js');

export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export interface DqmProcess {
  readonly child: ChildProcess;
  readonly lines: readonly LogLine[];
  /** What it has written to standard output. */
  output(): string;
  /** The first log line, past or to come, with this message. Rejects when the process ends without it. */
  said(message: string): Promise<LogLine>;
  /** Asks it to end and gives its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `dqm` for as long as a test runs; `stop` it, or `killAll` in `afterAll`. */
export function startDqm(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = process.cwd()): DqmProcess {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  const wake = (): void => waiting.forEach((look) => look());
  createInterface(child.stderr).on('line', (line) => {
    lines.push(logLine(line));
    wake();
  });
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written += text));
  child.once('close', () => {
    ended = true;
    running.delete(child);
    wake();
  });
  return {
    child,
    lines,
    output: () => written,
    said: (message) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.find(({ msg }) => msg === message);
          if (!line && !ended) return;
          waiting.delete(look);
          if (line) resolve(line);
          else
            reject(
              new Error(
                `dqm ended without saying "${message}":\n${lines.map((each) => JSON.stringify(each)).join('\n')}`,
              ),
            );
        };
        waiting.add(look);
        look();
      }),
    stop: async (signal = 'SIGTERM') => {
      if (ended) return child.exitCode;
      child.kill(signal);
      await once(child, 'close');
      return child.exitCode;
    },
  };
}

/** The last line of a killed process may be half a one. */
function logLine(line: string): LogLine {
  const text = { level: 'text', msg: line };
  if (!line.startsWith('{')) return text;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return text;
  }
}

const running = new Set<ChildProcess>();

export async function killAll(): Promise<void> {
  const children = [...running];
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => once(child, 'close')));
}

export interface DqmAnswer {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface DqmOptions {
  env?: NodeJS.ProcessEnv;
  /** What it reads from standard input. */
  input?: string;
  cwd?: string;
}

/** Runs `dqm` to its end. */
export async function dqm(
  args: readonly string[],
  { env = {}, input = '', cwd = process.cwd() }: DqmOptions = {},
): Promise<DqmAnswer> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: { ...process.env, ...env }, stdio: 'pipe', cwd });
  const answer = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (answer.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (answer.stderr += text));
  child.stdin.end(input);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, ...answer };
}

/** A folder of a test's own, gone with `remove`. */
export function aFolder(): { path: string; file(name: string, text: string, mode?: number): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'dqm-test-'));
  return {
    path,
    file: (name, text, mode = 0o644) => {
      writeFileSync(join(path, name), text, { mode });
      return join(path, name);
    },
    // A process that was killed, or that nobody waits for, may still write.
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}
