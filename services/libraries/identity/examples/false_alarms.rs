//! How many of a million made-up visit numbers the guard takes for a personal number, shape by shape, always the same
//! million: `cargo run -p identity --example false_alarms`.
#![allow(clippy::print_stdout, reason = "a figure for people is what it is for")]

use identity::{Reserve, guard, is_reserve_number};

const COUNT: u32 = 1_000_000;

/// SplitMix64, so that every run has the same numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn one_of(&mut self, letters: &[u8]) -> char {
        char::from(letters[(self.next() % letters.len() as u64) as usize])
    }

    /// `9` a digit, `A` a letter, `x` either, `h` a hexadecimal digit, `D` a day of the last ten years; the rest as it is.
    fn of(&mut self, shape: &str, text: &mut String) {
        text.clear();
        for sign in shape.chars() {
            match sign {
                '9' => text.push(self.one_of(b"0123456789")),
                'A' => text.push(self.one_of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
                'x' => text.push(self.one_of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")),
                'h' => text.push(self.one_of(b"0123456789abcdef")),
                'D' => {
                    let day = identity::Date::of_epoch_day(16_800 + (self.next() % 3_652) as i64);
                    text.push_str(&format!("{:04}{:02}{:02}", day.year(), day.month(), day.day()));
                }
                other => text.push(other),
            }
        }
    }
}

fn main() {
    let shapes = [
        "9999999",
        "9999999999",
        "999999999999",
        "A999999999",
        "D-99999",
        "D-9999",
        "A9999999999",
        "AA-999999-9999",
        "9999-999999",
        "999-999-9999",
        "99999999",
        "9999999999999",
        "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh",
        "hhhhhhhhhh",
        "xxxxxxxxxxxxxxxx",
        "99999999A999",
        "99999999AA99",
        "99999999AAA9",
    ];
    let (mut random, mut text) = (Random(2026), String::new());
    for shape in shapes {
        let (mut found, mut reserve) = (0_u32, 0_u32);
        for _ in 0..COUNT {
            random.of(shape, &mut text);
            found += u32::from(guard(&text, &[]).is_some());
            reserve += u32::from(is_reserve_number(&text, Reserve::of_region("14")));
        }
        let percent = |found| f64::from(found) * 100.0 / f64::from(COUNT);
        println!("{shape:40} {:.4} % of {COUNT}, and {:.4} % as reserve numbers", percent(found), percent(reserve));
    }
}
