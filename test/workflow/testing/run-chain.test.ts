import { ChainFailed, runChain, type CommandFake } from 'durable-queue-manager/testing';

import { asks, asksForEver, frames, holder, looksAtTheEngine, neverRests, waits } from '../../support/tested-chains.ts';

const PNG = Buffer.from('89504e47', 'hex');
const commands: Record<string, CommandFake> = { frame: () => PNG, sheet: () => ({ made: true }) };

test('gives what the chain gives, and tells which commands it asked for, in which order', async () => {
  const run = await runChain(frames, { parameters: { angles: [0, 180] }, commands });
  const [first, second] = run.commands.slice(0, 2).map(({ parameters }) => parameters);
  expect(run.commands).toEqual([
    { name: 'frame', parameters: { angle: 0 }, queue: 'test' },
    { name: 'frame', parameters: { angle: 180 }, queue: 'test' },
    { name: 'sheet', parameters: { frames: [expect.anything(), expect.anything()] }, queue: 'cpu' },
  ]);
  expect([first, second]).toEqual([{ angle: 0 }, { angle: 180 }]);
  expect(run.result).toMatchObject({ mimeType: 'application/json' });
  expect(Buffer.from(run.bytesOf(run.result)).toString()).toBe('{"made":true}');
});

test('gives the results of commands to later ones by reference', async () => {
  const sheet = jest.fn((parameters: { frames: { mimeType: string; size: number }[] }) => parameters.frames.length);
  await runChain(frames, { parameters: { angles: [0] }, commands: { ...commands, sheet } });
  expect(sheet.mock.calls[0]?.[0].frames).toMatchObject([{ mimeType: 'image/png', size: PNG.length }]);
});

test('records what is delivered', async () => {
  const tasks = [{ name: 'ftp_put', config: { path: 'a' } }];
  const { deliveries, result } = await runChain(frames, { parameters: { angles: [0] }, commands, tasks });
  expect(deliveries).toEqual([{ task: tasks[0], result }]);
});

test('a command that fails in the test fails the chain, and what it did before is told', async () => {
  const sheet = () => {
    throw new Error('no paper');
  };
  const failed = await runChain(frames, { parameters: { angles: [0] }, commands: { ...commands, sheet } }).catch(
    (error: unknown) => error as ChainFailed,
  );
  expect(failed).toBeInstanceOf(ChainFailed);
  expect(failed).toMatchObject({ type: 'CommandFailed', message: 'sheet (command 2): no paper' });
  expect((failed as ChainFailed).record.commands.map(({ name }) => name)).toEqual(['frame', 'sheet']);
});

test('a command that the test does not answer is not allowed', async () => {
  await expect(runChain(frames, { parameters: { angles: [0] }, commands: { frame: () => PNG } })).rejects.toMatchObject(
    { type: 'CommandNotAllowed', message: expect.stringMatching(/sheet .*`commands`/) as string },
  );
});

test('waits of days end at once, the shortest first, and the clock of the chain says that they have passed', async () => {
  const began = Date.now();
  const run = await runChain(waits, { parameters: {}, commands });
  expect(run.result).toBe(72);
  expect(run.commands).toMatchObject([{ parameters: { after: '1 hour' } }]);
  expect(Date.now() - began).toBeLessThan(3_600_000);
});

test('an approval is answered by the test, which sees what the person would see', async () => {
  const approve = jest.fn(() => ({ decision: 'approved', note: 'lighter' }) as const);
  const { result, approvals } = await runChain(asks, { parameters: {}, commands, approve });
  expect(result).toEqual({ by: 'person', note: 'lighter' });
  expect(approvals).toEqual([{ who: 'art director', preview: expect.objectContaining({ size: 13 }) as unknown }]);
  expect(approve).toHaveBeenCalledWith(approvals[0]);
});

test('a declined approval, and one that nobody gives in time, fail the chain as they fail a job', async () => {
  const declined = runChain(asks, { parameters: {}, commands, approve: () => 'declined' });
  await expect(declined).rejects.toMatchObject({ type: 'ApprovalDeclined' });
  const late = runChain(asks, { parameters: {}, commands });
  await expect(late).rejects.toThrow('nobody decided in time');
  const otherwise = await runChain(asks, { parameters: { otherwise: 'approve' }, commands });
  expect(otherwise.result).toMatchObject({ by: 'timeout' });
});

test('an approval that would wait for ever says so instead', async () => {
  await expect(runChain(asksForEver, { parameters: {}, commands })).rejects.toThrow('give runChain an `approve`');
});

test('a chain that does another thing when it runs again fails its test', async () => {
  await expect(runChain(looksAtTheEngine, { parameters: {}, commands })).rejects.toThrow(
    /^looksAtTheEngine does not do the same when it runs again/,
  );
});

test('a chain that never comes to rest fails its test, which names the loop', async () => {
  await expect(runChain(neverRests, { parameters: {}, commands })).rejects.toThrow(
    /a loop has turned 10,000,000 times and awaited no step: does it end\? \(.*tested-chains\.ts:\d+\)/,
  );
});

test('a function that its module does not export is refused', async () => {
  await expect(runChain(holder.hidden, { parameters: {}, commands })).rejects.toThrow(
    /^hidden is no export of its module/,
  );
});

test('a module that the sandbox cannot load is named with the reason', async () => {
  const inHere = async () => undefined;
  await expect(runChain(inHere, { parameters: {}, commands })).rejects.toThrow(
    /run-chain\.test\.ts cannot be loaded into the sandbox\n[^]*(node:|can't resolve)/i,
  );
});
