import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a function of a script returns. The scripts are modules that Jest cannot load: they run in a Node of their own. */
export async function runScript(file: string, name: string, ...args: unknown[]): Promise<unknown> {
  return JSON.parse(await evaluate(`console.log(JSON.stringify(await ${call(file, name, JSON.stringify(args))}))`));
}

/** What such a module prints. Rejects with its error. */
export async function evaluate(code: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], { env });
  return stdout;
}

/** `args`: the text of an array. */
export const call = (file: string, name: string, args: string): string =>
  `(await import('${pathToFileURL(file).href}')).${name}(...${args})`;
