import { createEnds, takeIn, trackReadiness, type BridgeDeps } from '../../../bridges/bridge.ts';
import { NoSuchTarget, NowhereToPut, putAside } from '../../../bridges/dead-letters/dead-letter.ts';
import { createGate } from '../../../bridges/intake/gate.ts';
import type { Verdict } from '../../../bridges/intake/intake.ts';
import { aClock } from '../../support/a-clock.ts';
import { anAllowance } from '../../support/an-allowance.ts';
import { aLog } from '../../support/a-log.ts';
import { aMessage } from '../../support/a-message.ts';

const never = new AbortController().signal;
/** Generous, for a busy machine. */
const MOST_SECONDS = 60;
const ends = { stopping: never, drained: never };
const rejected = { outcome: 'rejected', type: 'BadMessage', reason: 'no', jobId: undefined, messageId: 'm-1' } as const;

/** A bridge whose intake comes to this verdict. */
async function aBridge(verdict: Verdict) {
  const log = aLog();
  const counted: string[] = [];
  const ready: boolean[] = [];
  const gate = createGate({ probe: async () => undefined, clock: aClock(), log });
  await gate.whenOpen(never);
  const deps: BridgeDeps = {
    intake: { judge: async () => verdict, gate },
    allowance: anAllowance(),
    holdRejected: async () => undefined,
    watchEndings: () => ({ ended: async () => 'completed' }),
    metrics: {
      received: (queue) => counted.push(`received ${queue}`),
      settled: (queue, outcome) => counted.push(`${outcome} ${queue}`),
      intake: (queue, seconds) => counted.push(`${seconds < MOST_SECONDS ? 'timed' : 'not in seconds:'} ${queue}`),
    },
    log,
    drainTimeoutMs: 60_000,
    onReady: (isReady) => ready.push(isReady),
  };
  return { deps, log, counted, gate, ready };
}

test('a message is judged, settled, counted and told in one line', async () => {
  const { deps, log, counted } = await aBridge({ outcome: 'started', workflowId: 'job/renders/m-1' });
  const settled: Verdict[] = [];
  await takeIn(aMessage(), async (verdict) => void settled.push(verdict), deps, ends);
  expect(settled).toEqual([{ outcome: 'started', workflowId: 'job/renders/m-1' }]);
  expect(counted).toEqual(['received renders', 'started renders', 'timed renders']);
  expect(log.events).toEqual([
    {
      level: 'info',
      message: 'Message settled',
      queue: 'renders',
      messageId: 'm-1',
      outcome: 'started',
      workflowId: 'job/renders/m-1',
    },
  ]);
});

test('a rejected message that nothing could keep goes back, and nothing more is received', async () => {
  const { deps, gate, counted } = await aBridge(rejected);
  const settled: string[] = [];
  const settle = async ({ outcome }: Verdict) => {
    settled.push(outcome);
    if (outcome === 'rejected') throw new NowhereToPut('engine away');
  };
  await takeIn(aMessage(), settle, deps, ends);
  expect(settled).toEqual(['rejected', 'unavailable']);
  expect(counted).toContain('unavailable renders');
  expect(gate.isOpen).toBe(false);
});

test('a settlement that the broker did not take is not counted as one', async () => {
  const { deps, counted } = await aBridge(rejected);
  await expect(takeIn(aMessage(), async () => Promise.reject(new Error('not deleted')), deps, ends)).rejects.toThrow(
    'not deleted',
  );
  expect(counted).toEqual(['received renders']);
});

test('what is still in hand when drain_timeout is over goes back', async () => {
  const { deps } = await aBridge(rejected);
  const { stop, ...stopped } = createEnds({ drainTimeoutMs: 1 });
  const settled: string[] = [];
  const hangs: BridgeDeps = { ...deps, intake: { ...deps.intake, judge: () => new Promise(() => undefined) } };
  const taken = takeIn(aMessage(), async ({ outcome }) => void settled.push(outcome), hangs, stopped);
  stop();
  expect(await taken).toMatchObject({ outcome: 'unavailable' });
  expect(settled).toEqual(['unavailable']);
});

test('ready is who has its broker while the gate is open', async () => {
  const { deps, gate, ready } = await aBridge(rejected);
  const setBroker = trackReadiness(deps, never);
  setBroker(true);
  gate.shut('away');
  await gate.whenOpen(never);
  setBroker(false);
  expect(ready).toEqual([true, false, true, false]);
});

describe('what is rejected', () => {
  const put = async (send: (() => Promise<void>) | undefined, hold: () => Promise<void>) => {
    const took: string[] = [];
    const wrapped = send && (() => send().then(() => void took.push('target')));
    const holdRejected = () => hold().then(() => void took.push('workflow'));
    await putAside(aMessage(), rejected, wrapped, { holdRejected, log: aLog() });
    return took;
  };
  const ok = async () => undefined;
  const fails = (error: Error) => async () => Promise.reject(error);

  test('goes to its dead-letter target', async () => expect(await put(ok, ok)).toEqual(['target']));
  test('is held in a workflow without one', async () => expect(await put(undefined, ok)).toEqual(['workflow']));
  test('is held in a workflow when the target is gone', async () =>
    expect(await put(fails(new NoSuchTarget('gone')), ok)).toEqual(['workflow']));
  test('waits for a target that is only away', async () =>
    expect(put(fails(new Error('timeout')), ok)).rejects.toThrow('timeout'));
  test('has nowhere to go when the engine is away too', async () =>
    expect(put(undefined, fails(new Error('engine away')))).rejects.toThrow(NowhereToPut));
});

test('a rejected message is told of before it is put aside; when nobody could be told, it goes back', async () => {
  const { deps, gate } = await aBridge(rejected);
  const steps: string[] = [];
  const settle = async ({ outcome }: Verdict) => void steps.push(outcome);
  const tell = async () => void steps.push('told');
  await takeIn(aMessage(), settle, { ...deps, reportRejected: tell }, ends);
  expect(steps).toEqual(['told', 'rejected']);
  const engineAway = () => Promise.reject(new Error('engine away'));
  await takeIn(aMessage(), settle, { ...deps, reportRejected: engineAway }, ends);
  expect(steps.slice(2)).toEqual(['unavailable']);
  expect(gate.isOpen).toBe(false);
});
