import { ApplicationFailure, isCancellation } from '@temporalio/workflow';

import { sha256 } from './hash.ts';
import type { Journal } from './journal.ts';
import { loopWaited } from './loop-guard.ts';
import type { Settle } from './settle.ts';
import type { Slots } from './slots.ts';

/** One call of the kit. */
export interface StepCall {
  /** For people: a command's name, `s3_upload`, `pause`. */
  name: string;
  /** What is asked for. Calls that ask for the same are told apart by their order alone. */
  content: string;
}

/** Which one of the calls with this content. */
export interface StepIdentity {
  key: string;
  /** From 0. */
  occurrence: number;
}

/** All that a chain has others do passes through here: bounded, answered from the journal, written into it. */
export interface Steps {
  /** An activity: waits for one of the chain's slots. `give`: what the caller gets of its outcome, an earlier one too. */
  perform<Outcome, Given>(
    call: StepCall,
    work: (step: StepIdentity) => Promise<Outcome>,
    give: (outcome: Outcome) => Given,
  ): Promise<Given>;
  /** A wait for a time or a person, which needs no slot. `waitedMs`: so long it has waited already, in earlier runs. */
  wait<Outcome>(call: StepCall, work: (waitedMs: number, step: StepIdentity) => Promise<Outcome>): Promise<Outcome>;
  /** Names of the calls that nobody has awaited. */
  forgotten(): string[];
}

export function createSteps(journal: Journal, slots: Slots, engineNow: () => number): Steps {
  const calls = new Map<string, number>();
  const unawaited = new Map<object, string>();

  function identify({ content }: StepCall): StepIdentity {
    const hash = sha256(content);
    const occurrence = calls.get(hash) ?? 0;
    calls.set(hash, occurrence + 1);
    return { key: `${hash}-${occurrence}`, occurrence };
  }

  /** Writes down what a call has given before it is told. */
  const recorded = <Outcome>(key: string, { resolve, reject }: Settle<Outcome>): Settle<Outcome> => ({
    resolve: (done) => {
      journal.record({ key, done });
      resolve(done);
    },
    reject: (error) => {
      if (error instanceof ApplicationFailure && !isCancellation(error)) {
        journal.record({ key, failed: { type: error.type ?? 'CommandFailed', message: error.message } });
      }
      reject(error);
    },
  });

  function watched<Outcome>({ name }: StepCall, begin: (settle: Settle<Outcome>) => void): Promise<Outcome> {
    const call = new Call<Outcome>(() => unawaited.delete(call));
    unawaited.set(call, name);
    begin({ resolve: (outcome) => call.resolve(outcome), reject: (error) => call.reject(error) });
    return call;
  }

  return {
    perform: <Outcome, Given>(
      call: StepCall,
      work: (step: StepIdentity) => Promise<Outcome>,
      give: (outcome: Outcome) => Given,
    ) =>
      watched<Given>(call, ({ resolve, reject }) => {
        const step = identify(call);
        const settle: Settle<Outcome> = { resolve: (outcome) => resolve(give(outcome)), reject };
        if (journal.answer(step.key, settle)) return;
        slots.run(() => work(step), recorded(step.key, settle));
      }),
    wait: <Outcome>(call: StepCall, work: (waitedMs: number, step: StepIdentity) => Promise<Outcome>) =>
      watched<Outcome>(call, (settle) => {
        const step = identify(call);
        if (journal.answer(step.key, settle)) return;
        const known = journal.startedMs(step.key);
        const startedMs = known ?? engineNow();
        if (known === undefined) journal.record({ key: step.key, started: startedMs });
        const { resolve, reject } = recorded(step.key, settle);
        work(engineNow() - startedMs, step).then(resolve, reject);
      }),
    forgotten: () => [...unawaited.values()],
  };
}

/** Knows whether somebody waits for it. */
class Call<Outcome> extends Promise<Outcome> implements Settle<Outcome> {
  readonly #outcome: Settle<Outcome>;
  readonly #awaited: () => void;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  constructor(awaited: () => void) {
    const settle: Partial<Settle<Outcome>> = {};
    super((resolve, reject) => void Object.assign(settle, { resolve, reject }));
    this.#outcome = settle as Settle<Outcome>;
    this.#awaited = awaited;
  }

  resolve(outcome: Outcome): void {
    loopWaited();
    this.#outcome.resolve(outcome);
  }

  reject(error: unknown): void {
    loopWaited();
    // A failure nobody waits for would hold the whole workflow up; whoever waits gets it all the same.
    void super.then(undefined, () => undefined);
    this.#outcome.reject(error);
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise; that it is awaited is what must be known
  override then<Result1 = Outcome, Result2 = never>(
    onFulfilled?: ((value: Outcome) => Result1 | PromiseLike<Result1>) | null,
    onRejected?: ((reason: unknown) => Result2 | PromiseLike<Result2>) | null,
  ): Promise<Result1 | Result2> {
    this.#awaited();
    return super.then(onFulfilled, onRejected);
  }
}
