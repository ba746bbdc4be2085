/** Deliveries that RabbitMQ leaves unacknowledged at once, for both rivals: the bridge's default. */
export const PREFETCH = 100;

export const BODY = JSON.stringify({
  command: 'render_product',
  parameters: { scene: 'chair.mi', width: 1920 },
  tasks: [{ name: 's3_upload', config: { bucket: 'results', key: 'chairs/${message_id}.${mime_ext}' } }],
});

/** No job: it becomes a dead letter. */
export const POISON = BODY.slice(1);

/** Never reached: what intake costs does not depend on who renders. */
export const configText = (folder: string): string => `<user queue_manager>
  allow_command render_product
  listen_queue bench
</user>
<user aws>
  region eu-west-1
</user>
<user dqm>
  data_folder ${folder}/dqm
  realityserver_url http://127.0.0.1:9/
  <user queue>
    name bench
  </user>
</user>
`;

/** Of a bridge in a process of its own. */
export const bridgeConfigText = ({ engine, folder, broker }: Record<'engine' | 'folder' | 'broker', string>): string =>
  `<user queue_manager>
  allow_command render_product
  listen_queue bench
</user>
${broker}
<user dqm>
  temporal_address ${engine}
  data_folder ${folder}
  metrics_address 127.0.0.1:0
</user>
`;
