//! What the command line of every program has beside what it is for: its version, and what shells and `man` read of it.
//!
//! Each program writes this itself: whoever has only the program has all of it, and none is known in a list that could miss one.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::LazyLock;

use clap::{Arg, Command, CommandFactory, FromArgMatches, value_parser};
use clap_complete::Shell;
use clap_mangen::Man;

const COMPLETIONS: &str = "completions";
const MAN: &str = "man";

/// The version of the workspace, and the commit where whoever built it named one in `VARDSTROM_COMMIT`: `make install` does.
/// Without it nothing has to be built anew for a commit that changes nothing else.
static VERSION: LazyLock<String> = LazyLock::new(|| match option_env!("VARDSTROM_COMMIT") {
    Some(commit) if !commit.is_empty() => format!("{} ({commit})", env!("CARGO_PKG_VERSION")),
    _ => env!("CARGO_PKG_VERSION").to_owned(),
});

/// Reads the command line. Ends the process where that is the answer: help, version, completions, manual, or wrong usage (2).
pub fn parse<C: CommandFactory + FromArgMatches>() -> C {
    let mut command = command::<C>();
    let words = |argument: &OsStr| [COMPLETIONS, MAN].iter().any(|word| is_option(argument, word));
    if std::env::args_os().nth(1).is_some_and(|argument| words(&argument)) {
        // They need nothing else.
        command = command.subcommand_required(false).arg_required_else_help(false);
    }
    let untouched = command.clone();
    let mut matches = command.get_matches_mut();
    let written = match (matches.get_one::<Shell>(COMPLETIONS), matches.get_one::<PathBuf>(MAN)) {
        (Some(shell), _) => completions(untouched, *shell, &mut io::stdout().lock()),
        (None, Some(folder)) => manual(untouched, folder),
        (None, None) => {
            return C::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.format(&mut command).exit());
        }
    };
    if let Err(error) = written {
        // A standard error that is closed leaves nobody to tell.
        let _ = writeln!(io::stderr(), "error: {error}");
        process::exit(1);
    }
    process::exit(0);
}

/// `--word` and `--word=value`.
fn is_option(argument: &OsStr, word: &str) -> bool {
    let rest = argument.to_str().and_then(|text| text.strip_prefix("--")?.strip_prefix(word));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

fn command<C: CommandFactory>() -> Command {
    // Below all others, and not in the short help. A manual page takes the long text.
    let option = |name: &'static str, help: &'static str| {
        let option = Arg::new(name).long(name).help(help).long_help(help);
        option.exclusive(true).hide_short_help(true).display_order(usize::MAX)
    };
    C::command()
        .version(VERSION.as_str())
        .arg(
            option(COMPLETIONS, "Print what completes this command in a shell")
                .value_name("SHELL")
                .value_parser(value_parser!(Shell)),
        )
        .arg(
            option(MAN, "Write manual pages, of each subcommand too, to a folder")
                .value_name("FOLDER")
                .value_parser(value_parser!(PathBuf)),
        )
}

fn completions(mut command: Command, shell: Shell, into: &mut dyn Write) -> io::Result<()> {
    let name = command.get_name().to_owned();
    // The generator panics when it cannot write.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    into.write_all(&text)
}

/// Writes a page for the command and for every subcommand below it, as `name-subcommand.1`.
fn manual(command: Command, folder: &Path) -> io::Result<()> {
    let mut command = without_help(command);
    command.build();
    pages(&command, folder, &format!("{} {}", command.get_name(), VERSION.as_str()))
}

/// `help` is every command's, and has nothing to tell of.
fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

fn pages(command: &Command, folder: &Path, source: &str) -> io::Result<()> {
    command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
        .try_for_each(|below| pages(below, folder, source))?;
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let page = Man::new(command.clone().after_help(None::<&str>)).manual("Vårdström").source(source);
    let mut text = Vec::new();
    page.render(&mut text)?;
    text.extend_from_slice(notes(&after).as_bytes());
    let path = folder.join(page.get_filename());
    fs::write(&path, text).map_err(|error| io::Error::new(error.kind(), format!("write {}: {error}", path.display())))
}

/// What stands below a program's help, in roff: indented lines are commands and stay as they are.
fn notes(text: &str) -> String {
    let mut page = String::new();
    let mut is_verbatim = false;
    for line in text.lines() {
        let indented = line.starts_with(' ');
        if indented != is_verbatim && !line.is_empty() {
            page.push_str(if indented { ".nf\n" } else { ".fi\n" });
            is_verbatim = indented;
        }
        match line {
            "Example:" | "Examples:" => page.push_str(".SH EXAMPLES\n"),
            "" => page.push_str(if is_verbatim { "\n" } else { ".PP\n" }),
            line => {
                let rest = line.strip_prefix("Exit codes: ");
                if rest.is_some() {
                    page.push_str(".SH \"EXIT STATUS\"\n");
                } else if page.is_empty() {
                    page.push_str(".SH NOTES\n");
                }
                page.push_str(&escaped(rest.unwrap_or(line)));
                page.push('\n');
            }
        }
    }
    if is_verbatim {
        page.push_str(".fi\n");
    }
    page
}

/// A line of text that roff takes for nothing else.
fn escaped(line: &str) -> String {
    let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
    format!("{guard}{}", line.replace('\\', "\\e").replace('-', "\\-"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    #[command(name = "pour", after_help = "Examples:\n  pour \\\n  .hidden\n\nA word.\n\nExit codes: 0 done")]
    struct Pour {
        /// What is poured.
        #[arg(long)]
        what: String,
        #[command(subcommand)]
        _where: Place,
    }

    #[derive(clap::Subcommand)]
    enum Place {
        /// On the ground.
        Ground,
    }

    #[test]
    fn a_command_is_read_with_its_version_and_is_asked_for_no_more_than_before() {
        let matches = command::<Pour>().try_get_matches_from(["pour", "--what", "tea", "ground"]).expect("it is read");
        assert_eq!(Pour::from_arg_matches(&matches).map(|pour| pour.what).ok().as_deref(), Some("tea"));
        assert!(command::<Pour>().try_get_matches_from(["pour", "ground"]).is_err());
        assert!(command::<Pour>().render_version().contains(env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn what_is_for_shells_and_man_needs_no_other_word() {
        assert!(is_option(OsStr::new("--man"), MAN) && is_option(OsStr::new("--man=x"), MAN));
        assert!(!is_option(OsStr::new("--manual"), MAN) && !is_option(OsStr::new("man"), MAN));
        let asked = command::<Pour>().subcommand_required(false).try_get_matches_from(["pour", "--completions", "zsh"]);
        assert_eq!(asked.expect("no --what is asked for").get_one::<Shell>(COMPLETIONS), Some(&Shell::Zsh));
    }

    #[test]
    fn a_page_for_every_command_keeps_its_examples() {
        let folder = tempfile::tempdir().expect("a folder");
        manual(command::<Pour>(), folder.path()).expect("pages are written");
        assert!(folder.path().join("pour-ground.1").is_file());
        assert!(!folder.path().join("pour-help.1").exists());
        let page = fs::read_to_string(folder.path().join("pour.1")).expect("a page");
        let notes = ".SH EXAMPLES\n.nf\n  pour \\e\n  .hidden\n\n.fi\nA word.\n.PP\n.SH \"EXIT STATUS\"\n0 done\n";
        assert!(page.ends_with(notes), "{page}");
        let missing = manual(command::<Pour>(), &folder.path().join("none")).expect_err("no such folder");
        assert!(missing.to_string().contains("pour-ground.1"), "{missing}");
    }
}
