import { createGate } from '../../../bridges/intake/gate.ts';
import type { Verdict } from '../../../bridges/intake/intake.ts';
import { systemClock } from '../../../lib/clock.ts';
import type { Running } from '../../../lib/run.ts';
import { aBody } from '../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import {
  amqpTransports,
  anSqsTransport,
  type OpenTransport,
  type TestTransport,
  type TransportOptions,
} from '../../support/a-transport.ts';
import { aBroker, type TestBroker } from '../../support/an-amqp-queue.ts';
import { anIntake } from '../../support/an-intake.ts';
import { describeWithAmqp } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

let engine: TestNamespace;
beforeAll(async () => (engine = await aNamespace()));
afterAll(() => engine?.close());

const bridges: Running[] = [];
async function stopBridges(): Promise<void> {
  for (const bridge of bridges) bridge.stop();
  await Promise.all(bridges.splice(0).map(({ done }) => done));
}

const GOOD = JSON.stringify(aBody());
const BAD = '{"command":';
const FORBIDDEN = '{"command":"format_disk"}';

/** Where a message is afterwards, with the reason where there is one. */
type Place = 'job' | `dead letter ${string}` | 'dead letter without marks' | `held ${string}`;
type Row = [
  what: string,
  body: string,
  deadLetters: NonNullable<TransportOptions['deadLetters']>,
  Verdict['outcome'],
  Place,
];

/** What becomes of a message that is taken in (docs/messages.md); rows of failed and cancelled jobs stand beside. */
const ROWS: Row[] = [
  ['a job', GOOD, 'own queue', 'started', 'job'],
  ['a bad message', BAD, 'own queue', 'rejected', 'dead letter BadMessage'],
  ['a command that is not allowed', FORBIDDEN, 'own queue', 'rejected', 'dead letter CommandNotAllowed'],
  ['a bad message', BAD, 'none', 'rejected', 'held BadMessage'],
  ['a bad message', BAD, 'gone', 'rejected', 'held BadMessage'],
  ['a command that is not allowed', FORBIDDEN, 'none', 'rejected', 'held CommandNotAllowed'],
];

const describeRun = (workflowId: string) => engine.client.workflow.getHandle(workflowId).describe();

async function placeOf({ config, takeDeadLetter }: TestTransport, id: string, expected: Place): Promise<Place> {
  if (expected === 'job') return (await describeRun(`job/${config.name}/${id}`)) && 'job';
  if (expected.startsWith('held')) {
    const run = await describeRun(`rejected/${config.name}/${id}`);
    return `held ${String(await run.staticSummary()).split(' · ')[1]}`;
  }
  const { marks } = await takeDeadLetter();
  return marks['dqm_error_type'] === undefined ? 'dead letter without marks' : `dead letter ${marks['dqm_error_type']}`;
}

function testsOf(openTransport: () => OpenTransport, brokerRow: Row): void {
  const transports: TestTransport[] = [];
  async function aTransport(options: TransportOptions = {}): Promise<TestTransport> {
    const transport = await openTransport()(options);
    transports.push(transport);
    return transport;
  }

  test.each([...ROWS, brokerRow])(
    '%s, %s, dead letters: %s: is %s, %s',
    async (_what, body, deadLetters, outcome, place) => {
      const transport = await aTransport({ deadLetters });
      const { deps, outcomes, settled } = anIntake(engine.client);
      bridges.push(transport.startBridge(deps));
      const id = await transport.send(body);
      await settled(1);
      expect(outcomes).toEqual([outcome]);
      expect(await placeOf(transport, id, place)).toBe(place);
    },
  );

  test('a duplicate leaves its job alone', async () => {
    const transport = await aTransport();
    const { deps, outcomes, settled } = anIntake(engine.client);
    bridges.push(transport.startBridge(deps));
    await transport.send(GOOD, { dqm_job_id: 'chair-1' });
    await settled(1);
    const { runId } = await describeRun(`job/${transport.config.name}/chair-1`);
    await transport.send(GOOD, { dqm_job_id: 'chair-1' });
    await settled(2);
    expect(outcomes).toEqual(['started', 'duplicate']);
    expect((await describeRun(`job/${transport.config.name}/chair-1`)).runId).toBe(runId);
    expect(await transport.deadDepth()).toBe(0);
  });

  test('while the engine is away a message is given back once, and nothing is received until a probe succeeds', async () => {
    const transport = await aTransport();
    const { deps, intake, outcomes, settled, log } = anIntake(engine.client);
    let isAway = false;
    let probes = 0;
    const probe = async (): Promise<string | undefined> => {
      probes += 1;
      return isAway ? 'engine away' : undefined;
    };
    const gate = createGate({ probe, clock: systemClock, log });
    let received = 0;
    const judge: typeof intake.judge = async (message, signal) => {
      received += 1;
      if (received > 1) return intake.judge(message, signal);
      isAway = true;
      gate.shut('engine away');
      return { outcome: 'unavailable', reason: 'engine away' };
    };
    bridges.push(transport.startBridge({ ...deps, intake: { judge, gate } }));
    await transport.send(GOOD);
    await settled(1);
    await until(async () => (await transport.depth()) === 1);
    const before = probes;
    await until(() => probes >= before + 2);
    expect(received).toBe(1);
    isAway = false;
    await settled(2);
    expect(outcomes).toEqual(['unavailable', 'started']);
  });

  test('and none of them is in its queue any more', async () => {
    // What a bridge had not acknowledged would be in its queue again.
    await stopBridges();
    expect(await Promise.all(transports.map((transport) => transport.depth()))).toEqual(transports.map(() => 0));
  });
}

describe('on SQS', () => {
  testsOf(() => anSqsTransport, ['a bad message', BAD, 'broker', 'rejected', 'dead letter BadMessage']);
});

describeWithAmqp('on AMQP', () => {
  let broker: TestBroker;
  beforeAll(async () => (broker = await aBroker()));
  afterAll(() => broker?.close());
  testsOf(() => amqpTransports(broker), ['a bad message', BAD, 'broker', 'rejected', 'dead letter without marks']);
});
