#!/usr/bin/env bash
# personnummer 3.2.1 (npm and PyPI) and python-stdnum 2.2 (PyPI): coordination numbers (samordningsnummer).
#
# Guess: libraries for Swedish identity numbers take every coordination number that the Swedish Tax Agency gives out; python-stdnum,
# which has a module of its own for the personnummer, takes at least those of a whole birth date.
# Seen: both editions of personnummer refuse those whose birth date is known in part (month 00 or day 60), which 170 of the agency's
# 2,264 published test numbers are; python-stdnum refuses every coordination number.
#
# The numbers have the serial 238 of published test numbers, or are one of them (191500722390).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check personnummer==3.2.1 python-stdnum==2.2
npm init --yes > npm.log
npm install --silent --no-audit --no-fund personnummer@3.2.1 >> npm.log
cat > numbers <<'NUMBERS'
199001612382 whole date
199001602383 day unknown
199000612383 month unknown
199000602384 month and day unknown
191500722390 month unknown, published test number
NUMBERS
node - > node.seen <<'NODE'
const { valid } = require("personnummer");
for (const line of require("fs").readFileSync("numbers", "utf8").trim().split("\n")) console.log(valid(line.slice(0, 12)) ? "taken" : "refused");
NODE
venv/bin/python - > python.seen <<'PYTHON'
from personnummer.personnummer import valid
from stdnum.se import personnummer
for line in open("numbers"):
    print(*("taken" if taken else "refused" for taken in (valid(line[:12]), personnummer.is_valid(line[:12]))))
PYTHON
echo "birth date | personnummer (npm) | personnummer (PyPI) and python-stdnum"
paste -d '|' <(cut -d ' ' -f 2- numbers) node.seen python.seen | tee seen
diff <(cut -d '|' -f 2- seen) - <<'EXPECTED'
taken|taken refused
refused|refused refused
refused|refused refused
refused|refused refused
refused|refused refused
EXPECTED
