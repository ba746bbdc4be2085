import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describeWithAmqp } from '../support/servers.ts';

describeWithAmqp('a minute under load, with kills of bridges, of connections and of the engine', () => {
  test('loses nothing, runs nothing twice and leaves nothing behind', async () => {
    const program = join(__dirname, '../../dist/soak/main.js');
    const { stdout } = await promisify(execFile)(process.execPath, [program, '--minutes', '1', '--seed', '2']);
    expect(stdout).toContain('| lost | 0 |');
    expect(stdout).toContain('| commands run more than once | 0 |');
    expect(stdout).toContain('| unsettled | 0 |');
    expect(stdout).toMatch(/\| messages sent \| [1-9]\d+ \| [1-9]\d+ \|/);
  }, 480_000);
});
