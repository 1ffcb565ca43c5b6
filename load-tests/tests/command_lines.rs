//! Every program says its version, and writes what shells and `man` know of it.

use std::{
    path::Path,
    process::{Command, Output},
};

use load_tests::stack::program;

use crate::walls::packages;

/// Each program of the workspace.
fn programs() -> Vec<String> {
    let mut names = Vec::new();
    for package in packages() {
        let targets = package["targets"].as_array().expect("targets").clone();
        let programs = targets.iter().filter(|target| target["kind"][0] == "bin");
        names.extend(programs.map(|target| target["name"].as_str().expect("a name").to_owned()));
    }
    names
}

fn run(name: &str, arguments: &[&str]) -> Output {
    Command::new(program(name).expect("it is built")).args(arguments).output().expect("it runs")
}

/// What a program prints when it succeeds.
#[track_caller]
fn printed(name: &str, arguments: &[&str]) -> String {
    let output = run(name, arguments);
    assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn every_program_says_its_version_and_its_name() {
    let programs = programs();
    assert!(programs.len() >= 16, "{programs:?}");
    for name in programs {
        let version = printed(&name, &["--version"]);
        let told = version.trim_end().strip_prefix(&format!("{name} {}", env!("CARGO_PKG_VERSION")));
        assert!(told.is_some_and(|commit| commit.is_empty() || commit.starts_with(" (")), "{name}: {version}");
        assert!(printed(&name, &["--help"]).contains(&format!("Usage: {name} ")), "{name}");
    }
}

#[test]
fn every_program_completes_itself_in_three_shells() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in programs() {
        let file = folder.path().join(&name);
        std::fs::write(&file, printed(&name, &["--completions", "bash"])).expect("written");
        // Read, and then asked what may follow its name.
        let asked = format!(
            ". '{}'; read -ra told < <(complete -p {name}); COMP_WORDS=({name} --); COMP_CWORD=1; \
             for at in \"${{!told[@]}}\"; do [ \"${{told[at]}}\" != -F ] || \"${{told[at + 1]}}\" {name} -- {name}; done; echo \"${{COMPREPLY[@]}}\"",
            file.display()
        );
        let bash = Command::new("bash").args(["-c", &asked]).output().expect("bash runs");
        let (offered, said) = (String::from_utf8_lossy(&bash.stdout), String::from_utf8_lossy(&bash.stderr));
        assert!(
            offered.contains("--help") && offered.contains("--version") && said.is_empty(),
            "{name}: {offered}{said}"
        );
        assert!(printed(&name, &["--completions", "zsh"]).starts_with(&format!("#compdef {name}\n")), "{name}");
        assert!(printed(&name, &["--completions", "fish"]).contains(&format!("complete -c {name} ")), "{name}");
        assert_eq!(run(&name, &["--completions", "edlin"]).status.code(), Some(2), "{name}");
    }
}

#[test]
fn every_program_has_manual_pages_that_are_set_without_a_warning() {
    for name in programs() {
        let folder = tempfile::tempdir().expect("a folder");
        printed(&name, &["--man", folder.path().to_str().expect("a path")]);
        let pages: Vec<_> =
            std::fs::read_dir(folder.path()).expect("pages").map(|page| page.expect("a page").path()).collect();
        assert!(pages.contains(&folder.path().join(format!("{name}.1"))), "{pages:?}");
        for page in pages {
            check_page(&page);
        }
    }
}

#[test]
fn install_puts_all_of_it_in_place_and_uninstall_takes_it_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let programs = program("processor").expect("it is built");
    let make = |target: &str| {
        let mut make = Command::new("make");
        make.arg(target).arg(format!("DESTDIR={}", folder.path().display())).arg("PREFIX=/usr");
        make.arg(format!("FROM={}", programs.parent().expect("a folder").display()));
        let output = make.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).output().expect("make runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let paths = [
        "bin/sink-store",
        "share/man/man1/sink-store.1",
        "share/man/man1/sink-store-migrate.1",
        "share/bash-completion/completions/sink-store",
        "share/zsh/site-functions/_sink-store",
        "share/fish/vendor_completions.d/sink-store.fish",
    ];
    let sizes =
        || paths.map(|path| std::fs::metadata(folder.path().join("usr").join(path)).map_or(0, |file| file.len()));
    make("install");
    assert!(sizes().iter().all(|size| *size > 100), "{:?}", sizes());
    make("uninstall");
    assert_eq!(sizes(), [0; 6]);
}

#[track_caller]
fn check_page(page: &Path) {
    let set = Command::new("groff").args(["-ww", "-Kutf8", "-Tutf8", "-P-cbou", "-man"]).arg(page).output();
    let set = set.expect("groff runs: it is in Debian's package groff-base, and no page is read without it");
    let warned = String::from_utf8_lossy(&set.stderr);
    assert!(set.status.success() && warned.is_empty(), "{}: {warned}", page.display());
    let text = String::from_utf8_lossy(&set.stdout);
    assert!(text.contains("NAME") && text.contains("SYNOPSIS"), "{}: {text}", page.display());
}
