//! The whole program as it follows the topics of regions, in its [`Stand`].

use std::io::{BufRead, BufReader};
use std::net::TcpStream;

use local_stack::free_port;
use schemas::registry::{self, server};
use schemas::{Kind, Subject};

use crate::browser::check;
use crate::fixture::DAY;
use crate::stand::{Stand, ago, eventually, make_topics};

#[test]
fn a_browser_sees_patients_come_a_kill_and_a_pause() {
    let mut stand = Stand::new("03");
    stand.declare(4);
    stand.admit();
    stand.admit();
    let mut running = Some(stand.dashboard());
    stand.ready();
    stand.wait_for(2);
    let url = stand.url();
    check("live", &url, &[("REGION", "03")], |wish| match wish.split_once(' ') {
        Some(("wait-for", count)) => stand.wait_for(count.parse().unwrap()),
        _ => match wish {
            "admit" => drop(stand.admit()),
            "kill" => running.take().expect("it runs").kill().expect("it is killed"),
            "start" => running = Some(stand.dashboard()),
            other => panic!("the check asked to {other}"),
        },
    });
}

#[test]
fn every_applied_event_is_told_once_and_a_replay_changes_nothing() {
    let mut stand = Stand::new("04");
    stand.declare(4);
    let _running = stand.dashboard();
    stand.ready();
    let stream = TcpStream::connect(("127.0.0.1", stand.port)).unwrap();
    let mut asked = stream.try_clone().unwrap();
    std::io::Write::write_all(&mut asked, b"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines();
    let started = lines.any(|line| line.unwrap().contains("event ids as they take effect"));
    assert!(started, "the stream starts");
    let id = stand.admit();
    let told = lines.map(Result::unwrap).find(|line| line.starts_with("data:")).expect("the event is told");
    assert_eq!(told, format!("data: {{\"events\":[\"{id}\"]}}"));
    stand.wait_for(1);
    // The same output again, as a processor writes it after a crash: an origin that is not above the watermark.
    *stand.origins.get_mut(&Subject::Encounter).unwrap() -= 1;
    stand.admit();
    stand.admit();
    stand.wait_for(2);
}

#[test]
fn a_store_that_is_away_leaves_the_board_waiting_and_says_so() {
    let mut stand = Stand::new("05");
    stand.database = format!("postgres://nobody@127.0.0.1:{}/none", free_port().unwrap());
    let _running = stand.dashboard();
    let url = format!("{}/readyz", stand.url());
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let report = eventually("the reason is told", || {
        let mut answer = agent.get(&url).call().ok()?;
        let text = answer.body_mut().read_to_string().ok()?;
        (answer.status() == 503 && text.contains("store.url")).then_some(text)
    });
    assert!(report.contains("\"ready\":false"));
    // Pages answer all the same, and say that they are not complete.
    let page = agent.get(format!("{}/sv", stand.url())).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(page.contains("Siffrorna är inte fullständiga än."));
    let (status, page) = stand.get("/sv/region/05/avdelning/AVD1");
    assert!(status == 503 && page.contains("Läser in"), "{status} {page}");
    let (status, answer) = stand.get("/api/v1/regions/05/units/AVD1");
    assert!(status == 503 && answer.contains("\"error\":\"loading\""), "{status} {answer}");
    let page = agent.get(format!("{}/sv/vantetider", stand.url())).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(page.contains("Lagret har inte svarat än"), "a store that is away looks like one that holds nothing");
}

/// `/readyz` is open to whoever reaches the port, and PostgreSQL's messages quote values.
#[test]
fn a_value_that_postgresql_quotes_is_neither_on_readyz_nor_in_the_log() {
    const VALUE: &str = "19121212-1212";
    let stand = Stand::new("21");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let message = runtime.block_on(async {
        let address: postgresql::Address = stand.database.parse().unwrap();
        let client = address.connect("test").await.unwrap();
        client
            .batch_execute(&format!(
                "DROP FUNCTION board_region CASCADE; \
                 CREATE FUNCTION board_region(wanted text, since timestamptz) \
                 RETURNS TABLE (subject text, event_id uuid, record bytea) LANGUAGE sql AS \
                 $$ SELECT '{VALUE}'::text::int::text, NULL::uuid, NULL::bytea $$; \
                 GRANT EXECUTE ON FUNCTION board_region TO vardstrom_reader"
            ))
            .await
            .unwrap();
        let error = client.query("SELECT * FROM board_region('21', now())", &[]).await.expect_err("it fails");
        error.as_db_error().expect("by the server").message().to_owned()
    });
    assert!(message.contains(VALUE), "PostgreSQL quotes it: {message}");
    let dashboard = stand.dashboard();
    let text = eventually("the store's answer is told", || {
        let (_, text) = stand.get("/readyz");
        text.contains("SQLSTATE 22P02 (invalid text representation)").then_some(text)
    });
    assert!(text.contains("read events from the store") && !text.contains(VALUE), "{text}");
    eventually("the log tells it, too", || {
        let log = std::fs::read_to_string(stand.folder.path().join("dashboard.log")).unwrap();
        assert!(!log.contains(VALUE), "{log}");
        log.contains("SQLSTATE 22P02").then_some(())
    });
    drop(dashboard);
}

#[test]
fn it_starts_from_the_store_where_the_store_left_off() {
    let mut stand = Stand::new("06");
    stand.declare(4);
    for _ in 0..3 {
        stand.admit();
    }
    // Long over: memory does not hold it, so a late cancellation has to fetch it.
    let over = ago(20 * DAY);
    // The store finds the other by a key that is not as the source wrote it.
    let awkward = format!("old\0{}", "9".repeat(600));
    for episode in ["old", awkward.as_str()] {
        stand.movement("A01", episode, ago(30 * DAY));
        stand.movement("A03", episode, over);
    }
    stand.store_everything();
    let _running = stand.dashboard();
    stand.ready();
    stand.wait_for(3);
    let metrics = || ureq::get(format!("{}/metrics", stand.url())).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(metrics().contains("vardstrom_dashboard_records_total{fate=\"applied\"} 0"), "it read what it had");
    // The discharge is withdrawn: the patient of last month is here again, because the store still knows the admission.
    stand.movement("A13", "old", over);
    eventually("the old patient is back", || (stand.unit()?["belagda"] == 4).then_some(()));
    stand.movement("A13", &awkward, over);
    eventually("so is the other", || (stand.unit()?["belagda"] == 5).then_some(()));
    // The pages beside the board have read the store too, by the same role, and Kafka for the fates.
    let page = |path: &str| {
        let text = ureq::get(format!("{}{path}", stand.url())).call().ok()?.body_mut().read_to_string().ok()?;
        Some(text)
    };
    eventually("published figures are asked for", || {
        page("/sv/vantetider")?.contains("Inget är publicerat").then_some(())
    });
    eventually("the store's positions are told", || page("/sv/drift")?.contains("Jönköpings län").then_some(()));
    eventually("Kafka has answered", || (!page("/sv/drift")?.contains("Kafka har inte svarat än")).then_some(()));
    assert!(
        !page("/sv/drift").expect("a page").contains("region.06.source"),
        "no source of the region has sent anything"
    );
}

#[test]
fn a_record_that_ends_whoever_applies_it_is_set_aside_and_no_other_region_notices() {
    let mut stand = Stand::of(&["07", "08"]);
    stand.panic_at = "apply region.08.common.encounter/0/1".into();
    stand.declare(4);
    stand.admit();
    stand.within(1, |stand| {
        stand.declare(4);
        stand.admit();
    });
    let _running = stand.dashboard();
    stand.ready();
    stand.wait_for(1);
    stand.within(1, |stand| {
        stand.wait_for(1);
        stand.admit();
        stand.admit();
    });
    stand.wait_for_failure("region.08.common.encounter/0/1 ended in a panic");
    // While the one region starts again, the other is live.
    stand.admit();
    stand.wait_for(2);
    stand.wait_for_metric("records_total{fate=\"aside\"} 1");
    stand.within(1, |stand| stand.wait_for(2));
    stand.wait_for_metric("region_failed{region=\"08\"} 0");
    let (status, report) = stand.get("/readyz");
    assert!(status == 200 && !report.contains("region 08"), "{report}");
    // Once for both, and twice for the one.
    stand.wait_for_metric("bootstraps_total 3");
    stand.within(1, |stand| {
        stand.admit();
        stand.wait_for(3);
    });
    stand.admit();
    stand.wait_for(3);
    stand.first_went_on_untouched();
}

#[test]
fn an_event_of_the_store_that_ends_whoever_loads_it_is_set_aside_and_no_other_region_notices() {
    let mut stand = Stand::of(&["09", "10"]);
    stand.declare(4);
    stand.admit();
    let struck = stand.within(1, |stand| {
        stand.declare(4);
        stand.admit();
        stand.admit()
    });
    // And what is left of the region cannot be computed together.
    stand.panic_at = format!("load {},settle 10", struck.replace('-', ""));
    stand.store_everything();
    let _running = stand.dashboard();
    stand.wait_for_failure(&format!("loading event {}", struck.replace('-', "")));
    stand.wait_for_failure("they are taken one by one");
    stand.wait_for(1);
    stand.admit();
    stand.wait_for(2);
    stand.within(1, |stand| stand.wait_for(1));
    stand.wait_for_metric("records_total{fate=\"aside\"} 2");
    stand.wait_for_metric("region_failed{region=\"10\"} 0");
    stand.first_went_on_untouched();
}

#[test]
fn a_registry_that_goes_away_holds_up_only_the_region_with_a_new_schema() {
    let mut stand = Stand::of(&["24", "25"]);
    let _running = stand.dashboard();
    stand.admit();
    stand.within(1, |stand| stand.admit());
    stand.ready();
    stand.wait_for(1);
    stand.within(1, |stand| stand.wait_for(1));
    let address = stand.registry.url().trim_start_matches("http://").to_owned();
    stand.registry = server::spawn("127.0.0.1:0").unwrap();
    // The schema of movements is known; that of bed capacity is not.
    stand.admit();
    stand.wait_for(2);
    stand.within(1, |stand| stand.declare(4));
    let id = registry::development_id_current(Kind::BedCapacity);
    stand.wait_for_failure(&format!("the schema registry does not give schema {id}"));
    stand.admit();
    stand.wait_for(3);
    stand.wait_for_metric("records_total{fate=\"unreadable\"} 0");

    let _back = server::spawn(address).unwrap();
    let beds = |stand: &Stand| stand.unit()?["disponibla"].as_i64();
    stand.within(1, |stand| eventually("the beds", || (beds(stand) == Some(4)).then_some(())));
    stand.wait_for_metric("region_failed{region=\"25\"} 0");
    stand.wait_for_metric("records_total{fate=\"unreadable\"} 0");
    stand.first_went_on_untouched();
}

#[test]
fn a_region_without_topics_waits_for_them_by_itself() {
    let regions = ["12", "13"].map(|code| code.parse().unwrap());
    make_topics(&regions[..1]);
    let mut stand = Stand::without_topics(&regions);
    stand.declare(4);
    stand.admit();
    let _running = stand.dashboard();
    stand.wait_for_failure("topics apply");
    stand.wait_for(1);
    make_topics(&regions);
    stand.within(1, |stand| {
        stand.declare(4);
        stand.admit();
        stand.wait_for(1);
    });
    stand.wait_for_metric("region_failed{region=\"13\"} 0");
    stand.first_went_on_untouched();
}

#[test]
fn a_region_whose_position_is_gone_is_named_and_no_other_waits() {
    let mut stand = Stand::of(&["17", "18"]);
    stand.within(1, |stand| {
        stand.declare(4);
        stand.admit();
    });
    stand.store_ahead = 1000;
    stand.store_everything();
    stand.declare(4);
    stand.admit();
    let _running = stand.dashboard();
    stand.wait_for_failure("is not in Kafka, which holds");
    stand.wait_for(1);
    // What the store knows of it is shown all the same.
    stand.within(1, |stand| stand.wait_for(1));
    stand.first_went_on_untouched();
}

#[test]
fn a_region_that_cannot_be_counted_is_left_out_of_the_board_alone() {
    let mut stand = Stand::of(&["19", "23"]);
    stand.panic_at = "board 23".into();
    for region in 0..2 {
        stand.within(region, |stand| {
            stand.declare(4);
            stand.admit();
        });
    }
    let _running = stand.dashboard();
    stand.wait_for(1);
    stand.wait_for_metric("region_failed{region=\"23\"} 1");
    assert_eq!(stand.get("/sv/region/23/avdelning/AVD1").0, 503, "it is not known, and may exist");
    stand.admit();
    stand.wait_for(2);
}

#[test]
fn no_region_speaks_for_another() {
    let mut stand = Stand::of(&["21", "22"]);
    for region in 0..2 {
        stand.within(region, |stand| {
            stand.declare(4);
            stand.admit();
        });
    }
    let _running = stand.dashboard();
    stand.ready();
    stand.stray = Some(stand.regions[1]);
    stand.admit();
    stand.stray = None;
    stand.wait_for_metric("records_total{fate=\"unreadable\"} 1");
    stand.wait_for(1);
    stand.admit();
    stand.wait_for(2);
}
