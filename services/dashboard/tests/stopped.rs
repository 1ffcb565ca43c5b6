//! Data that stop are told: on pages, their streams, the API and in readiness, within 15 s, and taken back when they come again.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use board::format;
use board::language::Language;
use local_stack::Kafka;
use schemas::Timestamp;
use serde_json::Value;

use crate::browser::check;
use crate::fixture;
use crate::line::Line;
use crate::site::{Setup, Site};
use crate::stand::{KAFKA, Stand, eventually};

/// What is promised.
const TOLD_WITHIN: Duration = Duration::from_secs(15);
const STOPPED: &str = "Uppgifterna har stannat: inget nytt sedan";

/// The messages of a page's stream that bring the banner, or take it away.
fn banners(stand: &Stand, path: &str) -> mpsc::Receiver<bool> {
    let stream = TcpStream::connect(("127.0.0.1", stand.port)).unwrap();
    write!(&stream, "GET /strom{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let banner = line.contains("<p id=\"stannat\" class=\"banner\"");
            if (banner || line.contains("<p id=\"stannat\" hidden>")) && told.send(banner).is_err() {
                return;
            }
        }
    });
    heard
}

fn totals(stand: &Stand) -> Value {
    serde_json::from_str(&stand.get(&format!("/api/v1/totals?region={}", stand.regions[0])).1).unwrap()
}

fn instant(text: &Value) -> Timestamp {
    Timestamp(text.as_str().expect("an instant").parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

/// Läge on a page: the minute that it names.
fn as_of(page: &str) -> String {
    let (_, rest) = page.split_once("<span class=\"valid\">Läge ").expect("Läge stands over the sums");
    let (_, time) = rest.split_once(" kl. ").expect("a time");
    time.chars().take(5).collect()
}

/// Stops what Kafka tells the dashboard, and lets it go on; both as the test does it. `reached`: Kafka itself goes on meanwhile.
fn check_stop(stand: &mut Stand, reached: bool, mut stop: impl FnMut(bool)) {
    let region = stand.regions[0];
    let path = format!("/sv/region/{region}");
    stand.declare(4);
    stand.admit();
    stand.admit();
    let _running = stand.dashboard();
    stand.ready();
    stand.wait_for(2);
    let newest = instant(&totals(stand)["at"]);
    let banner = banners(stand, &path);
    assert_eq!(banner.recv_timeout(TOLD_WITHIN), Ok(false), "the page as it is");
    // Nobody sends anything: that is no reason to say that data have stopped.
    assert!(banner.recv_timeout(TOLD_WITHIN).is_err());
    let (status, ready) = stand.get("/readyz");
    assert_eq!((status, totals(stand)["stopped"].is_null()), (200, true), "{ready}");

    stop(true);
    let begun = Instant::now();
    let (mut page_told, mut ready_told, mut stream_told) = (None, None, None);
    while page_told.is_none() || ready_told.is_none() || stream_told.is_none() {
        assert!(
            begun.elapsed() < TOLD_WITHIN,
            "{page_told:?} {ready_told:?} {stream_told:?}: {}",
            stand.get("/readyz").1
        );
        let now = begun.elapsed();
        page_told = page_told.or(stand.get(&path).1.contains(STOPPED).then_some(now));
        ready_told = ready_told.or((stand.get("/readyz").0 == 503).then_some(now));
        stream_told = stream_told.or(banner.try_iter().last().filter(|banner| *banner).map(|_| now));
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("told after {page_told:?} on the page, {stream_told:?} in its stream, {ready_told:?} in readiness");
    let (_, reason) = stand.get("/readyz");
    assert!(reason.contains(&format!("data of regions {region} have stopped since")), "{reason}");
    assert!(reason.contains("no answer of Kafka was taken for"), "{reason}");
    for path in [path.clone(), "/sv".into(), format!("{path}?vy=vagg"), format!("{path}/avdelning/AVD1")] {
        let page = stand.get(&path).1;
        let newest = format::time_in_text(Language::Sv, newest);
        let says = format!(". Senaste händelse {newest}. Vad som har hänt därefter är inte känt.");
        assert!(page.contains(STOPPED) && page.contains(&says), "{path}");
    }
    let page = stand.get("/sv/uppmarksamma").1;
    assert_eq!(page.matches("Uppgifterna har stannat").count(), 2, "the banner and a line of its own");
    assert!(stand.get(&format!("/en/region/{region}")).1.contains("Data have stopped: nothing new since"));

    // More than a minute: the clock goes on, the figures' time does not.
    if reached {
        stand.admit();
    }
    while begun.elapsed() < Duration::from_secs(70) {
        let answer = totals(stand);
        assert_eq!((instant(&answer["at"]), &answer["totals"]["belagda"]), (newest, &2.into()), "{answer}");
        assert_eq!(as_of(&stand.get(&path).1), format::time_in_text(Language::Sv, newest));
        assert!(instant(&answer["stopped"]["since"]) < instant(&answer["clock"]), "{answer}");
        assert_eq!(stand.get("/readyz").0, 503);
        std::thread::sleep(Duration::from_secs(1));
    }
    assert!(instant(&totals(stand)["clock"]).0 - newest.0 > 60_000_000);

    stop(false);
    if !reached {
        stand.admit();
    }
    stand.wait_for(3);
    eventually("the banner goes", || (!stand.get(&path).1.contains(STOPPED)).then_some(()));
    eventually("the stream takes it away", || banner.try_iter().last().filter(|banner| !banner));
    eventually("readiness returns", || (stand.get("/readyz").0 == 200).then_some(()));
    let answer = totals(stand);
    assert!(answer["stopped"].is_null() && instant(&answer["at"]) > newest, "{answer}");
}

#[test]
fn a_frozen_kafka_is_told_within_15_s_and_its_figures_are_never_called_newer_than_they_are() {
    let kafka = std::cell::RefCell::new(Kafka::start_own().expect("Kafka starts"));
    let mut stand = Stand::on(kafka.borrow().bootstrap(), &["05"]);
    check_stop(&mut stand, false, |stop| {
        let mut kafka = kafka.borrow_mut();
        if stop { kafka.pause().unwrap() } else { kafka.resume().unwrap() }
    });
}

#[test]
fn a_dashboard_that_is_cut_off_alone_tells_it_as_well() {
    let line = Line::to(KAFKA.bootstrap());
    let mut stand = Stand::new("20");
    stand.bootstrap = line.bootstrap();
    check_stop(&mut stand, true, |stop| line.cut(stop));
}

/// In a real browser, with pictures for people to look at; where they lie is printed.
#[test]
fn a_page_is_called_live_only_while_it_is() {
    let site = Site::start(Setup::of(fixture::country(), fixture::now()));
    let regions: Vec<topics::Region> = topics::Region::all().collect();
    check("stopped", &site.url(), &[], |wish| match wish {
        "stop" => site.hub.answered(&regions, Instant::now().checked_sub(Duration::from_secs(20)).unwrap()),
        "go on" => site.hub.answered(&regions, Instant::now() + Duration::from_secs(3600)),
        other => panic!("the check asked to {other}"),
    });
}

/// One feed falls silent while another goes on: that one alone is named, and the service itself is ready.
#[test]
fn a_feed_that_is_never_silent_so_long_is_told_within_15_s() {
    let mut stand = Stand::of(&["12", "13"]);
    stand.more = "never_silent_for = { \"SE2321000131-ADT\" = \"10s\" }\n".to_owned();
    for region in 0..2 {
        stand.within(region, |stand| {
            stand.declare(4);
            stand.admit();
        });
    }
    let _running = stand.dashboard();
    stand.ready();
    let [silent, heard] = ["/sv/region/12", "/sv/region/13"];
    let told = "Källan har tystnat: SE2321000131-ADT, Skåne, sedan ";
    // Both go on for longer than that.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(14) {
        for region in 0..2 {
            stand.within(region, |stand| drop(stand.admit()));
        }
        // The dashboard may have taken long to start.
        let is_told = begun.elapsed() > Duration::from_secs(4) && stand.get("/sv").1.contains("Källan har tystnat");
        assert!(!is_told, "both are heard");
        std::thread::sleep(Duration::from_millis(500));
    }
    let begun = Instant::now();
    while !stand.get(silent).1.contains(told) {
        assert!(begun.elapsed() < TOLD_WITHIN, "{:?}", begun.elapsed());
        stand.within(1, |stand| drop(stand.admit()));
        std::thread::sleep(Duration::from_millis(500));
    }
    println!("told after {:?}", begun.elapsed());
    assert!(stand.get(silent).1.contains("(1 avdelning). Vad som har hänt därefter är inte känt."));
    assert!(stand.get("/sv").1.contains(told) && !stand.get(heard).1.contains("har tystnat"));
    assert_eq!(stand.get("/readyz").0, 200, "the board follows its topics");
    let answer: Value = serde_json::from_str(&stand.get("/api/v1/attention?region=12").1).unwrap();
    assert_eq!(answer["silent"][0]["source_system"], "SE2321000131-ADT");
    assert!(answer["attention"].as_array().unwrap().iter().any(|cause| cause["rule"] == "source_silent"), "{answer}");
    stand.within(0, |stand| drop(stand.admit()));
    eventually("the banner goes", || (!stand.get(silent).1.contains("Källan har tystnat: ")).then_some(()));
}

#[test]
fn only_the_regions_whose_data_have_stopped_are_named() {
    let site = Site::start(Setup::of(fixture::country(), fixture::now()));
    let [halland, skane]: [topics::Region; 2] = ["13", "12"].map(|code| code.parse().unwrap());
    site.hub.answered(&[halland], Instant::now().checked_sub(Duration::from_secs(20)).unwrap());
    site.hub.answered(&[skane], Instant::now() + Duration::from_secs(3600));
    site.hub.turn();
    assert!(site.get("/sv").1.contains("Uppgifterna har stannat för Halland: inget nytt sedan 06.06"));
    assert!(site.get("/sv/region/13").1.contains(STOPPED));
    assert!(!site.get("/sv/region/12").1.contains("Uppgifterna har stannat"));
    let answer: Value = serde_json::from_str(&site.get("/api/v1/attention").1).unwrap();
    assert_eq!(
        (&answer["attention"][0]["rule"], &answer["attention"][0]["region"]),
        (&"data_stopped".into(), &"13".into())
    );
    assert_eq!(answer["stopped"]["regions"], serde_json::json!(["13"]));
}
