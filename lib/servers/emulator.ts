import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keep } from './keep.ts';

/** An SQS and S3 emulator. What it holds is in memory and ends with it. */
export interface Emulator {
  /** For `endpoint`; any region and any credentials will do, S3 with `path_style on`. */
  readonly endpoint: string;
  /** Rejects when it ended by itself. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  env: NodeJS.ProcessEnv;
  /** Default: a free one, on the loopback interface. */
  port?: number;
}

export async function startEmulator({ env, port = 0 }: EmulatorOptions): Promise<Emulator> {
  const main = fileURLToPath(new URL('emulator-main.mjs', import.meta.url));
  const kept = keep({ command: process.execPath, args: [main, String(port)], env, folder: dirname(main) });
  return { endpoint: await kept.line('listening on '), done: kept.done, stop: kept.stop };
}
