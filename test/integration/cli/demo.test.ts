import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { aFolder, dqm } from '../../support/dqm-process.ts';

test('the demo delivers its pictures and leaves everything in its folder', async () => {
  const folder = aFolder();
  try {
    const { exitCode, stdout } = await dqm(['demo'], { cwd: folder.path });
    expect(stdout).toContain('8 jobs delivered');
    expect(stdout).toMatch(/^completed {2,}gateway vase/m);
    expect(stdout).toContain('unknown task "fax_it"');
    expect(stdout).toMatch(/\$ dqm jobs --limit 2\n1 failed: TaskRejected, render_product on gpu-0\d/);
    expect(stdout).toMatch(/\$ dqm cancel (\S+)\n\1: cancelled while delivering/);
    expect(stdout).toMatch(/\$ dqm retry (\S+)\n\1: goes on with http_post, without a GPU/);
    expect(stdout).toMatch(/\ncompleted +\S+/);
    expect(exitCode).toBe(0);
    expect(existsSync(join(folder.path, 'dqm-demo/pictures/index.html'))).toBe(true);
  } finally {
    folder.remove();
  }
});
