import {
  condition,
  type ActivityInput,
  type LocalActivityInput,
  type Next,
  type TimerInput,
  type WorkflowInterceptors,
  type WorkflowOutboundCallsInterceptor as Outbound,
} from '@temporalio/workflow';

/** The sandbox's own: it tells the engine's time. */
const EngineDate = Date;
/** What a wait really takes. */
const SHORT_MS = 1;

/**
 * For tests of chains: a wait of days ends at once, and the chain's clock says that days have passed. Commands take no
 * time: waits end, the shortest first, when nothing else is under way.
 */
export function interceptors(): WorkflowInterceptors {
  const time = createSkippedTime();
  return {
    outbound: [
      {
        startTimer: (input, next) => time.wait(input, next),
        scheduleActivity: ({ options, ...input }: ActivityInput, next) => {
          // One worker does what a farm would.
          const { taskQueue: _, ...here } = options;
          return time.during(next({ ...input, options: here }));
        },
        scheduleLocalActivity: (input: LocalActivityInput, next) => time.during(next(input)),
      },
    ],
  };
}

function createSkippedTime() {
  const dueTimes = new Set<{ dueMs: number }>();
  let underWay = 0;
  let skippedMs = 0;
  const now = (): number => EngineDate.now() + skippedMs;
  setDate(now);

  const isNext = (wait: { dueMs: number }): boolean =>
    underWay === 0 && [...dueTimes].every(({ dueMs }) => wait.dueMs <= dueMs);

  return {
    wait: async (input: TimerInput, next: Next<Outbound, 'startTimer'>): Promise<void> => {
      const wait = { dueMs: now() + input.durationMs };
      dueTimes.add(wait);
      try {
        await condition(() => isNext(wait));
        await next({ ...input, durationMs: SHORT_MS });
        skippedMs += Math.max(0, wait.dueMs - now());
      } finally {
        dueTimes.delete(wait);
      }
    },
    during: async <T>(work: Promise<T>): Promise<T> => {
      underWay += 1;
      try {
        return await work;
      } finally {
        underWay -= 1;
      }
    },
  };
}

function setDate(now: () => number): void {
  const { parse, UTC, prototype } = EngineDate;
  function SkippingDate(...parts: []): Date {
    return parts.length > 0 ? new EngineDate(...parts) : new EngineDate(now());
  }
  Object.assign(globalThis, { Date: Object.assign(SkippingDate, { now, parse, UTC, prototype }) });
}
