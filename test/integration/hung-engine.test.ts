import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

import { configText } from '../support/a-config.ts';
import { aFolder, killAll, startDqm } from '../support/dqm-process.ts';

/** Takes connections and never says a word, as an engine does that hangs. */
let engine: Server;
beforeEach(async () => {
  engine = createServer().listen(0, '127.0.0.1');
  await once(engine, 'listening');
});
const folder = aFolder();
afterAll(async () => {
  await killAll();
  folder.remove();
});

test.each([['bridge'], ['worker jobs'], ['worker gpu']])(
  'dqm %s, told to stop while it waits for an engine that hangs, ends at once and in order',
  async (command) => {
    const { port } = engine.address() as AddressInfo;
    const text = configText({
      queue_manager: 'allow_command echo\nlisten_queue renders',
      amqp: '<user queue>\nname renders\nurl amqp://127.0.0.1:1/\nqueue renders\n</user>',
      dqm: `temporal_address 127.0.0.1:${port}
data_folder ${folder.path}/data
realityserver_url http://127.0.0.1:1/
metrics_address 127.0.0.1:0`,
    });
    const config = folder.file(`${port}.conf`, text);
    const hangs = once(engine, 'connection');
    const dqm = startDqm([...command.split(' '), '--config', config]);
    await hangs;
    expect(await dqm.stop()).toBe(0);
    // Its connection would have been given up seconds later, with a warning.
    expect(dqm.lines.at(-1)?.msg).toMatch('Stopping');
    engine.close();
  },
);
