import { setTimeout as delay } from 'node:timers/promises';

import { connect, type Options } from 'amqplib';

import { createAmqpDeadLetters } from '../../../../bridges/amqp/dead-letter.ts';
import { freePort } from '../../../../lib/servers/ports.ts';
import { anAuthority, type TestAuthority } from '../../../support/a-certificate.ts';
import { aDeadLetter } from '../../../support/a-dead-letter.ts';
import { GOLDEN_BODY } from '../../../support/a-message.ts';
import { aNamespace, type TestNamespace } from '../../../support/a-namespace.ts';
import { anAmqpBridge } from '../../../support/an-amqp-bridge.ts';
import { aBroker, type TestBroker } from '../../../support/an-amqp-queue.ts';
import { aRabbitMq, type TestRabbitMq } from '../../../support/a-rabbitmq.ts';
import { describeWithAmqp } from '../../../support/servers.ts';
import { silentLog } from '../../../support/silent-log.ts';
import { until } from '../../../support/until.ts';

/** An acknowledgement that takes longer ends the channel: on a busy machine its message may come twice. */
const CONSUMER_TIMEOUT_MS = 10_000;
const TICK_MS = 1_000;

describeWithAmqp('the AMQP bridge at a broker with settings of its own', () => {
  let engine: TestNamespace;
  let rabbitMq: TestRabbitMq;
  let broker: TestBroker;
  let authority: TestAuthority;
  let own: ReturnType<TestAuthority['issue']>;
  let tlsUrl: string;
  beforeAll(async () => {
    authority = anAuthority();
    own = authority.issue('dqm-bridge');
    const server = authority.issue('localhost');
    const port = await freePort();
    tlsUrl = `amqps://guest:guest@127.0.0.1:${port}/`;
    rabbitMq = await aRabbitMq({
      settings: [
        `listeners.ssl.default = 127.0.0.1:${port}`,
        `ssl_options.cacertfile = ${authority.ca}`,
        `ssl_options.certfile = ${server.cert}`,
        `ssl_options.keyfile = ${server.key}`,
        'ssl_options.verify = verify_peer',
        'ssl_options.fail_if_no_peer_cert = false',
        'ssl_cert_login_from = common_name',
        'auth_mechanisms.1 = PLAIN',
        'auth_mechanisms.2 = EXTERNAL',
        `consumer_timeout = ${CONSUMER_TIMEOUT_MS}`,
      ],
      // How often it looks for them, a minute else.
      advanced: `[{rabbit, [{channel_tick_interval, ${TICK_MS}}]}]`,
      plugins: ['rabbitmq_auth_mechanism_ssl'],
    });
    engine = await aNamespace();
    broker = await aBroker(rabbitMq.url);
  });
  afterAll(async () => {
    await broker?.close().catch(() => undefined);
    await rabbitMq?.stop();
    authority?.remove();
    await engine?.close();
  });

  /** The alarm that was switched on is on. The broker hears nothing more of it, not even its close, while it is. */
  const aBlockedConnection = async () => {
    const connection = await connect(rabbitMq.url);
    let isBlocked = false;
    connection.on('blocked', () => (isBlocked = true));
    const channel = await connection.createChannel();
    // It hears of an alarm when it publishes.
    await until(() => {
      channel.sendToQueue('nowhere', Buffer.from('?'));
      return isBlocked;
    });
    return connection;
  };
  const withoutUser = (url: string): string => Object.assign(new URL(url), { username: '', password: '' }).href;
  const started = async (url: string, tls: object) => {
    const queue = await broker.queue();
    await broker.send(queue, GOLDEN_BODY);
    const { settled, outcomes } = anAmqpBridge(engine.client, queue, { urls: [url], tls });
    await settled(1);
    return outcomes;
  };

  test("over TLS, with the authority's certificate and a password", async () => {
    expect(await started(tlsUrl, { caFile: authority.ca })).toEqual(['started']);
  });

  test('over TLS, with a certificate of its own in place of user and password: SASL EXTERNAL', async () => {
    await rabbitMq.control('add_user', 'dqm-bridge', 'unused');
    await rabbitMq.control('set_permissions', 'dqm-bridge', '', '', '.*');
    const tls = { caFile: authority.ca, certFile: own.cert, keyFile: own.key };
    expect(await started(withoutUser(tlsUrl), tls)).toEqual(['started']);
  });

  test('a certificate whose name is no user of the broker ends the bridge, and so does one nobody has signed', async () => {
    const stranger = authority.issue('stranger');
    const tls = { caFile: authority.ca, certFile: stranger.cert, keyFile: stranger.key };
    const refused = anAmqpBridge(engine.client, 'any', { urls: [withoutUser(tlsUrl)], tls });
    await expect(refused.bridge.done).rejects.toThrow('refuses the user, the password or the certificate, see url');
    const untrusted = anAmqpBridge(engine.client, 'any', { urls: [tlsUrl] });
    await expect(untrusted.bridge.done).rejects.toThrow('has a certificate we do not trust, see ca_file');
  });

  test.each<[string, Options.AssertQueue]>([
    ['quorum', { durable: true, arguments: { 'x-queue-type': 'quorum' } }],
    ['classic', { durable: true }],
    ['lazy', { durable: true, arguments: { 'x-queue-mode': 'lazy' } }],
    ['priority', { durable: true, maxPriority: 9 }],
  ])('a %s queue', async (_kind, options) => {
    const queue = await broker.queue(options);
    const ids = Array.from({ length: 20 }, (_, index) => `m-${index}`);
    for (const messageId of ids) await broker.send(queue, GOLDEN_BODY, { messageId });
    const { name, outcomes } = anAmqpBridge(engine.client, queue, { urls: [rabbitMq.url], prefetch: 5 });
    await until(() => outcomes.filter((outcome) => outcome === 'started').length === ids.length);
    expect(outcomes).not.toContain('rejected');
    await Promise.all(ids.map((id) => engine.client.workflow.getHandle(`job/${name}/${id}`).describe()));
  });

  test('a job that takes longer than consumer_timeout does not trip it: its message was acknowledged at its start', async () => {
    const queue = await broker.queue();
    const { name, settled, isReady, log } = anAmqpBridge(engine.client, queue, { urls: [rabbitMq.url] });
    await broker.send(queue, GOLDEN_BODY);
    await settled(1);
    // Time itself is the matter: the limit, and the ticks.
    await delay(CONSUMER_TIMEOUT_MS + 2 * TICK_MS);
    expect(isReady()).toBe(true);
    expect(log.events.filter(({ level }) => level === 'warn')).toEqual([]);
    const { status } = await engine.client.workflow.getHandle(`job/${name}/m-1`).describe();
    expect(status.name).toBe('RUNNING');
  });

  test.each([
    ['memory', ['set_vm_memory_high_watermark', '0.000001'], ['set_vm_memory_high_watermark', '0.6']],
    // More than any disk has free.
    ['disk', ['set_disk_free_limit', '1000000GB'], ['set_disk_free_limit', '1MB']],
  ])(
    'a %s alarm is seen and told; jobs still start, and what is rejected is held in workflows',
    async (what, on, off) => {
      const [queue, dead] = [await broker.queue(), await broker.queue()];
      await broker.send(queue, '{', { messageId: 'bad' });
      await broker.send(queue, GOLDEN_BODY, { messageId: 'good' });
      await rabbitMq.control(...on);
      // It is on a moment after the command.
      const blocked = await aBlockedConnection();
      const deadLetter = { kind: 'queue', queue: dead } as const;
      const { name, config, outcomes, log } = anAmqpBridge(engine.client, queue, {
        urls: [rabbitMq.url],
        deadLetter,
      });
      await until(() => outcomes.includes('rejected') && outcomes.includes('started'));
      await engine.client.workflow.getHandle(`rejected/${name}/bad`).describe();
      await until(async () => (await broker.look(queue)).messageCount === 0);
      const told = (message: string) => () => log.events.find((event) => event.message === message);
      expect(told('RabbitMQ takes no messages, an alarm is on')()).toMatchObject({
        reason: expect.stringContaining(what),
      });
      // The dead letter of a failed job can wait.
      const deadLetters = createAmqpDeadLetters(config, silentLog);
      await expect(deadLetters.store(aDeadLetter())).rejects.toThrow('the broker takes nothing now');
      await rabbitMq.control(...off);
      await blocked.close();
      await until(() =>
        deadLetters.store(aDeadLetter()).then(
          ({ outcome }) => outcome === 'stored',
          () => false,
        ),
      );
      await deadLetters.close();
      await until(told('RabbitMQ takes messages again'));
    },
  );

  test('restarted under load, it loses nothing, and no job starts twice', async () => {
    const queue = await broker.queue();
    const ids = Array.from({ length: 300 }, (_, index) => `load-${index}`);
    for (const messageId of ids) await broker.send(queue, GOLDEN_BODY, { messageId });
    const { name, settled, outcomes } = anAmqpBridge(engine.client, queue, { urls: [rabbitMq.url], prefetch: 10 });
    await settled(20);
    await rabbitMq.control('stop_app');
    await rabbitMq.control('start_app');
    await until(() => outcomes.filter((outcome) => outcome === 'started').length === ids.length);
    expect(new Set(outcomes)).not.toContain('rejected');
    // A second start of an id would have been refused: each id has one run.
    for (const id of ids) await engine.client.workflow.getHandle(`job/${name}/${id}`).describe();
    broker = await aBroker(rabbitMq.url);
    await until(async () => (await broker.look(queue)).messageCount === 0);
  });
});
