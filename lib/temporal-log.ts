import { SdkComponent, type LogLevel, type LogMetadata, type Logger } from '@temporalio/common';
import type { Log } from './log.ts';

/** The workflow of this run cannot go on: its code does not do what its history says. */
export type OnMisfit = (runId: string, reason: string) => void;

/** A render host runs activities alone, on purpose. */
const EXPECTED = /^No workflows registered/;

const MISFIT = /Nondeterminism error/;

/** What the SDK says of its own doings is for whoever debugs it; a misfit is for `onMisfit`, which can say more. */
export function temporalLogger(log: Log, onMisfit?: OnMisfit): Logger {
  const write = (level: LogLevel, message: string, meta: LogMetadata = {}) => {
    const { runId, failure } = meta as { runId?: unknown; failure?: unknown };
    if (onMisfit && typeof runId === 'string' && MISFIT.test(String(failure))) {
      onMisfit(runId, String(failure));
      return log.debug(message, meta);
    }
    const { sdkComponent, ...fields } = meta;
    const inner = sdkComponent === SdkComponent.worker || sdkComponent === SdkComponent.core;
    switch (level) {
      case 'ERROR':
        return log.error(message, fields);
      case 'WARN':
        return EXPECTED.test(message) ? log.debug(message, fields) : log.warn(message, fields);
      case 'INFO':
        return inner ? log.debug(message, fields) : log.info(message, fields);
      case 'DEBUG':
      case 'TRACE':
        return log.debug(message, fields);
      default:
        return level satisfies never;
    }
  };
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}
