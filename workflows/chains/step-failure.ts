import { ApplicationFailure, isCancellation } from '@temporalio/workflow';

import { withoutStack } from '../../lib/contract/failures.ts';
import { reasonOf } from '../ending.ts';

/** The activity's own failure under the step's name; a cancellation stays one. */
export function stepFailure(error: unknown, step: string): unknown {
  if (isCancellation(error)) return error;
  const { type, message, details } = reasonOf(error, 'HostFault');
  return withoutStack(
    ApplicationFailure.create({
      type,
      message: `${step}: ${message}`,
      nonRetryable: true,
      details,
      ...(error instanceof Error && { cause: error }),
    }),
  );
}
