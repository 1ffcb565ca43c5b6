//! Policies with one part taken out: the table of [`crate::matrix`] tells each of them from the whole.

use access::Policies;

use crate::matrix::{CARE, OTHER, QUALITY, STATISTICS, departs};

/// The matrix over two regions; who it does not tell from the whole differs nowhere.
fn is_caught(files: &[(&str, String)]) -> bool {
    let policies = Policies::of(files.iter().map(|(name, text)| (*name, text.as_str()))).expect("it is still a policy");
    let (own, other) = (Some("14".parse().unwrap()), Some("01".parse().unwrap()));
    departs(&policies, &[own, None], &[own, other, None], &[CARE, QUALITY, STATISTICS, OTHER], &[2, 3]).is_err()
}

fn whole() -> Vec<(&'static str, String)> {
    Policies::texts().iter().map(|(name, text)| (*name, (*text).to_owned())).collect()
}

/// Each file with one of its lines changed by `change`, in turn.
fn mutants(change: impl Fn(&str) -> Vec<String>) -> Vec<(String, Vec<(&'static str, String)>)> {
    let mut made = Vec::new();
    for (at, (name, text)) in whole().iter().enumerate() {
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            for changed in change(line) {
                let mut lines = lines.clone();
                lines[number] = &changed;
                let mut files = whole();
                files[at].1 = lines.join("\n");
                made.push((format!("{name}:{}: `{line}` as `{changed}`", number + 1), files));
            }
        }
    }
    made
}

fn all_are_caught(count_min: usize, mutants: &[(String, Vec<(&str, String)>)]) {
    assert!(mutants.len() >= count_min, "only {} were made", mutants.len());
    let missed: Vec<_> = mutants.iter().filter(|(_, files)| !is_caught(files)).map(|(name, _)| name).collect();
    assert!(missed.is_empty(), "nobody notices {missed:#?}");
}

#[test]
fn the_whole_is_what_the_table_says() {
    assert!(!is_caught(&whole()));
}

#[test]
fn a_policy_that_is_taken_out_is_noticed() {
    let mut made = Vec::new();
    for (at, (name, text)) in whole().iter().enumerate() {
        let policies: Vec<&str> = text.split("@id(").collect();
        for left in 1..policies.len() {
            let mut files = whole();
            files[at].1 = policies[0].to_owned();
            for (_, policy) in policies.iter().enumerate().skip(1).filter(|(number, _)| *number != left) {
                files[at].1.push_str(&format!("@id({policy}"));
            }
            made.push((format!("{name} without policy {left}"), files));
        }
    }
    all_are_caught(13, &made);
}

#[test]
fn a_condition_that_is_dropped_or_turned_is_noticed() {
    let made = mutants(|line| {
        let Some(condition) = line.strip_prefix("when { ") else { return Vec::new() };
        let end = if line.ends_with(';') { ";" } else { "" };
        vec![format!("when {{ true }}{end}"), format!("unless {{ {condition}")]
    });
    all_are_caught(100, &made);
}

#[test]
fn an_action_that_is_added_or_taken_away_is_noticed() {
    let made = mutants(|line| {
        let Some((_, rest)) = line.split_once("permit (principal, ") else { return Vec::new() };
        let (action, _) = rest.split_once(", resource").expect("a resource");
        let mut made = vec![line.replace(action, "action")];
        let named: Vec<&str> = ["read", "download", "call", "inspect"]
            .into_iter()
            .filter(|name| action.contains(&format!("\"{name}\"")))
            .collect();
        for name in named.iter().filter(|_| named.len() > 1) {
            let others: Vec<_> =
                named.iter().filter(|other| *other != name).map(|name| format!("Action::\"{name}\"")).collect();
            made.push(line.replace(action, &format!("action in [{}]", others.join(", "))));
        }
        made
    });
    all_are_caught(30, &made);
}

#[test]
fn a_level_that_is_lowered_is_noticed() {
    all_are_caught(
        10,
        &mutants(|line| {
            if line.contains(">= 3") {
                vec![line.replace(">= 3", ">= 2"), line.replace(">= 3", ">= 4")]
            } else {
                Vec::new()
            }
        }),
    );
}
