//! What browsers load beside the pages: embedded in the program, named by content, cached for a year.

use rust_embed::RustEmbed;

/// Files laid out by the build script.
#[derive(RustEmbed)]
#[folder = "$OUT_DIR/assets"]
struct Files;

mod names {
    include!(concat!(env!("OUT_DIR"), "/asset_names.rs"));
}

pub(crate) use names::{HTMX, ICON, PAGE_CSS, PAGE_JS};

/// A file and its media type.
pub(crate) fn get(name: &str) -> Option<(std::borrow::Cow<'static, [u8]>, &'static str)> {
    let file = Files::get(name)?;
    let kind = match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
    Some((file.data, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_file_is_embedded_and_carries_its_hash() {
        for name in [HTMX, ICON, PAGE_CSS, PAGE_JS] {
            assert!(get(name).is_some_and(|(bytes, _)| !bytes.is_empty()), "{name}");
            let hash = name.split('.').nth(1).unwrap();
            assert!(hash.len() == 16 && hash.chars().all(|digit| digit.is_ascii_hexdigit()), "{name}");
        }
        assert!(get("../Cargo.toml").is_none());
    }

    #[test]
    fn our_own_script_stays_small() {
        let (script, _) = get(PAGE_JS).unwrap();
        assert!(script.iter().filter(|byte| **byte == b'\n').count() <= 200);
    }
}
