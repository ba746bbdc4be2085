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

/** Opens a page without a window and gives what an element says once it says something else than at first. */
export async function shownBy(url: string, element: string, atFirst: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'dqm-browser-'));
  const options = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
  ];
  const browser = spawn(CHROMIUM ?? '', [...options, url], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    let endpoint = '';
    createInterface(browser.stderr).on(
      'line',
      (line) => (endpoint ||= /DevTools listening on ws:\/\/([^/]+)/.exec(line)?.[1] ?? ''),
    );
    await until(() => endpoint !== '');
    const page = await until(async () => {
      const pages = (await (await fetch(`http://${endpoint}/json/list`)).json()) as DebuggedPage[];
      return pages.find((each) => each.url === url);
    });
    const socket = new WebSocket(page.webSocketDebuggerUrl);
    await once(socket, 'open');
    const text = await until(async () => {
      const expression = `document.querySelector(${JSON.stringify(element)})?.textContent ?? ${JSON.stringify(atFirst)}`;
      socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
      const [answer] = (await once(socket, 'message')) as [Buffer];
      const { result } = JSON.parse(answer.toString()) as { result: { result: { value: string } } };
      return result.result.value !== atFirst && result.result.value;
    });
    socket.terminate();
    return text;
  } finally {
    browser.kill('SIGKILL');
    await once(browser, 'close');
    rmSync(profile, { recursive: true, force: true });
  }
}

interface DebuggedPage {
  url: string;
  webSocketDebuggerUrl: string;
}
