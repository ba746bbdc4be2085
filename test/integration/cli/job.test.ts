import { job } from '../../../cli/job.ts';
import {
  aJobEngine,
  blocked,
  failing,
  refusing,
  type JobEngine,
  type PrintOptions,
} from '../../support/a-job-engine.ts';
import { fakeActivities } from '../../support/fake-activities.ts';
import { until } from '../../support/until.ts';

let engine: JobEngine;

beforeAll(async () => {
  engine = await aJobEngine();
});
afterAll(() => engine?.close());
afterEach(() => {
  process.exitCode = undefined;
});

const watched = (id: string, options: PrintOptions = {}): Promise<string> =>
  engine.printed((deps) => job(id, { watch: true }, deps), options);

test('a watched job is told line by line, and ends with its outcome as exit code', async () => {
  const handle = await engine.start({ queue: 'w-done' });
  const watching = watched(handle.workflowId);
  await engine.withHost('w-done', fakeActivities(), () => handle.result());
  const texts = (await watching)
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\S+Z /, ''));
  expect(texts).toEqual([
    'received',
    'waiting for a render host',
    'started on gpu-07, attempt 1',
    'staged: image/png, 48213 bytes',
    's3_upload delivered to s3://results/chair.png',
    'http_post delivered to https://shop.example/store/chair.png',
    'completed',
  ]);
  expect(process.exitCode).toBeUndefined();
});

test('its progress is shown; a job that is cancelled meanwhile is no success', async () => {
  const handle = await engine.start({ queue: 'w-cancelled' });
  await engine.withHost('w-cancelled', fakeActivities({ runCommand: blocked }), async () => {
    let heard = '';
    const watching = watched(handle.workflowId, { json: true, heard: (text) => (heard += text) });
    await until(() => heard.includes('"progress":40'));
    await handle.cancel();
    const last = (await watching).trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ state: 'cancelled' });
    expect(process.exitCode).toBe(1);
  });
});

test('on a terminal the page is redrawn', async () => {
  const handle = await engine.start({ queue: 'w-terminal' });
  await engine.withHost('w-terminal', fakeActivities(), () => handle.result());
  expect(await watched(handle.workflowId, { isTerminal: true })).toMatch(
    // oxlint-disable-next-line no-control-regex -- the redraw is what is meant
    /^\u001B\[2J\u001B\[Hjob\/w-terminal\/chair-1\n {2}state {5}completed\n/,
  );
});

test('a job shows the attempts that failed, and the runs before it', async () => {
  const handle = await engine.start({ queue: 'w-runs' });
  const activities = fakeActivities({ runCommand: refusing('CommandFailed', 'no such scene') });
  await engine.withHost('w-runs', activities, () => handle.result().catch(() => undefined));
  await engine.listed({ queue: 'w-runs', state: 'failed' });
  const again = await engine.start({ queue: 'w-runs' });
  await engine.withHost('w-runs', fakeActivities({ runCommand: failing('HostFault', 'no licence') }), () =>
    engine.shown(again, ({ state, attempt }) => state === 'waiting' && attempt === 1),
  );
  const page = await engine.printed((deps) => job(handle.workflowId, {}, deps));
  expect(page).toMatch(/waits for .*attempt 1 failed on gpu-07: HostFault: no licence/);
  expect(page).toMatch(/Earlier runs\n +STATE +CREATED +ERROR +RUN\n +failed .* CommandFailed +\S+\n$/);
});
