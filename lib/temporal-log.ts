import { SdkComponent, type LogLevel, type LogMetadata, type Logger } from '@temporalio/common';
import type { Log } from './log.ts';

/** A render host runs activities alone, on purpose. */
const EXPECTED = /^No workflows registered/;

/** What the SDK says of its own doings is for whoever debugs it. */
export function temporalLogger(log: Log): Logger {
  const write = (level: LogLevel, message: string, meta: LogMetadata = {}) => {
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
