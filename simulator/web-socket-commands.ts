import { once } from 'node:events';

import type { WebSocket } from 'ws';

import type { JsonText } from '../lib/contract/job-input.ts';
import { elementTexts, memberText } from '../lib/contract/json-text.ts';
import { MESSAGE, messageOf, progressFrame, responseFrame } from '../lib/realityserver/web-socket/frames.ts';
import { createTypedReader, jsonTextOf, type BinaryValue } from '../lib/realityserver/web-socket/typed-values.ts';

import { isControl, type Binary } from './commands.ts';
import { outcomeOf, type ExchangeDeps } from './exchange.ts';
import { CODES, CommandError, failed } from '../lib/realityserver/json-rpc.ts';

/** One message of a client, whichever form it came in. */
interface Message {
  command: string;
  /** Of the message; what a command holds is inside. */
  body: JsonText;
  /** `null`: no answer is wanted. */
  id: number | string | null;
}

/** What a message, and each command of an `execute`, came to. */
type Result = { result: unknown } | { error: { code: number; message: string } };

/** Takes a client's messages, one after another; those marked `longrunning` go beside the others. */
export function takeCommands(webSocket: WebSocket, deps: ExchangeDeps): void {
  let before = Promise.resolve();
  webSocket.on('message', (data: Buffer, isBinary: boolean) => {
    const message = readMessage(data, isBinary);
    if (message === undefined) return;
    const turn = isLongRunning(message) ? Promise.resolve() : before;
    const done = turn.then(() => answer(message, webSocket, deps, isBinary));
    if (!isLongRunning(message)) before = done;
  });
}

const isLongRunning = ({ body }: Message): boolean => memberText(argumentsOf(body), 'longrunning') === 'true';

const argumentsOf = (body: JsonText): JsonText => {
  const text = memberText(body, 'arguments') ?? '';
  return text.startsWith('{') ? text : '{}';
};

/** `undefined`: nothing to be answered, such as the acknowledgement of a picture. */
function readMessage(data: Buffer, isBinary: boolean): Message | undefined {
  try {
    if (isBinary && messageOf(data)?.message !== MESSAGE.command) return undefined;
    const body = isBinary ? jsonTextOf(createTypedReader(data, 4).value()) : data.toString();
    const { command, id } = JSON.parse(body) as Partial<Message>;
    return command === undefined ? undefined : { command, body, id: id ?? null };
  } catch {
    return undefined;
  }
}

async function answer(message: Message, webSocket: WebSocket, deps: ExchangeDeps, isBinary: boolean): Promise<void> {
  const response = await responseTo(message, webSocket, deps).catch(failed);
  if (message.id === null || response === undefined) return;
  const isText = !isBinary && !holdsBytes(response);
  webSocket.send(
    isText ? JSON.stringify({ id: message.id, ...response }) : responseFrame(message.id, response),
    () => undefined,
  );
}

const holdsBytes = (response: Result): boolean =>
  'result' in response &&
  Array.isArray(response.result) &&
  (response.result as { result?: Partial<BinaryValue> | null }[]).some(({ result }) => Buffer.isBuffer(result?.data));

/** `undefined`: a fault took the answer. */
async function responseTo(
  { command, body }: Message,
  webSocket: WebSocket,
  deps: ExchangeDeps,
): Promise<Result | undefined> {
  switch (command) {
    case 'execute': {
      const results = await execute(elementTexts(memberText(argumentsOf(body), 'commands') ?? '[]'), webSocket, deps);
      return results && { result: results };
    }
    case 'set_transfer_rate':
    case 'associate_scope':
      return { result: {} };
    default:
      return failed(new CommandError(CODES.method, `The simulator does not know ${command}`));
  }
}

async function execute(
  commands: readonly JsonText[],
  webSocket: WebSocket,
  deps: ExchangeDeps,
): Promise<Result[] | undefined> {
  const results: Result[] = [];
  for (const text of commands) {
    const result = await resultOf(text, webSocket, deps);
    if (result === undefined) return undefined;
    results.push(result);
  }
  return results;
}

async function resultOf(text: JsonText, webSocket: WebSocket, deps: ExchangeDeps): Promise<Result | undefined> {
  const method = JSON.parse(memberText(text, 'name') ?? '""') as string;
  const parameters = memberText(text, 'params') ?? '{}';
  const record = isControl(method) ? undefined : deps.calls.begin(method, text);
  const onClose = (): void => void (record && (record.closed = true));
  webSocket.once('close', onClose);
  try {
    const report = (value: number): void =>
      webSocket.send(
        progressFrame({ id: importId(parameters) ?? method, value, area: method, message: `${Math.round(value)} %` }),
        () => undefined,
      );
    const outcome = await outcomeOf({ method, parameters }, deps, report);
    if ('binary' in outcome) return { result: gathered(outcome.binary) };
    if ('json' in outcome)
      return 'result' in outcome.json ? { result: JSON.parse(outcome.json.result) as unknown } : outcome.json;
    switch (outcome.instead.kind) {
      case 'crash':
        deps.crash(outcome.instead.restart_after_ms);
        return undefined;
      case 'hang':
        if (webSocket.readyState !== webSocket.CLOSED) await once(webSocket, 'close');
        return undefined;
      case 'close':
        webSocket.terminate();
        return undefined;
      default:
        return failed(new Error('The simulator was asked to fail'));
    }
  } finally {
    webSocket.off('close', onClose);
    if (record) deps.calls.end(record);
  }
}

const importId = (parameters: JsonText): string | undefined => {
  const text = memberText(parameters, 'import_id');
  return text?.startsWith('"') ? (JSON.parse(text) as string) : undefined;
};

const gathered = ({ mimeType, chunks }: Binary): BinaryValue => ({ mimeType, data: Buffer.concat([...chunks]) });
