/** `${name}` inside strings of a task's `config`: `message_id` and `mime_ext` [doc], the rest ours. */
export const TEMPLATE_VARIABLES = ['message_id', 'mime_ext', 'job_id', 'queue_name', 'command'] as const;

export type TemplateVariables = Record<(typeof TEMPLATE_VARIABLES)[number], string>;

/** The variables of a job's templates that are known at intake; `mime_ext` comes with the result. */
export type JobVariables = Omit<TemplateVariables, 'mime_ext'>;

/** A `$` that is not followed by `{` is plain text; so is a `${` that is never closed. */
const TEMPLATE = /\$\{([^}]*)\}/g;

/** The first unknown variable in a config's strings, with its place: `config.headers.X`; `undefined` when all are known. */
export function unknownVariable(value: unknown, path: string): { path: string; name: string } | undefined {
  if (typeof value === 'string') {
    const unknown = [...value.matchAll(TEMPLATE)].find(([, name]) => !isVariable(name ?? ''));
    return unknown && { path, name: unknown[1] ?? '' };
  }
  for (const [key, child] of childrenOf(value)) {
    const found = unknownVariable(child, `${path}.${key}`);
    if (found) return found;
  }
  return undefined;
}

/** The same value with each template replaced, nested strings too; keys stay as they are. */
export function fillTemplates<T>(value: T, variables: TemplateVariables): T {
  return filled(value, variables) as T;
}

function filled(value: unknown, variables: TemplateVariables): unknown {
  if (typeof value === 'string') {
    return value.replace(TEMPLATE, (text, name: string) => (isVariable(name) ? variables[name] : text));
  }
  if (Array.isArray(value)) return value.map((child) => filled(child, variables));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, filled(child, variables)]));
}

const isVariable = (name: string): name is keyof TemplateVariables =>
  (TEMPLATE_VARIABLES as readonly string[]).includes(name);

const childrenOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];
