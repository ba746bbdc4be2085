import type { Readable } from 'node:stream';

import type { JsonText } from '../contract/job-input.ts';

/** What a command gave: a Binary result's bytes with their MIME type, anything else as JSON text. */
export interface CommandResult {
  mimeType: string;
  /** Fails when the connection ends before the answer does. */
  bytes: Readable;
}

export interface RealityServer {
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
