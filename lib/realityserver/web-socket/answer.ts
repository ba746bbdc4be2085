import { Readable } from 'node:stream';

import type { JsonText } from '../../contract/job-input.ts';
import { elementTexts, memberText } from '../../contract/json-text.ts';
import { RealityServerError, type CommandResult } from '../client.ts';

import { MESSAGE, messageOf, readProgress } from './frames.ts';
import { createTypedReader, jsonTextOf, memberOf } from './typed-values.ts';

/** What a frame means to a connection that has sent one `execute` with one command. */
export type Heard =
  | { heard: 'progress'; percent: number }
  | { heard: 'result'; result: CommandResult }
  | { heard: 'error'; code: number; message: string }
  | { heard: 'nothing' };

/** Fails with `FrameError`, or as JSON does. */
export function readFrame(data: Buffer, isBinary: boolean): Heard {
  if (!isBinary) return readText(data.toString());
  const known = messageOf(data);
  if (known?.message === MESSAGE.progress) return { heard: 'progress', percent: readProgress(data).value };
  if (known?.message !== MESSAGE.response) return { heard: 'nothing' };
  const reader = createTypedReader(data, 4, known.isLittleEndian);
  reader.value(); // the id: only one was sent
  const response = reader.value();
  const results = memberOf(response, 'result');
  const [only] = results?.kind === 'array' ? results.items : [];
  const result = memberOf(only, 'result');
  if (result?.kind === 'binary') {
    const bytes = Readable.from([result.data], { objectMode: false });
    return { heard: 'result', result: { mimeType: result.mimeType, bytes } };
  }
  return readOutcome(jsonTextOf(only ?? response));
}

function readText(text: JsonText): Heard {
  if (memberText(text, 'id') === undefined) return { heard: 'nothing' };
  const results = memberText(text, 'result');
  return readOutcome(results?.startsWith('[') ? (elementTexts(results)[0] ?? text) : text);
}

/** `error.code` 0 is success, as everywhere. */
function readOutcome(outcome: JsonText): Heard {
  const error = memberText(outcome, 'error');
  const { code = 0, message = '' } = (JSON.parse(error ?? '{}') as { code?: number; message?: string } | null) ?? {};
  if (error !== undefined && error !== 'null' && code !== 0) return { heard: 'error', code, message };
  const bytes = Readable.from([Buffer.from(memberText(outcome, 'result') ?? 'null')], { objectMode: false });
  return { heard: 'result', result: { mimeType: 'application/json', bytes } };
}

export const commandError = (command: string, server: string, { code, message }: { code: number; message: string }) =>
  new RealityServerError('CommandFailed', `${command} failed on ${server}: ${message} (code ${code})`, {
    said: `${message} (code ${code})`,
  });
