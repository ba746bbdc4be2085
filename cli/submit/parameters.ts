import type { JsonText } from '../../lib/contract/job-input.ts';
import { memberText, withMember } from '../../lib/contract/json-text.ts';
import { isJsonObject } from '../../lib/contract/message-body.ts';
import { UsageError } from '../context.ts';

/** Names and the text of their values, in the order of the command line. */
export type Parameters = readonly (readonly [name: string, value: JsonText])[];

/** `--param K=V`: V as it stands when it is JSON, else the text it is. */
export function parametersOf(options: readonly string[]): Parameters {
  return options.map((option) => {
    const equals = option.indexOf('=');
    if (equals < 1) throw new UsageError(`--param ${option}: must be NAME=VALUE, as in --param width=1920`);
    const value = option.slice(equals + 1);
    return [option.slice(0, equals), isJson(value) ? value.trim() : JSON.stringify(value)];
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A job with these parameters in place of its own. What is no job stays as it is: whoever judges it says why. */
export function withParameters(body: Buffer, parameters: Parameters): Buffer {
  if (parameters.length === 0) return body;
  const text = body.toString();
  const own = ownParameters(text);
  if (own === undefined) return body;
  const changed = parameters.reduce((all, [name, value]) => withMember(all, name, value), own);
  return Buffer.from(withMember(text, 'parameters', changed));
}

/** `undefined` where none can be set. */
function ownParameters(text: string): JsonText | undefined {
  if (!isJson(text)) return undefined;
  const job: unknown = JSON.parse(text);
  if (!isJsonObject(job)) return undefined;
  const parameters = job['parameters'] ?? {};
  if (!isJsonObject(parameters)) return undefined;
  return job['parameters'] === parameters ? memberText(text, 'parameters') : '{}';
}
