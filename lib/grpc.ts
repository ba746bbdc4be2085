import { isGrpcServiceError } from '@temporalio/client';

/** The answers of an engine that we tell apart (gRPC's numbers). */
const GrpcStatus = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export type GrpcStatusName = keyof typeof GrpcStatus;

/** What the engine answered, undefined when this error is none of its answers. The client wraps them. */
export function grpcAnswerIn(error: unknown): { code: number; details: string } | undefined {
  if (!(error instanceof Error)) return undefined;
  return isGrpcServiceError(error) ? error : grpcAnswerIn(error.cause);
}

export function isGrpcStatus(error: unknown, ...names: readonly GrpcStatusName[]): boolean {
  const code = grpcAnswerIn(error)?.code;
  return names.some((name) => GrpcStatus[name] === code);
}
