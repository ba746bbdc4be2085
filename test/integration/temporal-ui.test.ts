import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';

import type { JobRow } from '../../lib/jobs/job-view.ts';
import { listJobs } from '../../lib/jobs/list.ts';
import { aFarm, type Farm } from '../support/a-farm.ts';
import { aBrowser, describeWithBrowser, type Browser } from '../support/a-browser.ts';
import { aStubbornServer } from '../support/a-web-server.ts';
import { dqm, killAll, startDqm } from '../support/dqm-process.ts';
import { servers } from '../support/servers.ts';
import { until } from '../support/until.ts';

jest.setTimeout(240_000);

const DOCS = join(__dirname, '../../docs');
const QUERIES = [...readFileSync(join(DOCS, 'temporal-ui.md'), 'utf8').matchAll(/^\| [^|]+ \| `([^`]+)` \|$/gm)].map(
  ([, query]) => query ?? '',
);

const NAMESPACE = 'farm';
const BUCKET = 'product-pictures';
/** A page is complete by then, also on a busy machine. */
const SHOWN_MS = 20_000;
/** What the web server says, by the first part of the path. */
const ANSWERS: Record<string, number> = { store: 204, moved: 404, busy: 503 };

let farm: Farm;
let config: string;
let rows: JobRow[];

/** One job in each state; the one that runs holds the only GPU. */
beforeAll(async () => {
  farm = await aFarm(NAMESPACE);
  const web = await aStubbornServer((request, response) => {
    const status = ANSWERS[request.url?.split('/')[1] ?? ''] ?? 400;
    request.resume().once('end', () => response.writeHead(status).end());
  });
  await farm.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const { QueueUrl: previews = '' } = await farm.sqs.send(new CreateQueueCommand({ QueueName: 'previews' }));
  config = farm.config('realityserver.conf', {
    listenQueue: 'renders',
    host: 'gpu-07',
    dqm: [`result_store s3://${BUCKET}/results`],
  });
  // A queue without a place for dead letters.
  const queue = ['name previews', `url ${previews}`, 'max_waiting_jobs unlimited'];
  appendFileSync(config, ['<user aws>', '<user queue>', ...queue, '</user>', '</user>', ''].join('\n'));
  await startDqm(['up', '--config', config]).said('Up');
  startDqm(['bridge', '--queue', 'previews', '--config', config]);

  const picture = async (id: string, path: string): Promise<void> => {
    const tasks = [
      { name: 's3_upload', config: { bucket: BUCKET, key: 'chairs/${job_id}.${mime_ext}' } },
      { name: 'http_post', config: { postback_uri: `${web.url}/${path}/\${job_id}.\${mime_ext}` } },
    ];
    const job = { command: 'render_product', parameters: { scene: 'knot', width: 320 }, tasks };
    const args = ['submit', '--queue', 'renders', '--job-id', id, '--tenant', 'acme', '-', '--config', config];
    await dqm(args, { input: JSON.stringify(job) });
  };
  await farm.sqs.send(new SendMessageCommand({ QueueUrl: previews, MessageBody: '{"comand":"render_product"}' }));
  await picture('chair-1', 'store');
  await picture('lamp-1', 'moved');
  await picture('table-1', 'busy');
  await untilStates({ 'chair-1': 'completed', 'lamp-1': 'failed', 'table-1': 'delivering' });
  await farm.simulate('sim_faults', { command: 'render_product', kind: 'empty', times: 3 });
  await picture('shelf-1', 'store');
  await untilStates({ 'shelf-1': 'failed' });
  await farm.simulate('sim_faults', { command: 'render_product', kind: 'hang' });
  await picture('sofa-1', 'store');
  await untilStates({ 'sofa-1': 'running' });
  await picture('vase-1', 'store');
  rows = await untilStates({ 'vase-1': 'waiting', previews: 'rejected' });
}, 240_000);

/** By job id, or by queue for what never became a job. */
function untilStates(states: Record<string, string>): Promise<JobRow[]> {
  return until(async () => {
    const found = await listJobs(farm.engine.client, { limit: 50 });
    const isSo = ([name, state]: [string, string]): boolean =>
      found.some((row) => (row.job_id ?? row.queue) === name && row.state === state);
    return Object.entries(states).every(isSo) && found;
  });
}

afterAll(async () => {
  await killAll();
  await farm?.close();
});

test.each(QUERIES)('Temporal understands %s', async (query) => {
  expect(await farm.engine.client.workflow.count(query)).toHaveProperty('count');
});

describeWithBrowser('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => (browser = await aBrowser()));
  afterAll(() => browser?.close());

  /** Opens a page and waits until it says all this. `UPDATE_DOCUMENTATION=1` keeps the picture in `docs/images`. */
  async function expectPage(name: string, url: string, says: readonly string[]): Promise<void> {
    let openedMs = 0;
    await until(async () => {
      // A page shows what was so when it was opened: an attempt that ran then has no next one.
      if (Date.now() - openedMs > SHOWN_MS) {
        await browser.open(url);
        openedMs = Date.now();
      }
      const text = await browser.text();
      return says.every((each) => text.includes(each));
    });
    if (process.env['UPDATE_DOCUMENTATION'])
      writeFileSync(join(DOCS, 'images', `${name}.webp`), await browser.picture());
  }

  const base = (): string => `${servers().temporalUiUrl}/namespaces/${NAMESPACE}/workflows`;

  test('the list names the command, the state, the host and the error of each job', async () => {
    await expectPage('ui-jobs', base(), ['job/renders/vase-1']);
    const columns = ['Status', 'Type', 'DqmState', 'DqmHost', 'DqmError', 'Workflow ID'].map((label) => ({ label }));
    const chosen = JSON.stringify(JSON.stringify({ [NAMESPACE]: columns }));
    await browser.evaluate(`localStorage.setItem('namespace-workflow-table-columns', ${chosen})`);
    await expectPage('ui-jobs', base(), [
      'render_product',
      'dqm/rejected',
      'waiting',
      'delivering',
      'completed',
      'gpu-07',
      'TaskRejected',
      'UnexpectedResult',
      'BadMessage',
    ]);
  });

  test.each([
    ['waiting', 'vase-1', 'user-metadata', ['acme · render_product · renders', 'for a render host, or on one']],
    ['running', 'sofa-1', 'pending-activities', ['gpu@gpu-07/1', '"state": "rendering"', '"host": "gpu-07"']],
    ['delivering', 'table-1', 'pending-activities', ['http_post', 'Next Retry', 'table-1.png answered 503']],
    [
      'completed',
      'chair-1',
      'timeline',
      ['runCommand • render_product', `s3://${BUCKET}/chairs/chair-1.`, '/store/chair-1.'],
    ],
    ['failed-delivery', 'lamp-1', 'user-metadata', ['lamp-1.png answered 404', 'dqm retry lamp-1', 'dead letter: in']],
    [
      'failed-command',
      'shelf-1',
      'user-metadata',
      ['UnexpectedResult', '(on gpu-07)', 'runs its command again', ': not run'],
    ],
    [
      'rejected',
      'previews',
      'user-metadata',
      ['rejected · BadMessage · previews', 'command: is required', '--body FILE'],
    ],
  ])('the page of a job that is %s says so: %s', async (name, job, tab, says) => {
    const row = rows.find(({ job_id, queue }) => (job_id ?? queue) === job);
    const url = `${base()}/${encodeURIComponent(row?.workflow_id ?? '')}/${row?.run_id}/${tab}`;
    await expectPage(`ui-${name}`, url, says);
  });
});
