import { isOpen, type Stage } from './task-values.ts';

/** As much of a zod schema as is used: a module's own version of zod may be another. */
export interface UserTaskSchema {
  safeParse(value: unknown): { success: true; data: unknown } | { success: false; error: { issues: readonly Issue[] } };
}

interface Issue {
  path: readonly PropertyKey[];
  message: string;
}

/**
 * A config by the schema of a user's own task; a mistake reads `.field: …`. Before templates are filled, what a schema
 * says of a value that holds one does not count: only the filled one can be judged.
 */
export function checkUserTask(
  schema: UserTaskSchema,
  config: object,
  stage: Stage,
): { config: unknown } | { mistake: string } {
  let read: ReturnType<UserTaskSchema['safeParse']>;
  try {
    read = schema.safeParse(config);
  } catch (error) {
    return { mistake: `: its schema threw ${error instanceof Error ? error.message : String(error)}` };
  }
  if (read.success) return { config: read.data };
  const issue = read.error.issues.find(({ path }) => !holdsTemplate(valueAt(config, path), stage));
  return issue ? { mistake: `${placeOf(issue.path)}: ${issue.message}` } : { config };
}

const placeOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');

const valueAt = (config: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part], config);

function holdsTemplate(value: unknown, stage: Stage): boolean {
  if (typeof value === 'string') return isOpen(value, stage);
  return (
    typeof value === 'object' && value !== null && Object.values(value).some((child) => holdsTemplate(child, stage))
  );
}
