#!/bin/sh
# Puts a job into an SQS queue: send-with-aws-cli.sh QUEUE_URL JOB_FILE
set -eu
# Version 1 does not read AWS_ENDPOINT_URL itself.
aws sqs send-message ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} \
  --queue-url "$1" --message-body "file://$2" --query MessageId --output text
