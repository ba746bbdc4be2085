import { ApplicationFailure, isCancellation } from '@temporalio/workflow';

/** What a chain's own code has thrown, as the end of the job: anything but a failure of the engine would be tried for ever. */
export function errorOfAuthor(chain: string, error: unknown): Error {
  if (error instanceof ApplicationFailure || (error instanceof Error && isCancellation(error))) return error;
  const [message, cause] = error instanceof Error ? [`${error.name}: ${error.message}`, error] : [thrownText(error)];
  const place = placeOf(cause?.stack);
  return ApplicationFailure.create({
    type: 'CommandFailed',
    message: `${chain} threw ${message}${place === undefined ? '' : ` (${place})`}`,
    nonRetryable: true,
    ...(cause && { cause }),
  });
}

function thrownText(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown));
  } catch {
    return String(thrown);
  }
}

/** The first line of the user's own code: the stack holds the sources' names. */
const placeOf = (stack = ''): string | undefined =>
  /\(?((?:\/|[A-Za-z]:\\)(?!.*node_modules)[^()\n]+\.[cm]?[jt]sx?:\d+)/.exec(stack)?.[1];
