//! What the figures mean, in both languages.

use askama::Template;
use board::Board;
use board::definitions::{self, Definition};
use board::language::Language;
use board::status::Kind;
use board::words::Words;

use super::cell::shape;
use super::render;

#[derive(Template)]
#[template(path = "definitions.html")]
struct Page {
    w: &'static Words,
    terms: Vec<Shown>,
    statuses: Vec<(String, &'static str, &'static str, String)>,
    words: Vec<(&'static str, &'static str)>,
    accessibility: Vec<&'static str>,
}

struct Shown {
    term: Definition,
    added: Option<String>,
    cited: String,
}

pub(super) fn page(language: Language, board: &Board) -> String {
    let w = language.words();
    let statuses = Kind::ALL
        .into_iter()
        .map(|kind| (shape(kind), kind.code(), kind.word(w), definitions::status(language, kind)))
        .collect();
    render(&Page {
        w,
        terms: definitions::terms(language, board)
            .into_iter()
            .chain(definitions::published(language))
            .map(|term| Shown { added: term.added(language), cited: term.cited(language), term })
            .collect(),
        statuses,
        words: definitions::words(language),
        accessibility: definitions::accessibility(language),
    })
}
