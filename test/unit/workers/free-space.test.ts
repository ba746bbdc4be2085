import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { StagingError } from '../../../lib/results/staging-error.ts';
import { requireFreeSpace } from '../../../workers/free-space.ts';
import { aFolder } from '../../support/a-staged-file.ts';

const folder = aFolder();

test('a disk with room is in order, also when its folder is still to be made', () => {
  expect(() => requireFreeSpace(join(folder, 'new', 'staging'), 1)).not.toThrow();
});

test('a disk that is nearly full is a fault of the host, with folder and figures', () => {
  const full = (): void => requireFreeSpace(folder, Number.MAX_SAFE_INTEGER);
  expect(full).toThrow(StagingError);
  expect(full).toThrow(/^staging folder .*dqm-test-.*: \d+ MiB free of \d+ MiB, a command needs \d+ MiB$/);
});

test('a folder that cannot be made is one too', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => requireFreeSpace(join(folder, 'file', 'staging'))).toThrow(StagingError);
});
