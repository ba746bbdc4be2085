import type { Resolve } from '../../../../lib/postback/agent.ts';
import { aCertificate } from '../../../support/a-certificate.ts';
import { aTlsServer, aWebServer } from '../../../support/a-web-server.ts';
import { anHttpPost, aPicture } from '../../../support/an-http-post.ts';
import { runActivity } from '../../../support/run-activity.ts';

describe('redirects', () => {
  const to = (status: number, location: string) => ({ status, headers: { location } });

  test.each([301, 302, 303, 307, 308])('%i is final when follow_redirects is off', async (status) => {
    const target = await aWebServer();
    const server = await aWebServer(to(status, target.url));
    await expect(runActivity(anHttpPost(), await aPicture(server.url))).rejects.toMatchObject({
      type: 'TaskRejected',
      message: expect.stringContaining('follow_redirects is off') as string,
    });
    expect(target.requests).toHaveLength(0);
  });

  test.each([301, 307, 308])('%i is followed with the whole result', async (status) => {
    const server = await aWebServer(to(status, '/there?x=1'), { status: 204 });
    await runActivity(anHttpPost({ followRedirects: true }), await aPicture(server.url));
    expect(server.requests[1]).toMatchObject({ method: 'POST', path: '/there?x=1', body: Buffer.from('a picture') });
  });

  test.each([302, 303])('%i is final: it leads to a page, not to where the result goes', async (status) => {
    const server = await aWebServer(to(status, '/login'), { status: 200 });
    await expect(runActivity(anHttpPost({ followRedirects: true }), await aPicture(server.url))).rejects.toMatchObject({
      type: 'TaskRejected',
    });
    expect(server.requests).toHaveLength(1);
  });

  test('another origin gets the result, and no credentials', async () => {
    const target = await aWebServer();
    const server = await aWebServer(to(307, `${target.url.replace('//', '//theirs:theirs@')}/store`));
    const uri = server.url.replace('//', '//user:secret@');
    const headers = { 'X-Api-Key': 'secret' };
    await runActivity(anHttpPost({ followRedirects: true }), await aPicture(uri, { headers }));

    expect(server.requests[0]!.headers).toMatchObject({ 'x-api-key': 'secret' });
    expect(target.requests[0]!.headers).toMatchObject({ 'content-type': 'image/png', 'x-dqm-job-id': 'chair-1' });
    expect(target.requests[0]!.headers).not.toHaveProperty('x-api-key');
    expect(target.requests[0]!.headers).not.toHaveProperty('authorization');
  });

  test('a redirect to itself ends after five', async () => {
    const server = await aWebServer(to(307, '/again'));
    await expect(runActivity(anHttpPost({ followRedirects: true }), await aPicture(server.url))).rejects.toMatchObject({
      type: 'TaskRejected',
    });
    expect(server.requests).toHaveLength(6);
  });

  test.each(['http://169.254.169.254/latest/meta-data/', 'http://[::ffff:169.254.169.254]/', 'ftp://127.0.0.1/'])(
    'a redirect to %s is refused',
    async (location) => {
      const server = await aWebServer(to(307, location));
      await expect(
        runActivity(anHttpPost({ followRedirects: true }), await aPicture(server.url)),
      ).rejects.toMatchObject({ type: 'TaskRejected', nonRetryable: true });
    },
  );

  test('a redirect to a host that allow_postback does not list is refused', async () => {
    const target = await aWebServer();
    const server = await aWebServer(to(308, target.url.replace('127.0.0.1', 'localhost')));
    await expect(
      runActivity(anHttpPost({ followRedirects: true, allowPostbacks: ['127.0.0.1'] }), await aPicture(server.url)),
    ).rejects.toThrow('localhost is not allowed by allow_postback');
    expect(target.requests).toHaveLength(0);
  });
});

describe('addresses', () => {
  test.each(['169.254.169.254', 'fe80::1', 'fd00:ec2::254', '100.100.100.200', '::ffff:169.254.169.254'])(
    'a name that resolves to %s is refused, although another address of it is harmless',
    async (address) => {
      const server = await aWebServer();
      const resolve: Resolve = async () => [
        { address: '127.0.0.1', family: 4 },
        { address, family: address.includes(':') ? 6 : 4 },
      ];
      const uri = `http://harmless.example:${server.port}/`;
      await expect(runActivity(anHttpPost({ resolve }), await aPicture(uri))).rejects.toMatchObject({
        type: 'TaskRejected',
        message: expect.stringContaining(`harmless.example may not be called: ${address}`) as string,
      });
      expect(server.requests).toHaveLength(0);
    },
  );

  test('a name is resolved once, and the address that was checked is the one connected to', async () => {
    const server = await aWebServer();
    const asked: string[] = [];
    const resolve: Resolve = async (hostname) => {
      asked.push(hostname);
      return [{ address: asked.length === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }];
    };
    const uri = `http://rebinding.example:${server.port}/`;
    await runActivity(anHttpPost({ resolve }), await aPicture(uri));
    expect(asked).toEqual(['rebinding.example']);
    expect(server.requests[0]!.headers.host).toBe(`rebinding.example:${server.port}`);
  });

  test('a name that cannot be resolved is retried', async () => {
    const resolve: Resolve = () =>
      Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
    await expect(runActivity(anHttpPost({ resolve }), await aPicture('http://nowhere.example/'))).rejects.toMatchObject(
      { type: 'TaskUnavailable' },
    );
  });

  test('an address that is only known once its template is filled is refused', async () => {
    const input = await aPicture('http://${message_id}/');
    const variables = { ...input.variables, message_id: '169.254.169.254' };
    await expect(runActivity(anHttpPost(), { ...input, variables })).rejects.toMatchObject({
      type: 'TaskRejected',
      message: expect.stringContaining('config.postback_uri: 169.254.169.254 is a link-local address') as string,
    });
  });
});

describe('TLS', () => {
  const certificate = aCertificate();

  test('a certificate that cannot be verified is final', async () => {
    const server = await aTlsServer(certificate);
    await expect(runActivity(anHttpPost(), await aPicture(server.url))).rejects.toMatchObject({
      type: 'TaskRejected',
      nonRetryable: true,
    });
    expect(server.requests).toHaveLength(0);
  });

  test('with verify_ssl off the result goes there', async () => {
    const server = await aTlsServer(certificate);
    await runActivity(anHttpPost({ verifySsl: false }), await aPicture(server.url));
    expect(server.requests[0]!.body.toString()).toBe('a picture');
  });

  test('a redirect from https to http is not followed', async () => {
    const target = await aWebServer();
    const server = await aTlsServer(certificate, { status: 307, headers: { location: target.url } });
    await expect(
      runActivity(anHttpPost({ verifySsl: false, followRedirects: true }), await aPicture(server.url)),
    ).rejects.toMatchObject({ type: 'TaskRejected', message: expect.stringContaining('is not encrypted') as string });
    expect(target.requests).toHaveLength(0);
  });
});
