/** Where everything of a soak is. */
export interface SoakPlaces {
  temporalAddress: string;
  /** Of SQS and of RabbitMQ: each by a proxy that is cut. */
  sqsEndpoint: string;
  amqpUrl: string;
  sqsUrl: string;
  deadUrl: string;
  amqpQueue: string;
  /** Of the hosts of `renders` and of `nightly`. */
  simulators: { renders: string; nightly: string };
}

/** By file name: one for each render host, and either for all other processes. */
export const soakConfigs = (places: SoakPlaces): Record<'renders.conf' | 'nightly.conf', string> => ({
  'renders.conf': configText('renders', places),
  'nightly.conf': configText('nightly', places),
});

const configText = (queue: 'renders' | 'nightly', places: SoakPlaces): string => `<user queue_manager>
  allow_command echo
  listen_queue ${queue}
</user>
<user aws>
  region eu-west-1
  endpoint ${places.sqsEndpoint}
  access_key_id soak
  secret_access_key soak
  <user queue>
    name renders
    url ${places.sqsUrl}
    dead_letter_url ${places.deadUrl}
    max_waiting_jobs unlimited
  </user>
</user>
<user amqp>
  <user queue>
    name nightly
    url ${places.amqpUrl}
    queue ${places.amqpQueue}
    dead_letter_queue ${places.amqpQueue}-dead
    max_waiting_jobs unlimited
  </user>
</user>
<user dqm>
  temporal_address ${places.temporalAddress}
  data_folder data
  host_name ${queue}-host
  realityserver_url ${places.simulators[queue]}
  metrics_address 127.0.0.1:0
</user>
`;
