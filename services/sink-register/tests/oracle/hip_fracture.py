"""Hip fractures of a month once more, from the definitions and not from the program: events in as JSON, files out.

    python3 hip_fracture.py 2026-03 < events.json
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
HOUR = 3_600_000_000
RANK = {"A04": 0, "A01": 1, "A06": 4, "A02": 5, "A03": 8}
CANCELS = {"A11": ("A01", "A04"), "A12": ("A02", "A06"), "A13": ("A03",)}


def local(at):
    return datetime.fromtimestamp(at // 1_000_000, timezone.utc).astimezone(STOCKHOLM)


def stays_of(events):
    void = {(kind, e["at"]) for e in events for kind in CANCELS.get(e["trigger"], ())}
    left = sorted((e for e in events if (e["trigger"], e["at"]) not in void and e["trigger"] in RANK),
                  key=lambda e: (e["at"], RANK[e["trigger"]]))
    stays, here = [], None
    for event in left:
        if event["trigger"] == "A03":
            if here:
                stays.append({**here, "to": event["at"]})
                here = None
        elif event["unit"] and not (here and here["unit"] == event["unit"]):
            if here:
                stays.append({**here, "to": event["at"]})
            here = {"unit": event["unit"], "from": event["at"], "to": None, "episode": event["episode"],
                    "hospital": event["hospital"], "counts": event["inpatient"] or event["emergency"]}
    if here:
        stays.append(here)
    return [stay for stay in stays if stay["to"] != stay["from"] and stay["counts"]]


def chain_of(stays, contact):
    """The run of stays, at most 24 h apart, around the contact's visit number, else around its time."""
    runs = []
    for stay in sorted(stays, key=lambda s: s["from"]):
        if runs and (any(s["to"] is None for s in runs[-1]) or stay["from"] - max(s["to"] for s in runs[-1]) <= 24 * HOUR):
            runs[-1].append(stay)
        else:
            runs.append([stay])
    for run in runs:
        if contact["episode"] and any(s["episode"] == contact["episode"] for s in run):
            return run
    for run in runs:
        for stay in run:
            if stay["from"] <= contact["ended"] and (stay["to"] is None or stay["to"] > contact["started"]):
                return run
    return None


def tenth(value):
    tenths = int(value * 10 + Fraction(1, 2))
    return f"{tenths // 10}.{tenths % 10}"


def quartile(values, which):
    if not values:
        return ""
    place = Fraction(which * (len(values) - 1), 4)
    low = int(place)
    high = values[min(low + 1, len(values) - 1)]
    return tenth((values[low] + (high - values[low]) * (place - low)) / HOUR)


def table(header, rows):
    return "".join(";".join(row) + "\n" for row in [header.split(";"), *rows])


def main(month):
    events = json.load(sys.stdin)
    moves = [e for e in events if e["what"] == "move"]
    person = {}

    def who(token):
        while token in person:
            token = person[token]
        return token

    for event in moves:
        if event["prior_subject"]:
            one, other = who(event["subject"]), who(event["prior_subject"])
            if one != other:
                person[max(one, other)] = min(one, other)
    episodes, owner = {}, {}
    for event in moves:
        if event["episode"]:
            episodes.setdefault(event["episode"], []).append(event)
            owner[event["episode"]] = who(event["subject"])
    stays = {}
    for episode, group in episodes.items():
        stays.setdefault(owner[episode], []).extend(stays_of(group))

    fractures = []
    contacts = {}
    for contact in (e for e in events if e["what"] == "codes"):
        token = owner.get(contact["episode"]) or who(contact["subject"])
        run = chain_of(stays.get(token, []), contact)
        contact["run"], contact["begun"] = run, run[0]["from"] if run else contact["started"]
        contacts.setdefault(token, []).append(contact)
    for token, found in contacts.items():
        found.sort(key=lambda c: (c["begun"], c["contact"]))
        own = []
        for contact in found:
            if contact["diagnosis"][:4] not in ("S720", "S721", "S722"):
                continue
            same = [f for f in own if f["side"] == contact["side"]
                    and local(contact["begun"]).replace(tzinfo=None) - local(f["begun"]).replace(tzinfo=None) <= timedelta(days=120)]
            if same:
                same[-1]["contacts"].append(contact)
            else:
                own.append({"person": token, "side": contact["side"], "begun": contact["begun"], "contacts": [contact]})
        for fracture in own:
            done = []
            for contact in found:
                for procedure in contact["procedures"]:
                    if procedure["code"][:3] not in ("NFB", "NFJ") or procedure["side"] != fracture["side"]:
                        continue
                    at = procedure["at"]
                    after = at is not None and at >= fracture["begun"] and \
                        (local(at).date() - local(fracture["begun"]).date()).days <= 150
                    if after or contact in fracture["contacts"]:
                        done.append((procedure, contact))
            fracture["operations"] = operations(done)
            # Rikshöft: 50 years and over, not pathological. Of events the year of birth is known, and codes of diagnoses.
            known = [c["birth_year"] for c in fracture["contacts"] + found if c["birth_year"] is not None]
            sick = any(c["other"][:4] in ("M844", "M907") for c in fracture["contacts"])
            old = bool(known) and local(fracture["begun"]).year - known[0] >= 50
            fracture["aside"] = "pathological" if sick else "" if old else "under_50" if known else "age_unknown"
            own_run = next((c["run"] for c in fracture["contacts"] if c["run"]), None)
            fracture["run"] = own_run
            first = fracture["operations"][0] if fracture["operations"] else None
            fracture["hospital"] = first[1]["hospital"] if first else fracture["contacts"][0]["hospital"]
        fractures += own
    fractures = [f for f in fractures if local(f["begun"]).strftime("%Y-%m") == month]

    header = ("hospital_code;hospital_name;fractures;with_arrival;operated;with_operation_time;hours_known;hours_q1;"
              "hours_median;hours_q3;within_24h;share_within_24h;discharged;reoperated_30_days;reoperated_120_days;"
              "arrival_missing;operation_missing;operation_time_missing;operation_before_arrival;age_unknown;pathological;"
              "under_50;reason")
    hospitals = sorted({f["hospital"] for f in fractures})
    lines, path = [], []
    for code, name, group in [(h, "Sahlgrenska", [f for f in fractures if f["hospital"] == h]) for h in hospitals] + \
            [("", "Regionen", fractures)]:
        kept = [f for f in group if not f["aside"]]
        aside = [str(sum(f["aside"] == why for f in group)) for why in ("age_unknown", "pathological", "under_50")]
        *cells, reason = figures(kept)
        lines.append([code, name, *cells, *aside, reason])
        path += pathway(code, kept)
    json.dump({
        "hip_by_hospital.csv": table(header, lines),
        "hip_pathway.csv": table("hospital_code;stage;fractures;lost", path),
    }, sys.stdout)


def operations(done):
    """Procedures of one moment are one operation; one whose time is unknown joins that of its day, or any other."""
    timed = sorted({p["at"] for p, _ in done if p["at"] is not None and not p["is_date"]})
    days = sorted({p["at"] for p, _ in done if p["at"] is not None and p["is_date"]})
    days = [at for at in days if local(at).date() not in {local(time).date() for time in timed}]
    contact = {p["at"]: c for p, c in reversed(done)}
    found = sorted([(at, contact[at], False) for at in timed] + [(at, contact[at], True) for at in days],
                   key=lambda one: one[0])
    return found or [(None, c, True) for _, c in done[:1]]


def figures(group):
    hours, negative, no_time, again = [], 0, 0, []
    for fracture in group:
        found, run = fracture["operations"], fracture["run"]
        if found:
            at, _, unknown = found[0]
            no_time += unknown
            if run and not unknown:
                wait = at - run[0]["from"]
                negative += wait < 0
                hours += [wait] if wait >= 0 else []
            if len(found) > 1 and at is not None:
                again.append((local(found[1][0]).date() - local(at).date()).days)
    hours.sort()
    shown = hours if len(hours) >= 20 else []
    within = sum(wait <= 24 * HOUR for wait in hours)
    operated = sum(bool(f["operations"]) for f in group)
    arrived = sum(bool(f["run"]) for f in group)
    reason = "" if shown else "no-hours-known" if len(group) >= 20 and not hours else "fewer-than-limit"
    return [str(len(group)), str(arrived), str(operated), str(operated - no_time), str(len(hours)),
            *(quartile(shown, n) for n in (1, 2, 3)), str(within),
            tenth(Fraction(100 * within, len(shown))) if shown else "",
            str(sum(out(f) for f in group)), str(sum(d <= 30 for d in again)), str(sum(d <= 120 for d in again)),
            str(len(group) - arrived), str(len(group) - operated), str(no_time), str(negative), reason]


def out(fracture):
    return bool(fracture["run"]) and all(s["to"] is not None for s in fracture["run"])


def moved(fracture):
    run = sorted(fracture["run"], key=lambda s: s["from"])
    return any(one["unit"] != other["unit"] for one, other in zip(run, run[1:]))


def pathway(code, group):
    rows, left = [[code, "all", str(len(group)), "0"]], group
    for stage, test in [("arrival", lambda f: bool(f["run"])), ("diagnosis", lambda f: True),
                        ("operation", lambda f: bool(f["operations"])), ("moved", moved), ("discharged", out)]:
        kept = [f for f in left if test(f)]
        rows.append([code, stage, str(len(kept)), str(len(left) - len(kept))])
        left = kept
    return rows


main(sys.argv[1])
