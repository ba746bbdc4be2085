import { RealityServerError } from '../../../lib/realityserver/client.ts';
import { startHostHealth, type HostHealth, type HostHealthDeps, type HostState } from '../../../workers/host-health.ts';
import { aClock } from '../../support/a-clock.ts';
import { silentLog } from '../../support/silent-log.ts';
import { until } from '../../support/until.ts';

const fault = new RealityServerError('HostFault', 'connection reset');
const open: HostHealth[] = [];

afterEach(async () => {
  for (const health of open) health.stop();
  await Promise.all(open.splice(0).map(({ done }) => done));
});

/** Health of a host whose clock runs as fast as it is asked to; what the server says is the test's. */
function aHealth(changes: Partial<HostHealthDeps> = {}) {
  const states: HostState[] = [];
  const clock = aClock();
  const health = startHostHealth({
    version: () => Promise.resolve('6.3'),
    canary: () => Promise.resolve(),
    clock,
    random: () => 0.5,
    log: silentLog,
    name: 'http://127.0.0.1:8080',
    onChange: (state) => states.push(state),
    ...changes,
  });
  open.push(health);
  const ready = (times: number) => until(() => states.filter(({ state }) => state === 'ready').length >= times);
  return { health, states, clock, ready };
}

/** The times that a host waits for, in seconds. */
const seconds = (pauses: readonly number[]): number[] => pauses.map((pause) => pause / 1_000);

test('a server that answers is ready', async () => {
  const { health, ready } = aHealth();
  expect(health.state).toEqual({ state: 'starting' });
  await ready(1);
  expect(health.state).toEqual({ state: 'ready' });
});

test('a server that comes up later is asked until it answers, seldom in the end', async () => {
  let asked = 0;
  const { ready, clock } = aHealth({
    version: () => ((asked += 1) < 7 ? Promise.reject(fault) : Promise.resolve('6.3')),
  });
  await ready(1);
  expect(seconds(clock.pauses)).toEqual([1, 2, 5, 10, 30, 30]);
});

test('faults in a row take the host out for longer and longer', async () => {
  const { health, ready, clock } = aHealth();
  for (let times = 1; times <= 7; times += 1) {
    await ready(times);
    health.fault(fault);
    expect(health.state).toMatchObject({ state: 'out', faults: times, reason: 'connection reset' });
  }
  await ready(8);
  expect(seconds(clock.pauses)).toEqual([1, 1, 60, 120, 300, 600, 600]);
});

test.each([
  [0, 48],
  [1, 72],
])('hosts that went out together come back apart: %d', async (random, wait) => {
  const { health, ready, clock } = aHealth({ random: () => random });
  for (const times of [1, 2, 3]) {
    await ready(times);
    health.fault(fault);
  }
  await ready(4);
  expect(seconds(clock.pauses).at(-1)).toBeCloseTo(wait);
});

test('a command that ends well makes the next fault the first', async () => {
  const { health, ready, clock } = aHealth();
  for (const times of [1, 2, 3]) {
    await ready(times);
    health.fault(fault);
    await ready(times + 1);
    health.answered();
  }
  expect(seconds(clock.pauses)).toEqual([1, 1, 1]);
});

test('a host is out until its canary passes, and each failed one is a fault', async () => {
  let canaries = 0;
  const canary = () => ((canaries += 1) < 4 ? Promise.reject(new Error('no licence')) : Promise.resolve());
  const { health, ready, states, clock } = aHealth({ canary });
  await ready(1);
  health.fault(fault);
  await ready(2);
  expect(seconds(clock.pauses)).toEqual([1, 1, 60, 120]);
  expect(states.at(-2)).toMatchObject({ state: 'out', faults: 4, reason: 'no licence' });
});

test('a server that is down when it should come back is waited for, without faults', async () => {
  let asked = 0;
  const version = () => ([2, 3, 4].includes((asked += 1)) ? Promise.reject(fault) : Promise.resolve('6.3'));
  const { health, ready, clock } = aHealth({ version });
  await ready(1);
  health.fault(fault);
  await ready(2);
  expect(seconds(clock.pauses)).toEqual([1, 1, 2, 5]);
});

test('two faults at once are one', async () => {
  const { health, ready } = aHealth();
  await ready(1);
  health.fault(fault);
  health.fault(fault);
  expect(health.state).toMatchObject({ faults: 1 });
});

test('after a failed command the host rests longer than the retry takes; several in a row ask the canary', async () => {
  let canaries = 0;
  const canary = () => Promise.resolve(void (canaries += 1));
  const { health, ready, clock } = aHealth({ canary });
  await ready(1);
  health.commandFailed();
  expect(health.state).toEqual({ state: 'resting' });
  await ready(2);
  expect(canaries).toBe(0);
  health.commandFailed();
  await ready(3);
  expect(canaries).toBe(1);
  health.commandFailed();
  await ready(4);
  health.commandFailed();
  await ready(5);
  expect(seconds(clock.pauses)).toEqual([1.25, 2.5, 5, 5]);
});

test('a host whose commands fail in a row and whose canary fails too is out', async () => {
  let canaries = 0;
  const canary = () => ((canaries += 1) === 1 ? Promise.reject(new Error('no driver')) : Promise.resolve());
  const { health, ready, states } = aHealth({ canary });
  await ready(1);
  health.commandFailed();
  await ready(2);
  health.commandFailed();
  await ready(3);
  expect(states.at(-2)).toMatchObject({ state: 'out', reason: 'no driver' });
});

test('the probe before a command fails as the server does, but not right after an answer', async () => {
  let answers = true;
  const { health, ready } = aHealth({ version: () => (answers ? Promise.resolve('6.3') : Promise.reject(fault)) });
  await ready(1);
  answers = false;
  await expect(health.probe(new AbortController().signal)).rejects.toThrow('connection reset');
  health.answered();
  await expect(health.probe(new AbortController().signal)).resolves.toBeUndefined();
});

test('a command that was taken before its host went out is not run there', async () => {
  const { health, ready } = aHealth();
  await ready(1);
  health.fault(fault);
  await expect(health.probe(new AbortController().signal)).rejects.toThrow('the host is out: connection reset');
});
