import { createProgressBar } from '../../../../cli/output/progress-bar.ts';

function aTerminal(isTTY = true) {
  const written: string[] = [];
  return { written, stream: { isTTY, columns: 60, write: (text: string) => written.push(text) } };
}

test('shows how far it is, and leaves nothing behind', () => {
  const { written, stream } = aTerminal();
  const bar = createProgressBar('sending', 4, stream);
  bar.show(2, 'two');
  bar.end();
  expect(written).toEqual(['\r\u001B[2Ksending ━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌ 2/4 two', '\r\u001B[2K']);
});

test('stays on one line of the terminal', () => {
  const { written, stream } = aTerminal();
  createProgressBar('sending', 4, stream).show(4, 'x'.repeat(200));
  expect(written[0]?.replace('\r\u001B[2K', '')).toHaveLength(59);
});

test('redraws at most ten times a second, and always at the end', () => {
  const { written, stream } = aTerminal();
  const bar = createProgressBar('sending', 1_000, stream);
  for (let done = 1; done <= 1_000; done += 1) bar.show(done);
  expect(written.length).toBeLessThan(20);
  expect(written.at(-1)).toContain('1000/1000');
});

test('says nothing where no terminal is', () => {
  const { written, stream } = aTerminal(false);
  const bar = createProgressBar('sending', 4, stream);
  bar.show(4);
  bar.end();
  expect(written).toEqual([]);
});
