//! What services tell: logs, metrics, and the board's pages and API.

use std::fs;

use topics::Region;

use crate::{
    addresses::{Address, Place, UNSAID, addresses},
    search::Sheet,
    stack::{Service, Stack},
};

pub(super) fn search(stack: &Stack, sheet: &mut Sheet<'_>) {
    for path in fs::read_dir(stack.folder()).expect("the stack's folder").flatten().map(|entry| entry.path()) {
        sheet.scan("file name", path.as_os_str().as_encoded_bytes());
        if path.extension().is_some_and(|extension| extension == "log") {
            sheet.scan("log", &fs::read(&path).expect("a log"));
        }
    }
    for member in stack.members().into_iter().filter(|member| member.service != Service::Registry) {
        sheet.scan("metrics", stack.metrics(member).expect("metrics").as_bytes());
    }
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let ask = |path: &str| {
        let mut answer = agent.get(format!("{}{path}", stack.url(Service::Dashboard))).call().expect("an answer");
        let status = answer.status().as_u16();
        (status, String::from_utf8_lossy(&answer.body_mut().read_to_vec().expect("a body")).into_owned())
    };
    let place = |region: &Region| Place::any(*region, &ask(&format!("/api/v1/units?region={region}")).1);
    let places: Vec<Place> = stack.regions().iter().map(place).collect();
    for Address { path, .. } in addresses(&places).into_iter().filter(Address::is_page) {
        let english = path.strip_prefix("/sv").map(|rest| format!("/en{rest}"));
        // Nothing is published where this looks, and wards of a first day do not say in which hospital they are.
        let may_lack = path.contains("waiting-times/") || path.contains("vantetider/") || path.contains("tabell=");
        let may_lack = may_lack || path.ends_with(&format!("/{UNSAID}"));
        for path in [Some(path), english].into_iter().flatten() {
            let (status, page) = ask(&path);
            assert!(status == 200 || (may_lack && status == 404), "{path} is answered {status}");
            sheet.scan("page", page.as_bytes());
        }
    }
}
