#!/bin/sh
# Submits a job over the gateway and prints its ids: submit-with-curl.sh GATEWAY_URL QUEUE JOB_FILE
set -eu
params=$(sed "1s/{/{ \"queue_name\": \"$2\",/" "$3")
curl --fail --silent --show-error "$1" \
  --header 'Content-Type: application/json' \
  --data "{\"jsonrpc\":\"2.0\",\"method\":\"queue_manager_submit_job\",\"params\":$params,\"id\":1}"
