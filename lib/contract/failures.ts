/**
 * Every way a message, a command, a task or a chain can fail: the `type` of the `ApplicationFailure`, the search
 * attribute `DqmError` and the `dqm_error_type` of a dead letter. A closed list: classes do not survive the wire.
 */
export const FAILURE_TYPES = [
  // intake
  'BadMessage',
  'CommandNotAllowed',
  'IdentityConflict',
  // command
  'BadRequest',
  'CommandFailed',
  'UnexpectedResult',
  'Stalled',
  'HostFault',
  // task
  'TaskRejected',
  'TaskUnavailable',
  // chain
  'ApprovalDeclined',
] as const;

export type FailureType = (typeof FAILURE_TYPES)[number];

/** Our failures say in their message what was tried on what; in Temporal's page frames of our code would bury it. */
export function withoutStack<T extends Error>(failure: T): T {
  delete failure.stack;
  return failure;
}
