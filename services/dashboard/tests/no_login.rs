//! What a page says where there is no login. A login itself is tested in `login`, the program behind one in
//! [`crate::behind_login`], what addresses ask for in `asks`.

use axum::Router;
use dashboard::asks;
use login::{Login, Settings};
use runtime::metrics::Registry;

use crate::fixture::{country, now};
use crate::site::{Setup, Site};

fn site(settings: Option<&str>) -> Site {
    let settings: Option<Settings> = settings.map(|text| toml::from_str(text).unwrap());
    let login = Login::open(settings.as_ref(), None, asks::SITE, &Registry::new()).unwrap();
    Site::start_behind(|routes: Router| login.around(routes), Setup::of(country(), now()))
}

fn page(settings: Option<&str>) -> String {
    site(settings).get("/sv").1
}

#[test]
fn a_page_says_that_there_is_no_login_and_why() {
    assert!(page(None).contains("Ingen inloggning: bara för den här datorn."));
    let said = page(Some("none = \"bakom en <proxy>\""));
    assert!(said.contains("Ingen inloggning här: bakom en &#60;proxy&#62;"), "{said}");
}

#[test]
fn another_name_than_this_machine_s_is_answered_only_where_a_reason_is_configured() {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let ask = |site: &Site, host: &str, path: &str| {
        let mut answer = agent.get(format!("{}{path}", site.url())).header("Host", host).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    let (alone, behind) = (site(None), site(Some("none = \"a proxy\"")));
    for path in ["/sv", "/api/v1/regions", "/metrics"] {
        let (status, said) = ask(&alone, "tavla.evil.example", path);
        assert!(status == 403 && said.contains("[login]"), "{path}: {status} {said}");
        assert_eq!(ask(&alone, "localhost:8080", path).0, 200, "{path}");
        assert_eq!(ask(&behind, "tavla.region.example", path).0, 200, "{path}");
    }
    assert_eq!(ask(&alone, "tavla.evil.example", "/healthz").0, 200);
}
