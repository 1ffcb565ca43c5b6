//! What strangers can take from senders: connections, file descriptors, room. Never a sender's place.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use tokio::net::TcpSocket;

use super::stack::{Connector, LONG, PARTITION_KEY, Sender, Setup, code, framed, message};

/// A connection from 127.0.0.`host`.
fn connect_from(host: u8, to: SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, host), 0))).expect("an address of this machine");
        socket.connect(to).await.expect("connected").into_std().expect("a stream")
    });
    stream.set_nonblocking(false).expect("set");
    stream.set_read_timeout(Some(LONG)).expect("set");
    stream
}

/// So many connections from there, that say nothing; those that were closed are among them.
fn strangers(host: u8, to: SocketAddr, count: usize) -> Vec<TcpStream> {
    (0..count).map(|_| connect_from(host, to)).collect()
}

/// One MLLP port of this region and one of another.
fn two_regions(region: &'static str, other: &'static str) -> Setup {
    drop(Setup::mllp(other));
    Setup::mllp(region).and(&format!(
        "[[region]]\ncode = \"{other}\"\nsource_system = \"SE2321000131-TEST\"\n[[region.mllp]]\nlisten = \"127.0.0.1:0\"\n"
    ))
}

/// Waits for both ports: their lines come through a pipe of their own.
fn ports(connector: &mut Connector) -> [SocketAddr; 2] {
    connector.wait("two ports", |connector| connector.mllp_ports().len() == 2);
    connector.mllp_ports().try_into().expect("two")
}

fn turned(connector: &Connector, reason: &str) -> f64 {
    connector.metric(&format!("vardstrom_connector_mllp_connections_turned_total{{reason=\"{reason}\"}}"))
}

/// Starts the connector under a limit of the shell's `ulimit`.
fn limited(setup: &Setup, limit: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit {limit} && exec \"$0\" \"$@\"")]);
    command.args([env!("CARGO_BIN_EXE_connector"), "run", "--config"]).arg(setup.config());
    command.env("VARDSTROM_PARTITION_KEY", PARTITION_KEY).stderr(std::process::Stdio::piped());
    command
}

#[test]
fn seven_hundred_idle_connections_shut_no_sender_out() {
    // This process holds the other ends.
    runtime::descriptors::secure(4096).expect("descriptors");
    let setup = two_regions("17", "18");
    let mut connector = setup.start();
    let [port, other] = ports(&mut connector);
    let mut early = Sender::to(port);
    assert_eq!(early.exchange(&message("early", 1)), "AA early");
    let mut held = strangers(2, port, 700);
    for (id, address) in [("one-stranger", port), ("one-stranger-other", other)] {
        assert_eq!(Sender::to(address).exchange(&message(id, 2)), format!("AA {id}"));
    }
    // From as many addresses as have the port's places for their shares, and more.
    for host in 3..=8 {
        held.extend(strangers(host, port, 40));
    }
    for (id, address) in [("many-strangers", port), ("many-strangers-other", other)] {
        // Who comes while sixteen are on their way out may be refused, and connects again as any sender does.
        connector.wait("a sender to be heard", |_| {
            let mut sender = Sender::to(address);
            sender.stream.write_all(&framed(&message(id, 3))).is_ok()
                && sender.try_answer().is_some_and(|answer| code(&answer) == format!("AA {id}"))
        });
    }
    assert_eq!(early.exchange(&message("early-again", 1)), "AA early-again", "who had delivered keeps its place");
    assert!(connector.metric("vardstrom_connector_mllp_connections") <= 64.0 + 16.0 + 3.0);
    assert!(["replaced", "full", "address-full"].map(|reason| turned(&connector, reason)).iter().sum::<f64>() > 800.0);
    let told = connector.log().matches("were refused").count();
    assert!(told <= 3, "a flood of refusals is not a flood of lines: {told}");
    drop(held);
}

#[test]
fn idle_http_connections_leave_the_descriptors_to_mllp() {
    runtime::descriptors::secure(4096).expect("descriptors");
    let setup = Setup::mllp("17");
    let mut connector = setup.open(setup.start_by(limited(&setup, "-n 500")));
    let hook = connector.fhir_hook();
    let mut held = strangers(2, connector.http(), 500);
    held.extend(strangers(2, hook, 500));
    for stream in held.iter_mut().rev().take(20) {
        // A head that never ends; the connection may be closed already.
        let _ = stream.write_all(b"POST /fhir/notify/x HTTP/1.1\r\nHost:");
    }
    for id in 0..20 {
        let id = format!("mllp-{id}");
        assert_eq!(connector.connect().exchange(&message(&id, 1)), format!("AA {id}"));
    }
    assert!(connector.get("/healthz").starts_with("HTTP/1.1 200"));
    connector.wait("the heads' time to be over", |connector| {
        connector.metric("vardstrom_http_connections{listener=\"fhir-hook\"}") == 0.0
    });
}

#[test]
fn too_few_descriptors_are_told_at_the_start_and_a_low_limit_is_raised() {
    let setup = Setup::mllp("17");
    let mut refused = Connector::of(limited(&setup, "-n 400").spawn().expect("it runs"));
    let code = refused.ended();
    refused.wait_log("need 496 file descriptors and the system allows 400");
    assert_eq!(code, 1);

    let connector = setup.open(setup.start_by(limited(&setup, "-Sn 100")));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", connector.child.id())).expect("a process");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("there");
    assert_eq!(line.split_whitespace().nth(3), Some("496"), "{line}");
}

#[test]
fn a_sender_that_has_delivered_may_be_silent_and_a_stranger_may_not() {
    let setup = Setup::mllp("17").limits("idle = \"700ms\"");
    let connector = setup.start();
    let mut sender = connector.connect();
    assert_eq!(sender.exchange(&message("before", 1)), "AA before");
    // Wants no answer to what is accepted, and has delivered all the same.
    let mut quiet = connector.connect();
    quiet.send(&super::stack::message_with("quiet", 1, "|||ER|NE"));
    let mut stranger = connect_from(2, connector.mllp());
    let mut dripping = connect_from(2, connector.mllp());
    let drips = thread::spawn(move || {
        // Bytes outside frames are nothing delivered, however long they come.
        while dripping.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    assert!(matches!(stranger.read(&mut [0]), Ok(0)), "a stranger is closed");
    drips.join().expect("and one that drips");
    thread::sleep(Duration::from_secs(2));
    assert_eq!(sender.exchange(&message("after", 1)), "AA after");
    assert_eq!(quiet.exchange(&message("loud", 1)), "AA loud");
    assert_eq!(turned(&connector, "idle"), 2.0);
}

#[test]
fn long_messages_that_never_end_keep_no_room_from_others() {
    let setup = two_regions("17", "18").limits("in_flight = \"4 MiB\"");
    let mut connector = setup.start();
    let [port, other] = ports(&mut connector);
    let mut sender = Sender::to(port);
    assert_eq!(sender.exchange(&message("short", 1)), "AA short");
    let mut held = strangers(2, port, 16);
    for stream in &mut held {
        let begun = framed(&[message("begun", 1), b"NTE|1||".to_vec(), vec![b'x'; 40_000]].concat());
        stream.write_all(&begun[..begun.len() - 10]).expect("read, or kept by the system");
    }
    thread::sleep(Duration::from_millis(500));
    let long = |id: &str| [message(id, 1), b"NTE|1||".to_vec(), vec![b'x'; 200_000], b"\r".to_vec()].concat();
    assert_eq!(Sender::to(other).exchange(&long("other-port")), "AA other-port");
    assert_eq!(sender.exchange(&long("same-port")), "AA same-port");
}
