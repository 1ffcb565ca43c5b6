//! The real program: two regions over HTTP and in files, and the hub behind them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use jiff::{SignedDuration, Timestamp};
use permit::{AUTHORITY, Change};

use crate::world::{World, batch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_key-holder");

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn run(world: &World, arguments: &[&str]) -> Output {
    let command = Command::new(PROGRAM).args(arguments).current_dir(world.folder.path()).output();
    command.expect("the program runs")
}

/// Starts the service and finds its address in its log.
fn serve(world: &World) -> (Serving, String) {
    let mut command = Command::new(PROGRAM);
    command.arg("serve").current_dir(world.folder.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let found = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let (_, address) = line.split_once("listening for HTTP on ")?;
        address.split_whitespace().next().map(str::to_owned)
    });
    // What it says later has to go somewhere.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    (Serving(child), format!("http://{}", found.expect("the service listens")))
}

fn post(url: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let agent = ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
    let mut answer = agent.post(url).send(body).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_vec().unwrap())
}

#[test]
fn one_person_of_two_regions_has_one_pseudonym_over_http_and_by_hand() {
    let world = World::new(Timestamp::now() + SignedDuration::from_hours(24));
    let said = |arguments: &[&str]| {
        let output = run(&world, arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let request = world.request(Timestamp::now()).to_string();
    let approve = |code: &str| world.approve(Timestamp::now(), code).to_string();
    let (approve_14, approve_01) = (approve("14"), approve("01"));

    let (serving, address) = serve(&world);
    let batches = format!("{address}/v1/batches");
    let (blinds_14, batch_14) = batch("14", &[1, 2]);
    let (status, told) = post(&batches, &batch_14);
    assert_eq!((status, String::from_utf8_lossy(&told).as_ref()), (403, "no such permit\n"));
    for statement in [&request, &approve_14] {
        assert_eq!(post(&format!("{address}/v1/statements"), statement.as_bytes()).0, 204);
    }
    assert_eq!(post(&format!("{address}/v1/statements"), b"a statement").0, 400);
    assert_eq!(post(&format!("{address}/v1/statements"), request.as_bytes()).0, 403);
    let (status, sealed_14) = post(&batches, &batch_14);
    assert_eq!(status, 200);
    assert_eq!(post(&batches, &batch_14[..40]).0, 400);
    assert_eq!(post(&batches, &batch("14", &(0..9).collect::<Vec<_>>()).1).0, 403);
    drop(serving);

    // The other region by hand.
    fs::write(world.path("01.approve"), approve_01).unwrap();
    said(&["enter", "01.approve"]);
    let (blinds_01, batch_01) = batch("01", &[2, 3]);
    fs::write(world.path("01.batch"), batch_01).unwrap();
    said(&["evaluate", "01.batch", "--out", "01.answer.age"]);
    let shown = String::from_utf8(said(&["show"])).unwrap();
    assert_eq!(shown, "p17 region 01: approved; 2 of 10 points\np17 region 14: approved; 2 of 10 points\n");

    let (found_14, found_01) = (
        world.finish(&blinds_14, &sealed_14),
        world.finish(&blinds_01, &fs::read(world.path("01.answer.age")).unwrap()),
    );
    assert_eq!(found_14[1], found_01[0]);
    assert!(found_14[0] != found_01[0] && found_01[1] != found_14[1] && found_14[0] != found_01[1]);

    let expire = world.statement(Timestamp::now(), AUTHORITY, Change::Expire);
    fs::write(world.path("expire"), expire.to_string()).unwrap();
    said(&["enter", "expire"]);
    assert_eq!(run(&world, &["evaluate", "01.batch", "--out", "more.age"]).status.code(), Some(1));
    assert!(!world.path("more.age").exists());
    assert_eq!(world.entries("14"), ["Denied 2", "Disclosed 2", "Denied 9"]);
    assert_eq!(world.entries("01"), ["Disclosed 2", "Denied 2"]);
}
