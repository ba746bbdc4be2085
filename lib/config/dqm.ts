import { join } from 'node:path';

import { refusedUrl } from '../postback/address-rules.ts';

import { bucket, hostAndPort, hostPattern, httpUrl, isLoopback, linkUrl, origin, serverUrl } from './addresses.ts';
import { commandsOf, taskSettingsOf } from './commands.ts';
import type { DqmConfig } from './config.ts';
import { duration } from './durations.ts';
import { LONGEST_TIMER, MOST_ATTEMPTS } from './limits.ts';
import type { Machine } from './machine.ts';
import { placeText, type Notes, type Place } from './notice.ts';
import { resultStore } from './result-store.ts';
import type { Reading, Section, Stated } from './section.ts';
import { durationFrom, hostName, oneOf, onOff, path, secret, text, wholeNumber } from './values.ts';

/** Brokers take no larger ones by default: SQS 1 MiB, RabbitMQ 16 MiB, 128 MiB before its version 4. */
const LARGEST_MESSAGE = 128 * 1024 * 1024;
const DEFAULT_MESSAGE = 1024 * 1024;

/** `<user dqm>` with its defaults. */
export function dqmOf(
  section: Section<'dqm'>,
  machine: Machine,
  allowCommands: ReadonlySet<string>,
  reading: Reading,
): DqmConfig {
  const dataFolder = dataFolderOf(section, machine, reading.notes);
  return {
    ...engineOf(section),
    dataFolder,
    hostName: section.one('host_name', hostName) ?? machine.hostName,
    realityServerUrls: distinct(section.all('realityserver_url', serverUrl), 'realityserver_url', reading.notes),
    resultStore: section.one('result_store', resultStore) ?? { kind: 'file', root: join(dataFolder, 'results') },
    stagingFolder: section.one('staging_folder', path) ?? join(dataFolder, 'staging'),
    ...limitsOf(section),
    canaryCommand: section.one('canary_command', text) ?? 'get_version',
    progress: section.one('progress', oneOf('http', 'websocket')) ?? 'http',
    gateway: gatewayOf(section, reading.notes),
    metricsAddress: section.one('metrics_address', hostAndPort(0)) ?? '127.0.0.1:9464',
    ...optional('chainsModule', section.one('chains_module', path)),
    ...optional('tasksModule', section.one('tasks_module', path)),
    allowBuckets: section.all('allow_bucket', bucket).map(({ value }) => value),
    allowPostbacks: section.all('allow_postback', hostPattern).map(({ value }) => value),
    ...optional('signingSecret', section.one('signing_secret', secret)),
    ...optional('failureWebhook', failureWebhookOf(section, reading.notes)),
    ...optional('approvalWebhook', approvalWebhookOf(section, reading.notes)),
    taskSettings: taskSettingsOf(section.nested('task'), reading),
    commands: commandsOf(section.nested('command'), allowCommands, reading),
  };
}

function engineOf(section: Section<'dqm'>): Pick<DqmConfig, 'temporalAddress' | 'temporalNamespace' | 'temporalUiUrl'> {
  return {
    ...optional('temporalAddress', section.one('temporal_address', hostAndPort(1))),
    temporalNamespace: section.one('temporal_namespace', text) ?? 'default',
    ...optional('temporalUiUrl', section.one('temporal_ui_url', linkUrl)),
  };
}

function limitsOf(section: Section<'dqm'>) {
  return {
    resultRetentionMs: section.one('result_retention', durationFrom('1m', '3650d')) ?? duration('7d'),
    commandTimeoutMs: section.one('command_timeout', durationFrom('1s', LONGEST_TIMER)) ?? duration('2h'),
    commandAttempts: section.one('command_attempts', wholeNumber(1, MOST_ATTEMPTS)) ?? 3,
    // Hosts beat once a second.
    heartbeatTimeoutMs: section.one('heartbeat_timeout', durationFrom('2s', '1h')) ?? duration('30s'),
    stallTimeoutMs: section.one('stall_timeout', durationFrom('0s', LONGEST_TIMER)) ?? 0,
    drainTimeoutMs: section.one('drain_timeout', durationFrom('0s', LONGEST_TIMER)) ?? duration('10m'),
    maxStagingJobs: section.one('max_staging_jobs', wholeNumber(1, 1_000)) ?? 2,
    abandonedWaitMs: section.one('abandoned_wait', durationFrom('0s', LONGEST_TIMER)) ?? duration('10m'),
    taskRetryWindowMs: section.one('task_retry_window', durationFrom('1s', LONGEST_TIMER)) ?? duration('3d'),
    maxMessageBytes: section.one('max_message_bytes', wholeNumber(1, LARGEST_MESSAGE)) ?? DEFAULT_MESSAGE,
  };
}

function dataFolderOf(section: Section<'dqm'>, machine: Machine, notes: Notes): string {
  const stated = section.one('data_folder', path);
  const folder = stated ?? machine.dataFolder;
  if (folder === undefined && !section.placeOf('data_folder')) {
    notes.mistake(section.place, '<user dqm> needs data_folder: this user has no home folder');
  }
  return folder ?? '';
}

function gatewayOf(section: Section<'dqm'>, notes: Notes): DqmConfig['gateway'] {
  const address = section.one('gateway_address', hostAndPort(0)) ?? '127.0.0.1:8090';
  const open = section.one('gateway_open', onOff) ?? false;
  const token = section.one('gateway_token', secret);
  if (!isLoopback(address) && !open && !section.placeOf('gateway_token')) {
    notes.mistake(
      section.placeOf('gateway_address') ?? section.place,
      'gateway_address is not loopback: it needs gateway_token, or gateway_open on',
    );
  }
  return {
    address,
    open,
    ...optional('url', section.one('gateway_url', linkUrl)),
    ...optional('token', token),
    origins: section.all('gateway_origin', origin).map(({ value }) => value),
  };
}

function failureWebhookOf(section: Section<'dqm'>, notes: Notes): string | undefined {
  const url = section.one('failure_webhook', httpUrl);
  const refused = url === undefined ? undefined : refusedUrl(new URL(url), []);
  if (refused !== undefined)
    notes.mistake(section.placeOf('failure_webhook') ?? section.place, `failure_webhook: ${refused}`);
  return url;
}

function approvalWebhookOf(section: Section<'dqm'>, notes: Notes): string | undefined {
  const place = section.placeOf('approval_webhook');
  if (place && !(section.placeOf('gateway_url') && section.placeOf('signing_secret'))) {
    notes.mistake(place, 'approval_webhook needs gateway_url and signing_secret');
  }
  return section.one('approval_webhook', httpUrl);
}

/** A server that stood twice would get two commands at once. */
function distinct(stated: readonly Stated<string>[], name: string, notes: Notes): string[] {
  const places = new Map<string, Place>();
  for (const { value, place } of stated) {
    const first = places.get(value);
    if (first) notes.mistake(place, `${name} names the server of ${placeText(first)} again`);
    else places.set(value, place);
  }
  return [...places.keys()];
}

/** Under `exactOptionalPropertyTypes` an absent property and an undefined one differ. */
const optional = <Key extends string>(key: Key, value: string | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [K in Key]?: string };
