import assert from 'node:assert';
import { AsyncLocalStorage } from 'node:async_hooks';
import { SourceMap } from 'node:module';
import { createContext, Script } from 'node:vm';

import { UserModuleError } from '../lib/user-module.ts';

/** An endless loop at a module's top level ends here. */
const LOADING_LIMIT_MS = 5_000;

/**
 * Loads a bundle once, as each job's sandbox will: what throws there would hold up every job, chain or not. Gives what
 * the chains module exports, by name, as `typeof` tells it.
 */
export function inspectChains(code: string): Record<string, string> {
  const sandbox = {
    assert,
    URL,
    URLSearchParams,
    TextEncoder,
    TextDecoder,
    AbortController,
    AsyncLocalStorage,
    console,
    __webpack_module_cache__: {},
  };
  const context = createContext(sandbox) as typeof sandbox & { __TEMPORAL__?: Bundle };
  try {
    new Script(code, { filename: BUNDLE }).runInContext(context, { timeout: LOADING_LIMIT_MS });
    new Script('globalThis.loaded = __TEMPORAL__.importWorkflows()').runInContext(context, {
      timeout: LOADING_LIMIT_MS,
    });
    return (context as unknown as { loaded: { default: { exported: Record<string, string> } } }).loaded.default
      .exported;
  } catch (error) {
    const { name = 'Error', message = String(error), stack = '' } = error as Partial<Error>;
    throw new UserModuleError(
      `${placeIn(stack, code)}: ${name}: ${message} (thrown when the chains module was loaded)`,
      {
        cause: error,
      },
    );
  }
}

interface Bundle {
  importWorkflows(): unknown;
}

const BUNDLE = 'chains-bundle.js';

/** Where in the sources the first line of the stack stands. */
function placeIn(stack: string, code: string): string {
  const [, map = ''] =
    /sourceMappingURL=data:application\/json;charset=utf-8;base64,([A-Za-z0-9+/=]+)\s*$/.exec(code) ?? [];
  const [, line, column] = /chains-bundle\.js:(\d+):?(\d+)?/.exec(stack) ?? [];
  if (map === '' || line === undefined) return 'the chains module';
  const sources = new SourceMap(
    JSON.parse(Buffer.from(map, 'base64').toString()) as ConstructorParameters<typeof SourceMap>[0],
  );
  const entry = sources.findEntry(Number(line) - 1, Number(column ?? 1) - 1);
  return 'originalSource' in entry ? `${entry.originalSource}:${entry.originalLine + 1}` : 'the chains module';
}
