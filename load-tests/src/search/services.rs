//! What services tell: logs, metrics, and the board's pages and API.

use std::fs;

use crate::{
    search::Sheet,
    stack::{Service, Stack},
};

/// Pages and tables of the board that there is one of, and the API beside them.
const PAGES: [&str; 11] = [
    "/sv",
    "/en",
    "/sv?vy=vagg",
    "/sv/uppmarksamma",
    "/sv/definitioner",
    "/api/v1/regions",
    "/api/v1/hospitals",
    "/api/v1/units",
    "/api/v1/totals",
    "/api/v1/snapshot",
    "/api/v1/attention",
];

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
    let of_regions =
        stack.regions().iter().flat_map(|region| [format!("/sv/region/{region}"), format!("/en/region/{region}")]);
    for path in PAGES.map(str::to_owned).into_iter().chain(of_regions) {
        let url = format!("{}{path}", stack.url(Service::Dashboard));
        let page = ureq::get(&url).call().expect("a page").into_body().read_to_string().expect("text");
        sheet.scan("page", page.as_bytes());
    }
}
