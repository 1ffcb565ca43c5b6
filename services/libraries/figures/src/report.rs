//! Pages of published figures: each is a list of blocks made by pure functions, shown as HTML, CSV and JSON.
//!
//! A table is made once ([`Sheet`]) and written in three forms, so that the same number stands everywhere.

mod about;
pub mod address;
mod columnar;
mod comparison;
mod costs;
pub mod dataset;
#[cfg(test)]
mod fixture;
mod kit;
mod manner;
pub mod operations;
mod pathway;
mod quality;
mod sheet;
mod waiting;

use std::sync::Arc;

use board::Board;
use board::instant::rfc3339;
use board::language::Language;
use schemas::Timestamp;
use serde_json::json;

pub use address::{Address, Page, Place, Sort};
pub use manner::Manner;
pub use sheet::{Cell, Column, ROWS_MAX, Sheet, WHOLE, Window};

use crate::escape::escape;
use crate::published::{Library, Parcel, Reading};

/// What a page is made from.
pub struct Sight<'a> {
    /// The published figures.
    pub library: &'a Library,
    /// How they are shown.
    pub manner: &'a Manner,
    /// The page's language.
    pub language: Language,
    /// Which page, of what.
    pub address: &'a Address,
    /// The present instant.
    pub now: Timestamp,
    /// How the services are doing.
    pub operations: &'a operations::State,
    /// The live board, for what the timeline finds now, and for the definitions.
    pub board: &'a Board,
}

/// A part of a page.
pub enum Block {
    /// Markup of ours.
    Markup(String),
    /// A table.
    Sheet(Sheet),
}

/// A page's content.
pub struct Report {
    /// Its heading.
    pub heading: String,
    /// Under the heading: place and period.
    pub subheading: String,
    /// Its parts in the order of reading.
    pub blocks: Vec<Block>,
    /// Whose figures are on it.
    pub parcels: Vec<Arc<Parcel>>,
}

impl Sight<'_> {
    /// One of two texts.
    pub const fn say(&self, sv: &'static str, en: &'static str) -> &'static str {
        self.language.say(sv, en)
    }

    /// The page; `None` when the address names nothing.
    pub fn report(&self) -> Option<Report> {
        match self.address.kind {
            Page::Waiting => waiting::report(self),
            Page::Costs => costs::report(self),
            Page::Quality => quality::report(self),
            Page::Pathway => pathway::report(self),
            Page::Operations => Some(operations::report(self)),
            Page::About => Some(about::report(self)),
        }
    }
}

impl Report {
    /// For programs: the same tables, or one of them, and where their figures come from.
    pub fn json(&self, sight: &Sight<'_>, table: Option<&str>, window: Window) -> serde_json::Value {
        let parcels: Vec<serde_json::Value> = self
            .parcels
            .iter()
            .map(|parcel| {
                let flags: Vec<serde_json::Value> = parcel
                    .flags
                    .iter()
                    .map(|flag| json!({ "kind": flag.kind.word(Language::En), "text": flag.text }))
                    .collect();
                json!({
                    "extract": parcel.extract.name(),
                    "region": parcel.region.code(),
                    "period": parcel.period.to_string(),
                    "version": parcel.version,
                    "definition": parcel.definition,
                    "made_at": rfc3339(parcel.made_at),
                    "statements_until": parcel.statements_until,
                    "flags": flags,
                })
            })
            .collect();
        let read_at = match sight.library.reading {
            Reading::At(at) => Some(rfc3339(at)),
            Reading::NoStore | Reading::NotYet | Reading::Failed(_) => None,
        };
        let tables: Vec<serde_json::Value> = self
            .sheets()
            .filter(|sheet| table.is_none_or(|table| table == sheet.id))
            .map(|sheet| {
                let mut answer = sheet.json(sight.language, window);
                answer["next"] = window.next(sheet, &sight.address.api(), &format!("table={}", sheet.id)).into();
                answer
            })
            .collect();
        json!({
            "at": rfc3339(sight.now),
            "read_at": read_at,
            "name": self.heading,
            "place": self.subheading,
            "parcels": parcels,
            "tables": tables,
        })
    }

    /// The tables.
    pub fn sheets(&self) -> impl Iterator<Item = &Sheet> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Sheet(sheet) => Some(sheet),
            Block::Markup(_) => None,
        })
    }

    /// What of the page's markup stays the same while its figures do: all but when the store was read.
    pub fn lasting(markup: &str, sight: &Sight<'_>) -> String {
        match sight.library.reading {
            Reading::At(at) => markup.replace(&escape(&kit::read_at(sight, at)), ""),
            Reading::NoStore | Reading::NotYet | Reading::Failed(_) => markup.to_owned(),
        }
    }

    /// The page's markup.
    pub fn markup(&self, sight: &Sight<'_>) -> String {
        let mut markup = String::new();
        let mut is_first = true;
        for block in &self.blocks {
            match block {
                Block::Markup(text) => markup.push_str(text),
                Block::Sheet(sheet) => {
                    sheet.write(&mut markup, sight, is_first);
                    is_first = false;
                }
            }
        }
        markup
    }
}
