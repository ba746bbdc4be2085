import type { Clock } from '../lib/clock.ts';
import { errorText, type Log } from '../lib/log.ts';
import { RealityServerError } from '../lib/realityserver/client.ts';
import type { Running } from '../lib/run.ts';

/** Whether a host takes commands; `out` until its canary passes. */
export type HostState =
  | { state: 'starting' }
  | { state: 'ready' }
  /** For a moment after a failed command: an idle healthy host wins the retry. */
  | { state: 'resting' }
  | { state: 'out'; faults: number; reason: string; untilMs: number };

export interface HostHealth extends Running {
  /** Of this moment. */
  readonly state: HostState;
  /** The host failed, not the command: it gets no more until it has shown that it works. */
  fault(reason: unknown): void;
  /** A command failed by itself. */
  commandFailed(): void;
  /** A command ended well: what failed before is forgiven, and the next one that follows at once needs no probe. */
  answered(): void;
  /** Asks once more, in the moment before a command: a permit may be older than a crash. Fails as the probe does. */
  probe(signal: AbortSignal): Promise<void>;
}

export interface HostHealthDeps {
  /** `get_version` answers, and gives it. */
  version(signal: AbortSignal): Promise<string>;
  /** Something small that shows that the host works, after it has failed. */
  canary(signal: AbortSignal): Promise<void>;
  clock: Clock;
  /** From 0 to 1. */
  random(): number;
  log: Log;
  /** Shown in log lines: scheme, host and port. */
  name: string;
  /** The first state is `starting`; of that one nobody is told. */
  onChange(state: HostState): void;
}

/** A server that is starting or restarting answers within this, or is not ready. */
const PROBE_TIMEOUT_MS = 10_000;
/** Soon at first, since a restart takes seconds; then seldom, since an outage takes hours. */
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];
const LONGEST_WAIT_MS = 30_000;
/** A server that answered this short a time ago is asked by the command itself. */
const FRESH_MS = 1_000;

/** Faults in a row until the host is out for longer: a restart of RealityServer breaks one connection, and may refuse one. */
const FORGIVEN_FAULTS = 2;
const MOMENT_MS = 1_000;
const MINUTE_MS = 60_000;
const OUT_MS = [1, 2, 5, 10].map((minutes) => minutes * MINUTE_MS);
/** Hosts that went out together do not come back together. */
const JITTER = 0.2;

/** Longer than the delay after which a failed command is tried again (`classify.ts`). */
const REST_MS = 1_250;
/** So many commands of whatever job failed in a row: the host may be the reason, its canary tells. */
const DOUBTFUL_FAILURES = 2;
/** Bad scenes in a row must not hold a good host up for long. */
const LONGEST_REST_MS = 5_000;

/**
 * Knows whether a RealityServer may get commands. At first when `get_version` answers; after a fault when the canary
 * passes, at once or, after several faults in a row, after minutes; after a failed command in a moment, and after several
 * in a row when the canary passes too.
 */
export function startHostHealth(deps: HostHealthDeps): HostHealth {
  const { clock, log, name, onChange } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  let state: HostState = { state: 'starting' };
  let faults = 0;
  let failures = 0;
  let answeredMs = Number.NEGATIVE_INFINITY;
  let wakeUp = (): void => undefined;

  const version = (outer: AbortSignal): Promise<string> =>
    deps.version(AbortSignal.any([outer, AbortSignal.timeout(PROBE_TIMEOUT_MS)]));

  function enter(next: HostState): void {
    const wasReady = state.state === 'ready';
    state = next;
    onChange(next);
    if (wasReady) wakeUp();
  }

  async function untilVersion(): Promise<void> {
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        const answer = await version(signal);
        return log.info('RealityServer answers', { realityServer: name, version: answer });
      } catch (error) {
        if (signal.aborted) return;
        const reason = errorText(error);
        if (tries === 0) log.warn('RealityServer is not ready, asking until it is', { realityServer: name, reason });
        await clock.sleep(RETRY_MS[tries] ?? LONGEST_WAIT_MS, signal);
      }
    }
  }

  /** Looks at the state, not at the call alone: it may change before anybody waits for it. */
  const untilClosed = (): Promise<void> =>
    new Promise((resolve) => {
      wakeUp = resolve;
      if (state.state !== 'ready' || signal.aborted) resolve();
    });

  function goOut(reason: unknown): void {
    faults += 1;
    answeredMs = Number.NEGATIVE_INFINITY;
    const waitMs = outMs(faults, deps.random());
    const fields = { realityServer: name, faults, reason: errorText(reason), seconds: Math.round(waitMs / 1_000) };
    log.warn('Host fault, no command until the canary passes', fields);
    enter({ state: 'out', faults, reason: errorText(reason), untilMs: clock.now() + waitMs });
  }

  /** Waits as long as the state says, then lets the host show that it works. */
  async function recover(): Promise<void> {
    while (state.state === 'out' || state.state === 'resting') {
      const isOut = state.state === 'out';
      await clock.sleep(state.state === 'out' ? state.untilMs - clock.now() : restMs(failures), signal);
      if (signal.aborted) return;
      try {
        if (isOut || failures >= DOUBTFUL_FAILURES) {
          await untilVersion();
          await deps.canary(signal);
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        goOut(error);
      }
    }
  }

  async function watch(): Promise<void> {
    await untilVersion();
    while (!signal.aborted) {
      await recover();
      if (signal.aborted) return;
      enter({ state: 'ready' });
      log.info('RealityServer is ready', { realityServer: name });
      await untilClosed();
    }
  }

  return {
    get state() {
      return state;
    },
    done: watch(),
    stop: () => {
      stopping.abort();
      wakeUp();
    },
    fault: (reason) => {
      // It is being looked at already.
      if (state.state === 'ready') goOut(reason);
    },
    commandFailed: () => {
      failures += 1;
      if (state.state === 'ready') enter({ state: 'resting' });
    },
    answered: () => {
      faults = 0;
      failures = 0;
      answeredMs = clock.now();
    },
    probe: async (outer) => {
      if (state.state === 'out') throw new RealityServerError('HostFault', `the host is out: ${state.reason}`);
      if (clock.now() - answeredMs > FRESH_MS) await version(outer);
    },
  };
}

function outMs(faults: number, random: number): number {
  const beyond = faults - FORGIVEN_FAULTS;
  if (beyond <= 0) return MOMENT_MS;
  const base = OUT_MS[Math.min(beyond, OUT_MS.length) - 1] ?? MINUTE_MS;
  return base * (1 - JITTER + 2 * JITTER * random);
}

/** Doubles with each failure in a row. */
const restMs = (failures: number): number => Math.min(REST_MS * 2 ** (failures - 1), LONGEST_REST_MS);
