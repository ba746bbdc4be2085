import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { workflowIdFor } from '../../lib/contract/ids.ts';
import { showJob } from '../../lib/jobs/show.ts';
import { aFarm, AWS, type Farm } from '../support/a-farm.ts';
import { aBrowser, describeWithBrowser, type Browser } from '../support/a-browser.ts';
import { aStubbornServer, type WebServer } from '../support/a-web-server.ts';
import { killAll, PROGRAM, startDqm } from '../support/dqm-process.ts';
import { describeWithAmqp, servers } from '../support/servers.ts';
import { until } from '../support/until.ts';

const ROOT = join(__dirname, '../..');
const EXAMPLES = join(ROOT, 'examples');
const RESOLVES_LOCALHOST = join(ROOT, 'test/support/localhost-names.mjs');
/** `npm test` installs it; where that cannot be done it has said so. */
const PYTHON = join(ROOT, '.cache/python/bin');

let farm: Farm;
let config: string;
let job: string;
/** Of the gateway: `host:port`. */
let gateway: string;
/** Of the web page's server. */
let pages: WebServer;

beforeAll(async () => {
  farm = await aFarm();
  // The documented message, with this test's bucket and web server.
  const documented = readFileSync(join(EXAMPLES, 'job.json'), 'utf8')
    .replace('"results"', `"${farm.bucket}"`)
    .replace('https://shop.example/', farm.postbackUrl);
  job = farm.folder.file('job.json', documented.replace('1920', '64'));
  farm.folder.file('dqm', `#!/bin/sh\nexec ${process.execPath} ${PROGRAM} "$@"\n`, 0o755);
  pages = await aPageServer();
  config = farm.config('examples.conf', { listenQueue: 'renders', dqm: [`gateway_origin ${pages.url}`] });
  const { address } = await startDqm(['up', '--config', config]).said('Gateway listens');
  gateway = String(address);
  if (servers().amqpUrl === undefined) return;
  startDqm(['worker', 'gpu', '--config', farm.config('nightly.conf', { listenQueue: 'nightly', host: 'gpu-02' })]);
  await startDqm(['bridge', '--queue', 'nightly', '--config', config]).said('Bridge started');
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

/** What an example prints. */
async function run(program: string, ...args: string[]): Promise<string> {
  const child = spawn(program, args, {
    cwd: EXAMPLES,
    env: {
      ...process.env,
      PATH: `${farm.folder.path}:${PYTHON}:${process.env['PATH']}`,
      AWS_REGION: AWS.region,
      AWS_DEFAULT_REGION: AWS.region,
      AWS_ACCESS_KEY_ID: AWS.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: AWS.credentials.secretAccessKey,
      AWS_ENDPOINT_URL: servers().awsEndpoint,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** The example's page, with the vendor's client beside it. */
const aPageServer = (): Promise<WebServer> =>
  aStubbornServer(({ url }, response) => {
    const client = join(ROOT, 'node_modules/@migenius/realityserver-client/lib/umd/realityserver.min.js');
    response.end(readFileSync(url === '/realityserver.js' ? client : join(EXAMPLES, 'submit-from-a-page.html')));
  });

const completed = (queue: string, messageId: string) =>
  until(async () => {
    const ui = { uiUrl: null, namespace: farm.engine.namespace };
    const view = await showJob(farm.engine.client, workflowIdFor(queue, messageId), ui).catch(() => undefined);
    if (view?.state === 'failed') throw new Error(JSON.stringify(view));
    return view?.state === 'completed' && view;
  });

/** What was rendered is in the bucket and was posted, as the same bytes, with its MIME type. */
async function expectDelivered(queue: string, messageId: string): Promise<void> {
  const { result } = await completed(queue, messageId);
  const { bytes, contentType } = await farm.object(`chairs/${messageId}.png`);
  const post = farm.posts.find(({ path }) => path === `/store/${messageId}.png`);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(result?.sha256);
  expect(post?.body.equals(bytes)).toBe(true);
  expect([contentType, post?.headers['content-type']]).toEqual(['image/png', 'image/png']);
}

const describeWithPython = existsSync(join(PYTHON, 'python')) ? describe : describe.skip;

describe('over the gateway', () => {
  test('curl', async () => {
    const answer = await run('./submit-with-curl.sh', `http://${gateway}/`, 'renders', job);
    const { result } = JSON.parse(answer) as { result: { message_id: string } };
    await expectDelivered('renders', result.message_id);
  });

  test("RealityServer's own client on Node", async () => {
    const args = ['submit-with-client.mjs', `ws://${gateway}/service/`, 'renders', job];
    await expectDelivered('renders', await run(process.execPath, ...args));
  });

  describeWithPython('Python', () => {
    test('requests', async () => {
      const printed = await run('python', 'submit-with-requests.py', `http://${gateway}/`, 'renders', job);
      const [jobId = '', state] = printed.split(' ');
      expect(state).toBe('completed');
      await expectDelivered('renders', jobId);
    });
  });

  describeWithBrowser('a browser', () => {
    let browser: Browser;
    beforeAll(async () => (browser = await aBrowser()));
    afterAll(() => browser?.close());

    test("a page with RealityServer's own client", async () => {
      const query = `gateway=${encodeURIComponent(`ws://${gateway}/service/`)}&queue=renders`;
      await browser.open(`${pages.url}/page.html?${query}`);
      const shown = await until(async () => {
        const text = await browser.evaluate<string | null>(`document.querySelector('#job')?.textContent ?? null`);
        return text !== null && text !== '…' && text;
      });
      expect(shown).toMatch(/^job /);
      expect((await completed('renders', shown.slice(4))).result?.mime_type).toBe('image/png');
    });
  });
});

describeWithPython('Python', () => {
  test('boto3', async () => {
    await expectDelivered('renders', await run('python', 'send-with-boto3.py', farm.sqsUrl, job));
  });

  test('AWS CLI', async () => {
    await expectDelivered('renders', await run('./send-with-aws-cli.sh', farm.sqsUrl, job));
  });

  describeWithAmqp('AMQP', () => {
    test('pika', async () => {
      const messageId = await run('python', 'send-with-pika.py', servers().amqpUrl ?? '', farm.amqpQueue, job);
      await expectDelivered('nightly', messageId);
    });

    test('pika says when there is no such queue', async () => {
      await expect(run('python', 'send-with-pika.py', servers().amqpUrl ?? '', 'nowhere', job)).rejects.toThrow(
        'UnroutableError',
      );
    });
  });
});

test('AWS SDK', async () => {
  await expectDelivered(
    'renders',
    await run(process.execPath, '--import', RESOLVES_LOCALHOST, 'send-with-aws-sdk.mjs', farm.sqsUrl, job),
  );
});

test('dqm submit', async () => {
  const printed = await run('./send-with-dqm.sh', config, 'renders', job);
  expect(printed).toContain('completed');
  await expectDelivered('renders', /message (\S+),/.exec(printed)?.[1] ?? '');
});

describeWithAmqp('AMQP', () => {
  test('amqplib', async () => {
    const args = ['send-with-amqplib.mjs', servers().amqpUrl ?? '', farm.amqpQueue, job];
    await expectDelivered('nightly', await run(process.execPath, ...args));
  });

  test('amqplib says when there is no such queue', async () => {
    const args = ['send-with-amqplib.mjs', servers().amqpUrl ?? '', 'nowhere', job];
    await expect(run(process.execPath, ...args)).rejects.toThrow('there is no queue nowhere');
  });
});
