const transform = {
  '\\.ts$': [
    '@swc/jest',
    { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
  ],
};

/** `servers`: the file in test/support that starts what these tests need, once for a run. */
const project = (name, servers, examples = []) => ({
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`, ...examples],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/'],
  // Chains and their tests import them by name, as a user's do.
  moduleNameMapper: {
    '^durable-queue-manager/chains$': '<rootDir>/workflows/chains/index.ts',
    '^durable-queue-manager/testing$': '<rootDir>/testing/index.ts',
  },
  transform,
  cacheDirectory: '<rootDir>/.cache/jest',
  ...(servers && {
    globalSetup: `<rootDir>/test/support/${servers}.ts`,
    globalTeardown: '<rootDir>/test/support/servers-stop.ts',
  }),
});

export default {
  // Most tests wait for servers: one worker, as jest would take on two cores, would wait for each in turn.
  maxWorkers: 4,
  // Ends what hangs. The five seconds that jest gives are too few on a machine with other work.
  testTimeout: 180_000,
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  projects: [
    project('unit'),
    project('workflow', 'servers-basic', ['<rootDir>/examples/**/*.test.ts']),
    project('integration', 'servers-all'),
  ],
};
