// RabbitMQ as the demo and the tests use it: a node of their own, so the machine's package, not its service.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const APT = '/usr/bin/apt-get';

/** Missing: root on a Debian-like system installs it, on CI it is a failure, anybody else is told how. */
export async function installRabbitMq({ findRabbitMq, RABBITMQ_HINT }) {
  if (await findRabbitMq(process.env)) return;
  if (process.getuid?.() === 0 && existsSync(APT)) {
    console.log('setup: RabbitMQ is missing; installing the package rabbitmq-server with apt-get');
    installWithApt();
    if (await findRabbitMq(process.env)) return;
  }
  if (process.env.CI) throw new Error(`RabbitMQ is missing: ${RABBITMQ_HINT}`);
  console.log(`setup: RabbitMQ is missing, what needs AMQP is skipped; to install it: ${RABBITMQ_HINT}`);
}

/** We ask for the program; the service that Debian starts with it is not wanted. */
function installWithApt() {
  // Runlevel 1 starts no services, where systemd does not decide.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...args) => spawnSync(APT, args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  if (!apt('update') || !apt('install', '-y', '--no-install-recommends', 'rabbitmq-server')) {
    console.log('setup: apt-get could not install it');
  }
  if (existsSync('/run/systemd/system')) spawnSync('systemctl', ['disable', '--now', 'rabbitmq-server']);
}
