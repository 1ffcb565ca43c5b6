#!/usr/bin/env python3
"""Read an Avro topic through a schema registry and print one JSON line per record.

Knows nothing of Vårdström but the three rules that any consumer of its topics follows:

1. A value starts with a zero byte and four bytes of schema id; the registry has the schema.
2. The header `origin` is `topic/partition/offset/ordinal` of the source record.
3. The one-compare rule: per origin topic and partition, keep the highest (offset, ordinal) seen and ignore what is not
   above it. What was written twice around a crash is then seen once.

    pip install -r requirements.txt
    python read_topic.py --bootstrap localhost:9092 --registry http://localhost:8081 --topic region.14.common.encounter

Reads from the beginning to the present end, or for ever with --follow. Exit codes: 0 done, 1 failed, 2 wrong arguments.
"""

import argparse
import datetime
import io
import json
import struct
import sys

import fastavro
import requests
from kafka import KafkaConsumer, TopicPartition

IDLE_LIMIT_SECONDS = 30


class Registry:
    """Schemas by id; each is fetched once."""

    def __init__(self, url):
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False  # a neighbour, not reached through a proxy
        self.schemas = {}

    def schema(self, schema_id):
        if schema_id not in self.schemas:
            answer = self.session.get(f"{self.url}/schemas/ids/{schema_id}", timeout=10)
            answer.raise_for_status()
            self.schemas[schema_id] = fastavro.parse_schema(json.loads(answer.json()["schema"]))
        return self.schemas[schema_id]

    def decode(self, data):
        magic, schema_id = struct.unpack(">bI", data[:5])
        if magic != 0:
            raise ValueError("not in the Confluent wire format")
        datum = io.BytesIO(data[5:])
        value = fastavro.schemaless_reader(datum, self.schema(schema_id), None)
        if datum.read(1):
            raise ValueError(f"bytes follow the datum of schema {schema_id}")
        return value


class Watermarks:
    """The one-compare rule."""

    def __init__(self):
        self.highest = {}

    def admit(self, topic, origin):
        if origin is None:
            return True
        source_topic, partition, offset, ordinal = origin.rsplit("/", 3)
        key = (topic, source_topic, partition)
        position = (int(offset), int(ordinal))
        if position <= self.highest.get(key, (-1, -1)):
            return False
        self.highest[key] = position
        return True


def plain(value):
    """What JSON has no type for."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")


def line(message, origin, value):
    key = message.key.decode() if message.key is not None else None
    record = {"partition": message.partition, "offset": message.offset, "origin": origin, "key": key, "value": value}
    return json.dumps(record, default=plain, ensure_ascii=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap", required=True, help="address of Kafka")
    parser.add_argument("--registry", required=True, help="address of the schema registry")
    parser.add_argument("--topic", required=True)
    parser.add_argument("--follow", action="store_true", help="wait for more at the end")
    parser.add_argument("--duplicates", action="store_true", help="print also what the one-compare rule ignores")
    arguments = parser.parse_args()

    consumer = KafkaConsumer(bootstrap_servers=arguments.bootstrap, enable_auto_commit=False)
    found = consumer.partitions_for_topic(arguments.topic)
    if not found:
        sys.exit(f"topic {arguments.topic} does not exist at {arguments.bootstrap}")
    partitions = [TopicPartition(arguments.topic, partition) for partition in sorted(found)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)

    registry = Registry(arguments.registry)
    watermarks = Watermarks()
    idle = 0
    while arguments.follow or any(consumer.position(partition) < ends[partition] for partition in partitions):
        batches = consumer.poll(timeout_ms=1000)
        idle = 0 if batches else idle + 1
        if idle > IDLE_LIMIT_SECONDS and not arguments.follow:
            sys.exit(f"{arguments.topic} gave nothing for {IDLE_LIMIT_SECONDS} s before its end")
        for messages in batches.values():
            for message in messages:
                origin = next((value.decode() for name, value in message.headers if name == "origin"), None)
                if watermarks.admit(message.topic, origin) or arguments.duplicates:
                    print(line(message, origin, registry.decode(message.value)))
        sys.stdout.flush()
    consumer.close()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        sys.stderr.close()
