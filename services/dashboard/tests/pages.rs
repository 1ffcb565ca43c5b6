//! Pages as a client without script gets them.

use crate::fixture;
use crate::site::{Setup, Site};

#[test]
fn every_page_answers() {
    let site = Site::start(Setup::of(fixture::country(), fixture::now()));
    for path in ["/sv", "/en", "/sv/region/14", "/sv/uppmarksamma", "/sv/definitioner", "/sv/region/14?vy=vagg"] {
        let (status, body) = site.get(path);
        assert_eq!(status, 200, "{path}");
        assert!(body.contains("<h1>"), "{path}");
    }
}
