import type { RenderedCommand } from '../../activities/command.ts';

import { aStagedResult } from './a-job-input.ts';

export interface FakeActivities {
  /** What was called, in order. */
  calls: string[];
  runCommand(input: unknown): Promise<RenderedCommand>;
  s3_upload(input: unknown): Promise<{ destination: string }>;
  http_post(input: unknown): Promise<{ destination: string }>;
}

/** Activities that do what a test says, and otherwise work. */
export function fakeActivities(behaviour: Partial<Omit<FakeActivities, 'calls'>> = {}): FakeActivities {
  const calls: string[] = [];
  const called =
    <T>(name: string, work: (input: unknown) => Promise<T>) =>
    (input: unknown): Promise<T> => {
      calls.push(name);
      return work(input);
    };
  const rendered = { result: aStagedResult(), host: 'gpu-07', gpuSeconds: 12.5 };
  return {
    calls,
    runCommand: called('runCommand', behaviour.runCommand ?? (() => Promise.resolve(rendered))),
    s3_upload: called(
      's3_upload',
      behaviour.s3_upload ?? (() => Promise.resolve({ destination: 's3://results/chair.png' })),
    ),
    http_post: called(
      'http_post',
      behaviour.http_post ?? (() => Promise.resolve({ destination: 'https://shop.example/store/chair.png' })),
    ),
  };
}
