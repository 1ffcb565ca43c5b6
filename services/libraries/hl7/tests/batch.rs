//! Files of messages.

use hl7::batch;

#[track_caller]
fn check(file: &str, want: &[&str]) {
    let got: Vec<_> = batch::messages(file.as_bytes()).map(|message| std::str::from_utf8(message).unwrap()).collect();
    assert_eq!(got, want, "{file:?}");
}

#[test]
fn blank_lines_between_messages() {
    check("MSH|1\rPID|1\r\n\nMSH|2\rPV1|2\r\n\n", &["MSH|1\rPID|1", "MSH|2\rPV1|2"]);
    check("MSH|1\r\nPID|1\r\n\r\nMSH|2\r\n", &["MSH|1\r\nPID|1", "MSH|2"]);
    check("MSH|1\nPID|1\n\n\n\nMSH|2", &["MSH|1\nPID|1", "MSH|2"]);
}

#[test]
fn nothing_between_messages() {
    check("MSH|1\rPID|1\rMSH|2\rPID|2\r", &["MSH|1\rPID|1", "MSH|2\rPID|2"]);
}

#[test]
fn envelopes_are_passed_over() {
    check("FHS|^~\\&\rBHS|^~\\&\rMSH|1\rPID|1\rMSH|2\rBTS|2\rFTS|1\r", &["MSH|1\rPID|1", "MSH|2"]);
    check("\u{feff}FHS|^~\\&\r\nMSH|1\r\nFTS|1\r\n", &["MSH|1"]);
}

#[test]
fn frames_written_to_disk() {
    check("\u{b}MSH|1\rPID|1\r\u{1c}\r\u{b}MSH|2\r\u{1c}\r", &["MSH|1\rPID|1", "MSH|2"]);
}

#[test]
fn a_blank_line_inside_a_message_does_not_end_it() {
    check("MSH|1\r\n\r\nPID|1\r\n\r\nPV1|1\r\n", &["MSH|1\r\n\r\nPID|1\r\n\r\nPV1|1"]);
}

#[test]
fn what_is_no_message_comes_out_too() {
    check(
        "detta är inget\n\nMSH|1\rPID|1\n\n%&/() skräp\nmer skräp\n\nMSH|2\n",
        &["detta är inget", "MSH|1\rPID|1", "%&/() skräp\nmer skräp", "MSH|2"],
    );
    check("MSH|1\rPID|text\nbruten rad\rPV1|1\n\nMSH|2\n", &["MSH|1\rPID|text\nbruten rad\rPV1|1", "MSH|2"]);
    check("PID|utan huvud\rPV1|1\n\nMSH|2\n", &["PID|utan huvud\rPV1|1", "MSH|2"]);
}

#[test]
fn line_feeds_in_a_field_belong_to_it() {
    let first = "MSH|1\rNTE|1||rad 1\n\nrad 2\rNTE|2||slut^";
    check(&format!("{first}\r\nMSH|2\rPID|1\r"), &[first, "MSH|2\rPID|1"]);
    check(&format!("{first}\r\n\nskräp\n\nMSH|2\rPID|1\r"), &[first, "skräp", "MSH|2\rPID|1"]);
    check("MSH|1\rNTE|1||a\n\n\nb\n\nc\n\nMSH|2", &["MSH|1\rNTE|1||a", "b", "c", "MSH|2"]);
    check("MSH|1\rPV1|a\nb\nMSH|2\rPV1|c\n", &["MSH|1\rPV1|a\nb", "MSH|2\rPV1|c"]);
}

#[test]
fn bytes_of_the_framing_in_a_field_belong_to_it() {
    for inside in ["a\u{b}b", "a\u{1c}b", "\u{b}", "\u{1c}", "a\u{1c}\u{b}b"] {
        let first = format!("MSH|1\rPV1|{inside}|V1\rPV2|1");
        check(&format!("{first}\r\nMSH|2\r"), &[&first, "MSH|2"]);
        check(&format!("\u{b}{first}\r\u{1c}\r\u{b}MSH|2\r\u{1c}\r"), &[&first, "MSH|2"]);
        check(&format!("\u{b}{first}\u{1c}\u{b}MSH|2\u{1c}"), &[&first, "MSH|2"]);
        check(&format!("\u{b}{first}\u{1c}\n\u{b}MSH|2\u{1c}"), &[&first, "MSH|2"]);
    }
    check("MSH|1\rPV1|a\u{1c}\rPV2|1\r\u{1c}\rskräp", &["MSH|1\rPV1|a\u{1c}\rPV2|1", "skräp"]);
}

#[test]
fn a_file_of_many_pieces_is_read_in_one_pass() {
    // Each of these took time in the square of its length, were it read again for every piece.
    for part in ["x\n\n", "x\n", "\u{1c}", "\u{1c}x", "\u{b}\n", "PID|1\r\r"] {
        let file = format!("MSH|1\rPID|1\n\n{}\r", part.repeat(300_000));
        assert!(batch::messages(file.as_bytes()).count() >= 1);
        assert!(batch::messages(&file.as_bytes()[6..]).count() >= 1);
    }
}

#[test]
fn an_empty_file_has_no_message() {
    check("", &[]);
    check(" \r\n\n\t", &[]);
    check("FHS|^~\\&\rFTS|0\r", &[]);
}
