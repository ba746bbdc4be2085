import { sha256 } from '../contract/ids.ts';
import type { JsonText } from '../contract/job-input.ts';

export interface ResultIdentity {
  queue: string;
  workflowId: string;
  command: string;
  parametersText: JsonText;
  /** Which command of its workflow, from 0. */
  occurrence: number;
  /** 0; each render anew adds one. */
  generation: number;
}

/**
 * Where a command's result lies in the store: the same for each attempt and retry, another for other content. Safe as
 * a path and as an S3 key: `<queue>/<readable>~<hash of the workflow id>/<generation>-<hash of the content>-<occurrence>`.
 */
export function resultKey({ queue, workflowId, command, parametersText, occurrence, generation }: ResultIdentity) {
  const content = sha256(`${command}\0${parametersText}`);
  return `${workflowPrefix(queue, workflowId)}/${generation}-${content}-${occurrence}`;
}

const READABLE_LENGTH = 80;
const HASH_DIGITS = 32;

/** All keys of one workflow begin with this and a slash. */
export function workflowPrefix(queue: string, workflowId: string): string {
  const own = `job/${queue}/`;
  const identity = workflowId.startsWith(own) ? workflowId.slice(own.length) : workflowId;
  const readable = identity.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, READABLE_LENGTH);
  // A queue may be named `..`; the hash tells it from one that is named like its replacement.
  const folder = /^\.+$/.test(queue) ? queue.replaceAll('.', '_') : queue;
  return `${folder}/${readable}~${sha256(workflowId).slice(0, HASH_DIGITS)}`;
}

/** Segments of safe characters, none of them `.` or `..`, nothing absolute: what may become part of a path. */
export const isSafeKey = (key: string): boolean =>
  key.split('/').every((segment) => /^[A-Za-z0-9._~-]+$/.test(segment) && !/^\.{1,2}$/.test(segment));
