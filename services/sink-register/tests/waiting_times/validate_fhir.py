"""Reads a Bundle of MeasureReports from standard input with fhir.resources (FHIR R4) and refuses it unless it is valid.

The library checks names, cardinalities and types, but keeps required codes as documentation (`enum_values`); those are
checked here, for every element of every resource.
"""

import json
import sys

import fhir.resources
from fhir.resources.bundle import Bundle
from fhir.resources.measurereport import MeasureReport
from pydantic import BaseModel


def required_codes(element, path):
    for name, field in element.__fields__.items():
        value = getattr(element, name)
        allowed = field.field_info.extra.get("enum_values")
        if value is not None and allowed and value not in allowed:
            raise ValueError(f"{path}.{name}: {value!r} is not one of {allowed}")
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, BaseModel):
                required_codes(child, f"{path}.{name}[{index}]")


def main():
    assert fhir.resources.__fhir_version__ == "4.0.1", fhir.resources.__fhir_version__
    document = json.load(sys.stdin)
    bundle = Bundle.parse_obj(document)
    required_codes(bundle, "Bundle")
    reports = document.get("entry", [])
    for index, entry in enumerate(reports):
        report = MeasureReport.parse_obj(entry["resource"])
        required_codes(report, f"MeasureReport {index}")
        # What was read is what was written: the library would otherwise have dropped something.
        read = json.loads(report.json())
        assert read == entry["resource"], f"MeasureReport {index} changes when it is read: {read}"
    print(len(reports))


if __name__ == "__main__":
    main()
