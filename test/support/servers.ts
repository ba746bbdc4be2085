/** Where the servers of this test run are: one set for all test files, so queues, buckets and ids are per test. */
export interface TestServers {
  temporalAddress: string;
  temporalNamespace: string;
  temporalUiUrl: string;
  /** SQS and S3; any credentials. */
  awsEndpoint: string;
  /** The workflows as they stand in the sources, for `Worker.create`: bundling them takes seconds. */
  workflowBundle: { codePath: string };
  /** Undefined where RabbitMQ is not installed, and outside the integration tests. */
  amqpUrl: string | undefined;
  /** For `rabbitmqctl`. */
  rabbitMqSettings: NodeJS.ProcessEnv;
  /** The Temporal CLI. */
  enginePath: string;
}

export const SERVERS_VARIABLE = 'DQM_TEST_SERVERS';

/** For workflow and integration tests; Jest's globalSetup has started them. */
export function servers(): TestServers {
  const left = process.env[SERVERS_VARIABLE];
  if (!left) throw new Error('no servers here: unit tests do without, see jest.config.js');
  return {
    amqpUrl: undefined,
    rabbitMqSettings: {},
    ...(JSON.parse(left) as Omit<TestServers, 'amqpUrl' | 'rabbitMqSettings'>),
  };
}

/** Skipped where RabbitMQ is not installed; the run says so once. On CI the run does not start without it. */
export function describeWithAmqp(name: string, tests: () => void): void {
  (servers().amqpUrl ? describe : describe.skip)(name, tests);
}
