import { setTimeout as delay } from 'node:timers/promises';

import type { Connection } from '@temporalio/client';
import type { SearchAttributeType } from '@temporalio/common';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { msToTs, optionalTsToMs } from '@temporalio/common/lib/time.js';
import { SEARCH_ATTRIBUTES } from '../contract/search-attributes.ts';
import { isGrpcStatus } from '../grpc.ts';
import { errorText, type Log } from '../log.ts';

/** Recognised redeliveries, `dqm retry` and `dqm jobs` reach back this far. Temporal's dev server keeps one day. */
const RETENTION_DAYS = 30;
const DAY_MS = 86_400_000;
/** An engine answers these in milliseconds, but for a namespace that is new. */
const CALL_LIMIT_MS = 30_000;
const NAMESPACE_WAIT_MS = 200;

export interface PrepareOptions {
  namespace: string;
  /** Default 30. A longer one that the namespace has stays. */
  retentionDays?: number;
  log: Log;
}

/**
 * Gives an engine what jobs need: the namespace, its retention, our search attributes. Returns what it changed, one
 * sentence each; safe to repeat. Rejects with what to do by hand when these credentials may not.
 */
export async function prepareNamespace(connection: Connection, options: PrepareOptions): Promise<string[]> {
  const { namespace, retentionDays = RETENTION_DAYS, log } = options;
  const changes = [
    ...(await withinLimit(connection, () => keepClosedJobs(connection, namespace, retentionDays))),
    ...(await withinLimit(connection, () => addSearchAttributes(connection, namespace))),
  ];
  if (changes.length > 0) log.info('Namespace prepared', { namespace, changes });
  return changes;
}

async function keepClosedJobs(connection: Connection, namespace: string, days: number): Promise<string[]> {
  const retention = msToTs(days * DAY_MS);
  const current = await keptDays(connection, namespace);
  if (current === undefined) {
    await orSayWhatToDo(
      `create the namespace ${namespace} with a retention of ${days} days`,
      connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention }),
    );
    return [`namespace ${namespace} created, closed jobs are kept for ${days} days`];
  }
  if (current >= days) return [];
  await orSayWhatToDo(
    `set the retention of the namespace ${namespace} to ${days} days`,
    connection.workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl: retention } }),
  );
  return [`closed jobs are kept for ${days} days instead of ${current}`];
}

/** How long the engine keeps jobs that have ended; undefined: no such namespace. */
export async function keptDays(connection: Connection, namespace: string): Promise<number | undefined> {
  const description = connection.workflowService.describeNamespace({ namespace }).catch((error: unknown) => {
    if (isGrpcStatus(error, 'notFound')) return undefined;
    throw error;
  });
  const found = await orSayWhatToDo(`look at the namespace ${namespace}`, description);
  return found && (optionalTsToMs(found.config?.workflowExecutionRetentionTtl) ?? 0) / DAY_MS;
}

async function addSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const wanted = SEARCH_ATTRIBUTES.map(({ name }) => name).join(', ');
  const advice = `add the search attributes ${wanted} to the namespace ${namespace}`;
  const { customAttributes } = await orSayWhatToDo(
    advice,
    whenKnown(() => connection.operatorService.listSearchAttributes({ namespace })),
  );
  const wrong = SEARCH_ATTRIBUTES.find(
    ({ name, type }) => customAttributes[name] !== undefined && customAttributes[name] !== indexedType(type),
  );
  if (wrong)
    throw new Error(
      `the search attribute ${wrong.name} of the namespace ${namespace} has another type than ${wrong.type}`,
    );
  const missing = SEARCH_ATTRIBUTES.filter(({ name }) => customAttributes[name] === undefined);
  if (missing.length === 0) return [];
  const searchAttributes = Object.fromEntries(missing.map(({ name, type }) => [name, indexedType(type)]));
  await orSayWhatToDo(advice, connection.operatorService.addSearchAttributes({ namespace, searchAttributes }));
  return [`search attributes added: ${missing.map(({ name }) => name).join(', ')}`];
}

/** The number under which Temporal's interface knows a type. */
export function indexedType(type: SearchAttributeType) {
  const number = encodeSearchAttributeIndexedValueType(type);
  if (number === undefined) throw new Error(`Temporal knows no search attributes of the type ${type}`);
  return number;
}

/** A namespace made a moment ago is known to the whole engine only with its next look at the list, up to 10 s later. */
async function whenKnown<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isGrpcStatus(error, 'notFound')) throw error;
      await delay(NAMESPACE_WAIT_MS);
    }
  }
}

/** Managed engines let only their own tools do this. */
async function orSayWhatToDo<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const refused = isGrpcStatus(error, 'permissionDenied', 'unauthenticated', 'unimplemented');
    const prefix = refused ? `these credentials may not ${what}; somebody who may must do it` : `cannot ${what}`;
    throw new Error(`${prefix}: ${errorText(error)}`, { cause: error });
  }
}

const withinLimit = <T>(connection: Connection, work: () => Promise<T>): Promise<T> =>
  connection.withDeadline(Date.now() + CALL_LIMIT_MS, work);
