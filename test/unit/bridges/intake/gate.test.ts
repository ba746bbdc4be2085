import { createGate } from '../../../../bridges/intake/gate.ts';
import { aClock } from '../../../support/a-clock.ts';
import { aLog } from '../../../support/a-log.ts';

const never = new AbortController().signal;

/** Answers in turn; the last one for ever. */
function aGate(...answers: (string | undefined)[]) {
  const log = aLog();
  const clock = aClock();
  let asked = 0;
  const probe = async () => answers[Math.min((asked += 1), answers.length) - 1];
  return { gate: createGate({ probe, clock, log }), log, clock, asked: () => asked };
}

test('it begins shut, and the first answer opens it without a word', async () => {
  const { gate, log } = aGate(undefined);
  expect(gate.isOpen).toBe(false);
  await gate.whenOpen(never);
  expect(gate.isOpen).toBe(true);
  expect(log.events).toEqual([]);
});

test('while it is open nobody asks', async () => {
  const { gate, asked } = aGate(undefined);
  await gate.whenOpen(never);
  await gate.whenOpen(never);
  expect(asked()).toBe(1);
});

test('trouble is told once, and so is its end', async () => {
  const { gate, log, clock } = aGate(undefined, 'engine away', 'engine away', undefined);
  await gate.whenOpen(never);
  gate.shut('start failed');
  gate.shut('start failed again');
  expect(gate.isOpen).toBe(false);
  await gate.whenOpen(never);
  expect(clock.pauses).toEqual([500, 1_000]);
  expect(log.events).toEqual([
    { level: 'warn', message: 'Intake waits, trying again until it can start jobs', reason: 'start failed' },
    { level: 'info', message: 'Intake goes on' },
  ]);
});

test('who watches hears of each change, until they stop', async () => {
  const { gate } = aGate(undefined);
  const watching = new AbortController();
  const changes: boolean[] = [];
  gate.watch((isOpen) => changes.push(isOpen), watching.signal);
  await gate.whenOpen(never);
  gate.shut('away');
  gate.shut('away');
  await gate.whenOpen(never);
  expect(changes).toEqual([true, false, true]);
  watching.abort();
  gate.shut('away');
  expect(changes).toHaveLength(3);
});

test('a bridge that stops waits no longer', async () => {
  const { gate } = aGate('away');
  await gate.whenOpen(AbortSignal.abort());
  expect(gate.isOpen).toBe(false);
});
