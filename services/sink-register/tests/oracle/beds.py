"""The morning counts of a month once more, from the definitions and not from the program: events in as JSON, files out.

    python3 beds.py 2026-03 < events.json
"""

import json
import sys
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
RANK = {"A04": 0, "A01": 1, "A22": 3, "A06": 4, "A02": 5, "A21": 7, "A03": 8}
CANCELS = {"A11": ("A01", "A04"), "A12": ("A02", "A06"), "A13": ("A03",)}
DAY = 24 * 3_600_000_000


def micros(moment):
    return int(moment.timestamp()) * 1_000_000


def stays_of(events):
    """(unit, from, to, admitted, event that began it) of one episode."""
    void = {(kind, e["at"]) for e in events for kind in CANCELS.get(e["trigger"], ())}
    left = sorted((e for e in events if (e["trigger"], e["at"]) not in void and e["trigger"] in RANK),
                  key=lambda e: (e["at"], RANK[e["trigger"]]))
    stays, here = [], None
    for event in left:
        if event["trigger"] == "A03":
            if here:
                stays.append({**here, "to": event["at"]})
                here = None
        elif event["unit"] and event["trigger"] != "A21":
            if here and here["unit"] == event["unit"]:
                continue
            if here:
                stays.append({**here, "to": event["at"]})
            admitted = event["trigger"] == "A01" or event["inpatient"]
            here = {"unit": event["unit"], "from": event["at"], "to": None, "admitted": admitted, "event": event}
    if here:
        stays.append(here)
    return [stay for stay in stays if stay["to"] != stay["from"]]


def tenth(part, whole, times):
    if not whole:
        return ""
    value = (part * times * 20 + whole) // (whole * 2)
    return f"{value // 10}.{value % 10}"


def cell(number):
    return "" if number is None else str(number)


def table(header, rows):
    return "".join(";".join(row) + "\n" for row in [header.split(";"), *rows])


def main(month):
    events = json.load(sys.stdin)
    first = date.fromisoformat(month + "-01")
    days = [first + timedelta(n) for n in range(31) if (first + timedelta(n)).month == first.month]
    mornings = [micros(datetime.combine(day, time(6), STOCKHOLM).astimezone(timezone.utc)) for day in days]
    moves = [e for e in events if e["what"] == "move"]
    capacity = [e for e in events if e["what"] == "beds"]
    episodes = {}
    for event in moves:
        if event["episode"]:
            episodes.setdefault(event["episode"], []).append(event)
    stays = [stay for group in episodes.values() for stay in stays_of(group)]
    units = {}
    for event in sorted(moves, key=lambda e: e["at"], reverse=True):
        if event["unit"]:
            care = "psykiatri" if event["psychiatric"] else "somatik"
            units.setdefault(event["unit"], (event["hospital"], care))
    for event in capacity:
        units.setdefault(event["unit"], (event["hospital"], ""))

    def beds_at(unit, at):
        begun = [e for e in capacity if e["unit"] == unit and e["from"] <= at]
        if not begun:
            return None
        latest = max(begun, key=lambda e: (e["from"], e["recorded"]))
        return latest if latest["to"] is None or at < latest["to"] else None

    rows = []
    for unit, (hospital, care) in units.items():
        known = min((e["at"] for e in moves if e["unit"] == unit), default=None)
        of_unit = []
        for day, at in zip(days, mornings):
            beds = beds_at(unit, at) or {"disponibla": None, "faststallda": None}
            here = [s for s in stays if s["unit"] == unit and s["from"] <= at and (s["to"] is None or at < s["to"])]
            here = [s for s in here if s["admitted"]]
            count = len(here)
            flagged = sum(s["event"]["bad_bed"] for s in here)
            if beds["disponibla"] is None:
                over = flagged or None
            else:
                over = max(flagged, count - beds["disponibla"])
            out = sum(s["event"]["responsible"] not in (None, unit) for s in here)
            silent = not any(at - DAY < e["at"] <= at for e in moves)
            heard = known is not None and known <= at and not silent
            of_unit.append(dict(day=day, unit=unit, hospital=hospital, care=care, heard=heard, count=count, over=over,
                                out=out, beds=beds["disponibla"], fixed=beds["faststallda"]))
        if any(row["count"] or row["beds"] is not None or row["fixed"] is not None for row in of_unit):
            rows += of_unit
    rows.sort(key=lambda row: (row["day"], row["hospital"], row["care"], row["unit"]))

    ward_rows = []
    for row in rows:
        reasons = ["no-capacity"] * (row["beds"] is None)
        if not row["heard"]:
            reasons.append("not-heard")
        elif row["over"] is None:
            reasons.append("overbelaggning-unknown")
        counts = [row["count"], row["over"], row["out"]] if row["heard"] else [None] * 3
        ward_rows.append([str(row["day"]), row["hospital"], "Sahlgrenska", row["care"], row["unit"], row["unit"],
                          cell(row["fixed"]), cell(row["beds"]), *map(cell, counts), ",".join(reasons)])

    groups, months = {}, {}
    for row in rows:
        groups.setdefault((row["day"], row["hospital"], row["care"]), []).append(row)
    hospital_rows = []
    for (day, hospital, care), members in sorted(groups.items()):
        used = [row for row in members if row["heard"] and row["beds"] is not None]
        sums = {key: sum(row[key] or 0 for row in used) for key in ("fixed", "beds", "count", "over", "out")}
        fixed = cell(sums["fixed"]) if any(row["fixed"] is not None for row in used) else ""
        reason = "no-ward-counted" if not used else "wards-missing" if len(used) < len(members) else ""
        values = [cell(sums[key]) if used else "" for key in ("beds", "count", "over", "out")]
        hospital_rows.append([str(day), hospital, "Sahlgrenska", care, str(len(members)), str(len(used)), fixed, *values,
                              reason])
        months.setdefault((hospital, care), []).append((len(members), len(used), sums))
    month_rows = []
    for (hospital, care), found in sorted(months.items()):
        used = [sums for _, counted, sums in found if counted]
        total = {key: sum(sums[key] for sums in used) for key in ("beds", "count", "over", "out")}
        reasons = ["days-missing"] * (len(used) < len(days))
        reasons += ["wards-missing"] * any(0 < counted < members for members, counted, _ in found)
        month_rows.append([month, hospital, "Sahlgrenska", care, str(len(days)), str(len(used)),
                           tenth(total["beds"], len(used), 1), tenth(total["count"], len(used), 1),
                           tenth(total["over"], total["beds"], 100), tenth(total["out"], total["beds"], 100),
                           ",".join(reasons)])
    counts = "faststallda;disponibla;belagda;overbelaggningar;utlokaliserade;reason"
    json.dump({
        "beds_by_ward.csv": table("day;hospital_code;hospital_name;care;ward;ward_name;" + counts, ward_rows),
        "beds_by_hospital.csv": table("day;hospital_code;hospital_name;care;wards;wards_counted;" + counts, hospital_rows),
        "beds_month.csv": table("month;hospital_code;hospital_name;care;days;days_counted;mean_disponibla;mean_belagda;"
                                "overbelaggningar_per_100;utlokaliserade_per_100;reason", month_rows),
    }, sys.stdout)


main(sys.argv[1])
