/** What `realityserver.conf` says, typed: durations in milliseconds, paths absolute, defaults filled in. */
export interface Config {
  /** The file it was read from, absolute. */
  file: string;
  /** `add_mime_type EXT TYPE`: extension by lower-case MIME type. */
  mimeExtensions: ReadonlyMap<string, string>;
  /** Exact names; empty allows nothing. */
  allowCommands: ReadonlySet<string>;
  /** The queue this server takes work for; undefined when the file names none. */
  listenQueue: string | undefined;
  httpPost: { followRedirects: boolean; verifySsl: boolean };
  aws: AwsConfig;
  /** By name. */
  queues: ReadonlyMap<string, QueueConfig>;
  dqm: DqmConfig;
}

export interface AwsClientConfig {
  region?: string;
  endpoint?: string;
  profile?: string;
  /** Absent: the AWS chain. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** `s3` and `sqs` are what their own containers say over what stands directly in `aws`. */
export interface AwsConfig {
  s3: AwsClientConfig & { pathStyle: boolean };
  sqs: AwsClientConfig;
}

export type QueueConfig = SqsQueueConfig | AmqpQueueConfig | DirectQueueConfig;

export type MaxWaitingJobs = number | 'auto' | 'unlimited';

/** When a message is deleted: when its job is stored durably, or when it has ended. */
export type Acknowledge = 'on_start' | 'on_completion';

export interface SqsQueueConfig {
  kind: 'sqs';
  name: string;
  url: string;
  acknowledge: Acknowledge;
  /** Absent: the queue's own RedrivePolicy. */
  deadLetterUrl?: string;
  maxWaitingJobs: MaxWaitingJobs;
}

export interface AmqpQueueConfig {
  kind: 'amqp';
  name: string;
  /** Tried in turn. */
  urls: readonly [string, ...string[]];
  tls: { caFile?: string; certFile?: string; keyFile?: string };
  /** The broker's queue to consume. */
  queue: string;
  /** Where `submit` publishes; absent: the default exchange, and `queue` as the routing key. */
  exchange?: string;
  routingKey?: string;
  prefetch: number;
  declare: boolean;
  deadLetter?:
    | { kind: 'queue'; queue: string }
    | { kind: 'exchange'; exchange: string; routingKey: string }
    | { kind: 'broker' };
  maxWaitingJobs: MaxWaitingJobs;
}

interface DirectQueueConfig {
  kind: 'direct';
  name: string;
}

export type ResultStoreConfig = { kind: 'file'; root: string } | { kind: 's3'; bucket: string; prefix: string };

export interface DqmConfig {
  /** Absent: an embedded engine for `dqm up`, else the address it left in `dataFolder`, else 127.0.0.1:7233. */
  temporalAddress?: string;
  temporalNamespace: string;
  /** Without a slash at its end; so is the gateway's. */
  temporalUiUrl?: string;
  dataFolder: string;
  hostName: string;
  realityServerUrls: readonly string[];
  resultStore: ResultStoreConfig;
  stagingFolder: string;
  resultRetentionMs: number;
  commandTimeoutMs: number;
  commandAttempts: number;
  heartbeatTimeoutMs: number;
  /** 0 = off. */
  stallTimeoutMs: number;
  drainTimeoutMs: number;
  maxStagingJobs: number;
  canaryCommand: string;
  abandonedWaitMs: number;
  taskRetryWindowMs: number;
  maxMessageBytes: number;
  progress: 'http' | 'websocket';
  gateway: { address: string; url?: string; token?: string; open: boolean; origins: readonly string[] };
  approvalWebhook?: string;
  metricsAddress: string;
  chainsModule?: string;
  tasksModule?: string;
  /** Empty = any. */
  allowBuckets: readonly string[];
  /** Empty = any. Host patterns, `*` as wildcard. */
  allowPostbacks: readonly string[];
  signingSecret?: string;
  failureWebhook?: string;
  /** Settings of users' own tasks, by task name. */
  taskSettings: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Per-command overrides, by command name. */
  commands: ReadonlyMap<string, CommandConfig>;
}

export interface CommandConfig {
  timeoutMs?: number;
  stallTimeoutMs?: number;
  attempts?: number;
  /** MIME pattern, `image/*`. */
  expectType?: string;
  minBytes?: number;
  cancelCommand?: string;
  /** In the file's order: the first that matches decides. */
  errors: readonly { match: RegExp; class: ErrorClass }[];
}

/** What a user's `<user error>` pattern makes of a command's error. */
export type ErrorClass = 'host_fault' | 'retry' | 'final';
