import { runChain } from 'durable-queue-manager/testing';

import { turntable } from './turntable.ts';

const parameters = { scene: 'chair.mi', frames: 4, width: 64 };
const tasks = [{ name: 's3_upload', config: { bucket: 'results', key: 'chair.png' } }];
const commands = {
  render_frame: () => new Uint8Array(),
  contact_sheet: ({ frames }: { frames: unknown[] }) => ({ pictures: frames.length }),
};

test('a turntable renders all sides and delivers the approved sheet', async () => {
  const run = await runChain(turntable, { parameters, tasks, commands, approve: () => 'approved' });
  const angles = run.commands.slice(0, 4).map((call) => (call.parameters as { angle: number }).angle);
  expect(angles.sort((one, other) => one - other)).toEqual([0, 90, 180, 270]);
  expect(run.deliveries).toMatchObject([{ task: { name: 's3_upload' }, result: run.result }]);
  expect(run.approvals).toEqual([{ who: 'art director', preview: run.result }]);
});

test('a sheet that nobody approves within two days is not delivered', async () => {
  await expect(runChain(turntable, { parameters, tasks, commands })).rejects.toMatchObject({
    type: 'ApprovalDeclined',
    record: { deliveries: [] },
  });
});
