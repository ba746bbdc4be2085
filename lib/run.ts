/** Something that works until it is told to stop: who opens it closes it. */
export interface Running {
  /** Settles when it has ended; rejects when it broke. */
  readonly done: Promise<void>;
  /** Takes no more work and finishes what is in hand. */
  stop(): void;
}
