// Puts a job into an AMQP queue: node send-with-amqplib.mjs AMQP_URL QUEUE JOB_FILE
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { connect } from 'amqplib';

const [amqpUrl, queue, jobFile] = process.argv.slice(2);
const body = await readFile(jobFile);
const connection = await connect(amqpUrl);
const channel = await connection.createConfirmChannel();
// A message that no queue takes is sent back, and confirmed all the same.
let isReturned = false;
channel.on('return', () => (isReturned = true));
// By its id a message is recognised when the broker delivers it twice.
const messageId = randomUUID();
channel.sendToQueue(queue, body, { messageId, persistent: true, mandatory: true, contentType: 'application/json' });
await channel.waitForConfirms();
await connection.close();
if (isReturned) throw new Error(`there is no queue ${queue}`);
console.log(messageId);
