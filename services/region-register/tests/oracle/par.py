"""The delivery of inpatient care to the patient register once more, from the rules and not from the program: the region's rows in as
JSON, in the order in which they were told, files out.

    python3 par.py < {"filkod": "01", "first": "2026-01-01", "last": "2026-03-31", "rows": [{"INDATUM": "2026-01-03", ...}, ...]}

HSLF-FS 2016:91 annex 1 and the register's own page: inpatients of the three months, so everybody who was discharged in them and everybody
who was still admitted when they ended, the latter without a discharge.
"""

import json
import sys
from datetime import date

LAYOUT = {
    "patient": "filkod id number sex born lkf",
    "vardtillfalle": "filkod id number hospital clinic mvo in_day in_clock out_day out_clock in_how out_how planned main drg final",
    "diagnos": "filkod id number row role code",
    "atgard": "filkod id number row role code day clock",
    "tvangsvard": "",
    "lakemedel": "filkod id number row code day clock",
}
SEX = {"1": "1", "M": "1", "2": "2", "K": "2"}
REPORTED = {"JA": "1", "J": "1", "1": "1", "NEJ": "0", "N": "0", "0": "0"}


def weighted(characters):
    """The sum of Luhn with the last character counting once: letters are their ASCII value, all digits are added."""
    total = 0
    for place, character in enumerate(reversed(characters)):
        value = int(character) if character.isdigit() else ord(character)
        total += sum(int(digit) for digit in str(value * (1 + place % 2)))
    return total


def national(number):
    """A number that the register knows, twelve characters; nothing for others."""
    number = number.replace("-", "")
    if len(number) == 10 and number.isdigit():
        # Nobody in these rows is as old as a hundred.
        number = ("20" if int(number[:2]) <= 26 else "19") + number
    if len(number) != 12:
        return None
    if number.startswith("99"):  # the region's own: of the year of issue
        return number if number.isdigit() and weighted(number[4:]) % 10 == 0 else None
    if number.isdigit():
        year, month, day = int(number[:4]), int(number[4:6]), int(number[6:8])
        try:
            date(year, month, day - 60 if day > 60 else day)
        except ValueError:
            return None
        return number if number[8:11] != "000" and weighted(number[2:]) % 10 == 0 else None
    is_national = number[:2] in ("00", "22", "23", "25", "26") and number[8:10].isalpha()
    return number if is_national and weighted(number) % 10 == 0 else None


def day_of(text):
    text = text.replace("-", "")
    return None if text in ("", "99991231") else text


def clock_of(text):
    return text.replace(":", "")


def plain(code):
    return code.upper().replace(".", "")


def codes_of(row):
    """Diagnoses with their causes, procedures with their drugs, and all drugs."""
    diagnoses = [("H", plain(row["HDIA"]))] if row["HDIA"] else []
    diagnoses += [("B", plain(row[name])) for name in ("DIA1", "DIA2", "DIA3") if row[name]]
    causes = [plain(row[name]) for name in ("EKOD1", "EKOD2") if row[name]]
    injured = [at for at, (_, code) in enumerate(diagnoses) if code[0] in "ST"]
    # A cause is of the first injury; without one it is the reason of the contact and stands below the main diagnosis.
    owner = injured[0] if injured else 0
    below = []
    for at, diagnosis in enumerate(diagnoses):
        below.append(diagnosis)
        if at == owner and (injured or diagnosis[0] == "H"):
            below += [("E", cause) for cause in causes]
    procedures, drugs, place = [], [], 0
    for word in row["OP"].split():
        if word in ("-1", "0000"):
            place += 1
        elif len(word) == 7:  # ATC, a drug of the procedure before it
            drugs.append((word, len(procedures) - 1 if procedures else None))
        else:
            place += 1
            procedures.append((plain(word), day_of(row.get(f"OPD{place}", "")) or ""))
    for word in row["LM"].split():
        drug, _, named = word.partition(":")
        of = [at for at, (code, _) in enumerate(procedures) if code == plain(named)]
        drugs.append((drug, of[0] if of else None))
    done = []
    for at, (code, day) in enumerate(procedures):
        done.append(("O", code, day))
        done += [("L", drug, "") for drug, of in drugs if of == at]
    return below, done, [drug for drug, _ in drugs]


def main():
    told = json.load(sys.stdin)
    first, last = told["first"].replace("-", ""), told["last"].replace("-", "")
    latest = {}
    for row in told["rows"]:
        # A row that speaks of no day at all is refused by the mapping package, and changes nothing.
        is_dated = day_of(row["INDATUM"]) or day_of(row["UTDATUM"]) or any(day for _, _, day in codes_of(row)[1])
        if not is_dated:
            continue
        before = latest.get(row["vardkontakt_id"])
        if before is None or row["RAPPORTTID"] >= before["RAPPORTTID"]:
            latest[row["vardkontakt_id"]] = row
    contacts = []
    for row in latest.values():
        number = national(row["personnummer"])
        came, left = day_of(row["INDATUM"]), day_of(row["UTDATUM"])
        was_discharged = left is not None and first <= left <= last
        is_admitted = came is not None and came <= last and (left is None or left > last)
        if number is None or not (was_discharged or is_admitted):
            continue
        final = REPORTED.get(row["SLUTRAPPORTERAD"], "")
        # What the row does not say a personal number does; a reserve number is not asked.
        is_personal = number.isdigit() and number[:2] != "99"
        born = row["FODELSEAR"] or (number[:4] if is_personal else "")
        sex = SEX.get(row["KON"], ("2", "1")[int(number[10]) % 2] if is_personal else "")
        contacts.append({
            "filkod": told["filkod"], "id": row["vardkontakt_id"], "number": number, "sex": sex, "born": born,
            "lkf": row["LKF"][:4], "hospital": row["SJUKHUS"], "clinic": row["KLINIK"], "mvo": row["MVO"],
            "in_day": came or "", "in_clock": clock_of(row["INTID"]) if came else "",
            "out_day": left if was_discharged else "", "out_clock": clock_of(row["UTTID"]) if was_discharged else "",
            "in_how": row["INSATT"], "out_how": row["UTSATT"] if was_discharged else "", "planned": row["PVARD"],
            "main": plain(row["HDIA"]), "drg": row["DRG"], "final": final if was_discharged else final and "0", "codes": codes_of(row),
        })
    # By hospital, discharge and id; a day is its midnight, and stands behind the time at which it begins.
    contacts.sort(key=lambda c: (c["hospital"], c["out_day"], c["out_clock"] or "0000", c["out_day"] != "" and c["out_clock"] == "", c["id"]))
    files = {name: [] for name in LAYOUT}
    for contact in contacts:
        below, done, drugs = contact["codes"]
        rows = {
            "patient": [{}], "vardtillfalle": [{}], "tvangsvard": [],
            "diagnos": [{"role": role, "code": code} for role, code in below],
            "atgard": [{"role": role, "code": code, "day": day, "clock": ""} for role, code, day in done],
            "lakemedel": [{"code": drug, "day": "", "clock": ""} for drug in drugs],
        }
        for name, columns in LAYOUT.items():
            for at, row in enumerate(rows[name], 1):
                cells = {**contact, **row, "row": str(at)}
                files[name].append(";".join(cells[column] for column in columns.split()) + "\r\n")
    json.dump({f"{told['filkod']}_{name}.txt": "".join(lines) for name, lines in files.items()}, sys.stdout)


main()
