export interface BenchConfig {
  /** Address of the engine. */
  engine: string;
  /** Endpoint of the emulator. */
  aws: string;
  /** Also the name of the one queue, which has no broker. */
  queue: string;
  commands: readonly string[];
  /** In `<user dqm>`. */
  lines: readonly string[];
}

/** What the parts of a bench read as their `realityserver.conf`. */
export const configText = ({ engine, aws, queue, commands, lines }: BenchConfig): string => `
<user queue_manager>
${commands.map((command) => `    allow_command ${command}`).join('\n')}
    listen_queue ${queue}
</user>
<user aws>
    region eu-west-1
    endpoint ${aws}
    access_key_id bench
    secret_access_key bench
    <user s3>
        path_style on
    </user>
</user>
<user dqm>
    temporal_address ${engine}
    metrics_address 127.0.0.1:0
    <user queue>
        name ${queue}
    </user>
${lines.map((line) => `    ${line}`).join('\n')}
</user>
`;
