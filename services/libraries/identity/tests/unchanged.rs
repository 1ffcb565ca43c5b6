//! Personnummer and samordningsnummer are read as they were before reserve numbers had letters in their check digit: compared
//! with the rule of then, written out here, on texts in every notation, right and nearly right.

use identity::{
    Claim, Date, Identifier, Kind, Options, Personnummer, Refusal, Reserve, Samordningsnummer, Subject, System,
};
use proptest::prelude::*;

/// Tens of the day that make a samordningsnummer.
const SHIFT: u32 = 60;

/// What the rule of then makes of a text: kind and twelve digits, or why not.
fn before(text: &str, kind: Kind, reference: Date) -> Result<String, Refusal> {
    let text = text.trim_ascii();
    let (date, rest) = match text.len() {
        10 | 11 => text.split_at_checked(6).ok_or(Refusal::Shape)?,
        12 | 13 => text.split_at_checked(8).ok_or(Refusal::Shape)?,
        _ => return Err(Refusal::Shape),
    };
    let plus = rest.starts_with('+');
    let tail = if rest.len() == 5 { rest.strip_prefix(['-', '+']).ok_or(Refusal::Shape)? } else { rest };
    if tail.len() != 4 || !date.bytes().chain(tail.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Shape);
    }
    let number = |part: &str| part.parse::<u32>().map_err(|_| Refusal::Shape);
    let short = &date[date.len() - 6..];
    let (year, month, day) = (number(&short[..2])?, number(&short[2..4])?, number(&short[4..])?);
    let year = if date.len() == 8 {
        number(&date[..4])?
    } else {
        let now = u32::from(reference.year());
        let latest = |limit: u32| limit - (limit + 100 - year) % 100;
        let today = (now, u32::from(reference.month()), u32::from(reference.day()));
        match latest(now) {
            _ if plus => latest(now - 100),
            year if (year, month, day % SHIFT) > today => year - 100,
            year => year,
        }
    };
    let last_of = |month: u32| match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let exists = match kind {
        Kind::Personnummer => (1..=12).contains(&month) && (1..=last_of(month)).contains(&day),
        _ => month <= 12 && (SHIFT..=SHIFT + 31).contains(&day),
    };
    if !exists || !(1800..2100).contains(&year) {
        return Err(Refusal::Date);
    }
    let ten = format!("{short}{tail}");
    let sum: u32 = ten
        .bytes()
        .enumerate()
        .map(|(at, byte)| {
            let doubled = u32::from(byte - b'0') * if at.is_multiple_of(2) { 2 } else { 1 };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    if tail.starts_with("000") || !sum.is_multiple_of(10) {
        return Err(Refusal::CheckDigit);
    }
    Ok(format!("{:02}{ten}", year / 100))
}

/// The same of the crate.
fn now(text: &str, kind: Kind, reference: Date) -> Result<String, Refusal> {
    let system = match kind {
        Kind::Personnummer => Personnummer::parse(text, reference).map(|_| System::Personnummer)?,
        _ => Samordningsnummer::parse(text, reference).map(|_| System::Samordningsnummer)?,
    };
    let claim = Claim { system: system.oid(), kind: "", source: "", value: text };
    let subject = Subject::read(claim, &Options { interim: true, reserves: &Reserve::ALL, ..Options::at(reference) });
    let subject = subject.expect("what parses names somebody");
    assert_eq!(subject.kind(), Some(kind), "whatever the region's own numberings are");
    Ok(subject.disclosed().expect("a national number").as_str().to_owned())
}

/// Ten or twelve digits, mostly of a date, with a right check digit or another; and what is nearly that.
fn texts() -> impl Strategy<Value = String> {
    let digits = ("(1[5-9]|2[01])?", 0..100_u32, 0..14_u32, 0..100_u32, 0..1_000_u32, 0..12_u32, "[-+ ]?");
    let likely = digits.prop_map(|(century, year, month, day, serial, last, separator)| {
        let nine = format!("{year:02}{month:02}{day:02}{serial:03}");
        let sum: u32 = nine
            .bytes()
            .enumerate()
            .map(|(at, byte)| u32::from(byte - b'0') * if at.is_multiple_of(2) { 2 } else { 1 })
            .map(|doubled| doubled / 10 + doubled % 10)
            .sum();
        // Right twice out of three times.
        let last = if last < 8 { (10 - sum % 10) % 10 } else { last % 10 };
        format!("{century}{}{separator}{}{last}", &nine[..6], &nine[6..])
    });
    prop_oneof![6 => likely, 1 => "[0-9+-]{9,14}", 1 => "[0-9]{6,8}-?[0-9A-Z]{4}", 1 => "\\PC{0,14}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn nothing_changes_for_personnummer_and_samordningsnummer(text in texts(), day in 0..30_000_i64) {
        let reference = Date::of_epoch_day(day);
        for kind in [Kind::Personnummer, Kind::Samordningsnummer] {
            // Four equal zeros are no serial, and name nobody before they are read.
            if identity::is_placeholder(&text, &[]) {
                continue;
            }
            let (before, now) = (before(&text, kind, reference), now(&text, kind, reference));
            prop_assert_eq!(before, now, "{}", text);
        }
        // No number of another kind was taken for one, nor the other way round.
        let options = Options { interim: true, reserves: &Reserve::ALL, ..Options::at(reference) };
        let found = Identifier::read(&text, None, &options).map(|found| found.kind()).ok();
        let kinds = [Kind::Personnummer, Kind::Samordningsnummer];
        let want = kinds.into_iter().find(|kind| before(&text, *kind, reference).is_ok());
        prop_assert_eq!(found.filter(|kind| kinds.contains(kind)), want);
    }
}
