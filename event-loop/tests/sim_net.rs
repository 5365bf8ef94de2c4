//! Sockets in memory: what programs see of latency, bandwidth, loss, partitions and half-open connections, and that runs repeat.

use looplab_event_loop::world::network::{Address, DatagramOptions, ListenOptions, Listener, Stream};
use looplab_event_loop::*;
use std::cell::RefCell;
use std::io::{ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::rc::Rc;

type Sim = EventLoop<SimWorld<AnyJob>>;

fn sim(declare: &[(&str, &str)]) -> Sim {
    let mut options = SimOptions::default();
    for (key, value) in declare {
        assert_eq!(options.net.declare(key, value), Ok(true), "{key}={value}");
    }
    EventLoop::simulated(options)
}

fn at(port: u16) -> Address {
    Address::Ip(SocketAddr::from(([127, 0, 0, 1], port)))
}

/// What happened, with the loop's time.
#[derive(Clone, Default)]
struct Diary(Rc<RefCell<Vec<String>>>);

impl Diary {
    fn note(&self, lp: &Sim, what: impl std::fmt::Display) {
        self.0.borrow_mut().push(format!("{} ms: {what}", lp.now()));
    }

    fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }
}

fn write(stream: &mut dyn Stream, bytes: &[u8]) -> std::io::Result<usize> {
    stream.write_vectored(&[IoSlice::new(bytes)])
}

/// Reads until nothing more is there, and says what it was: a length, `end`, or an error.
fn read_all(stream: &mut dyn Stream) -> Vec<String> {
    let (mut seen, mut total, mut buffer) = (Vec::new(), 0, [0; 4096]);
    loop {
        let last = match stream.read(&mut buffer) {
            Ok(0) => "end".to_owned(),
            Ok(n) => {
                total += n;
                continue;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => String::new(),
            Err(error) => format!("{:?}", error.kind()),
        };
        seen.extend((total > 0).then(|| format!("{total} bytes")));
        seen.extend(Some(last).filter(|last| !last.is_empty()));
        return seen;
    }
}

type Shared = Rc<RefCell<Box<dyn Stream>>>;

/// Calls `then` with a stream whenever it is ready; drops it after its end or an error.
fn watch(
    lp: &mut Sim,
    stream: Box<dyn Stream>,
    mut then: impl FnMut(&mut Sim, &Shared, Readiness) -> bool + 'static,
) -> Shared {
    let shared: Shared = Rc::new(RefCell::new(stream));
    let own = shared.clone();
    let both = Interest::READABLE | Interest::WRITABLE;
    lp.on_ready(&mut **shared.borrow_mut(), both, move |lp, id, readiness| {
        if !then(lp, &own, readiness) {
            lp.io_stop(id, &mut **own.borrow_mut()).unwrap();
        }
    })
    .unwrap();
    shared
}

/// Listens at a port; each connection goes to `serve`.
fn serve(lp: &mut Sim, address: &Address, mut serve: impl FnMut(&mut Sim, Box<dyn Stream>) + 'static) {
    let listener = lp.world_mut().network().listen(address, ListenOptions::default()).unwrap();
    let listener: Rc<RefCell<Box<dyn Listener>>> = Rc::new(RefCell::new(listener));
    let own = listener.clone();
    let id = lp
        .on_ready(&mut **listener.borrow_mut(), Interest::READABLE, move |lp, _, _| {
            loop {
                let next = own.borrow_mut().accept();
                match next {
                    Ok((stream, _)) => serve(lp, stream),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("accept: {error}"),
                }
            }
        })
        .unwrap();
    lp.unref_handle(id);
}

/// A server that notes what it reads, and sends it on its way back.
fn echo(lp: &mut Sim, address: &Address, diary: &Diary) {
    let diary = diary.clone();
    serve(lp, address, move |lp, stream| {
        let diary = diary.clone();
        watch(lp, stream, move |lp, stream, readiness| {
            if !readiness.readable {
                return true;
            }
            let seen = read_all(&mut **stream.borrow_mut());
            for what in &seen {
                diary.note(lp, format_args!("server: {what}"));
            }
            let over = seen.iter().any(|what| !what.ends_with("bytes"));
            if !over && !seen.is_empty() {
                write(&mut **stream.borrow_mut(), b"pong").unwrap();
            }
            !over
        });
    });
}

/// A client that sends `ping`, and notes what comes of it.
fn client(lp: &mut Sim, address: &Address, diary: &Diary, end_after_answer: bool) -> Option<Shared> {
    let stream = match lp.world_mut().network().connect(address, None) {
        Ok(stream) => stream,
        Err(error) => {
            diary.note(lp, format_args!("client: {:?}", error.kind()));
            return None;
        }
    };
    let (diary, mut connected) = (diary.clone(), false);
    Some(watch(lp, stream, move |lp, stream, readiness| {
        let mut stream = stream.borrow_mut();
        if !connected {
            if let Some(error) = stream.take_error().unwrap() {
                diary.note(lp, format_args!("client: {:?}", error.kind()));
                return false;
            }
            if stream.peer().is_err() {
                return true;
            }
            connected = true;
            diary.note(lp, "client: connected");
            write(&mut **stream, b"ping").unwrap();
        }
        let seen = if readiness.readable { read_all(&mut **stream) } else { Vec::new() };
        for what in &seen {
            diary.note(lp, format_args!("client: {what}"));
        }
        if end_after_answer && !seen.is_empty() && stream.shutdown_write().is_err() {
            return false;
        }
        !seen.iter().any(|what| !what.ends_with("bytes"))
    }))
}

#[test]
fn on_one_machine_packets_arrive_at_once() {
    for address in [at(80), Address::Path("/run/echo".into())] {
        let (mut lp, diary) = (sim(&[]), Diary::default());
        echo(&mut lp, &address, &diary);
        let stream = client(&mut lp, &address, &diary, true);
        assert_eq!(lp.run().unwrap().reason, EndReason::NothingAlive);
        assert_eq!(
            diary.lines(),
            [
                "0 ms: client: connected",
                "0 ms: server: 4 bytes",
                "0 ms: client: 4 bytes",
                "0 ms: server: end",
                "0 ms: client: end"
            ],
            "{address}"
        );
        drop(stream);
    }
}

#[test]
fn latency_is_paid_by_every_packet() {
    let (mut lp, diary) = (sim(&[("net", "10ms")]), Diary::default());
    echo(&mut lp, &at(80), &diary);
    client(&mut lp, &at(80), &diary, true);
    lp.run().unwrap();
    assert_eq!(
        diary.lines(),
        [
            "20 ms: client: connected",
            "30 ms: server: 4 bytes",
            "40 ms: client: 4 bytes",
            "50 ms: server: end",
            "60 ms: client: end"
        ]
    );
}

#[test]
fn a_thin_line_takes_its_time() {
    let (mut lp, diary) = (sim(&[("net.bandwidth", "1MB/s"), ("net.buffer", "64KiB")]), Diary::default());
    let noted = diary.clone();
    serve(&mut lp, &at(80), move |lp, stream| {
        let noted = noted.clone();
        watch(lp, stream, move |lp, stream, _| {
            let seen = read_all(&mut **stream.borrow_mut());
            let over = seen.iter().any(|what| what == "end");
            if over {
                noted.note(lp, "end");
            }
            !over
        });
    });
    let stream = lp.world_mut().network().connect(&at(80), None).unwrap();
    let mut left = 500_000usize;
    watch(&mut lp, stream, move |_, stream, readiness| {
        let chunk = [1; 8192];
        while readiness.writable && left > 0 {
            match write(&mut **stream.borrow_mut(), &chunk[..left.min(8192)]) {
                Ok(n) => left -= n,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    return true;
                }
            }
        }
        if left == 0 {
            stream.borrow_mut().shutdown_write().unwrap();
        }
        left > 0
    });
    lp.run().unwrap();
    let lines = diary.lines();
    let took: u64 = lines[0].split_once(' ').unwrap().0.parse().unwrap();
    assert!((500..520).contains(&took), "{lines:?}");
}

#[test]
fn nobody_listens_and_nobody_is_there() {
    let (mut lp, diary) = (sim(&[]), Diary::default());
    client(&mut lp, &at(81), &diary, true);
    client(&mut lp, &Address::Ip(([192, 0, 2, 1], 80).into()), &diary, true);
    client(&mut lp, &Address::Path("/run/nobody".into()), &diary, true);
    lp.run().unwrap();
    assert_eq!(
        diary.lines(),
        ["0 ms: client: NetworkUnreachable", "0 ms: client: NotFound", "0 ms: client: ConnectionRefused"]
    );
    let network = lp.world_mut().network();
    let first = network.listen(&at(80), ListenOptions::default()).unwrap();
    let again = network.listen(&at(80), ListenOptions::default()).err().map(|error| error.kind());
    assert_eq!(again, Some(ErrorKind::AddrInUse));
    let wide = network.listen(&Address::Ip(([0, 0, 0, 0], 80).into()), ListenOptions::default());
    assert_eq!(wide.err().map(|error| error.kind()), Some(ErrorKind::AddrInUse));
    drop(first);
    network.listen(&at(80), ListenOptions::default()).unwrap();
}

#[test]
fn a_lost_connection_is_a_reset_for_both() {
    let (mut lp, diary) = (sim(&[("net.cut", "1@1s")]), Diary::default());
    echo(&mut lp, &at(80), &diary);
    client(&mut lp, &at(80), &diary, false);
    lp.run().unwrap();
    assert_eq!(diary.lines()[3..], ["1000 ms: client: ConnectionReset", "1000 ms: server: ConnectionReset"]);
}

#[test]
fn a_partition_holds_packets_up_until_tcp_sends_them_again() {
    let (mut lp, diary) = (sim(&[("net.partition", "1s..1500ms")]), Diary::default());
    echo(&mut lp, &at(80), &diary);
    let stream = client(&mut lp, &at(80), &diary, false).unwrap();
    lp.set_timeout(1_000, move |_| assert!(write(&mut **stream.borrow_mut(), b"again").is_ok()));
    lp.run().unwrap();
    // Sent again after 200 ms and 400 ms more.
    assert_eq!(diary.lines()[3..], ["1600 ms: server: 5 bytes", "1600 ms: client: 4 bytes"]);

    let (mut lp, diary) = (sim(&[("net.partition", "0s..10min")]), Diary::default());
    echo(&mut lp, &at(80), &diary);
    client(&mut lp, &at(80), &diary, false);
    lp.run().unwrap();
    assert_eq!(diary.lines(), ["127000 ms: client: TimedOut"], "Linux gives up after six tries");
}

#[test]
fn a_half_open_connection_is_found_by_writing_or_by_probes() {
    let (mut lp, diary) = (sim(&[("net.silence", "1@1s")]), Diary::default());
    echo(&mut lp, &at(80), &diary);
    let stream = client(&mut lp, &at(80), &diary, false).unwrap();
    let writer = stream.clone();
    lp.set_timeout(2_000, move |_| assert!(write(&mut **writer.borrow_mut(), b"hello?").is_ok()));
    assert_eq!(lp.run().unwrap().reason, EndReason::Stalled, "the server waits for ever");
    assert_eq!(diary.lines()[3..], ["926600 ms: client: TimedOut"]);

    let (mut lp, diary) = (sim(&[("net.silence", "1@1s")]), Diary::default());
    echo(&mut lp, &at(80), &diary);
    let stream = client(&mut lp, &at(80), &diary, false).unwrap();
    stream.borrow_mut().set_keepalive(Some(std::time::Duration::from_secs(30))).unwrap();
    lp.run().unwrap();
    assert_eq!(diary.lines()[3..], ["41000 ms: client: TimedOut"]);
}

#[test]
fn closing_with_unread_data_resets_and_writing_to_the_gone_is_in_vain() {
    let mut lp = sim(&[]);
    let kept: Rc<RefCell<Vec<Box<dyn Stream>>>> = Rc::default();
    let taken = kept.clone();
    serve(&mut lp, &at(80), move |_, stream| taken.borrow_mut().push(stream));
    let stream = lp.world_mut().network().connect(&at(80), None).unwrap();
    let stream = watch(&mut lp, stream, |_, _, _| true);
    let (writer, gone) = (stream.clone(), kept.clone());
    lp.set_timeout(1, move |lp| {
        write(&mut **writer.borrow_mut(), b"never read").unwrap();
        lp.set_timeout(1, move |_| gone.borrow_mut().clear());
    });
    let reader = stream.clone();
    lp.set_timeout(5, move |_| {
        let mut stream = reader.borrow_mut();
        assert_eq!(read_all(&mut **stream), ["ConnectionReset"]);
        assert_eq!(write(&mut **stream, b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(read_all(&mut **stream), ["end"], "an error is told once");
    });
    lp.run().unwrap();
}

#[test]
fn a_chosen_call_fails() {
    let faults = vec!["net.read:1:ECONNRESET".parse().unwrap()];
    let (mut lp, diary) =
        (EventLoop::simulated(SimOptions { faults, ..SimOptions::default() }), Diary::default());
    echo(&mut lp, &at(80), &diary);
    client(&mut lp, &at(80), &diary, false);
    lp.run().unwrap();
    assert_eq!(
        diary.lines(),
        ["0 ms: client: connected", "0 ms: server: ConnectionReset", "0 ms: client: ConnectionReset"]
    );
}

/// A read gives all there is, however the bytes lie in memory.
#[test]
fn only_the_end_of_the_data_makes_a_short_read() {
    let mut lp = sim(&[("net.buffer", "1000B")]);
    let kept: Rc<RefCell<Vec<Box<dyn Stream>>>> = Rc::default();
    let taken = kept.clone();
    serve(&mut lp, &at(80), move |_, stream| taken.borrow_mut().push(stream));
    let mut stream = lp.world_mut().network().connect(&at(80), None).unwrap();
    let turn = |lp: &mut Sim| {
        lp.set_timeout(1, |_| {});
        lp.run().unwrap();
    };
    turn(&mut lp);
    let mut peer = kept.borrow_mut().remove(0);
    for round in 0..10 {
        assert_eq!(write(&mut *stream, &[round; 700]).unwrap(), 700);
        turn(&mut lp);
        let mut buffer = [0; 1000];
        assert_eq!(peer.read(&mut buffer[..300]).unwrap(), 300);
        assert_eq!(write(&mut *stream, &[round; 1000]).unwrap(), 300, "the rest of the room");
        turn(&mut lp);
        assert_eq!(write(&mut *stream, &[round; 1000]).unwrap(), 300, "what was read makes room");
        turn(&mut lp);
        assert_eq!(peer.read(&mut buffer).unwrap(), 1000);
        assert!(buffer.iter().all(|byte| *byte == round));
        turn(&mut lp);
    }
}

#[test]
fn datagrams_come_whole_or_not_at_all() {
    let mut lp = sim(&[]);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let network = lp.world_mut().network();
    let mut one = network.datagram(any, DatagramOptions::default()).unwrap();
    let two = network.datagram(any, DatagramOptions::default()).unwrap();
    let to = two.local().unwrap();
    one.send(&[IoSlice::new(b"hello "), IoSlice::new(b"there")], Some(to)).unwrap();
    let from = one.local().unwrap();
    let got = Rc::new(RefCell::new(Vec::new()));
    let seen = got.clone();
    let mut buffer = [0; 5];
    let shared = Rc::new(RefCell::new(two));
    let own = shared.clone();
    lp.on_ready(&mut **shared.borrow_mut(), Interest::READABLE, move |lp, id, _| {
        let (n, sender) = own.borrow_mut().receive(&mut buffer).unwrap();
        seen.borrow_mut().push((buffer[..n].to_vec(), sender));
        assert_eq!(own.borrow_mut().receive(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
        lp.io_stop(id, &mut **own.borrow_mut()).unwrap();
    })
    .unwrap();
    lp.run().unwrap();
    assert_eq!(*got.borrow(), [(b"hello".to_vec(), from)], "what doesn't fit the buffer is lost");

    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    one.connect(nobody).unwrap();
    one.send(&[IoSlice::new(b"x")], None).unwrap();
    lp.set_timeout(1, |_| {});
    lp.run().unwrap();
    assert_eq!(one.receive(&mut [0; 9]).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let large = vec![0; 70_000];
    assert_eq!(one.send(&[IoSlice::new(&large)], None).unwrap_err().raw_os_error(), Some(90), "EMSGSIZE");
}

/// A busy program in a bad network, as its log.
fn stormy(seed: u64) -> String {
    let mut options = SimOptions { seed, ..SimOptions::default() };
    for (key, value) in [("net", "40ms~0.5"), ("net.loss", "10%"), ("net.bandwidth", "1MB/s")] {
        assert_eq!(options.net.declare(key, value), Ok(true));
    }
    options.latencies.declare("disk", "nfs").unwrap();
    let (mut lp, diary) = (EventLoop::simulated(options), Diary::default());
    echo(&mut lp, &at(80), &diary);
    for _ in 0..10 {
        client(&mut lp, &at(80), &diary, true);
        let noted = diary.clone();
        let info = JobInfo::new(JobClass::Disk, "fs.read").moving(100);
        lp.spawn_as(info, || (), move |lp, _| noted.note(lp, "read")).unwrap();
    }
    lp.run().unwrap();
    diary.lines().join("\n")
}

#[test]
fn the_same_seed_is_the_same_run_and_another_is_not() {
    assert_eq!(stormy(1), stormy(1));
    assert_ne!(stormy(1), stormy(2));
    assert!(stormy(3).matches("server: end").count() == 10, "TCP gets through: {}", stormy(3));
}

#[test]
fn descriptors_of_the_system_are_refused_by_name() {
    let mut lp = sim(&[]);
    let (mut one, _other) = looplab_event_loop::mio::net::UnixStream::pair().unwrap();
    let error = lp.on_ready(&mut one, Interest::READABLE, |_, _, _| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(!lp.is_alive());
}

/// 1,000 virtual seconds of 100 timers and 10 connections that talk all the time.
#[test]
fn a_long_busy_life_repeats_exactly() {
    let run = || {
        let (mut lp, diary) = (sim(&[("net", "1ms..30ms")]), Diary::default());
        echo(&mut lp, &at(80), &diary);
        let fired = Rc::new(RefCell::new(0u64));
        for n in 0..100 {
            let fired = fired.clone();
            lp.set_interval(1_000 + n, move |_| *fired.borrow_mut() += 1);
        }
        for _ in 0..10 {
            let stream = client(&mut lp, &at(80), &diary, false).unwrap();
            lp.set_interval(1_000, move |_| drop(write(&mut **stream.borrow_mut(), b"tick")));
        }
        lp.set_timeout(1_000_000, |lp| lp.break_now());
        lp.run().unwrap();
        let fired = *fired.borrow();
        (fired, diary.lines())
    };
    let (fired, lines) = run();
    assert!((90_000..=100_000).contains(&fired), "{fired}");
    assert!(lines.len() > 19_000, "{}", lines.len());
    assert_eq!(run(), (fired, lines));
}
