//! Many descriptors and too few: a server sheds load when its process has none left, costs nothing while it waits, and recovers; ten
//! thousand idle connections cost little memory.
//!
//! Each test starts this program anew, with a limit of its own and without the other tests' memory.

use looplab_event_loop::{EventLoop, Loop};
use looplab_net::{Address, Conn, Protocol, Server, ServerOptions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

fn local() -> Address {
    Address::Ip(([127, 0, 0, 1], 0).into())
}

struct Echo;

impl Protocol for Echo {
    fn received(&mut self, conn: &mut Conn, bytes: &[u8], _: u64) {
        conn.write(&[bytes]);
    }
}

/// Which part of this program the process plays, if it has been started for one.
fn part() -> Option<String> {
    std::env::var("LOOPLAB_PART").ok()
}

/// This program once more, playing a part, after the shell has set a limit.
fn play(part: &str, limit: &str) -> Command {
    let mut command = Command::new("sh");
    let script = format!("{limit} && exec \"$0\" --exact \"$1\" --nocapture");
    command.args(["-c", &script]).arg(std::env::current_exe().unwrap());
    command.arg(std::thread::current().name().unwrap()).env("LOOPLAB_PART", part);
    command
}

fn echoes(client: &mut TcpStream) -> bool {
    let mut back = [0; 4];
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let sent = client.write_all(b"ping");
    match sent.and_then(|()| client.read_exact(&mut back)) {
        Ok(()) => back == *b"ping",
        Err(error) => {
            // Shed: the end, or a reset if our bytes came after it. Anything else (time is up: it was left waiting) is a fault.
            let shed = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
            assert!(shed.contains(&error.kind()), "{error}");
            false
        }
    }
}

/// Processor time of a process so far, in ticks of a hundredth of a second.
fn processor_ticks(child: &Child) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn without_descriptors_a_server_sheds_load_rests_and_recovers() {
    if part().is_some() {
        let mut lp = EventLoop::real().unwrap();
        let server = Server::listen(&mut lp, &local(), ServerOptions::default(), || Echo).unwrap();
        println!("\nport {}", server.address());
        // The parent ends it.
        lp.run().unwrap();
        return;
    }
    let mut child = play("server", "ulimit -n 40").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let port = lines.into_iter().find_map(|line| line.strip_prefix("port ").map(str::to_owned));
    let at: SocketAddr = port.expect("it says where it listens").parse().unwrap();
    let mut clients: Vec<TcpStream> = Vec::new();
    let mut shed = 0;
    for _ in 0..100 {
        let mut client = TcpStream::connect(at).unwrap();
        if echoes(&mut client) {
            clients.push(client);
        } else {
            shed += 1;
        }
    }
    assert!(clients.len() >= 20 && shed >= 50, "{} served, {shed} shed", clients.len());
    assert!(clients.iter_mut().all(echoes), "those that were taken are served");
    // While it has no descriptor and nobody comes, it does next to nothing: well below half of a processor.
    let before = processor_ticks(&child);
    let (_keep, nothing) = mpsc::channel::<()>();
    assert!(nothing.recv_timeout(Duration::from_millis(500)).is_err());
    assert!(processor_ticks(&child) - before < 25);
    clients.drain(..10);
    // It learns of the ends before it accepts again only if they come first, so a newcomer may be shed once more.
    let recovered = (0..100).any(|_| echoes(&mut TcpStream::connect(at).unwrap()));
    assert!(recovered, "descriptors that came free are used");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Bytes that this process has in memory.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Descriptors that this process may have.
fn limit() -> usize {
    let text = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = text.lines().find(|line| line.starts_with("Max open files")).unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap()
}

#[test]
fn an_idle_connection_costs_less_than_two_kilobytes() {
    if part().is_none() {
        let status = play("idle", "ulimit -n $(ulimit -H -n)").stdout(Stdio::null()).status().unwrap();
        assert!(status.success());
        return;
    }
    let count = 10_000.min((limit() - 50) / 2);
    let mut lp = EventLoop::real().unwrap();
    let server = Server::listen(&mut lp, &local(), ServerOptions::default(), || Echo).unwrap();
    let Address::Ip(at) = server.address().clone() else { panic!("not an address") };
    let mut clients = Vec::with_capacity(count);
    let before = resident();
    let turn = |lp: &mut EventLoop| Loop::run(lp, looplab_event_loop::RunMode::NoWait).unwrap();
    while clients.len() < count {
        // Fewer than the listener's backlog at a time.
        let some = 100.min(count - clients.len());
        clients.extend((0..some).map(|_| TcpStream::connect(at).unwrap()));
        while server.stats().open < clients.len() {
            turn(&mut lp);
        }
    }
    let each = resident().saturating_sub(before) / count;
    assert!(each <= 2048, "{each} bytes for each of {count}");
    // Both ends of one are still good, among all the others.
    let client = &mut clients[count / 2];
    client.set_nonblocking(true).unwrap();
    client.write_all(b"ping").unwrap();
    let mut back = [0; 4];
    while client.read(&mut back).is_err() {
        turn(&mut lp);
    }
    assert_eq!(&back, b"ping");
}
