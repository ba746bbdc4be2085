// Submits a job with RealityServer's own client over the gateway: node submit-with-client.mjs WS_URL QUEUE JOB_FILE
import { readFile } from 'node:fs/promises';

import { Command, Error as ServiceError, Service } from '@migenius/realityserver-client';
import { WebSocket } from 'ws';

const [url, queue, jobFile] = process.argv.slice(2);
const job = JSON.parse(await readFile(jobFile, 'utf8'));
const service = new Service();
await service.connect(new WebSocket(url));
const submit = new Command('queue_manager_submit_job', { queue_name: queue, ...job });
const [answer] = await service.execute_command(submit, { want_response: true });
service.close();
if (answer instanceof ServiceError) throw answer;
console.log(answer.job_id);
