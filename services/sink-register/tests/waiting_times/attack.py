"""What somebody who keeps every published file of a month can compute of what the files withhold.

It knows the files' layout and nothing of how anything was chosen. Every number of every line is an unknown; a line that says it makes
it known. Then come the equations that anybody would write down: groups of a dimension, and hospitals, have together what all have; the
six intervals of a line are its contacts; the line of what is withheld together is the sum of the withheld ones; control totals;
the guarantee lies within the contacts, a share times its denominator within half of its last decimal; a report says what the tables say. They
are solved exactly (elimination over fractions) and by intervals (whole numbers, none negative), until nothing more follows.

Two versions are put together by a guess: what one says and the other withholds has not changed.

Standard library only.

    python3 attack.py < versions.json > found.json
"""

import csv
import io
import json
import sys
from collections import defaultdict
from fractions import Fraction

DAYS = ["days_0_30", "days_31_60", "days_61_90", "days_91_120", "days_121_180", "days_over_180"]
TRIO = ["guarantee_denominator", "within_90_days"]
AGES = {"age_under_50": "under_50", "age_50_64": "50_64", "age_65_74": "65_74", "age_75_84": "75_84", "age_85_plus": "85_plus"}
LIMITLESS = 10**12


class System:
    def __init__(self):
        self.bounds, self.equations, self.orders, self.read = {}, [], [], set()

    def bound(self, name, low=0, high=LIMITLESS):
        old = self.bounds.get(name, (0, LIMITLESS))
        new = max(old[0], low), min(old[1], high)
        if new[0] > new[1]:
            raise ValueError(name)
        self.bounds[name] = new
        return new != old

    def say(self, name, value):
        """What stands in a file."""
        self.bound(name, value, value)
        self.read.add(name)

    def equal(self, parts, total):
        """The sum of parts is another unknown, or a number."""
        terms = defaultdict(Fraction)
        for part in parts:
            self.bound(part)
            terms[part] += 1
        constant = 0
        if isinstance(total, int):
            constant = total
        else:
            self.bound(total)
            terms[total] -= 1
        self.equations.append((dict(terms), Fraction(constant)))

    def value(self, name):
        low, high = self.bounds[name]
        return low if low == high else None

    def by_intervals(self, equations):
        changed = False
        for terms, constant in equations:
            for name, factor in terms.items():
                low = high = constant
                for other, by in terms.items():
                    if other != name:
                        least, most = self.bounds[other]
                        low -= by * (most if by > 0 else least)
                        high -= by * (least if by > 0 else most)
                low, high = sorted((low / factor, high / factor))
                changed |= self.bound(name, -(-low.numerator // low.denominator), high.numerator // high.denominator)
        for less, more in self.orders:
            changed |= self.bound(less, 0, self.bounds[more][1]) | self.bound(more, self.bounds[less][0])
        return changed

    def eliminated(self):
        """The equations of what is still unknown, each solved for one that stands in no other."""
        rows = {}
        for terms, constant in self.equations:
            row, rest = {}, constant
            for name, factor in terms.items():
                known = self.value(name)
                if known is None:
                    row[name] = row.get(name, 0) + factor
                else:
                    rest -= factor * known
            for pivot in [name for name in row if name in rows]:
                row, rest = minus(row, rest, row[pivot], *rows[pivot])
            if not row:
                if rest:
                    raise ValueError("contradiction")
                continue
            pivot = min(row)
            by = row[pivot]
            row, rest = {name: factor / by for name, factor in row.items()}, rest / by
            for other, (own, own_rest) in list(rows.items()):
                if pivot in own:
                    rows[other] = minus(own, own_rest, own[pivot], row, rest)
            rows[pivot] = row, rest
        return list(rows.values())

    def solve(self):
        while True:
            while self.by_intervals(self.equations):
                pass
            if not self.by_intervals(self.eliminated()):
                return self


def minus(row, rest, by, other, other_rest):
    row = dict(row)
    for name, factor in other.items():
        row[name] = row.get(name, 0) - by * factor
        if not row[name]:
            del row[name]
    return row, rest - by * other_rest


def lines(version, name):
    return list(csv.DictReader(io.StringIO(version["files"].get(name, "")), delimiter=";"))


def read_line(system, cell, line, columns):
    """What a line says, and what holds within it."""
    for column in columns:
        if line.get(column):
            system.say(cell(column), int(line[column]))
        else:
            system.bound(cell(column))
    contacts = columns[0]
    of, within = (cell(column) for column in TRIO)
    system.orders += [(within, of), (of, cell(contacts))]
    if DAYS[0] in columns:
        system.equal([cell(column) for column in DAYS], cell(contacts))
    share = line.get("share_percent")
    for less, more in [(of, within), (within, of)] if share else []:
        known = system.value(less)
        low, high = Fraction(share) - Fraction(1, 20), Fraction(share) + Fraction(1, 20)
        if known is not None and less == of:
            system.bound(within, -(-low * known // 100), high * known // 100)
        if known is not None and less == within and low > 0:
            system.bound(of, -(-100 * known // high), 100 * known // low)


def waits(system, version):
    columns = ["contacts", "patient_chosen", "medically_caused", "without_referral", *TRIO, *DAYS]
    groups = defaultdict(list)
    for name, keys in [("waits_by_step.csv", ["status", "step", "hospital_code"]),
                       ("waits_by_dimension.csv", ["status", "step", "dimension", "value"])]:
        for line in lines(version, name):
            under = name, line["status"], line["step"], *(line[key] for key in keys[2:-1])
            groups[under].append((line[keys[-1]], line))
    totals = defaultdict(set)
    for under, found in groups.items():
        def cell(column, own):
            return (under[0], *under[1:], own, column)
        for column in columns:
            whole = "all", under[1], under[2], column
            totals[under[1], column].add(whole)
            totals["", column].add(whole)
            parts = [cell(column, own) for own, line in found if not line["reason"].endswith("-together")]
            system.equal(parts, whole)
            for line in (line for _, line in found if line["reason"].endswith("-together") and line[column]):
                silent = [cell(column, own) for own, other in found if not other["reason"].endswith("-together") and not other[column]]
                system.equal(silent, int(line[column]))
        for own, line in found:
            if not line["reason"].endswith("-together"):
                read_line(system, lambda column, own=own: cell(column, own), line, columns)
    for (status, column), name in {("waiting", "contacts"): "waiting", ("completed", "contacts"): "completed",
                                   ("", "patient_chosen"): "patient_chosen",
                                   ("", "without_referral"): "first_visit_without_referral"}.items():
        if name in version["totals"] and totals[status, column]:
            system.equal(sorted(totals[status, column]), version["totals"][name])


def pilots(system, version):
    columns = ["completed", *TRIO]
    total, by_dimension = lines(version, "kpi_total.csv"), lines(version, "kpi_by_dimension.csv")
    if not total:
        return
    hospitals = sorted({line["hospital_code"] for line in total})
    for line in total:
        read_line(system, lambda column, line=line: ("kpi_total.csv", line["hospital_code"], column), line, [*columns, *DAYS])
    said, values = {}, defaultdict(set)
    for line in by_dimension:
        key = line["scope"], line["dimension"], line["value"]
        said[key] = line
        if line["scope"] == "region" or line["completed"]:
            values[line["dimension"]].add(line["value"])
    for dimension, found in values.items():
        for scope in [*hospitals, "region"]:
            # A breakdown that is withheld has a line that says nothing; else a value without a line is nobody.
            silent = said.get((scope, dimension, ""), {}).get("completed") == "" and scope != "region"
            for value in found:
                line = said.get((scope, dimension, value), {} if silent else dict.fromkeys(columns, "0"))
                line = {} if silent else line
                read_line(system, lambda column, value=value: ("kpi_by_dimension.csv", scope, dimension, value, column), line, columns)
        for column in columns:
            for scope in hospitals:
                parts = [("kpi_by_dimension.csv", scope, dimension, value, column) for value in found]
                system.equal(parts, ("kpi_total.csv", scope, column))
            for value in found:
                parts = [("kpi_by_dimension.csv", scope, dimension, value, column) for scope in hospitals]
                system.equal(parts, ("kpi_by_dimension.csv", "region", dimension, value, column))
    for line in total:
        shown = {"men": ("sex", "male"), "women": ("sex", "female")} | {column: ("age_group", group) for column, group in AGES.items()}
        for column, (dimension, value) in shown.items():
            if line[column] and value in values[dimension]:
                system.say(("kpi_by_dimension.csv", line["hospital_code"], dimension, value, "completed"), int(line[column]))
    if total and "pilots_completed" in version["totals"]:
        system.equal([("kpi_total.csv", code, "completed") for code in hospitals], version["totals"]["pilots_completed"])
    waiting = lines(version, "kpi_waiting.csv")
    for line in waiting:
        read_line(system, lambda column, line=line: ("kpi_waiting.csv", line["hospital_code"], column), line, ["waiting", *TRIO, *DAYS])
    if waiting and "pilots_waiting" in version["totals"]:
        system.equal([("kpi_waiting.csv", line["hospital_code"], "waiting") for line in waiting], version["totals"]["pilots_waiting"])
    reports(system, version)


def reports(system, version):
    names = {"initial-population": "completed", "denominator": "guarantee_denominator", "numerator": "within_90_days",
             "measure-population": "completed"}
    for entry in json.loads(version["files"].get("measure_reports.json", "{}")).get("entry", []):
        report = entry["resource"]
        tags = report.get("meta", {}).get("tag", [])
        code = next((tag["code"] for tag in tags if tag["system"].endswith("sjukhuskod")), "")

        def say(cell, population):
            for part in population:
                name = cell(names[part["code"]["coding"][0]["code"]])
                if name:
                    system.say(name, part["count"])
        for group in report["group"]:
            if "referral" in group["code"]["text"]:
                continue
            say(lambda column: ("kpi_total.csv", code, column), group["population"])
            for stratifier in group.get("stratifier", []):
                kind = stratifier["code"][0]["text"]
                parts = []
                for stratum in stratifier["stratum"]:
                    value = stratum["value"].get("text") or stratum["value"]["coding"][0]["code"]
                    if kind == "interval":
                        column = "days_" + value.replace("-", "_").replace(">", "over_")
                        own = {"completed": ("kpi_total.csv", code, column), "guarantee_denominator": ("interval", code, column)}
                        parts.append(own["guarantee_denominator"])
                        say(own.get, stratum["population"])
                    else:
                        value = "" if value == "unknown" else value
                        say(lambda column, value=value: ("kpi_by_dimension.csv", code, kind, value, column), stratum["population"])
                if parts:
                    system.equal(parts, ("kpi_total.csv", code, "guarantee_denominator"))


def system_of(version):
    system = System()
    waits(system, version)
    pilots(system, version)
    return system


def main():
    versions = json.load(sys.stdin)
    alone = [system_of(version).solve() for version in versions]
    found = []

    def tell(number, other, cells):
        read = alone[number].read
        found.extend({"version": number, "with": other, "cell": "|".join(cell), "value": int(value), "read": cell in read}
                     for cell, value in cells)
    for number, system in enumerate(alone):
        tell(number, None, [(cell, system.value(cell)) for cell in system.bounds
                            if system.value(cell) is not None and cell[0].endswith(".csv")])
    for number, version in enumerate(versions):
        for other, said in enumerate(alone):
            if other == number:
                continue
            system = system_of(version)
            taken = set()
            try:
                for cell in system.bounds:
                    guess = said.value(cell) if cell in said.bounds else None
                    if alone[number].value(cell) is None and guess is not None:
                        taken.add(cell)
                        system.bound(cell, guess, guess)
                system.solve()
            except ValueError:
                continue
            new = [cell for cell in system.bounds if cell not in taken and alone[number].value(cell) is None and cell[0].endswith(".csv")]
            tell(number, other, [(cell, system.value(cell)) for cell in new if system.value(cell) is not None])
    json.dump(found, sys.stdout)


main()
