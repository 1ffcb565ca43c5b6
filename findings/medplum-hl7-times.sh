#!/usr/bin/env bash
# @medplum/core 5.0.10 (npm): times of HL7 messages.
#
# Guess: a time without offset is read as the local time of the process or of an option, one that is written says its offset, and the
# digits after the point are a fraction of a second, as HL7's TS has them.
# Seen, in Europe/Stockholm: a time without offset is read as UTC and one is written as UTC without saying so, also in the MSH-7 of its
# answers: two hours from the sender's clock in summer, one in winter. The digits after the point are read as a count of
# milliseconds: half a second (.5) is five.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > npm.log
npm install --silent --no-audit --no-fund @medplum/core@5.0.10 >> npm.log
TZ=Europe/Stockholm node - <<'NODE'
const { formatHl7DateTime, parseHl7DateTime } = require("@medplum/core");
const seen = [];
const show = (what, value) => { console.log(`${what}: ${value}`); seen.push(value); };
console.log("clock of the process at 12:00 UTC in July:", new Date("2026-07-01T12:00:00Z").toTimeString().slice(0, 17));
show("reads 20260701120000", parseHl7DateTime("20260701120000"));
show("reads 20260701120000+0200", parseHl7DateTime("20260701120000+0200"));
show("reads 20260701120000.5+0200", parseHl7DateTime("20260701120000.5+0200"));
show("writes 12:00 UTC", formatHl7DateTime(new Date("2026-07-01T12:00:00Z")));
const expected = ["2026-07-01T12:00:00.000Z", "2026-07-01T10:00:00.000Z", "2026-07-01T10:00:00.005Z", "20260701120000"];
process.exit(JSON.stringify(seen) === JSON.stringify(expected) ? 0 : 1);
NODE
