//! What the compiler allows and a reader pays for: within a crate, modules that import each other in a circle.
//!
//! A module is a file with its children, `foo.rs` and `foo/`. Who imports whom is read from the sources without their tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The circles that remain, by the folder of their crate. One that is broken is taken out here; a new one is broken.
const CIRCLES: &[(&str, &str)] = &[
    ("schemas", "common kind parked source_record"),
    ("services/connector", "cdc config fhir files folder follow intake replay watch"),
    ("services/libraries/hl7", "charset delimiters error escape lines message mllp shorten value"),
    ("services/libraries/local-stack", "postgres release"),
    ("services/libraries/sftp", "files session wire"),
    ("services/libraries/timeline", "cancellation nesting overlap replay step voiding"),
    ("services/libraries/timeline", "event stay"),
    ("services/processor", "dry_run mapping pipeline"),
    ("services/region-register", "contact rows"),
    ("services/sink-register", "beds columnar definition extract hip_fracture omop positions read"),
];

#[test]
fn no_modules_import_each_other_in_a_circle_but_those_that_are_listed() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut crates = Vec::new();
    find_crates(root, &mut crates);
    assert!(crates.len() >= 18, "{crates:?}");
    let mut found = BTreeSet::new();
    for folder in &crates {
        let name = folder.strip_prefix(root).expect("it lies in the root").to_string_lossy();
        for circle in circles(&imports(&folder.join("src"))) {
            found.insert((name.to_string(), circle.join(" ")));
        }
    }
    let listed = CIRCLES.iter().map(|(folder, modules)| ((*folder).to_owned(), (*modules).to_owned())).collect();
    assert_eq!(found, listed);
}

/// The folders of all crates with a library.
fn find_crates(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("src/lib.rs").is_file() {
        found.push(folder.to_owned());
        return;
    }
    for path in entries(folder).into_iter().filter(|path| path.is_dir()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name != "target" && !name.starts_with('.') {
            find_crates(&path, found);
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

/// Which modules each module of a library imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn imports(src: &Path) -> Imports {
    let mut files = Vec::new();
    find_files(src, &mut Vec::new(), &mut files);
    let read = |path: &Path| fs::read_to_string(path).expect("a source file");
    // `crate::Name` is the module that the library's root takes the name from.
    let root: BTreeMap<String, String> = paths(&read(&src.join("lib.rs")), true)
        .into_iter()
        .filter_map(|path| Some((path.last()?.clone(), path.first()?.clone())))
        .collect();
    let mut imports: Imports = files.iter().map(|(place, _)| (place[0].clone(), BTreeSet::new())).collect();
    for (place, file) in &files {
        for path in paths(&read(file), false) {
            let above = path.iter().take_while(|part| *part == "super").count();
            let (is_of_root, rest) = match path[0].as_str() {
                "crate" => (true, &path[1..]),
                _ => (above >= place.len(), &path[above..]),
            };
            let Some(first) = rest.first().filter(|_| is_of_root) else { continue };
            let module = if imports.contains_key(first) { first } else { root.get(first).unwrap_or(first) };
            if *module != place[0] && imports.contains_key(module) {
                let module = module.clone();
                imports.get_mut(&place[0]).expect("a module").insert(module);
            }
        }
    }
    imports
}

/// The files of a library's modules, tests aside, each with its place in the tree of modules.
fn find_files(folder: &Path, place: &mut Vec<String>, found: &mut Vec<(Vec<String>, PathBuf)>) {
    for path in entries(folder) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_root = place.is_empty() && matches!(stem.as_str(), "lib" | "main" | "bin");
        if is_root || stem == "tests" {
            continue;
        }
        if stem != "mod" {
            place.push(stem.clone());
        }
        if path.is_dir() {
            find_files(&path, place, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((place.clone(), path));
        }
        if stem != "mod" {
            place.pop();
        }
    }
}

/// The modules that lie in a circle, one list for each.
fn circles(imports: &Imports) -> BTreeSet<Vec<String>> {
    let reached = |start: &String| {
        let mut reached = BTreeSet::new();
        let mut open = vec![start];
        while let Some(module) = open.pop() {
            open.extend(imports[module].iter().filter(|next| reached.insert((*next).clone())));
        }
        reached
    };
    let reached: Imports = imports.keys().map(|module| (module.clone(), reached(module))).collect();
    let circle = |module: &String| -> Vec<String> {
        reached[module].iter().filter(|other| reached[*other].contains(module)).cloned().collect()
    };
    reached.keys().map(circle).filter(|circle| !circle.is_empty()).collect()
}

/// The paths in a source text that begin with `crate` or `super`; with `bare`, all that are imported.
fn paths(text: &str, bare: bool) -> Vec<Vec<String>> {
    let mut tokens = tokens(text);
    drop_tests(&mut tokens);
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_use = tokens[at] == "use";
        if is_use || (is_start(&tokens[at]) && tokens.get(at + 1).is_some_and(|next| next == "::")) {
            at += usize::from(is_use);
            tree(&tokens, &mut at, &[], &mut paths);
        } else {
            at += 1;
        }
    }
    paths.retain(|path| bare || path.first().is_some_and(|first| is_start(first)));
    paths
}

fn is_start(token: &str) -> bool {
    token == "crate" || token == "super"
}

/// Reads `a::b`, or of an import `a::{b, c::d as e}`, and goes on behind it.
fn tree(tokens: &[String], at: &mut usize, before: &[String], paths: &mut Vec<Vec<String>>) {
    let mut path = before.to_vec();
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match token.as_str() {
            "{" => {
                while tokens.get(*at).is_some_and(|token| token != "}") {
                    tree(tokens, at, &path, paths);
                    *at += usize::from(tokens.get(*at).is_some_and(|token| token == ","));
                }
                *at += 1;
                return;
            }
            name => path.push(name.to_owned()),
        }
        if tokens.get(*at).is_none_or(|token| token != "::") {
            break;
        }
        *at += 1;
    }
    if tokens.get(*at).is_some_and(|token| token == "as") {
        *at += 1;
        path.extend(tokens.get(*at).cloned());
        *at += 1;
    }
    paths.push(path);
}

/// Drops what stands behind `#[cfg(test)]`.
fn drop_tests(tokens: &mut Vec<String>) {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    while let Some(start) = tokens.windows(MARK.len()).position(|window| window == MARK) {
        let mut depth = 0_usize;
        let mut end = start + MARK.len();
        while let Some(token) = tokens.get(end) {
            end += 1;
            match token.as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 && matches!(token.as_str(), "}" | ";") {
                break;
            }
        }
        tokens.drain(start..end);
    }
}

/// Names, `::` and signs, without comments; of literals only those that hold a path, as serde's attributes do.
fn tokens(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let ahead = |count: usize| letters.get(at + count).copied().unwrap_or('\n');
        let from = at;
        match (letters[at], ahead(1)) {
            ('/', '/') => at = end_of(&letters, at, "\n"),
            ('/', '*') => at = end_of(&letters, at, "*/"),
            ('"', _) => {
                at += 1;
                while at < letters.len() && letters[at] != '"' {
                    at += 1 + usize::from(letters[at] == '\\');
                }
                at += 1;
                let inside: String = letters[from + 1..at.min(letters.len()) - 1].iter().collect();
                if inside.starts_with("crate::") {
                    tokens.extend(self::tokens(&inside));
                }
            }
            ('r', '"' | '#') if ahead(1) == '"' || ahead(2) == '"' || ahead(2) == '#' => {
                let signs = letters[at + 1..].iter().take_while(|letter| **letter == '#').count();
                at = end_of(&letters, at + signs + 2, &format!("\"{}", "#".repeat(signs)));
            }
            ('b' | 'c', 'r') if matches!(ahead(2), '"' | '#') => at += 1,
            ('\'', '\\') => at = end_of(&letters, at + 3, "'"),
            ('\'', _) if ahead(2) == '\'' => at += 3,
            (':', ':') => {
                tokens.push("::".to_owned());
                at += 2;
            }
            (letter, _) if is_name(letter) => {
                while letters.get(at).is_some_and(|letter| is_name(*letter)) {
                    at += 1;
                }
                tokens.push(letters[from..at].iter().collect());
            }
            (letter, _) => {
                if !letter.is_whitespace() {
                    tokens.push(letter.to_string());
                }
                at += 1;
            }
        }
    }
    tokens
}

/// The place behind the next `mark`.
fn end_of(letters: &[char], from: usize, mark: &str) -> usize {
    let mark: Vec<char> = mark.chars().collect();
    let found = letters[from..].windows(mark.len()).position(|window| window == mark);
    found.map_or(letters.len(), |found| from + found + mark.len())
}

#[test]
fn paths_are_read_from_code_and_not_from_comments_texts_and_tests() {
    let text = r##"
        //! [`crate::comment`] /* "
        use std::fs;
        use crate::one::{self, Two as Three, four::{Five, six}};
        #[cfg(test)] use crate::tested::Value;
        /* use crate::no; */
        #[serde(serialize_with = "crate::seven::text")]
        fn f<'a>(x: &'a super::Eight) -> char { let _ = ("crate", "a \" // crate::no", r#"crate::no "#, br"\", '"', '\''); crate::nine!(x) }
        #[cfg(test)]
        mod tests { use crate::ten; fn g() { crate::eleven() } }
        use super::super::twelve::*;
    "##;
    let read: Vec<String> = paths(text, false).iter().map(|path| path.join("::")).collect();
    assert_eq!(
        read,
        [
            "crate::one::self",
            "crate::one::Two::Three",
            "crate::one::four::Five",
            "crate::one::four::six",
            "crate::seven::text",
            "super::Eight",
            "crate::nine",
            "super::super::twelve::*",
        ]
    );
}

#[test]
fn a_circle_is_found_however_long_and_what_only_leads_to_it_is_not_in_it() {
    let mut imports = Imports::new();
    for (from, to) in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("c", "e"), ("f", "f")] {
        imports.entry(to.to_owned()).or_default();
        imports.entry(from.to_owned()).or_default().insert(to.to_owned());
    }
    let circles: Vec<Vec<String>> = circles(&imports).into_iter().collect();
    assert_eq!(circles, [vec!["a", "b", "c"], vec!["f"]]);
}
