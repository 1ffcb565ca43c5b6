#!/usr/bin/env bash
# hl7apy 1.3.5 (PyPI): segments that a message's structure does not name, such as IHE PAM's movement in ZBE.
#
# Guess: parse_message keeps them where they stand, for it promises to be tolerant unless told otherwise.
# Seen: by default (find_groups=True) they are gone from what it writes and cannot be asked for, without an error or a warning; a
# note (NTE) after PV1 likewise. With find_groups=False the message comes out as it went in.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hl7apy==1.3.5
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version
from hl7apy.parser import parse_message

print("hl7apy", version("hl7apy"))
START = "MSH|^~\\&|A|B|C|D|20260106120000||ADT^A02^ADT_A02|1|P|2.5\rEVN||20260106120000\rPID|1||M-1^^^SU^MRN||Test^Person\rPV1|1|I|W^1^1\r"
as_seen = True
for name, more in [("ZBE", "ZBE|7^SU|20260106120000||INSERT|N|A02"), ("NTE", "NTE|1||Text")]:
    for find_groups in (True, False):
        message = parse_message(START + more + "\r", find_groups=find_groups)
        written = [segment[:3] for segment in message.to_er7().split("\r") if segment]
        found = len(getattr(message, name.lower()))
        print(f"{name}, find_groups={find_groups}: written {' '.join(written)}; {found} found by name")
        as_seen &= (name in written) == (found == 1) == (not find_groups)
sys.exit(0 if as_seen else 1)
PYTHON
