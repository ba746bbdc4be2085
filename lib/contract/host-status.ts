/** What the worker of one GPU slot says of itself. */
export interface HostStatus {
  /** `gpu@<host>/<n>`. */
  identity: string;
  realityServerUrl: string;
  queue: string;
  /** `staging`: nothing on the GPU, and a result on its way to the store. */
  state: 'starting' | 'ready' | 'rendering' | 'staging' | 'resting' | 'out' | 'draining';
  /** Whose command is on the GPU, or whose result is on its way to the store. */
  workflowId: string | null;
  /** Every job with a command in hand, from the moment it took it until the result is in the store. */
  workflowIds: string[];
  /** Since midnight of the host's clock; failed attempts included. */
  gpuSecondsToday: number;
  /** Host faults in a row. */
  faults: number;
  /** Why it is out, or why its results do not reach the store. */
  reason: string | null;
  /** RealityServer's own; null while it does not answer. */
  version: string | null;
}

export interface HostsInput {
  /** Worker identities to ask. */
  identities: string[];
}

/** Null: that one did not answer in time. */
export type HostsAnswer = (HostStatus | null)[];
