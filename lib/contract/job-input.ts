import type { PriorityKey } from './names.ts';

/** JSON as it came, never parsed and written again: 2^53+1, `5.0`, `-0` and key order survive only as text. */
export type JsonText = string;

/** A result in the result store: all that ever travels through Temporal of a picture. */
export interface StagedResult {
  /** `file:///…` or `s3://bucket/key`, inside the result store. */
  uri: string;
  /** Hex. */
  sha256: string;
  /** Bytes. */
  size: number;
  mimeType: string;
}

/** A completion task as it stands in the message: templates unfilled. */
export interface TaskSpec {
  name: string;
  config: Record<string, unknown>;
}

/** The exact body: in place up to 128 KiB, else in the result store. */
export type MessageBody = { text: JsonText } | { reference: StagedResult };

/** A typed value of the broker; binary ones as base64, 64-bit integers as text, so that a dead letter repeats them. */
export interface BrokerValue {
  type: string;
  value: unknown;
}

/** What the broker said of the message beside its body: a dead letter days later needs it. */
export type Envelope =
  | { transport: 'sqs'; attributes: Record<string, BrokerValue>; groupId?: string }
  | { transport: 'amqp'; headers: Record<string, BrokerValue>; properties: Record<string, BrokerValue> }
  | { transport: 'direct' };

/** Bounds that the process which took the job in gives it: a later change of the configuration concerns new jobs. */
export interface JobLimits {
  /** One attempt of the command on the GPU; storing its result does not count. */
  commandTimeoutMs: number;
  commandAttempts: number;
  heartbeatTimeoutMs: number;
  taskRetryWindowMs: number;
}

/** Input of a job's workflow. Open jobs hold it: change it only by adding a `version`. */
export interface JobInput {
  version: 1;
  /** The named queue. */
  queue: string;
  /** Identity inside the queue, `${job_id}`. */
  jobId: string;
  /** The broker's id of the original message, `${message_id}`. */
  messageId: string;
  body: MessageBody;
  envelope: Envelope;
  command: string;
  tasks: TaskSpec[];
  tenant: string | null;
  priority: PriorityKey | null;
  limits: JobLimits;
  /** Whether the message becomes a dead letter when the job fails; the bridge of its queue stores it. */
  deadLetter: boolean;
  /** Whether the failure webhook is told when the job fails. */
  reportsFailure: boolean;
  /** 0; each `dqm retry --render` adds one. Part of the result's key: an older picture is not found again. */
  generation: number;
  /** False only for the first run of this id: nothing of it can be staged, so a store that cannot be asked does not hold it up. */
  mayBeStaged: boolean;
  /** Set by a retry of a failed task: go on from here, without the command. */
  resume?: { result: StagedResult; host: string; gpuSeconds: number; task: number };
  /** Of a chain that goes on in a new history, or as a retry: what its calls have given so far. */
  journal?: ChainJournal;
}

/** Where the result store holds what the calls of a chain have given, in the order of its runs. */
export interface ChainJournal {
  parts: StagedResult[];
  /** So many of the parts are of runs that were retried: what failed in them is tried again. */
  retriedParts: number;
}

/** Details of the `ApplicationFailure` that ends a chain: a retry goes on with this `journal` in its input. */
export interface ChainFailureDetails {
  journal: ChainJournal;
}

/** What a run keeps in Temporal's memo, read only when a start meets an id that exists. */
export interface JobMemo {
  message_id: string;
  /** SQS `MessageId` or AMQP `message-id` of the message that started this run; `null` when the publisher set none. */
  delivery_id: string | null;
  /** sha256 of the exact body, hex. */
  content_hash: string;
  job_id: string;
  tenant: string | null;
  priority: PriorityKey | null;
  [key: string]: unknown;
}

/** Details of the `ApplicationFailure` that ends a job in a task: what a retry resumes from. */
export interface TaskFailureDetails {
  result: StagedResult;
  host: string;
  gpuSeconds: number;
  /** Index of the task that failed. */
  task: number;
}

/** Input of the `dqm/rejected` workflow: a message held until a person decides. */
export interface RejectedInput {
  version: 1;
  queue: string;
  messageId: string | null;
  deliveryId: string | null;
  /** base64: it need not be UTF-8. */
  body: { base64: string } | { reference: StagedResult };
  envelope: Envelope;
  error: { type: string; message: string };
}
