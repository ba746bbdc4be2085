"""Puts a job into an AMQP queue: python3 send-with-pika.py AMQP_URL QUEUE JOB_FILE"""

import sys
import uuid

import pika

amqp_url, queue, job_file = sys.argv[1:]
with open(job_file, "rb") as file:
    body = file.read()

# By its id a message is recognised when the broker delivers it twice.
message_id = str(uuid.uuid4())
properties = pika.BasicProperties(
    message_id=message_id, delivery_mode=pika.DeliveryMode.Persistent, content_type="application/json"
)
with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
    channel = connection.channel()
    # With both of these the call fails when the message did not reach a queue.
    channel.confirm_delivery()
    channel.basic_publish(exchange="", routing_key=queue, body=body, properties=properties, mandatory=True)
print(message_id)
