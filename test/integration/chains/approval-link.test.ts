import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { approvalToken } from '../../../lib/approvals/token.ts';
import { OPEN_APPROVALS, type OpenApproval } from '../../../lib/contract/approvals.ts';
import { aChainFarm, type ChainFarm } from '../../support/a-chain-farm.ts';
import { killAll } from '../../support/dqm-process.ts';
import { until } from '../../support/until.ts';

const CHAINS = `
import { approval, command, type ChainJob } from 'durable-queue-manager/chains';

export async function poster({ parameters }: ChainJob<{ who: string }>) {
  const preview = await command('render_product', { scene: 'a', width: 32, height: 32 });
  return approval(parameters.who, { preview, within: '1 day' });
}
`;
const SECRET = 'hush';
const HOUR_MS = 3_600_000;

let farm: ChainFarm;
let gateway: string;

beforeAll(async () => {
  farm = await aChainFarm(CHAINS, {
    allow: ['poster'],
    // The links carry their own credential: a browser that opens one has no other.
    dqm: [`signing_secret ${SECRET}`, 'gateway_token behind-bars'],
  });
  gateway = `http://${String((await farm.up.said('Gateway listens'))['address'])}`;
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

/** A chain that waits for a person, with the link that the webhook would have sent. */
async function anOpenApproval(who = 'art director') {
  const handle = await farm.start('poster', { who });
  const [open] = await until(async () => {
    // Before its first step the chain answers nothing.
    const approvals = await handle.query<OpenApproval[]>(OPEN_APPROVALS).catch(() => []);
    return approvals.length > 0 && approvals;
  });
  if (!open) throw new Error('unreachable: until gives a list with one');
  const { approval, askedMs } = open;
  const link = { workflowId: handle.workflowId, approval, askedMs, expiresMs: Date.now() + HOUR_MS };
  return { handle, link, url: linkTo(link) };
}

const linkTo = (link: Parameters<typeof approvalToken>[0], secret = SECRET): string =>
  `${gateway}/dqm/approvals/${approvalToken(link, secret)}`;

const decide = (url: string, form: Record<string, string>) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(form) });

test('the page shows who is asked and the picture; looking decides nothing, a button does, once', async () => {
  const { handle, url } = await anOpenApproval('<b>art</b> director');
  const page = await fetch(url);
  const html = await page.text();
  expect(page.status).toBe(200);
  expect(html).toContain('Approval of &lt;b&gt;art&lt;/b&gt; director');
  expect(Object.fromEntries(page.headers)).toMatchObject({
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'content-security-policy': expect.stringContaining("default-src 'none'") as string,
  });
  const [, source = ''] = /<img src="([^"]+)"/.exec(html) ?? [];
  const picture = await fetch(new URL(source, url));
  expect(picture.headers.get('content-type')).toBe('image/png');
  expect(
    Buffer.from(await picture.arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  expect((await handle.describe()).status.name).toBe('RUNNING');

  expect((await decide(url, { decision: 'approved', note: 'lighter' })).status).toBe(200);
  expect(await handle.result()).toEqual({ by: 'person', note: 'lighter' });
  const again = await decide(url, { decision: 'declined' });
  expect([again.status, await again.text()]).toEqual([409, expect.stringContaining('Nothing was decided')]);
});

test('a link whose preview is gone from the store says so, and still decides', async () => {
  const { handle, url } = await anOpenApproval();
  const [open] = await handle.query<OpenApproval[]>(OPEN_APPROVALS);
  rmSync(fileURLToPath(open?.preview?.uri ?? ''));
  const page = await fetch(url);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('The preview is gone')]);
  const preview = await fetch(`${url}/preview`);
  expect([preview.status, await preview.text()]).toEqual([410, expect.stringContaining('still waits for a decision')]);
  expect((await decide(url, { decision: 'approved' })).status).toBe(200);
  expect(await handle.result()).toEqual({ by: 'person', note: null });
});

test('declining by the link fails the chain with what was noted', async () => {
  const { handle, url } = await anOpenApproval();
  expect((await decide(url, { decision: 'declined', note: 'too dark' })).status).toBe(200);
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'ApprovalDeclined', message: expect.stringContaining('too dark') as string },
  });
  expect((await fetch(url)).status).toBe(410);
});

test('a forged, altered, expired or shortened link, a link to a page that is none, and a form that says nothing decide nothing', async () => {
  const { handle, link, url } = await anOpenApproval();
  const bad = [
    linkTo(link, 'another secret'),
    linkTo({ ...link, expiresMs: Date.now() - 1 }),
    `${url}x`,
    url.slice(0, -1),
    `${gateway}/dqm/approvals/`,
    `${url}/elsewhere`,
  ];
  for (const address of bad) expect((await decide(address, { decision: 'approved' })).status).toBe(404);
  expect((await decide(linkTo({ ...link, askedMs: link.askedMs - 1 }), { decision: 'approved' })).status).toBe(409);
  expect((await decide(url, { decision: 'maybe' })).status).toBe(400);
  expect((await decide(url, { decision: 'approved', note: 'x'.repeat(20_000) })).status).toBe(400);
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(405);
  expect((await handle.describe()).status.name).toBe('RUNNING');
  await handle.terminate();
});
