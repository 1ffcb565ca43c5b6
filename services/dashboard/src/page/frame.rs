//! The frame around a page: head, menu, breadcrumb, and where its stream is.

use askama::Template;
use board::format;
use board::language::Language;
use board::words::Words;
use board::{Board, Scope, region_name};
use figures::report::address::encode;
use figures::report::{self, Page, Place};

use super::{Lang, Subject, render, seconds, swedish};
use crate::address::{self, Query, View};
use crate::sign::Sign;
use crate::{assets, openapi};

/// The chosen colours of a page; the only choice that is not in its address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system says; a wall is dark.
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// The name in the cookie and in `data-theme`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "ljust",
            Self::Dark => "morkt",
        }
    }

    pub(crate) fn of_code(code: &str) -> Self {
        [Self::Light, Self::Dark].into_iter().find(|theme| theme.code() == code).unwrap_or_default()
    }
}

/// What a frame needs beside what is in it.
pub(crate) struct Frame<'a> {
    /// The board, for its instant.
    pub board: &'a Board,
    pub language: Language,
    pub theme: Theme,
    pub subject: &'a Subject,
    pub query: &'a Query,
    /// Where its stream goes on from, when it has one.
    pub since: Option<String>,
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    lang: Language,
    w: &'static Words,
    theme: &'static str,
    wall: bool,
    live: bool,
    title: String,
    heading: String,
    heading_lang: Lang,
    subheading: String,
    subheading_lang: Lang,
    section: &'static str,
    pages: [(&'static str, &'static str); Page::ALL.len()],
    foot: &'static str,
    version: String,
    has_table: bool,
    other_language: String,
    here: String,
    here_encoded: String,
    wall_link: String,
    csv: String,
    api: String,
    stream: String,
    feeds: String,
    now_seconds: i64,
    clock: String,
    made: String,
    crumbs: String,
    sign: Option<Sign>,
    body: &'a str,
    asset_icon: &'static str,
    asset_css: &'static str,
    asset_js: &'static str,
    asset_htmx: &'static str,
}

#[derive(Template)]
#[template(path = "crumbs.html")]
struct Crumbs {
    w: &'static Words,
    trail: Vec<(String, String, Lang)>,
}

#[derive(Template)]
#[template(path = "loading.html")]
struct Loading<'a> {
    w: &'static Words,
    here: &'a str,
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound {
    w: &'static Words,
    lang: Language,
}

impl Frame<'_> {
    /// The whole page around its content.
    pub(crate) fn around(&self, heading: String, body: &str) -> String {
        self.around_with(heading, "", body)
    }

    /// The same with what stands beside the heading.
    pub(crate) fn around_with(&self, heading: String, subheading: &str, body: &str) -> String {
        let w = self.language.words();
        let here = self.address(self.language, self.query);
        let (section, api) = match self.subject {
            Subject::Board(scope) => ("board", api_address(scope)),
            Subject::Attention(scope) => ("attention", attention_api(scope)),
            Subject::Definitions => ("definitions", "/api/v1/definitions".to_owned()),
            Subject::Api => ("api", "/openapi.json".to_owned()),
            Subject::Report(report) => (report.kind.segment(), report.api()),
        };
        let wall = self.query.view == View::Wall;
        let board = matches!(self.subject, Subject::Board(_));
        let wall_link = match (self.subject, wall) {
            (Subject::Board(_), true) => self.address(self.language, &self.query.with_view(View::Desk)),
            (
                Subject::Board(Scope::Ward(..))
                | Subject::Attention(_)
                | Subject::Definitions
                | Subject::Api
                | Subject::Report(_),
                _,
            ) => String::new(),
            (Subject::Board(_), false) => self.address(self.language, &self.query.with_view(View::Wall)),
        };
        let report = matches!(self.subject, Subject::Report(_));
        let csv = if board || report { with_pair(&here, "form=csv") } else { String::new() };
        let stream = match &self.since {
            Some(since) => with_pair(&format!("/strom{here}"), &format!("sedan={since}")),
            None => String::new(),
        };
        let layout = Layout {
            lang: self.language,
            w,
            theme: if wall && self.theme == Theme::Auto { Theme::Dark.code() } else { self.theme.code() },
            wall,
            live: self.since.is_some(),
            title: heading.clone(),
            heading_lang: if board { swedish(self.language, &heading) } else { Lang(false) },
            heading,
            subheading_lang: match self.subject {
                Subject::Board(Scope::Ward(..) | Scope::Hospital(..)) | Subject::Attention(_) => {
                    swedish(self.language, &self.subheading())
                }
                _ => Lang(false),
            },
            subheading: if subheading.is_empty() { self.subheading() } else { subheading.to_owned() },
            section,
            pages: Page::ALL.map(|kind| (kind.segment(), kind.short(self.language))),
            foot: if report { w.about_published } else { w.about_short },
            version: self.version(),
            has_table: body.contains("id=\"tabell\""),
            other_language: self.address(self.language.other(), self.query),
            here_encoded: encode(&here),
            here,
            wall_link,
            csv,
            api,
            stream,
            feeds: feeds(self.board, self.subject),
            now_seconds: seconds(self.board.now),
            clock: format::clock(self.language, self.board.now),
            made: format::date_time(self.board.now),
            crumbs: self.crumbs(),
            sign: Sign::of(self.language),
            body,
            asset_icon: assets::ICON,
            asset_css: assets::PAGE_CSS,
            asset_js: assets::PAGE_JS,
            asset_htmx: assets::HTMX,
        };
        render(&layout)
    }

    /// The content of a page for an address that names nothing.
    pub(crate) fn not_found(&self) -> String {
        let body = render(&NotFound { w: self.language.words(), lang: self.language });
        self.around(self.language.words().page_not_found.to_owned(), &body)
    }

    /// The content of a page of which nothing is known yet.
    pub(crate) fn loading(&self) -> String {
        let w = self.language.words();
        let body = render(&Loading { w, here: &self.address(self.language, self.query) });
        self.around(w.loading_title.to_owned(), &body)
    }

    fn address(&self, language: Language, query: &Query) -> String {
        match self.subject {
            Subject::Board(scope) => format!("{}{}", address::page(language, scope), query.text()),
            Subject::Attention(scope) => address::attention(language, scope, query),
            Subject::Definitions => format!("/{}/definitioner", language.code()),
            Subject::Api => format!("/{}/api", language.code()),
            Subject::Report(report) => report.text(language),
        }
    }

    /// What runs here, on the page about the dashboard.
    fn version(&self) -> String {
        let about = matches!(self.subject, Subject::Report(report) if report.kind == Page::About);
        let commit = match env!("DASHBOARD_COMMIT") {
            "" => self.language.words().missing,
            commit => commit,
        };
        let (version, w) = (env!("CARGO_PKG_VERSION"), self.language.words());
        if about { format!("{} {version}, {} {commit}", w.version, w.build) } else { String::new() }
    }

    fn subheading(&self) -> String {
        let w = self.language.words();
        match self.subject {
            Subject::Board(Scope::Ward(region, code)) => {
                let Some(ward) = self.board.ward(region, code) else { return String::new() };
                let hospital = if ward.hospital_name.is_empty() { w.hospital_unknown } else { &ward.hospital_name };
                format!("{hospital}, {}", region_name(region))
            }
            Subject::Board(Scope::Hospital(region, _)) => region_name(region).to_owned(),
            Subject::Board(_) => w.board.to_owned(),
            Subject::Attention(Scope::Country) | Subject::Definitions | Subject::Api | Subject::Report(_) => {
                String::new()
            }
            Subject::Attention(scope) => region_name(scope.region().unwrap_or_default()).to_owned(),
        }
    }

    fn crumbs(&self) -> String {
        let w = self.language.words();
        let page = |scope: &Scope| address::page(self.language, scope);
        let country = (w.country.to_owned(), page(&Scope::Country));
        let region = |code: &str| (region_name(code).to_owned(), page(&Scope::Region(code.into())));
        let hospital = |region: &str, code: &str| {
            let scope = Scope::Hospital(region.into(), code.into());
            let name = self
                .board
                .wards(&scope)
                .map(|ward| ward.hospital_name.to_string())
                .find(|name| !name.is_empty())
                .unwrap_or_else(|| w.hospital_unknown.to_owned());
            (name, page(&scope))
        };
        let mut trail = vec![country];
        match self.subject {
            Subject::Board(Scope::Country) => {}
            Subject::Board(Scope::Region(code)) => trail.push(region(code)),
            Subject::Board(Scope::Hospital(code, sjukhus)) => {
                trail.push(region(code));
                trail.push(hospital(code, sjukhus));
            }
            Subject::Board(Scope::Ward(code, unit)) => {
                trail.push(region(code));
                if let Some(ward) = self.board.ward(code, unit) {
                    trail.push(hospital(code, &ward.hospital_code));
                    trail.push((ward.name.to_string(), String::new()));
                }
            }
            Subject::Attention(scope) => {
                trail.extend(scope.region().map(region));
                if let Scope::Hospital(code, sjukhus) = scope {
                    trail.push(hospital(code, sjukhus));
                }
                trail.push((w.attention.to_owned(), String::new()));
            }
            Subject::Definitions => trail.push((w.definitions.to_owned(), String::new())),
            Subject::Api => trail.push((openapi::NAME.to_owned(), String::new())),
            Subject::Report(report) => {
                trail = self.report_crumbs(report);
            }
        }
        if let Some((_, href)) = trail.last_mut() {
            href.clear();
        }
        let is_name = |at: usize| at > 0 && !matches!(self.subject, Subject::Definitions | Subject::Api);
        let trail = trail.into_iter().enumerate().map(|(at, (text, href))| {
            let lang = if is_name(at) && text != w.attention { swedish(self.language, &text) } else { Lang(false) };
            (text, href, lang)
        });
        render(&Crumbs { w, trail: trail.collect() })
    }
}

impl Frame<'_> {
    fn report_crumbs(&self, address: &report::Address) -> Vec<(String, String)> {
        let to = |place: Place| address.at(place).text(self.language);
        let mut trail = vec![(address.kind.short(self.language).to_owned(), to(Place::Country))];
        if let Some(region) = address.place.region() {
            trail.push((region.name().to_owned(), to(Place::Region(region))));
        }
        if let Place::Hospital(_, code) = &address.place {
            trail.push((code.to_string(), String::new()));
        }
        trail
    }
}

/// When each source of what a page shows was last heard, for the ages that tick in the browser: `id=seconds` pairs.
pub(crate) fn feeds(board: &Board, subject: &Subject) -> String {
    let region = subject.region();
    let pairs: Vec<String> = board
        .heard
        .iter()
        .filter(|((of, _), _)| region.is_none_or(|region| **of == *region))
        .map(|((region, source), at)| format!("{}={}", super::cell::feed(region, Some(source)), seconds(*at)))
        .collect();
    pairs.join(" ")
}

fn with_pair(address: &str, pair: &str) -> String {
    format!("{address}{}{pair}", if address.contains('?') { '&' } else { '?' })
}

fn attention_api(scope: &Scope) -> String {
    let address = "/api/v1/attention";
    match scope {
        Scope::Country => address.to_owned(),
        Scope::Hospital(region, code) if !code.is_empty() => {
            format!("{address}?region={region}&hospital={}", encode(code))
        }
        Scope::Region(region) | Scope::Hospital(region, _) | Scope::Ward(region, _) => {
            format!("{address}?region={region}")
        }
    }
}

fn api_address(scope: &Scope) -> String {
    match scope {
        Scope::Country => "/api/v1/regions".into(),
        Scope::Region(region) => format!("/api/v1/units?region={region}"),
        Scope::Hospital(region, hospital) => {
            format!("/api/v1/units?region={region}&hospital={}", encode(hospital))
        }
        Scope::Ward(region, code) => format!("/api/v1/regions/{region}/units/{}", encode(code)),
    }
}
