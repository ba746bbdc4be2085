import {
  helloAnswer,
  helloFrame,
  messageOf,
  progressFrame,
  readHello,
  readHelloAnswer,
  readProgress,
  readStarted,
  responseFrame,
  startedFrame,
} from '../../../../../lib/realityserver/web-socket/frames.ts';

const mark = Buffer.from('0123456789abcdef');

test('both sides of a start-up find version and mark', () => {
  expect(readHello(helloFrame(9, mark, 1.5))).toEqual({ version: 9, mark });
  expect(readHelloAnswer(helloAnswer(7, mark, 1.5))).toEqual({ version: 7, mark });
  expect(readStarted(startedFrame(7))).toBe(7);
});

test.each([
  ['empty', Buffer.alloc(0)],
  ['short', Buffer.from('RSWSRLIS')],
  ['of another server', Buffer.alloc(40, 'x')],
])('a frame that is %s starts nothing', (_what, frame) => {
  expect(readHello(frame)).toBeUndefined();
  expect(readHelloAnswer(frame)).toBeUndefined();
  expect(readStarted(frame)).toBeUndefined();
});

test('a progress event is read as it was written', () => {
  const event = { id: 'a', value: 12.5, area: 'render', message: '½' };
  expect(readProgress(progressFrame(event))).toEqual(event);
});

test('a frame says its message and byte order by its first number', () => {
  expect(messageOf(responseFrame(1, null))).toEqual({ message: 6, isLittleEndian: true });
  expect(messageOf(responseFrame(1, null, false))).toEqual({ message: 6, isLittleEndian: false });
  expect(messageOf(startedFrame(1))).toBeUndefined();
  expect(messageOf(Buffer.of(5))).toBeUndefined();
});
