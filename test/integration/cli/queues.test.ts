import { pause, resume } from '../../../cli/pause.ts';
import { queues } from '../../../cli/queues.ts';
import { createAllowance } from '../../../bridges/allowance/allowance.ts';
import { createFarm } from '../../../bridges/allowance/farm.ts';
import { systemClock } from '../../../lib/clock.ts';
import { readGpuQueue } from '../../../lib/gpu-queue.ts';
import { createMetrics } from '../../../lib/metrics.ts';
import type { QueueView } from '../../../lib/queue-view.ts';
import { aConfig } from '../../support/a-config.ts';
import { aJobEngine, blocked, refusing, type JobEngine } from '../../support/a-job-engine.ts';
import { anSqsClient, anSqsQueue } from '../../support/an-sqs-queue.ts';
import { fakeActivities } from '../../support/fake-activities.ts';
import { servers } from '../../support/servers.ts';
import { silentLog } from '../../support/silent-log.ts';
import { until } from '../../support/until.ts';

let engine: JobEngine;
beforeAll(async () => {
  engine = await aJobEngine();
});
afterAll(() => engine?.close());

const sqs = anSqsClient();

/** A configuration with these queues of SQS, one of a RabbitMQ that is not there, and `local`. */
const config = (urls: Record<string, string> = {}) =>
  aConfig({
    aws: [
      `endpoint ${servers().awsEndpoint}`,
      'access_key_id test',
      'secret_access_key test',
      ...Object.entries(urls).map(([name, url]) => `<user queue>\nname ${name}\nurl ${url}\n</user>`),
    ].join('\n'),
    amqp: '<user queue>\nname nightly\nurl amqp://127.0.0.1:9/\nqueue nightly\n</user>',
  });

async function seen(name: string, parts: { config: ReturnType<typeof config> }): Promise<QueueView | undefined> {
  const lines = (await engine.printed((deps) => queues({}, deps, parts), { json: true })).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as QueueView).find(({ queue }) => queue === name);
}

/** The queue once it is so: its counts are questions of their own, not of one moment. */
const seenWith = (name: string, parts: { config: ReturnType<typeof config> }, wanted: Partial<QueueView>) =>
  until(async () => {
    const view = await seen(name, parts);
    return Object.entries(wanted).every(([field, value]) => view?.[field as keyof QueueView] === value) && view;
  });

test('a queue is shown from broker and engine together, and a broker that does not answer costs its column', async () => {
  const { url, send } = await anSqsQueue(sqs);
  for (const number of [1, 2, 3]) await send(`{"command":"render_product","n":${number}}`);
  const parts = { config: config({ renders: url }) };
  for (const jobId of ['a', 'b', 'c']) await engine.start({ queue: 'renders', jobId });

  await until(async () => (await readGpuQueue(engine.client, 'renders')).waiting === 3);
  const expected = { in_broker: 3, waiting: 3, running: 0, delivering: 0, failed: 0, rejected: 0, ready_hosts: 0 };
  expect(await seenWith('renders', parts, { waiting: 3 })).toEqual({
    queue: 'renders',
    ...expected,
    oldest_wait_seconds: expect.any(Number),
    paused: null,
  });
  expect(await seen('nightly', parts)).toMatchObject({ in_broker: null, waiting: 0, ready_hosts: 0 });
  expect(await seen('local', parts)).toMatchObject({ in_broker: null, oldest_wait_seconds: null });

  const metrics = createMetrics();
  metrics.queues.add({ name: 'renders', client: engine.client, inBroker: async () => 3 });
  const scraped = await metrics.registry.metrics();
  expect(scraped).toContain('dqm_gpu_backlog{queue="renders"} 3');
  expect(scraped).toMatch(/dqm_gpu_backlog_age_seconds{queue="renders"} \d/);
  expect(scraped).toContain('dqm_hosts_wanted{queue="renders"} 1');

  const page = await engine.printed((deps) => queues({}, deps, parts));
  expect(page).toMatch(/^QUEUE +IN BROKER +WAITING +RUNNING +DELIVERING +FAILED +REJECTED +READY HOSTS/);
  expect(page).toContain('renders: 3 messages stay in the broker until a render host is ready');
  expect(page).toContain('nightly: the broker does not answer');

  await engine.withHost('renders', fakeActivities({ runCommand: blocked }), async () => {
    await seenWith('renders', parts, { waiting: 0, running: 3, ready_hosts: 1 });
    for (const jobId of ['a', 'b', 'c']) await engine.client.workflow.getHandle(`job/renders/${jobId}`).cancel();
    await seenWith('renders', parts, { waiting: 0, running: 0 });
  });
});

test('jobs that failed are counted, until they are done again', async () => {
  const bad = await engine.start({ queue: 'local', jobId: 'bad' });
  const refused = fakeActivities({ runCommand: refusing('CommandFailed', 'no such scene') });
  await engine.withHost('local', refused, async () => {
    await seenWith('local', { config: config() }, { failed: 1, waiting: 0, running: 0 });
    await expect(bad.result()).rejects.toThrow('Workflow execution failed');
  });
  const again = await engine.start({ queue: 'local', jobId: 'bad' });
  await engine.withHost('local', fakeActivities(), () => again.result());
  await seenWith('local', { config: config() }, { failed: 0 });
});

test('a paused queue takes nothing in and gives nothing out until somebody resumes it, and says by whom', async () => {
  const parts = { config: config() };
  const allowance = createAllowance({
    queue: 'local',
    maxWaitingJobs: 'unlimited',
    farm: createFarm(engine.client, 'local'),
    clock: systemClock,
    log: silentLog,
  });
  const say = (command: typeof pause, json = false) =>
    engine.printed((deps) => command({ queue: 'local' }, deps, parts), { json });
  expect(await say(pause)).toBe('queue local is paused\n');
  expect(await say(pause, true)).toContain('"queue":"local","paused":{"by":"');
  const { paused } = (await seen('local', parts)) ?? {};
  expect(paused).toEqual({ by: expect.stringContaining('@'), since: expect.any(String) });

  const activities = fakeActivities();
  await engine.withHost('local', activities, async () => {
    const stop = new AbortController();
    const taken = allowance.reserve(10, stop.signal);
    const handle = await engine.start({ queue: 'local', jobId: 'held' });
    await until(async () => ((await seen('local', parts))?.oldest_wait_seconds ?? 0) > 0);
    expect(activities.calls).toEqual([]);

    expect(await say(resume)).toMatch(/^queue local goes on; .*@.* paused it/);
    await handle.result();
    expect(await taken).toBe(10);
    expect(await say(resume)).toBe('queue local was not paused\n');
    expect((await seen('local', parts))?.paused).toBeNull();
  });
});

test('pause says of a render host that nobody has heard of that its name may be wrong', async () => {
  const said = await engine.printed((deps) => pause({ host: 'gpu-70' }, deps, { config: config() }));
  expect(said).toBe('no render host gpu-70 was heard of in the last minutes: is it named so?\nhost gpu-70 is paused\n');
});

test.each([[{}], [{ queue: 'local', host: 'gpu-07' }], [{ queue: 'nobody' }]])('pause refuses %j', async (options) => {
  await expect(engine.printed((deps) => pause(options, deps, { config: config() }))).rejects.toThrow(/queue/);
});
