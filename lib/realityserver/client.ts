import type { Readable } from 'node:stream';

import type { JsonText } from '../contract/job-input.ts';

/** What a command gave: a Binary result's bytes with their MIME type, anything else as JSON text. */
export interface CommandResult {
  mimeType: string;
  /** Fails when the connection ends before the answer does. */
  bytes: Readable;
}

/** Told whenever a command shows that it goes on: percent of it, or of its answer's bytes; undefined when nobody knows. */
export type OnProgress = (percent: number | undefined) => void;

/** A command that was sent. Whoever started it ends it: with its last byte, by `discard` or by `close`. */
export interface CommandRun {
  /** Fails with a `RealityServerError`, or with what it was closed for. */
  readonly answer: Promise<CommandResult>;
  /** The connection has ended, however it did: the server is done with this command, or gone. Never rejects. */
  readonly ended: Promise<void>;
  /** Nobody wants the answer any more: what comes is read and thrown away, so that its end is seen. */
  discard(): void;
  /** Ends the connection at once; the server may go on. */
  close(reason: Error): void;
}

export interface RealityServer {
  /** Sends one command, whose connection outlives the wish for its answer. */
  start(command: string, parameters: JsonText, onProgress?: OnProgress): CommandRun;
  /**
   * Runs one command. Aborting closes the connection; the server may go on. Fails with a `RealityServerError`.
   * `error.code` 0 is success, HTTP status says nothing, binary commands fail in JSON (RealityServer's clients, [client]).
   */
  run(command: string, parameters: JsonText, signal: AbortSignal): Promise<CommandResult>;
  /** `get_version` answered with a string: the server is ready. Fails like `run`. */
  version(signal: AbortSignal): Promise<string>;
}

export interface RealityServerErrorOptions extends ErrorOptions {
  /** Default: false. */
  connectionBroke?: boolean;
  /** The server's own words. */
  said?: string;
}

/** Whether the host, the command or the request is at fault. */
export class RealityServerError extends Error {
  override readonly name = 'RealityServerError';
  readonly type: 'HostFault' | 'CommandFailed' | 'BadRequest' | 'UnexpectedResult';
  /** The command's own connection was open and ended before the whole answer was here: the command may be the reason. */
  readonly connectionBroke: boolean;
  /** Of an answer that was a JSON-RPC error: its message, without ours around it. */
  readonly said: string | undefined;

  constructor(type: RealityServerError['type'], message: string, options: RealityServerErrorOptions = {}) {
    super(message, options);
    this.type = type;
    this.connectionBroke = options.connectionBroke ?? false;
    this.said = options.said;
  }
}
