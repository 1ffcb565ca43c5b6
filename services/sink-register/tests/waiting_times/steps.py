"""A second calculation of waits_by_step.csv and waits_by_dimension.csv, from SKR's published rules and not from the program.

Standard library only, without a time zone database: Swedish time is computed from the EU's rule.

The rules, as this file reads them. Only phase 1 (first visit) and phase 2 (operation or treatment) are steps. The clock of a
first visit starts at its referral, or at the stated decision where no referral has a date; the clock of a treatment at the
decision. It stops at the contact, or on the last day of the month for who still waits. Whoever chose to wait longer is left
out of everything and counted apart. The guarantee is at most 90 days, of contacts under it; a medically caused wait is not
under it while it goes on.

A line of fewer contacts than the limit is withheld, and one of fewer persons; of fewer under the guarantee, what it says of the
guarantee. Whatever is withheld of lines under one sum is of two lines at least that have any, and of the limit and one more for each
of those lines: else the smallest line that has any goes with them, and where none is left, all. Last comes a line of what
is withheld together.

    python3 steps.py PERIOD LIMIT < statements.csv > tables.json
"""

import calendar
import csv
import io
import json
import statistics
import sys
from collections import Counter
from datetime import date, datetime, timedelta

BOUNDS = [30, 60, 90, 120, 180]
FIGURES = ["contacts", "patient_chosen", "medically_caused", "without_referral", "guarantee_denominator", "within_90_days",
           "share_percent", "median_wait", "days_0_30", "days_31_60", "days_61_90", "days_91_120", "days_121_180",
           "days_over_180"]
DIMENSIONS = {"activity": "activity", "booking": "booking", "contact_type": "contact_type", "municipality": "lkf",
              "mvo": "mvo", "profession": "profession", "referrer": "referrer_hsa_id", "unit": "care_unit_hsa_id"}
STATUSES = {"WAITING": "waiting", "COMPLETED": "completed"}
STEPS = {"1": "first_visit", "2": "treatment"}
LONGEST = 14_610


def summer(moment):
    def change(month):
        last = datetime(moment.year, month, 31, 1)
        return last - timedelta(days=last.isoweekday() % 7)
    return change(3) <= moment < change(10)


def day(text):
    if not text:
        return None
    moment = datetime(1970, 1, 1) + timedelta(microseconds=int(text))
    return (moment + timedelta(hours=1 + summer(moment))).date()


def age_group(age):
    if age is None:
        return ""
    return next((name for top, name in [(50, "under_50"), (65, "50_64"), (75, "65_74"), (85, "75_84")] if age < top), "85_plus")


def fate(row, last_day):
    """Why a statement is in no figure, or its place: status, step, days, whether the clock lacks a referral, year."""
    status = STATUSES.get(row["status"])
    if status is None:
        return "status_unknown"
    if row["phase"].strip() not in STEPS:
        return "phase_other" if row["phase"].strip() in ("3", "4", "5") else "phase_unknown"
    step = STEPS[row["phase"].strip()]
    decided, started, referral = day(row["decided_at"]), day(row["started_at"]), day(row["referral_at"])
    begun = decided if step == "treatment" or referral is None else referral
    end = last_day if status == "waiting" else started
    if begun is None or end is None:
        return "waiting_without_decision" if status == "waiting" else "completed_without_times"
    wait = end.toordinal() - begun.toordinal()
    if wait < 0:
        return f"{status}_negative"
    if wait > LONGEST:
        return f"{status}_implausible"
    return status, step, wait, step == "first_visit" and referral is None, end.year


def figures(group):
    kept = [(row, place) for row, place in group if row["deviation"] != "PVV"]
    waits = [place[2] for _, place in kept]
    under = [place[2] for row, place in kept
             if row["guarantee"] == "true" and not (row["deviation"] == "MOV" and place[0] == "waiting")]
    good = [wait for wait in under if wait <= 90]
    middle = statistics.median(waits) if len(waits) >= 20 else None
    counts = [0] * (len(BOUNDS) + 1)
    for wait in waits:
        counts[sum(wait > bound for bound in BOUNDS)] += 1
    return [len(kept), len(group) - len(kept), sum(row["deviation"] == "MOV" for row, _ in kept),
            sum(place[3] for _, place in kept), len(under), len(good),
            f"{100.0 * len(good) / len(under):.1f}" if under else "",
            "" if middle is None else f"{middle:.0f}" if middle == int(middle) else f"{middle:.1f}", *counts]


def closed(withheld, sizes, limit):
    """The lines to withhold, and whether they may be said together."""
    while True:
        for size in sizes:
            own = [size[at] for at in withheld if size[at]]
            if own and (len(own) < 2 or sum(own) < limit + len(own)):
                rest = [(number, at) for at, number in enumerate(size) if number and at not in withheld]
                if not rest:
                    return set(range(len(size))), False
                withheld.add(min(rest)[1])
                break
        else:
            return withheld, True


GUARANTEE = slice(4, 7)


def under_one_sum(lines, limit, together):
    """Lines of keys and statements as cells."""
    all_figures = [figures(group) for _, group in lines]
    contacts, under = ([line[at] for line in all_figures] for at in (0, 4))
    persons = [line[0] + line[1] for line in all_figures]
    few = {at for at in range(len(lines)) if 0 < contacts[at] < limit or 0 < persons[at] < limit}
    silent, said = closed(few, [contacts, persons], limit)
    quiet, told = closed(set(silent) | {at for at, number in enumerate(under) if 0 < number < limit}, [under], limit)
    for at, (keys, _) in enumerate(lines):
        cells = list(all_figures[at])
        if at in silent:
            cells = [""] * len(cells)
        elif at in quiet:
            cells[GUARANTEE] = [""] * 3
        yield [*keys, *cells, "withheld" if at in silent else "guarantee-withheld" if at in quiet else ""]
    if (silent and said) or (quiet and said and told):
        cells = figures([row for at in silent for row in lines[at][1]]) if silent else [""] * (len(FIGURES))
        cells[GUARANTEE] = figures([row for at in quiet for row in lines[at][1]])[GUARANTEE] if told else [""] * 3
        yield [*together, *cells, "withheld-together"]


def text(header, lines):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue()


def main(period, limit):
    year, month = map(int, period.split("-"))
    last_day = date(year, month, calendar.monthrange(year, month)[1])
    reasons, found, chosen = Counter(), [], 0
    for row in csv.DictReader(sys.stdin):
        if row["period"] != period:
            continue
        place = fate(row, last_day)
        if isinstance(place, str):
            reasons[place] += 1
        else:
            found.append((row, place))
            reasons["patient_chosen" if row["deviation"] == "PVV" else place[0]] += 1

    def grouped(keys):
        groups = {}
        for row, place in found:
            for key in keys(row, place):
                groups.setdefault(key, []).append((row, place))
        order = {"waiting": 0, "completed": 1}
        return sorted(groups.items(), key=lambda item: (order[item[0][0]], *(part.encode() for part in item[0][1:])))

    def name(status, code):
        if not code:
            return ""
        names = Counter(row["hospital_name"] for row, place in found
                        if place[0] == status and row["hospital_code"] == code and row["hospital_name"])
        most = max(names.values(), default=0)
        return min((name for name, count in names.items() if count == most), key=str.encode, default="")

    def values(row, place):
        age = place[4] - int(row["birth_year"]) if row["birth_year"] else None
        known = {"age_group": age_group(age), "sex": "" if row["sex"] == "UNKNOWN" else row["sex"].lower()}
        known |= {dimension: row[column] for dimension, column in DIMENSIONS.items()}
        return [(place[0], place[1], dimension, value) for dimension, value in known.items()]

    def divided(groups, told, together):
        """Lines of groups that stand under one sum, by all keys but the one that is told apart."""
        sums = {}
        for key, group in groups:
            sums.setdefault(told(key), []).append((key, group))
        return [line for key, lines in sums.items() for line in under_one_sum(lines, limit, together(key))]

    steps = divided(grouped(lambda row, place: [(place[0], row["hospital_code"], place[1])]),
                    lambda key: (key[0], key[2]), lambda key: (key[0], "", key[1]))
    steps = [[status, code, "" if line[-1] == "withheld-together" else name(status, code), *line]
             for status, code, *line in steps]
    order = {"waiting": 0, "completed": 1, "first_visit": 0, "treatment": 1}
    steps.sort(key=lambda line: (order[line[0]], line[-1] == "withheld-together", line[1].encode(), order[line[3]]))
    dimensions = divided(grouped(values), lambda key: key[:3], lambda key: (*key, ""))
    json.dump({
        "waits_by_step.csv": text(["status", "hospital_code", "hospital_name", "step", *FIGURES, "reason"], steps),
        "waits_by_dimension.csv": text(["status", "step", "dimension", "value", *FIGURES, "reason"], dimensions),
        "reasons": text(["reason", "statements"], sorted(reasons.items())),
    }, sys.stdout)


main(sys.argv[1], int(sys.argv[2]))
