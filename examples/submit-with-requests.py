"""Submits a job over the gateway and waits for its end: python3 submit-with-requests.py GATEWAY_URL QUEUE JOB_FILE"""

import json
import sys
import time

import requests

gateway_url, queue, job_file = sys.argv[1:]


def call(method, params):
    request = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
    answer = requests.post(gateway_url, json=request, timeout=30).json()
    if "error" in answer:
        sys.exit(answer["error"]["message"])
    return answer["result"]


with open(job_file, encoding="utf-8") as file:
    job = json.load(file)

job_id = call("queue_manager_submit_job", {"queue_name": queue, **job})["job_id"]
for _ in range(600):
    # Until the bridge has taken the message there is no job to ask after.
    states = [row["state"] for row in call("dqm_list_jobs", {"queue_name": queue}) if row["job_id"] == job_id]
    if states and states[0] in ("completed", "failed", "cancelled"):
        break
    time.sleep(0.5)
print(job_id, states[0])
