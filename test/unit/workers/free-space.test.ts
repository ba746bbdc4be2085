import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { StagingError } from '../../../lib/results/staging-error.ts';
import { requireFreeSpace } from '../../../workers/free-space.ts';
import { aFolder } from '../../support/a-staged-file.ts';

const folder = aFolder();

test('a disk with room is in order, also when its folder is still to be made', async () => {
  await expect(requireFreeSpace(join(folder, 'new', 'staging'), 1)).resolves.toBeUndefined();
});

test('a disk that is nearly full is a fault of the host, with folder and figures', async () => {
  const full = requireFreeSpace(folder, Number.MAX_SAFE_INTEGER);
  await expect(full).rejects.toThrow(StagingError);
  await expect(full).rejects.toThrow(
    /^staging folder .*dqm-test-.*: \d+ MiB free of \d+ MiB, a command needs \d+ MiB$/,
  );
});

test('a folder that cannot be made is one too', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(requireFreeSpace(join(folder, 'file', 'staging'))).rejects.toThrow(StagingError);
});
