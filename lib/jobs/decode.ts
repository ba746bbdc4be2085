import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';

import { errorText } from '../log.ts';

import type { FailureView } from './job-view.ts';

export type RawPendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];
type RawPayloads = RawPendingActivity['heartbeatDetails'];
type RawFailure = RawPendingActivity['lastFailure'];

/** Reads what the engine keeps as payloads, through the converter and the codecs of the client. */
export interface Decoder {
  /** The first value; undefined when there is none. */
  value(payloads: RawPayloads): Promise<unknown>;
  /** `fallback`: the type of a failure that has none of its own, as a timeout. */
  failure(failure: RawFailure, fallback: string): Promise<FailureView | null>;
}

export function createDecoder({ options }: Client): Decoder {
  const converter = options.loadedDataConverter;

  return {
    value: async (payloads) => (await decodeArrayFromPayloads(converter, payloads?.payloads))[0],
    failure: async (failure, fallback) => {
      const error = await decodeOptionalFailureToOptionalError(converter, failure);
      if (error === undefined) return null;
      if (!(error instanceof TimeoutFailure)) return failureView(error, fallback);
      // The SDK leaves out the cause of a timeout: what the last attempt said.
      const cause = await decodeOptionalFailureToOptionalError(converter, failure?.cause);
      const said = cause === undefined ? '' : `, the attempt before said: ${errorText(cause)}`;
      return { type: fallback, message: `${TIMEOUTS[error.timeoutType ?? ''] ?? error.message}${said}` };
    },
  };
}

function failureView(error: Error, fallback: string): FailureView {
  const type = error instanceof ApplicationFailure ? error.type : undefined;
  return { type: type ?? fallback, message: error.message };
}

const TIMEOUTS: Record<string, string> = {
  HEARTBEAT: 'silent for longer than its heartbeat timeout',
  START_TO_CLOSE: 'did not end within the time allowed for one attempt',
  SCHEDULE_TO_CLOSE: 'gave up after the time allowed',
  SCHEDULE_TO_START: 'nobody took it within the time allowed',
};
