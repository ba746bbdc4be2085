import { activityInfo, ApplicationFailure, cancellationDetails } from '@temporalio/activity';

import type { Details } from '../heartbeat.ts';

/** An upload in parts that all attempts of a task share: each goes on where the one before it was cut off. */
export interface SharedUpload {
  /** Of S3; undefined before the first part. */
  readonly id: string | undefined;
  /** Leaves it to the next attempt. */
  began(id: string): void;
}

export interface UploadDetails {
  uploadId: string;
}

export function sharedUpload(details: Details<UploadDetails>): SharedUpload {
  const left = activityInfo().heartbeatDetails as UploadDetails | undefined;
  let id = left?.uploadId;
  return {
    get id() {
      return id;
    },
    began: (begun) => {
      if (begun === id) return;
      id = begun;
      details.send({ uploadId: begun });
    },
  };
}

/** No attempt comes after this one. One that only lost its connection to the engine may have a successor, which uploads. */
export const isLastAttempt = (failure: unknown): boolean =>
  cancellationDetails()?.cancelRequested === true ||
  (failure instanceof ApplicationFailure && failure.nonRetryable === true);
