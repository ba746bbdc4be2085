import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { firstIssue, issueText, readWith, type Schema } from './contract/schema.ts';
import { loadUserModule, UserModuleError } from './user-module.ts';

/** Says what is wrong with the parameters of a command, `parameters.frames: …`; undefined when nothing is. */
export type CheckParameters = (command: string, parameters: unknown) => string | undefined;

const FILES = ['parameters.ts', 'parameters.mts', 'parameters.js', 'parameters.mjs'];

/** The checks of `parameters.ts` beside the chains module: its zod schemas, by the chain's name. Without it none. */
export function chainParameters(chainsModule: string | undefined): CheckParameters {
  const file = chainsModule && FILES.map((name) => join(dirname(chainsModule), name)).find((path) => existsSync(path));
  if (!file) return () => undefined;
  const schemas = new Map(
    Object.entries(loadUserModule(file)).map(([name, schema]) => [name, schemaOf(file, name, schema)]),
  );
  return (command, parameters) => {
    const schema = schemas.get(command);
    return schema && mistakeIn(schema, parameters ?? {});
  };
}

function schemaOf(file: string, name: string, value: unknown): Schema {
  const isSchema = typeof (value as Partial<Schema> | null | undefined)?.safeParse === 'function';
  if (isSchema) return value as Schema;
  throw new UserModuleError(`${file}: ${name} is no zod schema; export nothing else from here`);
}

function mistakeIn(schema: Schema, parameters: unknown): string | undefined {
  const read = readWith(schema, parameters);
  if ('threw' in read) return `parameters: their schema threw ${read.threw}`;
  return 'issues' in read ? `parameters${issueText(firstIssue(read))}` : undefined;
}
