import { expectResult, type ExpectedResult } from '../activities/expected-result.ts';
import type { RealityServer } from '../lib/realityserver/client.ts';
import type { Staging } from '../lib/results/staging.ts';

export interface CanaryDeps {
  realityServer: RealityServer;
  staging: Staging;
  /** `canary_command`. */
  command: string;
  /** What `<user command>` of that name expects of its result. */
  expected: ExpectedResult | undefined;
}

/** A canary is small: one that takes longer has not passed. */
const TIMEOUT_MS = 60_000;
const KEY = 'canary';

/** Runs the canary as any command is run: its result is taken onto this host's disk, looked at, and thrown away. */
export function createCanary({ realityServer, staging, command, expected }: CanaryDeps) {
  return async (signal: AbortSignal): Promise<void> => {
    // The health of the host asks for it anyway.
    if (command === 'get_version') return;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const result = await realityServer.run(command, '{}', bounded);
    const file = await staging.receive(
      KEY,
      { ...result, check: (staged) => expectResult(command, staged, expected) },
      { workflowId: KEY, runId: '' },
      bounded,
    );
    await staging.remove(file);
  };
}
