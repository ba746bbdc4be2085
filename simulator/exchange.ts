import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import type { JsonText } from '../lib/contract/job-input.ts';

import type { CallRecord } from './calls.ts';
import { commandNamed, faultOf, isControl, type Binary, type Report, type Rooms } from './commands.ts';
import type { Fault } from './faults.ts';
import {
  answerText,
  CODES,
  CommandError,
  failed,
  readRequest,
  type Call,
  type Outcome,
  type Request,
} from '../lib/realityserver/json-rpc.ts';
import { send, spoiled, textBody } from './respond.ts';

export interface ExchangeDeps extends Rooms {
  /** All connections end; listens again after so long, or never. */
  crash(restartAfterMs: number | undefined): void;
}

/** What a call came to; `instead`: the connection gets this and no answer. */
type CallOutcome =
  | { json: Outcome; fault: Fault | undefined }
  | { binary: Binary; fault: Fault | undefined }
  | { instead: Fault };

/** Answers one request: its calls run in turn, a Binary result replaces the JSON of all. */
export async function exchange(text: string, response: ServerResponse, deps: ExchangeDeps): Promise<void> {
  const records: CallRecord[] = [];
  const end = (): void => records.forEach(deps.calls.end);
  response.once('close', () => {
    if (!response.writableFinished) for (const record of records) record.closed = true;
  });
  try {
    await answer(readRequest(text), text, response, deps, records, end);
  } catch (error) {
    await send(response, 200, textBody(answerText({ id: 'null', isVersion2: true }, failed(error))), end);
  } finally {
    end();
  }
}

async function answer(
  { isArray, calls }: Request,
  text: string,
  response: ServerResponse,
  deps: ExchangeDeps,
  records: CallRecord[],
  end: () => void,
): Promise<void> {
  const texts: JsonText[] = [];
  let body = textBody('');
  let replaced = false;
  let fault: Fault | undefined;
  for (const call of calls) {
    const record = isControl(call.method) ? undefined : deps.calls.begin(call.method, text);
    if (record) records.push(record);
    const outcome = await outcomeOf(call, deps);
    if ('instead' in outcome) return fail(outcome.instead, call, response, deps, end);
    fault = outcome.fault ?? fault;
    if ('json' in outcome) {
      texts.push(answerText(call, outcome.json));
      if (record) deps.calls.end(record);
    } else if (!replaced) {
      body = outcome.binary;
      replaced = true;
    }
  }
  if (!replaced) body = textBody(isArray ? `[${texts.join(',')}]` : (texts[0] ?? ''));
  await send(response, 200, spoiled(body, fault), end);
}

/** Runs one call, with the fault that is planned for it. `report`: its progress in percent, for who can be told. */
export async function outcomeOf(
  call: Pick<Call, 'method' | 'parameters'>,
  deps: ExchangeDeps,
  report: Report = () => undefined,
): Promise<CallOutcome> {
  try {
    const command = commandNamed(call.method);
    const fault = isControl(call.method) ? undefined : faultOf(call.method, call.parameters, deps);
    if (fault) {
      await delay(fault.after_ms);
      if (fault.kind === 'error_code') throw new CommandError(fault.code, fault.message);
      if (replacesAnswer(fault)) return { instead: fault };
    }
    const result = await deps.stops.orStopped(Promise.resolve(command(call.parameters, deps, report)));
    return 'json' in result ? { json: { result: result.json }, fault } : { binary: result, fault };
  } catch (error) {
    return { json: failed(error), fault: undefined };
  }
}

const replacesAnswer = ({ kind }: Fault): boolean => ['http_500', 'hang', 'close', 'crash'].includes(kind);

async function fail(
  fault: Fault,
  call: Call,
  response: ServerResponse,
  deps: ExchangeDeps,
  end: () => void,
): Promise<void> {
  switch (fault.kind) {
    case 'http_500': {
      const error = new CommandError(CODES.internal, 'The simulator was asked to fail');
      const body = fault.json_rpc
        ? textBody(answerText(call, failed(error)))
        : textBody('The simulator was asked to fail\n', 'text/plain');
      return send(response, fault.status, body, end);
    }
    case 'hang':
      if (!response.destroyed) await once(response, 'close');
      return;
    case 'close':
      response.destroy();
      return;
    case 'crash':
      deps.crash(fault.restart_after_ms);
  }
}
