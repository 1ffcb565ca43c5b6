//! Answers to a sender: original mode (AA, AE, AR) and enhanced mode (CA, CE, CR).
//!
//! A message that values MSH-15 or MSH-16 is in enhanced mode, in which each asks for an answer of its own (HL7 chapter 2,
//! 2.9.3): MSH-15 for the accept acknowledgement, which says that the message is in safe storage, MSH-16 for the application's,
//! which says what became of it there. Who asks for both gets both, first CA and then AA: for a receiver whose work is to
//! store, the message is processed when it is stored. A message that was not accepted has reached no application: after CE or
//! CR nothing follows. A condition that is not one of AL, NE, ER, SU counts as AL where nothing else is answered: a sender that
//! waits for an answer that never comes would stop for ever. For a second answer it is not enough.
//!
//! An acknowledgement is not answered, unless its MSH-15 asks for it: two systems that answer each other's answers never
//! end. Ours in enhanced mode say in MSH-15 and MSH-16 that they want none.

use crate::charset::{self, Charset};
use crate::delimiters::Delimiters;
use crate::field::Address;
use crate::message::Message;

/// What becomes of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Stored durably. Say so only after it is.
    Accepted,
    /// Not stored now; the sender should send it again.
    Failed,
    /// Never to be accepted in this form; the sender should not send it again.
    Rejected,
}

/// The code of MSA-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Application accept.
    AA,
    /// Application error.
    AE,
    /// Application reject.
    AR,
    /// Commit accept.
    CA,
    /// Commit error.
    CE,
    /// Commit reject.
    CR,
}

impl Code {
    /// As MSA-1 writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::AA => "AA",
            Code::AE => "AE",
            Code::AR => "AR",
            Code::CA => "CA",
            Code::CE => "CE",
            Code::CR => "CR",
        }
    }
}

/// What is wrong, for ERR. Texts are ours: never a value of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem<'a> {
    /// Where, if at a field.
    pub at: Option<Address>,
    /// Our rule's code.
    pub rule: &'a str,
    /// What to do about it, for the sender's operator.
    pub remedy: &'a str,
}

/// What an answer says.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// What becomes of the message.
    pub outcome: Outcome,
    /// Why, unless it is accepted.
    pub problem: Option<Problem<'a>>,
    /// MSH-7 of the answer, as [`crate::time::Stockholm::write`] gives it.
    pub sent: &'a str,
    /// MSH-10 of the answer.
    pub control_id: &'a str,
}

/// The codes of the answers that the sender of `message` wants for this outcome, in their order: none, one or two.
pub fn codes(message: &Message<'_>, outcome: Outcome) -> impl Iterator<Item = Code> + use<> {
    let asks = |number| message.get("MSH", number).given().map(|condition| wanted(condition, outcome));
    let (accept, application) = (asks(15), asks(16));
    let is_answer = message.kind() == "ACK";
    let commits = accept == Some(true);
    let says_so = matches!(message.get("MSH", 16).given(), Some("AL" | "SU"));
    let applies = match (accept, application) {
        _ if is_answer => false,
        (None, None) => true,
        (_, Some(true)) => !commits || says_so && outcome == Outcome::Accepted,
        _ => false,
    };
    let codes = [commits.then(|| commit_code(outcome)), applies.then(|| application_code(outcome))];
    codes.into_iter().flatten()
}

/// Appends one of the answers to `message`, unframed, in the message's character set.
pub fn answer(message: &Message<'_>, charset: Charset, code: Code, answer: &Answer<'_>, out: &mut Vec<u8>) {
    write(Some(message), charset, code, answer, out);
}

/// Appends the answer to something that has no readable header: always one, in original mode, without MSA-2's echo.
pub fn answer_unreadable(answer: &Answer<'_>, out: &mut Vec<u8>) {
    write(None, Charset::Undeclared, application_code(answer.outcome), answer, out);
}

fn wanted(condition: &str, outcome: Outcome) -> bool {
    match condition {
        "NE" => false,
        "ER" => outcome != Outcome::Accepted,
        "SU" => outcome == Outcome::Accepted,
        _ => true,
    }
}

const fn application_code(outcome: Outcome) -> Code {
    match outcome {
        Outcome::Accepted => Code::AA,
        Outcome::Failed => Code::AE,
        Outcome::Rejected => Code::AR,
    }
}

const fn commit_code(outcome: Outcome) -> Code {
    match outcome {
        Outcome::Accepted => Code::CA,
        Outcome::Failed => Code::CE,
        Outcome::Rejected => Code::CR,
    }
}

fn write(message: Option<&Message<'_>>, charset: Charset, code: Code, answer: &Answer<'_>, out: &mut Vec<u8>) {
    let delimiters = message.map_or(Delimiters::USUAL, |message| *message.delimiters());
    let echo = |number: usize| message.map_or("", |message| message.get("MSH", number).raw());
    let or = |text: &'static str, number: usize| match echo(number) {
        "" => text.to_owned(),
        sent => sent.to_owned(),
    };
    let (field, component) = (delimiters.field as char, separator(delimiters.component));
    let separators = or("^~\\&", 2);
    let trigger = message.map_or("", Message::trigger);
    let kind = if trigger.is_empty() { "ACK".to_owned() } else { format!("ACK{component}{trigger}{component}ACK") };
    let version = or("2.3", 12);
    let mut header = vec![
        format!("MSH{field}{separators}"),
        echo(5).to_owned(),
        echo(6).to_owned(),
        echo(3).to_owned(),
        echo(4).to_owned(),
        answer.sent.to_owned(),
        String::new(),
        kind,
        answer.control_id.to_owned(),
        or("P", 11),
        version.clone(),
    ];
    let set = echo(18);
    // Only an application's answer is itself a message that could be acknowledged.
    let enhanced = !(echo(15).is_empty() && echo(16).is_empty());
    if enhanced && matches!(code, Code::AA | Code::AE | Code::AR) {
        header.extend(["", "", "NE", "NE"].map(str::to_owned));
    }
    if !set.is_empty() {
        header.resize(MSH_BEFORE_CHARSET, String::new());
        header.push(set.to_owned());
    }
    let between = field.to_string();
    let mut text = header.join(&between);
    text.push('\r');
    let control_id = message.map_or("", Message::control_id);
    text.push_str(&["MSA", code.as_str(), control_id].join(&between));
    if let Some(problem) = answer.problem {
        text.push(field);
        text.push_str(problem.rule);
        text.push('\r');
        text.push_str(&error_segment(&problem, &version, &delimiters));
    }
    text.push('\r');
    charset::encode_text(&text, charset, out);
}

/// Fields of MSH before the eighteenth, counted as they are joined: the separator is the first.
const MSH_BEFORE_CHARSET: usize = 16;

/// ERR as the sender's version has it: ERR-1 before 2.5, ERR-2 to ERR-8 from then on.
fn error_segment(problem: &Problem<'_>, version: &str, delimiters: &Delimiters) -> String {
    let component = separator(delimiters.component);
    let subcomponent = separator(delimiters.subcomponent);
    let location = problem.at.map_or(String::new(), |at| format!("{}{component}1{component}{}", at.segment, at.number));
    let remedy = plain(problem.remedy, delimiters);
    let fields = if modern(version) {
        vec![
            "ERR".to_owned(),
            String::new(),
            location,
            ["207", "Application internal error", "HL70357"].join(&component),
            "E".to_owned(),
            problem.rule.to_owned(),
            String::new(),
            String::new(),
            remedy,
        ]
    } else {
        let code = ["207", problem.rule, "L"].join(&subcomponent);
        let skipped = if problem.at.is_some() { component.clone() } else { component.repeat(3) };
        vec!["ERR".to_owned(), format!("{location}{skipped}{code}")]
    };
    fields.join(&(delimiters.field as char).to_string())
}

/// ERR's modern form came with 2.5.
fn modern(version: &str) -> bool {
    let minor = version.strip_prefix("2.").and_then(|rest| rest.chars().next()).and_then(|digit| digit.to_digit(10));
    minor.is_some_and(|minor| minor >= 5)
}

/// A separator that does not exist separates nothing.
fn separator(byte: u8) -> String {
    if byte == 0 { String::new() } else { (byte as char).to_string() }
}

/// Our own text without anything that separates.
fn plain(text: &str, delimiters: &Delimiters) -> String {
    let Delimiters { field, component, repetition, escape, subcomponent } = *delimiters;
    let separators = [field, component, repetition, escape, subcomponent];
    text.chars()
        .map(|letter| if separators.iter().any(|&byte| byte as char == letter) { ' ' } else { letter })
        .collect()
}
