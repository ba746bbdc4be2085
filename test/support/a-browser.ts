import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { WebSocket } from 'ws';

import { until } from './until.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** Tests that need a browser: skipped where none is installed. */
export const describeWithBrowser = CHROMIUM === undefined ? describe.skip : describe;

/** One page of a browser without a window. */
export interface Browser {
  open(url: string): Promise<void>;
  /** What an expression is worth in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** What the page says, its frames included. */
  text(): Promise<string>;
  /** What is seen, as WebP. */
  picture(): Promise<Buffer>;
  close(): Promise<void>;
}

const SIZE = { width: 1500, height: 950 };

export async function aBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'dqm-browser-'));
  const browser = spawn(
    CHROMIUM ?? '',
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let endpoint = '';
  createInterface(browser.stderr).on(
    'line',
    (line) => (endpoint ||= /DevTools listening on ws:\/\/([^/]+)/.exec(line)?.[1] ?? ''),
  );
  await until(() => endpoint !== '');
  const { webSocketDebuggerUrl } = await until(async () => {
    const pages = (await (await fetch(`http://${endpoint}/json/list`)).json()) as DebuggedPage[];
    return pages.find(({ url }) => url === 'about:blank');
  });
  const socket = new WebSocket(webSocketDebuggerUrl);
  await once(socket, 'open');

  let calls = 0;
  const call = async <T>(method: string, params: object): Promise<T> => {
    const id = (calls += 1);
    const answered = new Promise<T>((resolve, reject) => {
      const look = (data: Buffer): void => {
        const answer = JSON.parse(data.toString()) as { id?: number; result: T; error?: { message: string } };
        if (answer.id !== id) return;
        socket.off('message', look);
        if (answer.error) reject(new Error(`${method}: ${answer.error.message}`));
        else resolve(answer.result);
      };
      socket.on('message', look);
    });
    socket.send(JSON.stringify({ id, method, params }));
    return answered;
  };
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result } = await call<{ result: { value: T } }>('Runtime.evaluate', { expression, returnByValue: true });
    return result.value;
  };

  await call('Emulation.setDeviceMetricsOverride', { ...SIZE, deviceScaleFactor: 1, mobile: false });
  return {
    open: async (url) => void (await call('Page.navigate', { url })),
    evaluate,
    text: () => evaluate(ALL_TEXT),
    picture: async () => {
      const { data } = await call<{ data: string }>('Page.captureScreenshot', { format: 'webp', quality: 80 });
      return Buffer.from(data, 'base64');
    },
    close: async () => {
      socket.terminate();
      browser.kill('SIGKILL');
      await once(browser, 'close');
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

const ALL_TEXT = `[document, ...[...document.querySelectorAll('iframe')].map((frame) => frame.contentDocument)]
  .map((each) => each?.body?.innerText ?? '').join('\\n')`;

interface DebuggedPage {
  url: string;
  webSocketDebuggerUrl: string;
}
