//! The dashboard behind a real Keycloak: every role of every region, a program of each, and strangers, against every region's pages,
//! streams, files and API.
//!
//! What must be allowed is what `access::expected` says by hand of the policies, for what `addresses` says by hand that each address
//! shows. Who refuses is the dashboard, and its access log has an entry of each refusal before it is told: by user and path, exactly
//! as many as there were.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use access::{
    Channel, Policies, Principal, Question, Role,
    expected::{CARE, OTHER, QUALITY, STATISTICS, expected},
};
use local_stack::{Browser, Keycloak, agent, token};
use serde_json::Value;
use tempfile::TempDir;
use topics::Region;

use super::{
    Error, Surface,
    entries::{self, Entries},
};
use crate::{
    account,
    addresses::{self, Address, Place, addresses},
    simulated,
    simulator::{Plan, Simulator},
    stack::{Board, Keys, Service, Stack},
};

/// The realm's users of a region: name, role, purpose of the commission. Their level of assurance is 3.
const USERS: [(&str, Role, &str); 7] = [
    ("samordnare", Role::Coordinator, CARE),
    ("analytiker", Role::RegionAnalyst, QUALITY),
    ("nationell", Role::NationalAnalyst, STATISTICS),
    ("dataansvarig", Role::Steward, OTHER),
    ("dataskyddsombud", Role::DataProtectionOfficer, OTHER),
    ("drift", Role::Operator, OTHER),
    ("integration", Role::SenderEngineer, OTHER),
];
const ASSURANCE: u8 = 3;
const PROGRAM_SECRET: &str = "analys-secret";
/// Who is nobody in the access log.
const STRANGER: &str = "unknown";
/// Requests at a time.
const READERS: usize = 16;
/// One client asks all of this.
const RATE: &str = "requests_per_second = 100000\nrequests_burst = 100000\n";
/// How long the wards of every region may take to be on the board.
const PATIENCE: Duration = Duration::from_secs(180);
/// The condition that is left out of a policy on purpose.
const CONDITION: &str = "when { resource has region && principal has region && resource.region == principal.region }";

/// Somebody who asks.
struct User {
    /// In the access log.
    logged: String,
    principal: Option<(Principal, Channel)>,
    /// The header by which they are known, if they are.
    shown: Option<(&'static str, String)>,
    /// Of so many who ask each address once together, which one this is.
    turn: (usize, usize),
}

/// Who asks every address.
const ALONE: (usize, usize) = (0, 1);

impl User {
    fn may(&self, address: &Address) -> bool {
        let (Some((principal, channel)), Some((action, part))) = (&self.principal, address.shows) else { return false };
        expected(&Question { principal: principal.clone(), action, part, channel: *channel })
    }
}

pub(super) fn run(regions: &[Region], seed: u64, say: &mut dyn FnMut(&str)) -> Result<Surface, Error> {
    let mut surface = Surface::new("api");
    let plan = Plan { seed, start_micros: simulated::now_micros(), regions: regions.to_vec() };
    let mut options = simulated::options(regions, &Simulator::new(&plan), Keys::random()?);
    (options.login, options.everywhere) = (true, true);
    options.board = board(None);
    let mut stack = Stack::start(options, say)?;
    let places = wait_for_wards(&stack, regions, say)?;
    // The dashboard looks for what is published when it starts, and then once a minute.
    account::execute(&stack, &addresses::publish(&places))?;
    stack.restart_board(board(None))?;
    wait_for_wards(&stack, regions, say)?;
    let national = log_in(&stack, regions[0], USERS[2])?;
    wait_for(&stack, &national, addresses::PUBLISHED, |answer| (answer.status == 200).then_some(()))?;

    say("logging in");
    let mut users = Vec::new();
    for region in regions {
        for user in USERS {
            users.push(log_in(&stack, *region, user)?);
        }
        users.push(program(&stack, *region)?);
    }
    // The dashboard enters a thousand strangers one by one, and those after them together.
    let forged = "Bearer eyJhbGciOiJub25lIn0.e30.".to_owned();
    for (turn, shown) in [None, Some(("authorization", forged))].into_iter().enumerate() {
        users.push(User { logged: STRANGER.to_owned(), principal: None, shown, turn: (turn, 2) });
    }
    let addresses = addresses(&places);
    say(&format!("{} users and programs, {} addresses each", users.len(), addresses.len()));

    let before = denials(&stack)?;
    let found = ask_all(&stack.url(Service::Dashboard), &users, &addresses);
    let after = denials(&stack)?;
    count(&mut surface, found, &before, &after);
    say(&format!("{} probes, {} denied, {} logged", surface.count.probes, surface.count.denied, surface.count.logged));

    let folder = TempDir::with_prefix("vardstrom-wall-")?;
    let wrong = folder.path().join("policies");
    plant(&wrong)?;
    stack.restart_board(board(Some(&wrong)))?;
    wait_for_wards(&stack, regions, say)?;
    let coordinator = [log_in(&stack, regions[0], USERS[0])?];
    let foreign = ask_all(&stack.url(Service::Dashboard), &coordinator, &addresses).foreign;
    surface.plant("a Cedar policy without its region condition: a coordinator sees every region", foreign);
    stack.stop();
    Ok(surface)
}

/// The dashboard's own lines: no bound on how often this run asks, and policies of a folder.
fn board(policies: Option<&Path>) -> Board {
    let login = policies.map(|folder| format!("policies = {folder:?}\n")).unwrap_or_default();
    Board { http: RATE.to_owned(), login, ..Board::default() }
}

/// The shipped policies with the condition left out where coordinators are bound to their region.
fn plant(folder: &Path) -> Result<(), Error> {
    fs::create_dir(folder)?;
    for (name, text) in Policies::texts() {
        let text = match *name {
            "coordinator.cedar" => text.replace(CONDITION, "when { resource has region }"),
            _ => (*text).to_owned(),
        };
        if *name == "coordinator.cedar" && !text.contains("when { resource has region };") {
            return Err(Error::Step { step: "building a wall wrong", said: format!("{name} has no such condition") });
        }
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// Returns when every region has a ward, with one of each.
fn wait_for_wards(stack: &Stack, regions: &[Region], say: &mut dyn FnMut(&str)) -> Result<Vec<Place>, Error> {
    say("waiting for the wards of every region");
    let national = log_in(stack, regions[0], USERS[2])?;
    let place = |region: &Region| {
        let path = format!("/api/v1/units?region={region}");
        wait_for(stack, &national, &path, |answer| Place::first(*region, &answer.body))
    };
    regions.iter().map(place).collect()
}

/// Asks until the answer has what is looked for.
fn wait_for<T>(stack: &Stack, user: &User, path: &str, found: impl Fn(&Answer) -> Option<T>) -> Result<T, Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = ask(&agent(), &stack.url(Service::Dashboard), user, path, false)?;
        if let Some(found) = found(&answer) {
            return Ok(found);
        }
        if Instant::now() > deadline {
            let said = format!("{path} is answered {} without it", answer.status);
            return Err(Error::Step { step: "waiting for the board", said });
        }
        thread::sleep(Duration::from_millis(200));
    }
}

fn log_in(stack: &Stack, region: Region, (name, role, purpose): (&str, Role, &str)) -> Result<User, Error> {
    let user = format!("{name}-{region}");
    let failed = |said: &str| Error::Step { step: "logging in", said: format!("{user}: {said}") };
    let mut browser = Browser::default();
    browser.log_in(&format!("{}/sv/definitioner", stack.url(Service::Dashboard)), &user)?;
    let cookie = browser.cookies.get("vardstrom").ok_or_else(|| failed("no session"))?;
    let logged =
        stack.keycloak().and_then(|keycloak| keycloak.employee(&user)).ok_or_else(|| failed("no such user"))?;
    let principal = Principal { role, region: Some(region), purpose: purpose.into(), assurance: ASSURANCE };
    Ok(User {
        logged: logged.to_owned(),
        principal: Some((principal, Channel::Session)),
        shown: Some(("cookie", format!("vardstrom={cookie}"))),
        turn: ALONE,
    })
}

/// A region's program, with a token of client credentials.
fn program(stack: &Stack, region: Region) -> Result<User, Error> {
    let client = format!("analys-{region}");
    let issuer = stack.keycloak().map(Keycloak::issuer).unwrap_or_default();
    let token = token(&agent(), &issuer, &client, PROGRAM_SECRET)?;
    let role = Role::RegionAnalyst;
    let principal = Principal { role, region: Some(region), purpose: Box::default(), assurance: 0 };
    Ok(User {
        logged: format!("program {client}"),
        principal: Some((principal, Channel::Token)),
        shown: Some(("authorization", format!("Bearer {token}"))),
        turn: ALONE,
    })
}

/// What came of many requests.
#[derive(Default)]
struct Found {
    probes: u64,
    allowed: u64,
    foreign: u64,
    /// Refusals by user and path; of strangers by nothing.
    denied: BTreeMap<(String, String), u64>,
    faults: Vec<String>,
}

impl Found {
    fn add(&mut self, other: Self) {
        self.probes += other.probes;
        self.allowed += other.allowed;
        self.foreign += other.foreign;
        for (key, count) in other.denied {
            *self.denied.entry(key).or_default() += count;
        }
        self.faults.extend(other.faults);
    }

    /// Holds an answer against what must be.
    fn judge(&mut self, user: &User, address: &Address, answer: &Answer) {
        self.probes += 1;
        let Answer { status, body } = answer;
        let (path, who) = (&address.path, &user.logged);
        let asked = address.shows.and_then(|(_, part)| part.region);
        let mut found = rows(body, path, asked);
        let is_known = user.principal.is_some();
        if *status == if is_known { 403 } else { 401 } {
            let plain = path.split('?').next().unwrap_or_default().to_owned();
            let key = (who.clone(), if is_known { plain } else { String::new() });
            *self.denied.entry(key).or_default() += 1;
            let told = found.own + found.others;
            self.foreign += told;
            if user.may(address) || told > 0 {
                self.faults.push(format!(
                    "{who} is denied {path}, and told {told} rows; that it may see it: {}",
                    user.may(address)
                ));
            }
            return;
        }
        self.allowed += 1;
        if !user.may(address) {
            self.foreign += (found.own + found.others).max(1);
            self.faults.push(format!("{who} asks for {path}, which it may not see, and is answered {status}"));
            return;
        }
        if asked.is_none() {
            // The country's are everybody's.
            found.others = 0;
        }
        self.foreign += found.others;
        if *status != 200 || found.others > 0 {
            self.faults
                .push(format!("{who} may see {path}, and is answered {status} with {} rows of others", found.others));
        }
        if path.starts_with("/api/v1/units?") && found.own == 0 {
            self.faults.push(format!("{who} may see {path}, and there is no ward: the probe shows nothing"));
        }
    }
}

fn ask_all(url: &str, users: &[User], addresses: &[Address]) -> Found {
    let (next, found) = (Mutex::new(users.iter()), Mutex::new(Found::default()));
    let take = || next.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                let agent = agent();
                while let Some(user) = take() {
                    let mut own = Found::default();
                    for address in addresses.iter().skip(user.turn.0).step_by(user.turn.1) {
                        match ask(&agent, url, user, &address.path, address.is_stream) {
                            Ok(answer) => own.judge(user, address, &answer),
                            Err(error) => {
                                own.probes += 1;
                                own.faults.push(error.to_string());
                            }
                        }
                    }
                    found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(own);
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Answer {
    status: u16,
    /// Nothing of a stream, which does not end.
    body: String,
}

fn ask(agent: &ureq::Agent, url: &str, user: &User, path: &str, is_stream: bool) -> Result<Answer, Error> {
    let failed = |error: ureq::Error| Error::Step { step: "asking the dashboard", said: format!("{path}: {error}") };
    let mut request = agent.get(format!("{url}{path}"));
    if let Some((name, value)) = &user.shown {
        request = request.header(*name, value);
    }
    let mut answer = request.call().map_err(failed)?;
    let status = answer.status().as_u16();
    let is_read = !is_stream || status != 200;
    let body = if is_read { answer.body_mut().read_to_vec().map_err(failed)? } else { Vec::new() };
    // A file of columns is no text, and is judged by its status.
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

/// Rows in an answer.
#[derive(Default, Debug, PartialEq)]
struct Rows {
    /// Of the region that was asked for.
    own: u64,
    /// Of others.
    others: u64,
}

/// Wards and hospitals by the region that they are said to be of: objects with a region in JSON, addresses of them on pages.
fn rows(body: &str, path: &str, asked: Option<Region>) -> Rows {
    let mut rows = Rows::default();
    let mut add =
        |region: &str| if asked.is_some_and(|asked| region == asked.code()) { rows.own += 1 } else { rows.others += 1 };
    if path.starts_with("/api/") {
        each_region(&serde_json::from_str(body).unwrap_or_default(), &mut add);
    } else {
        for place in body.split("/region/").skip(1) {
            let mut segments = place.splitn(3, '/');
            if let (Some(region), Some("avdelning" | "sjukhus")) = (segments.next(), segments.next()) {
                add(region);
            }
        }
    }
    rows
}

/// Every `"region": "14"` of a JSON value.
fn each_region(value: &Value, add: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().filter(|text| name == "region" && text.parse::<Region>().is_ok()) {
                    Some(region) => add(region),
                    None => each_region(value, add),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| each_region(value, add)),
        _ => {}
    }
}

/// Refusals in the log by user and path; of strangers by nothing, for what they wrote stands nowhere.
fn denials(stack: &Stack) -> Result<Entries, Error> {
    entries::denied(&stack.access_folder().join("dashboard"), &stack.access_key(), |line| {
        let is_stranger = line.user == STRANGER;
        (line.user.clone(), if is_stranger { String::new() } else { line.resource.clone() })
    })
}

fn count(surface: &mut Surface, found: Found, before: &Entries, after: &Entries) {
    surface.count.probes = found.probes;
    surface.count.allowed = found.allowed;
    surface.count.foreign = found.foreign;
    found.faults.into_iter().for_each(|fault| surface.fault(fault));
    entries::compare(surface, &found.denied, before, after);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_apart_by_their_region() {
        let region = "14".parse().ok();
        let json = r#"{"units":[{"region":"14","unit":"A"},{"region":"12","unit":"B"}],"region_name":"x"}"#;
        assert_eq!(rows(json, "/api/v1/units?region=14", region), Rows { own: 1, others: 1 });
        let page =
            "<a href=\"/sv/region/14/avdelning/A\"><a href=\"/sv/region/12/sjukhus/1\"><a href=\"/sv/region/12\">";
        assert_eq!(rows(page, "/sv/region/14", region), Rows { own: 1, others: 1 });
        assert_eq!(rows("no page", "/sv", None), Rows::default());
    }

    #[test]
    fn a_refusal_that_tells_a_row_and_an_answer_to_the_wrong_one_are_foreign() {
        let region: Region = "14".parse().expect("a region");
        let principal = |region| Principal { role: Role::Coordinator, region, purpose: CARE.into(), assurance: 3 };
        let user = |code: &str| User {
            logged: "somebody".to_owned(),
            principal: Some((principal(code.parse().ok()), Channel::Session)),
            shown: None,
            turn: ALONE,
        };
        let place = Place { region, unit: String::new(), hospital: String::new() };
        let address = addresses(&[place]).into_iter().find(|address| address.path == "/api/v1/units?region=14");
        let address = address.expect("an address");
        let body = r#"{"units":[{"region":"14"}]}"#.to_owned();
        let judged = |user: &User, status, body: &str| {
            let mut found = Found::default();
            found.judge(user, &address, &Answer { status, body: body.to_owned() });
            (found.allowed, found.denied.len(), found.foreign, found.faults.len())
        };
        assert_eq!(judged(&user("14"), 200, &body), (1, 0, 0, 0));
        assert_eq!(judged(&user("14"), 403, ""), (0, 1, 0, 1));
        assert_eq!(judged(&user("12"), 403, ""), (0, 1, 0, 0));
        assert_eq!(judged(&user("12"), 200, &body), (1, 0, 1, 1));
        assert_eq!(judged(&user("12"), 403, &body), (0, 1, 1, 1));
        assert_eq!(judged(&user("14"), 200, "{}"), (1, 0, 0, 1));
    }

    #[test]
    fn the_policy_that_is_built_wrong_is_still_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("policies");
        plant(&folder).expect("planted");
        Policies::read(&folder).expect("policies");
    }
}
