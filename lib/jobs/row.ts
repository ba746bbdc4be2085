import type { WorkflowExecutionInfo } from '@temporalio/client';

import type { JobMemo } from '../contract/job-input.ts';
import { PRIORITIES, REJECTED_WORKFLOW } from '../contract/names.ts';
import { DqmError, DqmGpuSeconds, DqmHost, DqmMessageId, DqmQueue, DqmTenant } from '../contract/search-attributes.ts';

import type { JobRow, Priority } from './job-view.ts';
import { jobLink } from './links.ts';
import type { PendingActivity } from './pending.ts';
import { endedBy, recordedState, type Execution } from './state.ts';

/** What a list and a description have in common. */
export interface ExecutionInfo
  extends
    Execution,
    Pick<WorkflowExecutionInfo, 'type' | 'workflowId' | 'runId' | 'startTime' | 'closeTime' | 'memo'> {}

/** Where links lead to. */
export interface UiPlace {
  uiUrl: string | null;
  namespace: string;
}

/** `running`: the command that is on a GPU now, as far as it is known. */
export function jobRow(info: ExecutionInfo, ui: UiPlace, running?: PendingActivity): JobRow {
  const { workflowId, runId, typedSearchAttributes: attributes } = info;
  const memo: Partial<JobMemo> = info.memo ?? {};
  const isRejected = info.type === REJECTED_WORKFLOW;
  const recorded = recordedState(info);
  const state = recorded === 'waiting' && running ? 'running' : recorded;
  const queue = attributes.get(DqmQueue) ?? '';
  return {
    job_id: isRejected ? null : (memo.job_id ?? identityOf(workflowId, queue)),
    workflow_id: workflowId,
    run_id: runId,
    queue,
    command: isRejected ? null : info.type,
    state,
    message_id: memo.message_id ?? attributes.get(DqmMessageId) ?? null,
    tenant: memo.tenant ?? attributes.get(DqmTenant) ?? null,
    priority: priorityOf(memo.priority),
    host: running?.host ?? attributes.get(DqmHost) ?? null,
    created: info.startTime.toISOString(),
    started: running?.startedAt?.toISOString() ?? null,
    ended: info.closeTime?.toISOString() ?? null,
    gpu_seconds: attributes.get(DqmGpuSeconds) ?? null,
    error: errorOf(info, state),
    ui_url: jobLink(ui.uiUrl, ui.namespace, workflowId, runId),
  };
}

const identityOf = (workflowId: string, queue: string): string => {
  const prefix = `job/${queue}/`;
  return workflowId.startsWith(prefix) ? workflowId.slice(prefix.length) : workflowId;
};

const priorityOf = (key: JobMemo['priority'] | undefined): Priority | null =>
  key ? (PRIORITIES[key - 1] ?? null) : null;

function errorOf(info: ExecutionInfo, state: JobRow['state']): { type: string } | null {
  if (state !== 'failed' && state !== 'rejected') return null;
  const type = info.typedSearchAttributes.get(DqmError) ?? endedBy(info);
  return type === undefined ? null : { type };
}
