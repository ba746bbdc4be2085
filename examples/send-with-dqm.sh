#!/bin/sh
# Checks a job, puts it into a queue of realityserver.conf and waits for its end: send-with-dqm.sh CONFIG QUEUE JOB_FILE
set -eu
dqm submit --config "$1" --queue "$2" --wait "$3"
