import { issueText, readWith, type Schema } from './schema.ts';
import { isOpen, type Stage } from './task-values.ts';

/**
 * A config by the schema of a user's own task; a mistake reads `.field: …`. Before templates are filled, what a schema
 * says of a value that holds one does not count: only the filled one can be judged.
 */
export function checkUserTask(schema: Schema, config: object, stage: Stage): { config: unknown } | { mistake: string } {
  const read = readWith(schema, config);
  if ('threw' in read) return { mistake: `: its schema threw ${read.threw}` };
  if ('data' in read) return { config: read.data };
  const issue = read.issues.find(({ path }) => !holdsTemplate(valueAt(config, path), stage));
  return issue ? { mistake: issueText(issue) } : { config };
}

const valueAt = (config: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part], config);

function holdsTemplate(value: unknown, stage: Stage): boolean {
  if (typeof value === 'string') return isOpen(value, stage);
  return (
    typeof value === 'object' && value !== null && Object.values(value).some((child) => holdsTemplate(child, stage))
  );
}
