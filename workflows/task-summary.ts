import type { JobInput, TaskSpec } from '../lib/contract/job-input.ts';

/** Temporal takes 400 bytes, a character has four at most, and a line of its page shows no more. */
const LONGEST = 100;

/** `s3_upload → s3://results/chairs/m-1.…`: a delivery in Temporal's page. Of an address never user info or query. */
export function taskSummary({ name, config }: TaskSpec, variables: Readonly<Record<string, string>>): string {
  const place = placeOf(config);
  if (place === undefined) return name;
  const filled = place.replace(/\$\{(\w+)\}/g, (_, variable: string) => variables[variable] ?? '…');
  const text = Array.from(`${name} → ${filled}`);
  return text.length <= LONGEST ? text.join('') : `${text.slice(0, LONGEST - 1).join('')}…`;
}

/** What stands for `${…}` in a task's configuration; the result's extension is known to the task alone. */
export const taskVariables = ({ messageId, jobId, queue, command }: JobInput) => ({
  message_id: messageId,
  job_id: jobId,
  queue_name: queue,
  command,
});

function placeOf({ bucket, key, postback_uri: address }: Record<string, unknown>): string | undefined {
  if (typeof bucket === 'string' && typeof key === 'string') return `s3://${bucket}/${key}`;
  if (typeof address !== 'string') return undefined;
  const [, scheme = '', host = '', path = ''] = /^([a-z]+:\/\/)(?:[^/?#]*@)?([^/?#]*)([^?#]*)/i.exec(address) ?? [];
  return host === '' ? undefined : `${scheme}${host}${path}`;
}
