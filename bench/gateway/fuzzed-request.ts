import type { Fuzz } from '../fuzz.ts';

export const METHODS = [
  'echo',
  'get_version',
  'nothing',
  'dqm_list_jobs',
  'dqm_job_status',
  'queue_manager_submit_job',
  '',
];
const TYPES = ['application/json', 'text/plain', 'x', 'multipart/form-data', ';'];
const VALUES = [
  'null',
  '1',
  '-0',
  '1e999',
  '9007199254740993',
  '"\\u0000"',
  '"ü"',
  '[]',
  '{}',
  'true',
  '"\\ud800"',
  '{"a":',
];
const DEEP = 5_000;

/** JSON-RPC of every broken kind: one call or up to 50, half of them spoiled bytes. */
export function fuzzedRequest(fuzz: Fuzz): { type: string; body: Buffer } {
  const text = fuzz.number(3) === 0 ? `[${fuzz.many(fuzz.number(51), () => call(fuzz)).join(',')}]` : call(fuzz);
  const body = fuzz.number(2) === 0 ? Buffer.from(text) : fuzz.spoiled(Buffer.from(text));
  return { type: fuzz.one(TYPES), body };
}

function call(fuzz: Fuzz): string {
  const members = [
    `"method":${fuzz.number(8) === 0 ? value(fuzz) : JSON.stringify(fuzz.one(METHODS))}`,
    ...(fuzz.number(3) === 0 ? [] : [`"params":${value(fuzz)}`]),
    ...(fuzz.number(3) === 0 ? [] : [`"id":${value(fuzz)}`]),
    ...(fuzz.number(2) === 0 ? [] : ['"jsonrpc":"2.0"']),
  ];
  return `{${members.toSorted(() => fuzz.number(3) - 1).join(',')}}`;
}

/** One of 20 nests deeply, and may be cut off. */
const value = (fuzz: Fuzz): string =>
  fuzz.number(20) === 0 ? `${'['.repeat(DEEP)}${']'.repeat(DEEP - fuzz.number(2))}` : fuzz.one(VALUES);
