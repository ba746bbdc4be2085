// Puts a job into an SQS queue: node send-with-aws-sdk.mjs QUEUE_URL JOB_FILE
import { readFile } from 'node:fs/promises';

import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const [queueUrl, jobFile] = process.argv.slice(2);
const message = { QueueUrl: queueUrl, MessageBody: await readFile(jobFile, 'utf8') };
const { MessageId } = await new SQSClient().send(new SendMessageCommand(message));
console.log(MessageId);
