//! What several targets do with what they are given.

use processor::directory::Directory;
use processor::dry_run::{self, Language, Options};

/// Tries a file as `processor dry-run` does; `change` says what is asked for beside the usual.
pub fn dry_run(file: &[u8], change: impl FnOnce(&mut Options)) {
    let mut options = Options {
        region: "14".to_owned(),
        directory: Directory::default(),
        program: None,
        code_lists: None,
        format: None,
        census: false,
        stays: false,
        language: Language::En,
        received_at: schemas::Timestamp(1_767_700_000_000_000),
    };
    change(&mut options);
    let _ = dry_run::run(options, file, &mut std::io::sink());
}
