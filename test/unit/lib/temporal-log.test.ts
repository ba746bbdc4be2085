import { SdkComponent } from '@temporalio/common';
import type { LogLevel } from '../../../lib/log.ts';
import { temporalLogger } from '../../../lib/temporal-log.ts';

function aLogger() {
  const lines: [LogLevel, string, unknown][] = [];
  const to =
    (level: LogLevel) =>
    (message: string, fields: unknown): void => {
      lines.push([level, message, fields]);
    };
  return {
    lines,
    logger: temporalLogger({ debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') }),
  };
}

test.each([
  [SdkComponent.activity, 'info'],
  [SdkComponent.workflow, 'info'],
  [SdkComponent.worker, 'debug'],
  [SdkComponent.core, 'debug'],
])('what the %s tells at INFO is ours at %s', (sdkComponent, level) => {
  const { lines, logger } = aLogger();
  logger.info('Rendering', { sdkComponent, workflowId: 'job/chairs/1' });
  expect(lines).toEqual([[level, 'Rendering', { workflowId: 'job/chairs/1' }]]);
});

test.each([
  ['TRACE', 'debug'],
  ['DEBUG', 'debug'],
  ['WARN', 'warn'],
  ['ERROR', 'error'],
] as const)('%s is %s, wherever it comes from', (theirs, ours) => {
  const { lines, logger } = aLogger();
  logger.log(theirs, 'Poll failed', { sdkComponent: SdkComponent.core });
  expect(lines).toEqual([[ours, 'Poll failed', {}]]);
});

test('that a render host runs no workflows is no warning', () => {
  const { lines, logger } = aLogger();
  logger.warn('No workflows registered, not polling for workflow tasks', { sdkComponent: SdkComponent.worker });
  expect(lines).toEqual([['debug', 'No workflows registered, not polling for workflow tasks', {}]]);
});

test('a workflow that does not fit its history is told to whoever can say which job it is, and is no warning of its own', () => {
  const lines: string[] = [];
  const to = (level: string) => () => void lines.push(level);
  const log = { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') };
  const onMisfit = jest.fn();
  const failure =
    'Failure { message: "[TMPRL1100] Nondeterminism error: … HistoryEvent(id: 8, ActivityTaskScheduled)" }';
  temporalLogger(log, onMisfit).warn('Failing workflow task', {
    sdkComponent: SdkComponent.core,
    runId: 'run-1',
    failure,
  });
  expect(onMisfit).toHaveBeenCalledWith('run-1', failure);
  expect(lines).toEqual(['debug']);
});
