import { isCancellation } from '@temporalio/workflow';

import { finalFailure, reasonOf } from '../ending.ts';

/** The activity's own failure under the step's name; a cancellation stays one. */
export function stepFailure(error: unknown, step: string): unknown {
  if (isCancellation(error)) return error;
  const { type, message, details } = reasonOf(error, 'HostFault');
  return finalFailure(error, { type, message: `${step}: ${message}`, details });
}
