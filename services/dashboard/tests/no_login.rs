//! What a page says where there is no login. A login itself is tested in `login`, what addresses ask for in `asks`.

use axum::Router;
use dashboard::asks;
use login::{Login, Settings};
use runtime::metrics::Registry;

use crate::fixture::{country, now};
use crate::site::{Setup, Site};

fn page(settings: Option<&str>) -> String {
    let settings: Option<Settings> = settings.map(|text| toml::from_str(text).unwrap());
    let login = Login::open(settings.as_ref(), asks::SITE, &Registry::new()).unwrap();
    let site = Site::start_behind(|routes: Router| login.around(routes), Setup::of(country(), now()));
    site.get("/sv").1
}

#[test]
fn a_page_says_that_there_is_no_login_and_why() {
    assert!(page(None).contains("Ingen inloggning: bara för den här datorn."));
    let said = page(Some("none = \"bakom en <proxy>\""));
    assert!(said.contains("Ingen inloggning här: bakom en &#60;proxy&#62;"), "{said}");
}
