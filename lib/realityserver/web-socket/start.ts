import { WebSocket } from 'ws';

import type { JsonText } from '../../contract/job-input.ts';
import { RealityServerError, type CommandResult, type CommandRun, type OnProgress } from '../client.ts';

import { commandError, readFrame } from './answer.ts';
import { helloAnswer, NEWEST_VERSION, readHello, readStarted } from './frames.ts';

export interface WebSocketOptions {
  /** `http://` or `https://`, without user info. */
  url: URL;
  headers: Record<string, string>;
  connectTimeoutMs: number;
}

/**
 * Sends one command over a WebSocket of its own, where RealityServer reports progress ([client]). Parameters travel as
 * text. A result comes as one message: it is held in memory whole.
 */
export function startOnWebSocket(
  { url, headers, connectTimeoutMs }: WebSocketOptions,
  command: string,
  parameters: JsonText,
  onProgress: OnProgress = () => undefined,
): CommandRun {
  const server = url.origin;
  const address = new URL('service/', url.href.endsWith('/') ? url : `${url.href}/`);
  address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(address, { headers, handshakeTimeout: connectTimeoutMs, maxPayload: 0 });
  let closedFor: Error | undefined;
  let cause: Error | undefined;
  let wasOpen = false;
  socket.once('open', () => (wasOpen = true));
  socket.on('error', (error) => (cause = error));

  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const answer = new Promise<CommandResult>((resolve, reject) => {
    const take = startUp(socket, () => socket.send(executeText(command, parameters)));
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      try {
        if (take(data)) return;
        const frame = readFrame(data, isBinary);
        if (frame.heard === 'progress') return onProgress(frame.percent);
        if (frame.heard === 'nothing') return;
        if (frame.heard === 'error') reject(commandError(command, server, frame));
        else resolve(frame.result);
        socket.close();
      } catch (error) {
        const what = `${command} answered on the WebSocket with what cannot be read`;
        reject(new RealityServerError('UnexpectedResult', what, { cause: error }));
        socket.terminate();
      }
    });
    void ended.then(() => reject(closedFor ?? broken(command, server, wasOpen, cause)));
  });
  answer.catch(() => undefined);
  return {
    answer,
    ended,
    // Its messages are read anyway; the last one ends the connection.
    discard: () => undefined,
    close: (reason) => {
      closedFor = reason;
      socket.terminate();
    },
  };
}

/** The server speaks first, both name a version. Gives whether a frame belonged to it; `onStarted` once it is done. */
function startUp(socket: WebSocket, onStarted: () => void): (frame: Buffer) => boolean {
  let state: 'hello' | 'answered' | 'started' = 'hello';
  return (frame) => {
    switch (state) {
      case 'hello': {
        const hello = readHello(frame);
        if (!hello) throw new Error('the server did not begin as RealityServer does');
        socket.send(helloAnswer(Math.min(hello.version, NEWEST_VERSION), hello.mark, Date.now() / 1_000));
        state = 'answered';
        return true;
      }
      case 'answered':
        if (readStarted(frame) === undefined) throw new Error('the server did not accept our start-up');
        state = 'started';
        onStarted();
        return true;
      case 'started':
        return false;
      default:
        return state satisfies never;
    }
  };
}

const executeText = (command: string, parameters: JsonText): string =>
  `{"command":"execute","id":1,"arguments":{"commands":[{"name":${JSON.stringify(command)},"params":${parameters}}]}}`;

const broken = (command: string, server: string, wasOpen: boolean, cause: Error | undefined): Error =>
  wasOpen
    ? new RealityServerError('HostFault', `the connection to ${server} broke before ${command} had answered`, {
        cause,
        connectionBroke: true,
      })
    : new RealityServerError('HostFault', `no WebSocket connection to ${server}`, { cause });
