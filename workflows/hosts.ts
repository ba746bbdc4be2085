import { proxyActivities } from '@temporalio/workflow';

import type { HostsAnswer, HostsInput, HostStatus } from '../lib/contract/host-status.ts';

import { hostStatusPolicy } from './policies.ts';

/** Asks all hosts at once how they are; one that says nothing in time is silent. */
export const hosts = ({ identities }: HostsInput): Promise<HostsAnswer> =>
  Promise.all(
    identities.map(async (identity) => {
      const { hostStatus } = proxyActivities<{ hostStatus(): Promise<HostStatus> }>(hostStatusPolicy(identity));
      return hostStatus().catch(() => null);
    }),
  );
