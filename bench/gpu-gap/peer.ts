/** One way to give commands to a GPU and to put their results away: what a bench compares. */
export interface Peer {
  name: string;
  /** Queues so many jobs, then works on them until the last result is away. */
  run(jobs: number, work: GpuWork): Promise<void>;
}

/** What each job does: the same for all. */
export interface GpuWork {
  /** One command on the simulator; ends with its last byte. */
  render(): Promise<void>;
  /** Puts the result away. */
  upload(): Promise<void>;
  uploadMs: number;
}
