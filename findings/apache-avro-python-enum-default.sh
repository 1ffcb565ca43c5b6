#!/usr/bin/env bash
# avro 1.12.1 (PyPI, Apache's own) beside fastavro 1.13.1 (PyPI) and avsc 5.7.9 (npm): an enum that has got a symbol more.
#
# Guess: a reader that keeps its older schema takes the enum's default for a symbol that it does not know, as the specification has
# said since Avro 1.9; Apache's own library most of all.
# Seen: fastavro and avsc do. Apache's Python library raises SchemaResolutionException, also where the default stands in both schemas.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check avro==1.12.1 fastavro==1.13.1
npm init --yes > npm.log
npm install --silent --no-audit --no-fund avsc@5.7.9 >> npm.log
venv/bin/python - <<'PYTHON' | tee seen
import io, json
import avro.io, avro.schema, fastavro

def schema(*symbols):
    kind = {"type": "enum", "name": "CareType", "symbols": symbols, "default": "OTHER"}
    return {"type": "record", "name": "Ward", "fields": [{"name": "care", "type": kind}]}

written, known = schema("OTHER", "SOMATIC", "PSYCHIATRIC"), schema("OTHER", "SOMATIC")
record = io.BytesIO()
fastavro.schemaless_writer(record, written, {"care": "PSYCHIATRIC"})
json.dump([written, known, record.getvalue().hex()], open("written.json", "w"))
record.seek(0)
print("fastavro", fastavro.schemaless_reader(record, written, known)["care"])
reader = avro.io.DatumReader(*(avro.schema.parse(json.dumps(schema)) for schema in (written, known)))
try:
    print("avro", reader.read(avro.io.BinaryDecoder(io.BytesIO(record.getvalue())))["care"])
except Exception as error:
    print("avro", type(error).__name__)
PYTHON
node - <<'NODE' | tee -a seen
const avsc = require("avsc");
const [written, known, record] = JSON.parse(require("fs").readFileSync("written.json", "utf8"));
const [writer, reader] = [written, known].map((schema) => avsc.Type.forSchema(schema));
console.log("avsc", reader.fromBuffer(Buffer.from(record, "hex"), reader.createResolver(writer)).care);
NODE
diff seen - <<'EXPECTED'
fastavro OTHER
avro SchemaResolutionException
avsc OTHER
EXPECTED
