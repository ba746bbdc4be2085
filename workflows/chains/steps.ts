import { ApplicationFailure, isCancellation } from '@temporalio/workflow';

import { sha256 } from './hash.ts';
import type { Journal } from './journal.ts';
import { loopWaited } from './loop-guard.ts';
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

  const earlierOutcome = <Outcome>({ key }: StepIdentity) => journal.answer(key) as Promise<Outcome> | undefined;

  async function recorded<Outcome>(key: string, work: () => Promise<Outcome>): Promise<Outcome> {
    try {
      const done = await work();
      journal.record({ key, done });
      return done;
    } catch (error) {
      if (error instanceof ApplicationFailure && !isCancellation(error)) {
        journal.record({ key, failed: { type: error.type ?? 'CommandFailed', message: error.message } });
      }
      throw error;
    }
  }

  function watched<Outcome>({ name }: StepCall, outcome: Promise<Outcome>): Promise<Outcome> {
    const call = new Call<Outcome>((resolve, reject) => {
      const answered =
        <Answer>(settle: (answer: Answer) => void) =>
        (answer: Answer): void => {
          loopWaited();
          settle(answer);
        };
      outcome.then(answered(resolve), answered(reject));
    });
    unawaited.set(call, name);
    call.awaited = () => unawaited.delete(call);
    // A failure nobody waits for would hold the whole workflow up; whoever waits gets it all the same.
    outcome.catch(() => undefined);
    void Promise.prototype.then.call(call, undefined, () => undefined);
    return call;
  }

  return {
    perform: <Outcome, Given>(
      call: StepCall,
      work: (step: StepIdentity) => Promise<Outcome>,
      give: (outcome: Outcome) => Given,
    ) => {
      const step = identify(call);
      const outcome = earlierOutcome<Outcome>(step) ?? slots.run(() => recorded(step.key, () => work(step)));
      return watched(call, outcome.then(give));
    },
    wait: <Outcome>(call: StepCall, work: (waitedMs: number, step: StepIdentity) => Promise<Outcome>) => {
      const step = identify(call);
      const earlier = earlierOutcome<Outcome>(step);
      if (earlier) return watched(call, earlier);
      const known = journal.startedMs(step.key);
      const startedMs = known ?? engineNow();
      if (known === undefined) journal.record({ key: step.key, started: startedMs });
      return watched(
        call,
        recorded(step.key, () => work(engineNow() - startedMs, step)),
      );
    },
    forgotten: () => [...unawaited.values()],
  };
}

/** Knows whether somebody waits for it. */
class Call<Outcome> extends Promise<Outcome> {
  awaited?: () => void;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise; that it is awaited is what must be known
  override then<Result1 = Outcome, Result2 = never>(
    onFulfilled?: ((value: Outcome) => Result1 | PromiseLike<Result1>) | null,
    onRejected?: ((reason: unknown) => Result2 | PromiseLike<Result2>) | null,
  ): Promise<Result1 | Result2> {
    this.awaited?.();
    return super.then(onFulfilled, onRejected);
  }
}
