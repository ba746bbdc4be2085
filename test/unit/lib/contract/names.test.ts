import {
  bridgeTaskQueue,
  gpuTaskQueue,
  gpuWorkerIdentity,
  hostOf,
  hostTaskQueue,
  JOB_ID,
  QUEUE_NAME,
} from '../../../../lib/contract/names.ts';

test('task queues and identities are as documented', () => {
  expect(gpuTaskQueue('renders')).toBe('dqm-gpu-renders');
  expect(bridgeTaskQueue('renders')).toBe('dqm-bridge-renders');
  expect(gpuWorkerIdentity('gpu-07', 1)).toBe('gpu@gpu-07/1');
  expect(hostTaskQueue('gpu@gpu-07/1')).toBe('dqm-host-gpu@gpu-07/1');
});

test('a render host is known by the identity of its workers', () => {
  expect(hostOf(gpuWorkerIdentity('gpu-07', 2))).toBe('gpu-07');
  expect(hostOf('12345@jobs-1')).toBeUndefined();
});

test.each(['a', 'A.b_c-9', 'x'.repeat(80)])('%s names a queue', (name) => expect(name).toMatch(QUEUE_NAME));
test.each(['', 'a b', 'ä', 'a/b', 'x'.repeat(81)])('"%s" names none', (name) => expect(name).not.toMatch(QUEUE_NAME));

test.each(['a', 'order:17', 'A.b_c-9', 'x'.repeat(200)])('%s is an id of a job', (id) => expect(id).toMatch(JOB_ID));
test.each(['', 'a b', 'a/b', 'ä', 'a\n', 'x'.repeat(201)])('"%s" is none', (id) => expect(id).not.toMatch(JOB_ID));
