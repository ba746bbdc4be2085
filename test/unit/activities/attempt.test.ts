import {
  beginAttempt,
  isWorthLooking,
  suspicion,
  type AttemptDetails,
  type Here,
} from '../../../activities/attempt.ts';

const here = (changes: Partial<Here> = {}): Here => ({
  host: 'gpu-01',
  identity: 'gpu@gpu-01/1',
  attempt: 2,
  foundMark: false,
  engineWasAway: () => false,
  ...changes,
});

const onGpu = (host: string, attempt = 1) => ({ host, identity: `gpu@${host}/1`, attempt, sinceMs: 0, seconds: 3 });
const details = (changes: Partial<AttemptDetails>): AttemptDetails => ({
  ...beginAttempt(undefined, here()),
  ...changes,
});
const breaks = (...hosts: string[]) => hosts.map((host) => ({ host, identity: `gpu@${host}/1`, atMs: 0 }));
const silent = (...hosts: string[]) => hosts.map((host) => ({ host, cameBack: false }));

test('the first attempt starts with nothing', () => {
  expect(beginAttempt(undefined, here({ attempt: 1 }))).toEqual({
    host: 'gpu-01',
    attempt: 1,
    state: 'looking',
    commandFailures: 0,
    breaks: [],
    silences: [],
  });
});

test('what earlier attempts have counted and rendered stays', () => {
  const rendered = { host: 'gpu-02', gpuSeconds: 4 };
  const left = { commandFailures: 2, rendered, breaks: breaks('gpu-02'), progress: 40 };
  expect(beginAttempt(left, here())).toMatchObject({ commandFailures: 2, rendered, breaks: breaks('gpu-02') });
  expect(beginAttempt(left, here())).not.toHaveProperty('progress');
});

test.each([
  ['a host that was on it fell silent', onGpu('gpu-02'), {}, [{ host: 'gpu-02', cameBack: false }]],
  ['this host came back with its mark', onGpu('gpu-01'), { foundMark: true }, [{ host: 'gpu-01', cameBack: true }]],
  ['this host lost its connection for a while', onGpu('gpu-01'), {}, [{ host: 'gpu-01', cameBack: false }]],
  ['the engine was away', onGpu('gpu-02'), { engineWasAway: () => true }, []],
  ['nobody was on it', undefined, {}, []],
])('%s', (_what, left, changes, expected) => {
  const begun = beginAttempt(left && { onGpu: left }, here(changes));
  expect(begun.silences).toEqual(expected);
  expect(begun).not.toHaveProperty('onGpu');
});

test.each([
  ['three hosts that are back', { breaks: breaks('a', 'b', 'c') }, ['a', 'b', 'c']],
  ['three times one host', { breaks: breaks('a', 'a', 'a') }, undefined],
  ['three hosts of which one stays down', { breaks: breaks('a', 'b', 'down') }, undefined],
  ['three silent hosts', { silences: silent('a', 'b', 'c') }, ['a', 'b', 'c']],
  ['two silent hosts', { silences: silent('a', 'b', 'b') }, undefined],
  [
    'one that came back each time',
    { silences: silent('a', 'a', 'a').map(({ host }) => ({ host, cameBack: true })) },
    ['a'],
  ],
  ['one that only lost its connection', { silences: silent('a', 'a', 'a') }, undefined],
  ['faults of each kind, none of them enough', { breaks: breaks('a', 'b'), silences: silent('c', 'd') }, undefined],
])('against a job speaks: %s', (_what, changes, hosts) => {
  expect(suspicion(details(changes), ({ host }) => host !== 'down')?.hosts).toEqual(hosts);
});

test('hosts are looked at only when enough of them broke', () => {
  expect(isWorthLooking(details({ breaks: breaks('a', 'b') }))).toBe(false);
  expect(isWorthLooking(details({ breaks: breaks('a', 'b', 'c') }))).toBe(true);
});
