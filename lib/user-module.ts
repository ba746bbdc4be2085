import { createRequire } from 'node:module';

/** A module of the user's could not be loaded: the message names file and line where they are known, and what to do. */
export class UserModuleError extends Error {
  override readonly name = 'UserModuleError';
}

const loaded = new Map<string, Readonly<Record<string, unknown>>>();

/** What a user's TypeScript or JavaScript module exports, loaded once a process; its imports are its own `node_modules`. */
export function loadUserModule(path: string): Readonly<Record<string, unknown>> {
  const earlier = loaded.get(path);
  if (earlier) return earlier;
  const require = createRequire(import.meta.url);
  // Not at the top: a fifth of a second, for those who use it alone.
  const { require: load } = require('tsx/cjs/api') as { require(id: string, from: string): Record<string, unknown> };
  try {
    const module = load(path, import.meta.url);
    loaded.set(path, module);
    return module;
  } catch (error) {
    throw new UserModuleError(loadingText(path, error), { cause: error });
  }
}

function loadingText(path: string, error: unknown): string {
  if (!(error instanceof Error)) return `${path} threw ${String(error)} when it was loaded`;
  // esbuild: `/path/parameters.ts:2:17: ERROR: Unexpected ";"`.
  const [, place, mistake] = /^(.+:\d+):\d+: ERROR: (.+)$/m.exec(error.message) ?? [];
  if (place !== undefined) return `${place}: ${mistake}`;
  const [, missing] = /^Cannot find (?:module|package) '([^']+)'/.exec(error.message) ?? [];
  if (missing === path) return `${path} does not exist`;
  if (missing !== undefined)
    return `${path}: cannot find ${missing}, which it imports: npm install it beside the module`;
  const [, line = path] =
    /\(?((?:\/|[A-Za-z]:\\)(?!.*node_modules)[^()\n?]+\.[cm]?[jt]sx?:\d+)/.exec(error.stack ?? '') ?? [];
  return `${line}: ${error.name}: ${error.message} (thrown when it was loaded)`;
}
