#!/usr/bin/env bash
# simple-hl7 3.3.0 (npm): a component of a field that repeats.
#
# Guess: without a repetition's number the first one is meant, as in the notation PID-3.1.
# Seen: the component is an empty text as soon as the field repeats, without an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > npm.log
npm install --silent --no-audit --no-fund simple-hl7@3.3.0 >> npm.log
node - <<'NODE'
const hl7 = require("simple-hl7");
console.log("simple-hl7", require("simple-hl7/package.json").version);
const seen = ["M-1^^^SU^MRN", "M-1^^^SU^MRN~R-2^^^SU^RI"].map((identifiers) => {
  const text = "MSH|^~\\&|A|B|C|D|20260106120000||ADT^A01|1|P|2.5\rPID|1||" + identifiers + "||Test^Person\r";
  const component = new hl7.Parser({ segmentSeperator: "\r" }).parse(text).getSegment("PID").getComponent(3, 1);
  console.log(`PID-3 ${identifiers}: component 1 is "${component}"`);
  return component;
});
process.exit(seen[0] === "M-1" && seen[1] === "" ? 0 : 1);
NODE
