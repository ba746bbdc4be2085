import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../..');
/** What users install beside the package, by the names they import or run. */
const PACKAGES = ['zod', '@temporalio/workflow', '@types/node', 'tsx', 'vitest', 'jest', '@swc/jest', '@swc/core'];

export interface UserProject {
  path: string;
  write(file: string, text: string): void;
  /** Runs Node there. Gives what it wrote; rejects, with that, when its exit code is not 0. */
  node(...args: string[]): Promise<string>;
  remove(): void;
}

/** A folder that depends on the built package, as a user's does. */
export function aUserProject(files: Record<string, string> = {}): UserProject {
  const path = mkdtempSync(join(tmpdir(), 'dqm-test-'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  };
  write('package.json', '{ "type": "module" }');
  for (const [file, text] of Object.entries(files)) write(file, text);
  link(ROOT, 'durable-queue-manager');
  for (const name of PACKAGES) link(join(ROOT, 'node_modules', name), name);

  function link(target: string, name: string): void {
    const place = join(path, 'node_modules', name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(target, place);
  }

  return { path, write, node: (...args) => runNode(args, path), remove: () => rmSync(path, { recursive: true }) };
}

export const TYPESCRIPT = join(ROOT, 'node_modules/typescript/bin/tsc');

async function runNode(args: string[], cwd: string): Promise<string> {
  // Ours is a test run, too, and its variables are not for another's.
  const { NODE_TEST_CONTEXT: _, JEST_WORKER_ID: __, ...env } = process.env;
  const run = promisify(execFile)(process.execPath, args, { cwd, env, timeout: 170_000 });
  const { stdout, stderr } = await run.catch((error: Error & { stdout: string; stderr: string }) => {
    throw new Error(`node ${args.join(' ')} failed:\n${error.stdout}${error.stderr}`, { cause: error });
  });
  return stdout + stderr;
}
