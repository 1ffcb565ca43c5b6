"""A second calculation of kpi_total.csv, from a table of statements: the rules read again by somebody else.

Standard library only. It knows no time zone database either: Swedish time is computed from the EU's rule, so that the days
are not the same library's days.

    python3 oracle.py PERIOD < statements.csv > kpi_total.csv
"""

import csv
import statistics
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta

INTERVALS = [("days_0_30", 0, 30), ("days_31_60", 31, 60), ("days_61_90", 61, 90),
             ("days_91_120", 91, 120), ("days_121_180", 121, 180), ("days_over_180", 181, 10**9)]
AGES = [("age_under_50", -10**9, 49), ("age_50_64", 50, 64), ("age_65_74", 65, 74),
        ("age_75_84", 75, 84), ("age_85_plus", 85, 10**9)]
COLUMNS = ["hospital_code", "hospital_name", "completed", "guarantee_denominator", "within_90_days", "share_percent",
           "median_wait", "mean_wait", "median_referral_to_operation", "median_referral_to_decision", "men", "women",
           *(name for name, _, _ in AGES), *(name for name, _, _ in INTERVALS)]


def last_sunday(year, month):
    """01:00 UTC on the last Sunday of a month with 31 days: when the EU changes its clocks (since 1996)."""
    last = datetime(year, month, 31, 1)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def local(text):
    """Swedish wall-clock time of a UTC time in microseconds."""
    if not text:
        return None
    moment = datetime(1970, 1, 1) + timedelta(microseconds=int(text))
    summer = last_sunday(moment.year, 3) <= moment < last_sunday(moment.year, 10)
    return moment + timedelta(hours=2 if summer else 1)


def days(start, end):
    return (end.date() - start.date()).days


def median(values):
    if not values:
        return ""
    value = statistics.median(values)
    return str(int(value)) if value == int(value) else f"{value:.1f}"


def counts(values, groups):
    return {name: sum(low <= value <= high for value in values) for name, low, high in groups}


def main():
    period = sys.argv[1]
    hospitals = defaultdict(list)
    for row in csv.DictReader(sys.stdin):
        if row["period"] != period or row["status"] != "COMPLETED":
            continue
        row["decided"], row["started"], row["referral"] = (
            local(row[name]) for name in ("decided_at", "started_at", "referral_at"))
        if row["decided"] is None or row["started"] is None:
            continue
        row["wait"] = days(row["decided"], row["started"])
        if row["wait"] >= 0:
            hospitals[row["hospital_code"]].append(row)

    writer = csv.DictWriter(sys.stdout, COLUMNS, delimiter=";", lineterminator="\n")
    writer.writeheader()
    for code, rows in sorted(hospitals.items(), key=lambda item: item[0].encode()):
        names = Counter(row["hospital_name"] for row in rows if row["hospital_name"])
        most = max(names.values(), default=0)
        name = min((name for name, count in names.items() if count == most), key=str.encode, default="")
        waits = [row["wait"] for row in rows]
        guaranteed = [row["wait"] for row in rows if row["guarantee"] == "true" and row["deviation"] != "PVV"]
        within = [wait for wait in guaranteed if wait <= 90]
        referred = [row for row in rows if row["referral"] is not None]
        ages = [row["started"].year - int(row["birth_year"]) for row in rows if row["birth_year"]]
        writer.writerow({
            "hospital_code": code,
            "hospital_name": name if code else "",
            "completed": len(rows),
            "guarantee_denominator": len(guaranteed),
            "within_90_days": len(within),
            "share_percent": f"{100.0 * len(within) / len(guaranteed):.1f}" if guaranteed else "",
            "median_wait": median(waits),
            "mean_wait": f"{sum(waits) / len(waits):.1f}",
            "median_referral_to_operation": median([days(row["referral"], row["started"]) for row in referred]),
            "median_referral_to_decision": median([days(row["referral"], row["decided"]) for row in referred]),
            "men": sum(row["sex"] == "MALE" for row in rows),
            "women": sum(row["sex"] == "FEMALE" for row in rows),
            **counts(ages, AGES),
            **counts(waits, INTERVALS),
        })


if __name__ == "__main__":
    main()
