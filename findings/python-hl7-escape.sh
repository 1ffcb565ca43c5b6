#!/usr/bin/env bash
# python-hl7 0.4.5: what `escape` makes of letters beyond ASCII, and what `unescape` makes of that.
#
# Guess: an escaped letter is written as the bytes of some character set, two digits each, and comes back the same.
# Seen: it is the letter's Unicode number in as many digits as it has; from U+0100 on it does not come back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install hl7==0.4.5
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import hl7

message = hl7.parse("MSH|^~\\&|A\r")
expected = {
    "å": ("\\Xe5\\", "å"),
    "š": ("\\X161\\", "\x16\x01"),
    "Ł": ("\\X141\\", "\x14\x01"),
    "€": ("\\X20ac\\", " ¬"),
}
print("python-hl7", hl7.__version__)
changed = False
for letter, (written, read) in expected.items():
    seen = message.escape(letter)
    again = message.unescape(seen)
    print(f"{letter} is written {seen} and read back as {again!a}")
    changed |= (seen, again) != (written, read)
sys.exit("changed" if changed else 0)
PYTHON
