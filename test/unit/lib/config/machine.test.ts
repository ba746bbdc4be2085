import { hostname } from 'node:os';

import { thisMachine } from '../../../../lib/config/machine.ts';

test.each<[userId: number, env: NodeJS.ProcessEnv, expected: string]>([
  [0, { HOME: '/root', XDG_DATA_HOME: '/data' }, '/var/lib/dqm'],
  [1000, { HOME: '/home/a', XDG_DATA_HOME: '/data' }, '/data/dqm'],
  [1000, { HOME: '/home/a' }, '/home/a/.local/share/dqm'],
  [1000, { HOME: '/home/a', XDG_DATA_HOME: 'data' }, '/home/a/.local/share/dqm'],
  [1000, { HOME: '/home/a', XDG_DATA_HOME: '' }, '/home/a/.local/share/dqm'],
])('the data folder of user %i with %o is %s', (userId, env, expected) => {
  expect(thisMachine(env, userId)).toEqual({ hostName: hostname(), dataFolder: expected });
});
