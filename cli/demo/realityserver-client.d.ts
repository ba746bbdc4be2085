/** What is used here of the vendor's client, which comes without types. */
declare module '@migenius/realityserver-client' {
  export class Command {
    readonly name: string;
    constructor(name: string, parameters?: object);
  }
  export interface CommandQueue {
    queue(command: Command, wantResponse?: boolean): CommandQueue;
    execute(): Promise<unknown[]>;
  }
  export interface ExecuteOptions {
    want_response?: boolean;
    scope_name?: string;
    longrunning?: boolean;
  }
  export class Service {
    debug_commands: boolean;
    readonly connected_protocol_version: number;
    /** An address, or a WebSocket that is not open yet. */
    connect(socket: unknown): Promise<void>;
    close(): void;
    queue_commands(options?: ExecuteOptions): CommandQueue;
    execute_command(command: Command, options?: ExecuteOptions): Promise<unknown[]>;
    associate_scope(name: string): Promise<unknown>;
    create_stream(): { start(options: object): Promise<void> };
    on(event: 'progress', listener: (event: ProgressEvent) => void): void;
    on(event: 'close' | 'error', listener: (event: unknown) => void): void;
  }
  export interface ProgressEvent {
    id: string;
    value: number;
    area: string;
    message: string;
  }
}
