/** What a section may hold. `single` once at most, `repeatable` any number of times, `nested` containers. */
interface SectionRules {
  /** As messages name it. */
  title: string;
  single: readonly string[];
  repeatable: readonly string[];
  nested: readonly string[];
  /** The vendor's own directives may stand in its sections, so there an unknown one is a warning. */
  unknown: 'mistake' | 'warning';
  /** `${env:NAME}` is replaced. */
  environment: boolean;
}

const OF_VENDOR = { unknown: 'warning' } as const;
const OF_OURS = { unknown: 'mistake', environment: true } as const;

const AWS_CLIENT = ['region', 'endpoint', 'access_key_id', 'secret_access_key', 'session_token', 'profile'] as const;

/** Every directive that means something to us, by the container it stands in. */
export const SECTIONS = {
  queue_manager: {
    ...OF_VENDOR,
    environment: false,
    title: '<user queue_manager>',
    single: ['listen_queue'],
    repeatable: ['allow_command'],
    nested: ['http_post'],
  },
  http_post: {
    ...OF_VENDOR,
    environment: false,
    title: '<user http_post>',
    single: ['follow_redirects', 'verify_ssl'],
    repeatable: [],
    nested: [],
  },
  aws: {
    ...OF_VENDOR,
    environment: true,
    title: '<user aws>',
    single: AWS_CLIENT,
    repeatable: [],
    nested: ['s3', 'sqs', 'queue'],
  },
  s3: {
    ...OF_VENDOR,
    environment: true,
    title: '<user s3>',
    single: [...AWS_CLIENT, 'path_style'],
    repeatable: [],
    nested: [],
  },
  sqs: { ...OF_VENDOR, environment: true, title: '<user sqs>', single: AWS_CLIENT, repeatable: [], nested: [] },
  sqs_queue: {
    ...OF_OURS,
    title: '<user queue> of <user aws>',
    single: ['name', 'url', 'acknowledge', 'dead_letter_url', 'max_waiting_jobs'],
    repeatable: [],
    nested: [],
  },
  amqp: { ...OF_VENDOR, environment: true, title: '<user amqp>', single: [], repeatable: [], nested: ['queue'] },
  amqp_queue: {
    ...OF_OURS,
    title: '<user queue> of <user amqp>',
    single: [
      'name',
      'queue',
      'exchange',
      'routing_key',
      'ca_file',
      'cert_file',
      'key_file',
      'prefetch',
      'declare',
      'acknowledge',
      'dead_letter',
      'dead_letter_queue',
      'dead_letter_exchange',
      'dead_letter_routing_key',
      'max_waiting_jobs',
    ],
    repeatable: ['url'],
    nested: [],
  },
  dqm: {
    ...OF_OURS,
    title: '<user dqm>',
    single: [
      'temporal_address',
      'temporal_namespace',
      'temporal_ui_url',
      'data_folder',
      'host_name',
      'result_store',
      'staging_folder',
      'result_retention',
      'command_timeout',
      'command_attempts',
      'heartbeat_timeout',
      'stall_timeout',
      'drain_timeout',
      'max_staging_jobs',
      'canary_command',
      'abandoned_wait',
      'task_retry_window',
      'max_message_bytes',
      'progress',
      'gateway_address',
      'gateway_url',
      'gateway_token',
      'gateway_open',
      'approval_webhook',
      'metrics_address',
      'chains_module',
      'tasks_module',
      'signing_secret',
      'failure_webhook',
    ],
    repeatable: ['realityserver_url', 'allow_bucket', 'allow_postback', 'gateway_origin'],
    nested: ['task', 'queue', 'command'],
  },
  direct_queue: { ...OF_OURS, title: '<user queue> of <user dqm>', single: ['name'], repeatable: [], nested: [] },
  task: { ...OF_OURS, title: '<user task>', single: ['name'], repeatable: ['setting'], nested: [] },
  command: {
    ...OF_OURS,
    title: '<user command>',
    single: ['name', 'timeout', 'stall_timeout', 'attempts', 'expect_type', 'min_bytes', 'cancel_command'],
    repeatable: [],
    nested: ['error'],
  },
  error: { ...OF_OURS, title: '<user error>', single: ['match', 'class'], repeatable: [], nested: [] },
} as const satisfies Record<string, SectionRules>;

export type SectionName = keyof typeof SECTIONS;
export type Single<Name extends SectionName> = (typeof SECTIONS)[Name]['single'][number];
export type Repeatable<Name extends SectionName> = (typeof SECTIONS)[Name]['repeatable'][number];
export type Nested<Name extends SectionName> = (typeof SECTIONS)[Name]['nested'][number];

export const rulesOf = (name: SectionName): SectionRules => SECTIONS[name];

/** The containers of the global level that concern us. */
export const TOP_SECTIONS = ['queue_manager', 'aws', 'amqp', 'dqm'] as const satisfies readonly SectionName[];

/** The directives of the global level that concern us. */
export const GLOBAL_DIRECTIVES = ['include', 'add_mime_type'] as const;

const ALWAYS = undefined;

/** Read, checked, and not acted on yet; a value stands for the one that says what happens anyway. */
export const WITHOUT_EFFECT: Partial<Record<SectionName, Readonly<Record<string, string | undefined>>>> = {
  dqm: {
    result_retention: ALWAYS,
  },
};
