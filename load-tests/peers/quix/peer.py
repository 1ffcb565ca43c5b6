"""The job in Quix Streams."""

import hmac
import io
import os

import fastavro
from quixstreams import Application
from quixstreams.models import Serializer


def told(name):
    return os.environ[f"PEER_{name}"]


KEY = told("KEY").encode()
SCHEMA = fastavro.schema.load_schema(told("SCHEMA"))


class VisitAvro(Serializer):
    """The wire format of registries."""

    def __call__(self, value, ctx):
        out = io.BytesIO()
        out.write(b"\0\0\0\0\1")
        fastavro.schemaless_writer(out, SCHEMA, value)
        return out.getvalue()


def component(field, number=1):
    parts = field.split("~", 1)[0].split("^")
    return parts[number - 1].split("&", 1)[0] if len(parts) >= number else ""


def visit(message):
    segments = {}
    # Every byte is a letter: what is taken is ASCII, and nothing else is looked at.
    for line in message.decode("latin-1").split("\r"):
        fields = line.split("|")
        segments.setdefault(fields[0], fields)

    def field(segment, number, part=1):
        fields = segments.get(segment, ())
        return component(fields[number], part) if number < len(fields) else ""

    patient, number = field("PID", 3), field("PV1", 19)
    if not message.startswith(b"MSH|") or not patient or not number:
        return None
    return {
        "patient": hmac.digest(KEY, patient.encode("latin-1"), "sha256").hex(),
        # MSH-1 is the separator itself, so MSH-9 is the field at 8.
        "trigger": field("MSH", 8, 2),
        "time": field("EVN", 2),
        "visit": number,
        "class": field("PV1", 2),
        "unit": field("PV1", 3),
        "bed": field("PV1", 3, 3),
    }


def main():
    application = Application(
        broker_address=told("BOOTSTRAP"),
        consumer_group=told("GROUP"),
        auto_offset_reset="earliest",
        auto_create_topics=False,
        commit_interval=1.0,
        state_dir=told("FOLDER"),
        loglevel="WARNING",
        producer_extra_config={"acks": "all", "enable.idempotence": True, "linger.ms": 5, "batch.size": 1_000_000},
    )
    messages = application.topic(told("INPUT"), key_deserializer="bytes", value_deserializer="bytes")
    visits = application.topic(told("OUTPUT"), key_serializer="str", value_serializer=VisitAvro())
    stream = application.dataframe(messages)
    stream = stream.apply(visit)
    stream = stream.filter(lambda value: value is not None)
    stream.to_topic(visits, key=lambda value: value["patient"])
    application.run()


main()
