/** As much of a zod schema as is used: a user's module may bring another version of zod than ours. */
export interface Schema<Data = unknown> {
  safeParse(value: unknown): { success: true; data: Data } | { success: false; error: SchemaError };
}

export interface SchemaError {
  issues: readonly SchemaIssue[];
}

export interface SchemaIssue {
  path: readonly PropertyKey[];
  message: string;
}

/** To be put behind the value's name: `.tiles[0].width: must be a number`, `: must be an object`. */
export const issueText = ({ path, message }: SchemaIssue): string =>
  `${path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')}: ${message}`;

/** The first one: those behind it often follow from it. */
export const firstIssue = ({ issues: [issue] }: SchemaError): SchemaIssue =>
  issue ?? { path: [], message: 'is invalid' };

/** How a user's schema reads a value. What zod makes never throws; what users put into it may. */
export function readWith<Data>(
  schema: Schema<Data>,
  value: unknown,
): { data: Data } | { issues: readonly SchemaIssue[] } | { threw: string } {
  try {
    const read = schema.safeParse(value);
    return read.success ? { data: read.data } : { issues: read.error.issues };
  } catch (error) {
    return { threw: error instanceof Error ? error.message : String(error) };
  }
}
