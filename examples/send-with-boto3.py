"""Puts a job into an SQS queue: python3 send-with-boto3.py QUEUE_URL JOB_FILE"""

import sys

import boto3

queue_url, job_file = sys.argv[1:]
with open(job_file, encoding="utf-8") as file:
    body = file.read()

answer = boto3.client("sqs").send_message(QueueUrl=queue_url, MessageBody=body)
print(answer["MessageId"])
