import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { LOOP_GUARD } from '../lib/contract/names.ts';

import type { WebpackConfig } from './chain-mistakes.ts';

const NAME = 'loop guard';
const MODULE_KINDS = ['javascript/auto', 'javascript/esm', 'javascript/dynamic'] as const;
const LOOPS = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement']);

/** Ours end, as do those of packages, which many use. */
const OWN_FOLDERS = ['workflows', 'lib'].map((folder) => fileURLToPath(new URL(`../${folder}/`, import.meta.url)));

const isOfUser = (file: string): boolean =>
  !file.split(sep).includes('node_modules') && !OWN_FOLDERS.some((folder) => file.startsWith(folder));

/** As much of webpack's parser as is used. */
interface Parser {
  hooks: {
    program: { tap(name: string, look: () => undefined): void };
    statement: { tap(name: string, look: (statement: Statement) => undefined): void };
  };
  state: { module: { resource: string; addPresentationalDependency(dependency: object): void } };
}

interface Statement {
  type: string;
  body?: { range: [number, number] };
}

/**
 * Has each loop of the user's modules say that it turns. The engine breaks off code that does not come to rest by
 * stopping its thread wherever that is, after which Node may end the whole process.
 */
export function withLoopGuard(config: WebpackConfig): WebpackConfig {
  return {
    ...config,
    plugins: [
      ...(config.plugins ?? []),
      {
        apply: (compiler) => {
          const { ConstDependency } = compiler.webpack.dependencies;
          const guard = (parser: Parser): void => {
            parser.hooks.program.tap(NAME, () => {
              const { module } = parser.state;
              // What is global to the sandbox is slow to reach.
              const local = `var ${LOOP_GUARD} = globalThis.${LOOP_GUARD};`;
              if (isOfUser(module.resource)) module.addPresentationalDependency(new ConstDependency(local, 0));
              return undefined;
            });
            parser.hooks.statement.tap(NAME, ({ type, body }) => {
              const { module } = parser.state;
              if (!LOOPS.has(type) || !body || !isOfUser(module.resource)) return undefined;
              const [start, end] = body.range;
              module.addPresentationalDependency(new ConstDependency(`{${LOOP_GUARD}();`, start));
              module.addPresentationalDependency(new ConstDependency('}', end));
              return undefined;
            });
          };
          compiler.hooks.normalModuleFactory.tap(NAME, (factory) => {
            for (const kind of MODULE_KINDS)
              factory.hooks.parser.for(kind).tap(NAME, (parser) => guard(parser as unknown as Parser));
          });
        },
      },
    ],
  };
}
