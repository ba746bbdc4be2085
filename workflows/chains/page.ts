import { setCurrentDetails, upsertSearchAttributes, type ApplicationFailure } from '@temporalio/workflow';

import type { RenderedCommand } from '../../activities/command.ts';
import { DqmError, DqmGpuSeconds, DqmHost, DqmState } from '../../lib/contract/search-attributes.ts';
import type { JobState } from '../../lib/contract/states.ts';
import type { JobEnding } from '../ending.ts';

/** What people see of a chain in Temporal's UI. */
export interface ChainPage extends JobEnding {
  /** The number of this call of `command`, from 1. */
  commandAsked(): number;
  commandBegins(): void;
  commandRendered(rendered: RenderedCommand): void;
  /** Gives what to call when the task has ended. */
  deliveryBegins(): () => void;
  delivered(task: string, destination: string): void;
  /** `what` a person is asked; gives what to call once it is decided. */
  approvalBegins(what: string): () => void;
  progress(percent: number, note: string | undefined): void;
  remark(text: string): void;
}

/** The last deliveries and remarks, so that details stay short. */
const MOST_LINES = 20;

/** An upsert is an event, so only a change of the state makes one. Details cost none. */
export function createChainPage(firstState: JobState): ChainPage {
  const commands = { asked: 0, rendered: 0, gpuSeconds: 0, host: undefined as string | undefined };
  const approvals = new Set<string>();
  const lines: string[] = [];
  let deliveries = 0;
  let state = firstState;
  let said: string | undefined;

  function show(): void {
    const { asked, rendered, gpuSeconds, host } = commands;
    const head = [`**${state}**`];
    if (said !== undefined) head.push(said);
    for (const what of approvals) head.push(`waits for ${what}`);
    head.push(`${rendered} of ${asked} commands done, ${gpuSeconds.toFixed(1)} s on the GPU`);
    if (host !== undefined) head.push(`last on ${host}`);
    if (lines.length > 0) head.push(lines.map((text) => `- ${text}`).join('\n'));
    setCurrentDetails(head.join('\n\n'));
  }

  /** A person is waited for, else tasks deliver, else commands are due. */
  function look(): void {
    const now = approvals.size > 0 ? 'approval' : deliveries > 0 ? 'delivering' : 'waiting';
    if (now !== state) upsertSearchAttributes([{ key: DqmState, value: now }]);
    state = now;
    show();
  }

  function end(last: JobState, error?: ApplicationFailure): void {
    const { host, gpuSeconds } = commands;
    state = last;
    upsertSearchAttributes([
      { key: DqmState, value: last },
      ...(error ? [{ key: DqmError, value: error.type ?? 'unknown' }] : []),
      ...(host === undefined ? [] : [{ key: DqmHost, value: host }]),
      ...(host === undefined ? [] : [{ key: DqmGpuSeconds, value: gpuSeconds }]),
    ]);
    if (error) said = `${error.type}: ${error.message}`;
    show();
  }

  const line = (text: string): void => {
    lines.push(text);
    if (lines.length > MOST_LINES) lines.shift();
    show();
  };

  show();
  return {
    commandAsked: () => {
      // Whoever reads while a chain asks for thousands sees the number when the first has ended.
      commands.asked += 1;
      return commands.asked;
    },
    // Only now back to `waiting`: most chains deliver last.
    commandBegins: () => void (state === 'delivering' && look()),
    commandRendered: ({ host, gpuSeconds }) => {
      commands.rendered += 1;
      commands.gpuSeconds += gpuSeconds;
      commands.host = host;
      show();
    },
    deliveryBegins: () => {
      deliveries += 1;
      look();
      return () => {
        deliveries -= 1;
        show();
      };
    },
    delivered: (task, destination) => line(`${task}: done, ${destination}`),
    approvalBegins: (what) => {
      approvals.add(what);
      look();
      return () => {
        approvals.delete(what);
        look();
      };
    },
    progress: (percent, note) => {
      said = note === undefined ? `${percent} %` : `${percent} %, ${note}`;
      show();
    },
    remark: line,
    deadLetter: (text) => line(`dead letter: ${text}`),
    completed: () => end('completed'),
    cancelled: () => end('cancelled'),
    failed: (failure) => end('failed', failure),
  };
}
