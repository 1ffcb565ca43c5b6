"""Waiting times once more, from the region's own file and not from anything of ours: the rules read by somebody else.

    python3 waiting_times.py FILE PERIOD pilots > kpi_total.csv       # the regional pilots' figures
    python3 waiting_times.py FILE PERIOD steps > waits_by_step.csv    # SKR's published rules: by step, waiting and completed

Without the line of column names.
"""

import calendar
import csv
import statistics
import sys
from datetime import date, datetime

# Of fewer waits no median is said where figures are published.
MEDIAN_MIN = 20

AGES = [(0, 49), (50, 64), (65, 74), (75, 84), (85, 999)]
INTERVALS = [(0, 30), (31, 60), (61, 90), (91, 120), (121, 180), (181, 99999)]


def day(text):
    return datetime.fromisoformat(text).date() if text else None


def middle(values):
    if not values:
        return ""
    value = statistics.median(values)
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"


def within(values, ranges):
    return [sum(low <= value <= high for value in values) for low, high in ranges]


def statements(path):
    """The last row of each contact."""
    latest = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            latest[row["vardkontakt_id"]] = row
    return latest.values()


def steps(path, period):
    last = date(int(period[:4]), int(period[5:]), calendar.monthrange(int(period[:4]), int(period[5:]))[1])
    groups = {}
    for row in statements(path):
        step = {"1": "first_visit", "2": "treatment"}.get(row["fas"])
        status = {"GENOMFORD": "completed", "VANTANDE": "waiting"}.get(row["status"])
        if row["matperiod"][:7] != period or not step or not status:
            continue
        referred = day(row["remiss_datum"]) if step == "first_visit" else None
        begun, end = referred or day(row["beslut_datum"]), last if status == "waiting" else day(row["start_datum"])
        if begun and end and end >= begun:
            key = (status == "completed", row["sjukhuskod"], row["sjukhusnamn"], step)
            groups.setdefault(key, []).append((row, (end - begun).days, step == "first_visit" and not referred))
    for (completed, code, name, step), found in sorted(groups.items()):
        own = [(row, wait, sought) for row, wait, sought in found if row["avvikelsekod"] != "1"]
        waits = [wait for _, wait, _ in own]
        outside = () if completed else ("2",)
        under = [wait for row, wait, _ in own if row["vardgaranti"] == "JA" and row["avvikelsekod"] not in outside]
        kept = sum(wait <= 90 for wait in under)
        cells = ["completed" if completed else "waiting", code, name, step, len(own), len(found) - len(own),
                 sum(row["avvikelsekod"] == "2" for row, _, _ in own), sum(sought for _, _, sought in own), len(under), kept,
                 f"{100.0 * kept / len(under):.1f}" if under else "", middle(waits) if len(waits) >= MEDIAN_MIN else "",
                 *within(waits, INTERVALS), ""]
        csv.writer(sys.stdout, delimiter=";", lineterminator="\n").writerow(cells)


def pilots(path, period):
    hospitals = {}
    for row in statements(path):
        decided, started = day(row["beslut_datum"]), day(row["start_datum"])
        if row["status"] != "GENOMFORD" or row["matperiod"][:7] != period or not decided or not started:
            continue
        if (started - decided).days >= 0:
            hospitals.setdefault(row["sjukhuskod"], []).append((row, decided, started))
    for code in sorted(hospitals):
        rows = hospitals[code]
        waits = [(started - decided).days for _, decided, started in rows]
        guaranteed = [
            (started - decided).days
            for row, decided, started in rows
            if row["vardgaranti"] == "JA" and row["avvikelsekod"] != "1"
        ]
        kept = sum(wait <= 90 for wait in guaranteed)
        referred = [(day(row["remiss_datum"]), decided, started) for row, decided, started in rows if row["remiss_datum"]]
        cells = [
            code,
            rows[0][0]["sjukhusnamn"],
            len(rows),
            len(guaranteed),
            kept,
            f"{100.0 * kept / len(guaranteed):.1f}" if guaranteed else "",
            middle(waits),
            f"{sum(waits) / len(waits):.1f}",
            middle([(started - referral).days for referral, _, started in referred]),
            middle([(decided - referral).days for referral, decided, _ in referred]),
            sum(row["kon"] == "1" for row, _, _ in rows),
            sum(row["kon"] == "2" for row, _, _ in rows),
            *within([started.year - int(row["fodelsear"]) for row, _, started in rows if row["fodelsear"]], AGES),
            *within(waits, INTERVALS),
        ]
        csv.writer(sys.stdout, delimiter=";", lineterminator="\n").writerow(cells)


{"pilots": pilots, "steps": steps}[sys.argv[3]](*sys.argv[1:3])
