/** Names of the broker's queues. */
export const QUEUES = {
  sqs: 'render-jobs',
  sqsDead: 'render-jobs-dead',
  amqp: 'render-jobs',
  amqpDead: 'render-jobs-dead',
} as const;

/** An emulator takes any. */
export const SECRETS = { accessKeyId: 'demo', secretAccessKey: 'demo' };

/** Of the SQS queues, as the emulator names them. */
export interface SqsUrls {
  jobs: string;
  dead: string;
}

export interface Addresses {
  awsEndpoint: string;
  queueUrls: SqsUrls;
  amqpUrl: string | undefined;
  /** One for each render host. */
  realityServerUrls: string[];
  temporalAddress: string;
  temporalUiUrl: string;
  /** Of the receiver. */
  webServer: string;
}

/** What an operator would write: what all share, and a file for each render host. By file name. */
export function configFiles(addresses: Addresses): Record<string, string> {
  const { amqpUrl, realityServerUrls } = addresses;
  const hosts = realityServerUrls.map((url, index) => {
    const name = `gpu-0${index + 1}`;
    const queue = index > 0 && amqpUrl !== undefined ? 'demo_amqp' : 'demo_sqs';
    return [`${name}.conf`, hostFile(name, url, queue)] as const;
  });
  return { 'shared.conf': sharedFile(addresses), ...Object.fromEntries(hosts) };
}

const sharedFile = ({
  queueUrls,
  awsEndpoint,
  amqpUrl,
  temporalAddress,
  temporalUiUrl,
}: Addresses): string => `# What all hosts of the demo share
<user queue_manager>
    allow_command render_product
</user>
<user aws>
    region eu-west-1
    endpoint ${awsEndpoint}
    access_key_id ${SECRETS.accessKeyId}
    secret_access_key ${SECRETS.secretAccessKey}
    <user s3>
        path_style on
    </user>
    <user queue>
        name demo_sqs
        url ${queueUrls.jobs}
        dead_letter_url ${queueUrls.dead}
    </user>
</user>
${amqpUrl === undefined ? '' : amqpSection(amqpUrl)}<user dqm>
    temporal_address ${temporalAddress}
    temporal_ui_url ${temporalUiUrl}
    data_folder data
    metrics_address 127.0.0.1:0
    gateway_address 127.0.0.1:0
</user>
`;

const amqpSection = (url: string): string => `<user amqp>
    <user queue>
        name demo_amqp
        url ${url}
        queue ${QUEUES.amqp}
        declare on
        dead_letter_queue ${QUEUES.amqpDead}
    </user>
</user>
`;

const hostFile = (name: string, realityServerUrl: string, queue: string): string => `# A render host of the demo
include shared.conf
<user queue_manager>
    listen_queue ${queue}
</user>
<user dqm>
    host_name ${name}
    realityserver_url ${realityServerUrl}
</user>
`;
