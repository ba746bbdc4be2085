import type { OpenApproval } from '../../../../lib/contract/approvals.ts';
import { jobPage } from '../../../../cli/output/job-page.ts';
import type { HostWait } from '../../../../lib/jobs/host-wait.ts';
import { jobRow } from '../../../../lib/jobs/row.ts';
import type { JobDetails } from '../../../../lib/jobs/show.ts';
import { timeLine } from '../../../../lib/jobs/time-line.ts';
import { jobView } from '../../../../lib/jobs/view.ts';
import { aStagedResult } from '../../../support/a-job-input.ts';
import {
  anInfo,
  anUpload,
  aPendingActivity,
  aRenderedCommand,
  RECEIVED,
  secondsLater,
  theFacts,
} from '../../lib/jobs/a-job.ts';

function pageOf(facts: ReturnType<typeof theFacts>, changes: Partial<JobDetails> = {}, colour = false): string {
  const details: JobDetails = {
    job: jobView(facts, { uiUrl: 'http://ui.example', namespace: 'default' }),
    timeLine: timeLine(facts),
    pending: [...facts.pending],
    hostWait: null,
    heldUp: null,
    approvals: [],
    earlierRuns: [],
    ...changes,
  };
  return jobPage(details, { columns: 100, colour }, secondsLater(60).getTime());
}

test('the page of a delivered job tells what it is, what happened and where its result went', () => {
  const facts = theFacts({ info: { state: 'delivering' }, history: { activities: [aRenderedCommand(), anUpload()] } });
  expect(pageOf(facts)).toBe(`job/renders/chair-1
  state     delivering
  queue     renders
  command   render_product
  message   m-1
  host      gpu-07, attempt 1
  gpu time  11.5 s
  result    image/png, 48.2 kB, sha256 ${'0123456789abcdef'.repeat(4)}, file:///var/lib/dqm/results/renders/chair-1/0-abc-0/0123
  created   1 min ago (${RECEIVED.toISOString()})
  link      http://ui.example/namespaces/default/workflows/job%2Frenders%2Fchair-1/0197-run/history

Time line
        +0.0 s  received
        +1.0 s  waiting for a render host
        +2.0 s  started on gpu-07, attempt 1
       +14.0 s  staged: image/png, 48213 bytes
       +16.0 s  s3_upload delivered to s3://results/m-1.png

Tasks
  TASK       STATE      ATTEMPTS  DESTINATION
  s3_upload  completed         1  s3://results/m-1.png
  http_post  waiting           0
`);
});

test('the page of a chain shows the last of what it has staged, and says how to see the rest', () => {
  const activities = Array.from({ length: 25 }, (_, n) =>
    aRenderedCommand({ activityId: String(n), step: `frame {"angle":${n}}` }),
  );
  const page = pageOf(theFacts({ history: { isChain: true, activities } }));
  expect(page.split('Partial results\n')[1]).toMatch(
    /^ +STEP +COMMAND +TYPE +SIZE\n +5 +frame \{"angle":5\} +image\/png +48\.2 kB\n/,
  );
  expect(page).toContain(
    '  and 5 before them, all with --json\n  dqm result chair-1 --step STEP writes one to a file\n',
  );
});

const aWait = (changes: Partial<HostWait>): HostWait => ({
  paused: null,
  readySlots: 1,
  lastHeard: null,
  higher: 0,
  same: 0,
  ...changes,
});

test.each<[what: string, wait: HostWait, text: string]>([
  ['nothing but a free host', aWait({}), 'a render host of the queue renders\n'],
  [
    'others that go before it',
    aWait({ higher: 3, same: 12 }),
    'a render host of the queue renders; about 3 of higher priority before it; about 12 of the same priority\n',
  ],
  [
    'a host, where there never was one',
    aWait({ readySlots: 0 }),
    'a render host of the queue renders: none is ready\n',
  ],
  [
    'the only host, which is silent',
    aWait({ readySlots: 0, lastHeard: { host: 'gpu-03', at: secondsLater(-120) } }),
    'a render host of the queue renders: none is ready; gpu-03 was last heard of 3 min ago\n',
  ],
  [
    'a queue that somebody paused',
    aWait({ paused: { by: 'mia@desk', since: secondsLater(0) } }),
    'the queue renders, paused by mia@desk 1 min ago: dqm resume --queue renders\n',
  ],
  [
    'a host, on an engine that cannot list workers',
    aWait({ readySlots: null }),
    'a render host of the queue renders\n',
  ],
])('a job that could run says what it waits for: %s', (_what, wait, text) => {
  const pending = [aPendingActivity({ attempts: 0 })];
  expect(pageOf(theFacts({ pending }), { hostWait: wait })).toContain(`waits for ${text}`);
});

test('a job between two attempts says for what it waits, until when, and what went wrong', () => {
  const failure = { type: 'HostFault', message: 'no licence' };
  const pending = [aPendingActivity({ attempts: 2, nextAttemptAt: secondsLater(72), failure, failedOn: 'gpu-03' })];
  expect(pageOf(theFacts({ pending }))).toContain(
    'waits for a render host of the queue renders, not before 12.0 s from now; attempt 2 failed on gpu-03: HostFault: no licence\n',
  );
});

test('a job that no job worker has begun says so', () => {
  expect(pageOf(theFacts())).toContain('waits for a job worker');
});

const anApproval: OpenApproval = {
  approval: 'client',
  who: 'client',
  askedMs: RECEIVED.getTime(),
  deadlineMs: null,
  preview: null,
};

test('a chain that waits for a person says for whom, until when, and how to decide', () => {
  const facts = theFacts({ info: { state: 'approval' } });
  const art = { ...anApproval, approval: 'art', deadlineMs: RECEIVED.getTime(), preview: aStagedResult() };
  expect(pageOf(facts, { approvals: [art] })).toContain(
    `waits for the approval of art, until ${RECEIVED.toISOString()}, preview ${aStagedResult().uri}: dqm approve chair-1\n`,
  );
  expect(pageOf(facts, { approvals: [art, anApproval] })).toContain(
    "waits for the approval of client: dqm approve chair-1 --approval 'client'\n",
  );
});

test('a running job shows its progress', () => {
  const pending = [
    aPendingActivity({ isRunning: true, attempts: 1, startedAt: secondsLater(2), host: 'gpu-07', progress: 41.7 }),
  ];
  const page = pageOf(theFacts({ pending }));
  expect(page).toContain('state     running\n');
  expect(page).toContain('host      gpu-07, attempt 1, 42 %\n');
  expect(page).not.toContain('waits for');
});

test('a message cannot paint the page', () => {
  const failure = { type: 'CommandFailed', message: 'no\u001b[2J scene' };
  const page = pageOf(theFacts({ info: { status: 'FAILED', state: 'failed' }, history: { failure, activities: [] } }));
  expect(page).not.toContain('\u001b');
});

test('on a terminal the state has its colour', () => {
  expect(pageOf(theFacts({ info: { state: 'delivering' } }), {}, true)).toContain('\u001b[34mdelivering\u001b[39m');
});

test('runs that had the id before stand below', () => {
  const earlier = jobRow(anInfo({ status: 'FAILED', state: 'failed', runId: '0196-run' }), {
    uiUrl: null,
    namespace: 'default',
  });
  expect(pageOf(theFacts(), { earlierRuns: [earlier] })).toContain(
    'Earlier runs\n  STATE   CREATED    RUN\n  failed  1 min ago  0196-run\n',
  );
});
