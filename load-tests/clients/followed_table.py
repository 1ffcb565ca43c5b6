"""The source table beside the latest statements of the store, row by row: the rules read by somebody else.

    psql -c "copy (select ... order by contact) ..." | python3 followed_table.py TABLE.csv SCHEMAS.csv

TABLE.csv holds the rows of the table in the order of vardkontakt_id. Standard input holds all events of the store in the order
of their contact and, within it, from the earliest to the latest: contact;period;correction;record in hexadecimal. SCHEMAS.csv
holds id;avsc. All with `;` and a header. Prints what differs, without contacts' ids, and how much was compared; exit code 1
when anything differs.
"""

import csv
import datetime
import io
import itertools
import json
import struct
import sys
from zoneinfo import ZoneInfo

import fastavro

DIFFERENCES_SHOWN = 20
SWEDEN = ZoneInfo("Europe/Stockholm")
STATUS = {"GENOMFORD": "COMPLETED", "VANTANDE": "WAITING"}
DEVIATION = {"1": "PVV", "2": "MOV", "3": "SOV", "": None}
GUARANTEE = {"JA": True, "NEJ": False, "": None}
SEX = {"1": "MALE", "2": "FEMALE", "": "UNKNOWN"}
TIMES = {
    "decided_at": "beslut_datum",
    "started_at": "start_datum",
    "medical_target_at": "medicinskt_maldatum",
    "referral_at": "remiss_datum",
    "arrived_at": "ankomst_datum",
}
TEXTS = {
    "contact_id": "vardkontakt_id",
    "referral_id": "remiss_id",
    "phase": "fas",
    "mvo": "mvo_kod",
    "activity": "aktivitetskod",
    "activity_kva": "aktivitet_kva",
    "kva": "kva_kod",
    "booking": "bokningssatt",
    "contact_type": "vardkontakttyp",
    "profession": "yrkeskategori",
    "emergency_kind": "typ_akutverksamhet",
    "referrer_kind": "remittenttyp",
    "referrer_hsa_id": "remittent_hsaid",
    "region_code": "regionkod",
    "region_hsa_id": "hsaid_region",
    "provider_hsa_id": "hsaid_vardgivare",
    "care_unit_hsa_id": "hsaid_vardenhet",
    "unit_hsa_id": "hsaid_enhet",
    "hospital_code": "sjukhuskod",
    "hospital_name": "sjukhusnamn",
    "lkf": "lkf",
    "listing_hsa_id": "hsaid_listning",
}
NUMBERS = {"birth_year": "fodelsear", "stated_wait_days": "vantetid_dagar"}


def moment(text):
    if not text:
        return None
    return datetime.datetime.fromisoformat(text).replace(tzinfo=SWEDEN).astimezone(datetime.timezone.utc)


def expected(row):
    """What the row must have become."""
    fields = {field: row[column] or None for field, column in TEXTS.items()}
    fields |= {field: moment(row[column]) for field, column in TIMES.items()}
    fields |= {field: int(row[column]) if row[column] else None for field, column in NUMBERS.items()}
    fields["status"] = STATUS[row["status"]]
    fields["period"] = row["matperiod"][:7]
    fields["guarantee"] = GUARANTEE[row["vardgaranti"]]
    fields["deviation"] = DEVIATION[row["avvikelsekod"]]
    fields["activity_icd"] = row["aktivitet_icd"].replace(".", "") or None
    fields["sex"] = SEX[row["kon"]]
    return fields


class Schemas:
    def __init__(self, path):
        with open(path, encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter=";")
            self.by_id = {int(row["id"]): fastavro.parse_schema(json.loads(row["avsc"])) for row in rows}

    def decode(self, text):
        data = bytes.fromhex(text)
        (schema_id,) = struct.unpack(">I", data[1:5])
        return fastavro.schemaless_reader(io.BytesIO(data[5:]), self.by_id[schema_id], None)


def standing(events):
    """Contact and its statements that stand: the last of each period, unless it takes it back."""
    for contact, group in itertools.groupby(events, key=lambda event: event["contact"]):
        last = {event["period"]: event for event in group}
        statements = [event["record"] for event in last.values() if event["correction"] != "CANCEL"]
        yield contact, statements


def main(table, schemas):
    csv.field_size_limit(1 << 24)
    decoder = Schemas(schemas)
    counts = {"rows": 0, "equal": 0, "events": 0, "withdrawn": 0}
    differences = {}

    def differs(kind):
        differences[kind] = differences.get(kind, 0) + 1

    def counted(events):
        for event in events:
            counts["events"] += 1
            yield event

    sys.stdin.reconfigure(encoding="utf-8", newline="")
    stored = standing(counted(csv.DictReader(sys.stdin, delimiter=";")))
    with open(table, encoding="utf-8", newline="") as file:
        rows = iter(csv.DictReader(file, delimiter=";"))
        row, found = next(rows, None), next(stored, None)
        # Both are in byte order, which is the order of code points.
        while row is not None or found is not None:
            if found is None or (row is not None and row["vardkontakt_id"] < found[0]):
                counts["rows"] += 1
                differs("a row is not in the store")
                row = next(rows, None)
                continue
            contact, statements = found
            if row is None or contact < row["vardkontakt_id"]:
                counts["withdrawn"] += 1
                if statements:
                    differs("a statement stands without a row")
                found = next(stored, None)
                continue
            counts["rows"] += 1
            if len(statements) != 1:
                differs(f"{len(statements)} statements stand of one row")
            else:
                statement, wanted = decoder.decode(statements[0]), expected(row)
                wrong = [field for field, value in wanted.items() if statement[field] != value]
                for field in wrong:
                    differs(f"{field} differs")
                counts["equal"] += not wrong
            row, found = next(rows, None), next(stored, None)
    print(json.dumps(counts))
    for kind, count in sorted(differences.items())[:DIFFERENCES_SHOWN]:
        print(f"{count}: {kind}")
    return 1 if differences else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
