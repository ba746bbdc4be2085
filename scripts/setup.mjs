// Everything a fresh clone needs, and nothing twice: packages, the program, the engine, RabbitMQ.
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { installPackages } from './packages.mjs';
import { installRabbitMq } from './rabbitmq.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Rejects with one sentence when something is missing that cannot be had. */
export async function setUp() {
  installPackages();
  await build();
  const { findEngine } = await program('lib/engine/binary.js');
  const { createLog } = await program('lib/log.js');
  await findEngine({ env: process.env, log: createLog() });
  await installRabbitMq(await program('lib/servers/rabbitmq.js'));
}

/** A module of the program; it is there after the build. */
const program = (path) => import(pathToFileURL(join(root, 'dist', path)).href);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await setUp();
  } catch (error) {
    console.error(`setup: ${error.message}`);
    process.exitCode = 1;
  }
}
