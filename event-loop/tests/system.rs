//! Pipes, children, signals, terminals and changes of files, on the real machine.

use looplab_event_loop::mio::Interest;
use looplab_event_loop::system::{Change, Chunk, Pipe, Tty, WindowSize};
use looplab_event_loop::*;
use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::rc::Rc;

type Bytes = Rc<RefCell<Vec<u8>>>;

/// Collects what comes out of a pipe; an end adds `|`, a failure `!`.
fn collect(lp: &mut EventLoop, pipe: Pipe, into: &Bytes) {
    let into = into.clone();
    lp.pipe_open(pipe, Interest::READABLE, move |_, _, chunk| match chunk {
        Chunk::Data(bytes) => into.borrow_mut().extend_from_slice(bytes),
        Chunk::End => into.borrow_mut().push(b'|'),
        Chunk::Failed(_) => into.borrow_mut().push(b'!'),
    })
    .unwrap();
}

#[test]
fn a_megabyte_goes_through_a_pipe_in_both_directions() {
    let mut lp = EventLoop::real().unwrap();
    let mut cat = Command::new("cat");
    cat.stdin(Stdio::piped()).stdout(Stdio::piped());
    let status = Rc::new(Cell::new(None));
    let told = status.clone();
    let (child, pipes) = lp.spawn_child(cat, move |_, status| told.set(status.ok())).unwrap();
    assert!(child.pid() > 0);
    let out = Bytes::default();
    collect(&mut lp, pipes.stdout.unwrap(), &out);
    let stdin = lp.pipe_open(pipes.stdin.unwrap(), Interest::WRITABLE, |_, _, _| {}).unwrap();
    // Far more than a pipe holds: partial writes, and the rest as there is room.
    let megabyte: Vec<u8> = (0..1 << 20).map(|n| (n % 251) as u8).collect();
    assert!(lp.pipe_write(&stdin, &megabyte).unwrap());
    lp.pipe_end(&stdin);
    assert!(!lp.pipe_write(&stdin, b"too late").unwrap());
    assert_eq!(lp.run().unwrap().reason, EndReason::NothingAlive);
    assert_eq!(out.borrow().len(), (1 << 20) + 1);
    assert!(out.borrow()[..1 << 20] == megabyte[..] && out.borrow().ends_with(b"|"));
    assert!(status.take().unwrap().success());
}

#[test]
fn exit_codes_signals_and_programs_that_are_not_there() {
    let mut lp = EventLoop::real().unwrap();
    type Ends = Vec<(Option<i32>, Option<i32>)>;
    let seen: Rc<RefCell<Ends>> = Rc::default();
    let mut run = |script: &str| {
        let (mut shell, seen) = (Command::new("sh"), seen.clone());
        shell.args(["-c", script]);
        let told = move |_: &mut EventLoop, status: std::io::Result<std::process::ExitStatus>| {
            let status = status.unwrap();
            seen.borrow_mut().push((status.code(), status.signal()));
        };
        lp.spawn_child(shell, told).unwrap();
        lp.run().unwrap();
    };
    run("exit 7");
    run("kill -TERM $$");
    assert_eq!(*seen.borrow(), [(Some(7), None), (None, Some(15))]);
    let missing = lp.spawn_child(Command::new("/no/such/program"), |_, _| {});
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!lp.is_alive());
}

#[test]
fn a_killed_child_is_reaped_and_a_dead_one_gets_no_signal() {
    let mut lp = EventLoop::real().unwrap();
    let mut sleep = Command::new("sleep");
    sleep.arg("1000");
    let signal = Rc::new(Cell::new(None));
    let told = signal.clone();
    let (child, _) = lp.spawn_child(sleep, move |_, status| told.set(status.unwrap().signal())).unwrap();
    assert!(child.kill(9).unwrap());
    assert_eq!(child.kill(4711).unwrap_err().kind(), ErrorKind::InvalidInput);
    lp.run().unwrap();
    assert_eq!(signal.get(), Some(9));
    assert!(!child.kill(9).unwrap());
}

#[test]
fn a_detached_child_lets_the_loop_end() {
    let mut lp = EventLoop::real().unwrap();
    let mut sleep = Command::new("sleep");
    sleep.arg("1000").process_group(0);
    let (child, _) = lp.spawn_child(sleep, |_, _| panic!("nobody waits for it")).unwrap();
    assert!(lp.unref_handle(child.handle()));
    assert_eq!(lp.run().unwrap().reason, EndReason::NothingAlive);
    assert!(child.kill(9).unwrap());
}

/// The child gets none of the workers' locks: it is started while they are busy.
#[test]
fn children_are_started_while_workers_run() {
    let mut lp = EventLoop::real().unwrap();
    let done = Rc::new(Cell::new((0, 0)));
    for _ in 0..20 {
        let (jobs, children) = (done.clone(), done.clone());
        lp.spawn(
            || (0..200_000u64).map(|n| vec![n; 3].len() as u64).sum::<u64>(),
            move |_, sum| {
                assert_eq!(sum.unwrap(), 600_000);
                jobs.set((jobs.get().0 + 1, jobs.get().1));
            },
        )
        .unwrap();
        let mut echo = Command::new("echo");
        echo.arg("hello").stdout(Stdio::null());
        lp.spawn_child(echo, move |_, status| {
            assert!(status.unwrap().success());
            children.set((children.get().0, children.get().1 + 1));
        })
        .unwrap();
    }
    lp.run().unwrap();
    assert_eq!(done.get(), (20, 20));
}

/// `EPIPE` is an error like others: no SIGPIPE ends the program.
#[test]
fn writing_to_nobody_is_an_error_and_no_signal() {
    let mut lp = EventLoop::real().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let pipe = Pipe::new(OwnedFd::from(writer)).unwrap();
    let failed = Rc::new(Cell::new(false));
    let told = failed.clone();
    let id = lp
        .pipe_open(pipe, Interest::WRITABLE, move |_, _, chunk| told.set(matches!(chunk, Chunk::Failed(_))))
        .unwrap();
    assert!(lp.pipe_write(&id, &vec![1; 1 << 20]).unwrap(), "more than the pipe holds");
    drop(reader);
    lp.run().unwrap();
    assert!(failed.get());

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let pipe = Pipe::new(OwnedFd::from(writer)).unwrap();
    let id = lp.pipe_open(pipe, Interest::WRITABLE, |_, _, _| {}).unwrap();
    assert_eq!(lp.pipe_write(&id, b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert!(lp.pipe_close(&id) && !lp.pipe_close(&id), "closing twice changes nothing");
    lp.run().unwrap();
}

#[test]
fn signals_become_callbacks() {
    let mut lp = EventLoop::real().unwrap();
    let count = Rc::new(Cell::new(0));
    let (seen, own) = (count.clone(), Rc::new(RefCell::new(None)));
    let slot = own.clone();
    let id = lp
        .on_signal(10, move |lp| {
            seen.set(seen.get() + 1);
            match seen.get() {
                1 => signal_hook::low_level::raise(10).unwrap(),
                _ => drop(slot.borrow_mut().take().map(|id| lp.signal_close(&id))),
            }
        })
        .unwrap();
    *own.borrow_mut() = Some(id.clone());
    lp.set_timeout(1, |_| signal_hook::low_level::raise(10).unwrap());
    assert_eq!(lp.run().unwrap().reason, EndReason::NothingAlive);
    assert_eq!(count.get(), 2);
    assert!(!lp.signal_close(&id), "closed already");
    assert_eq!(lp.on_signal(9, |_| {}).unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// A wait that a signal interrupts goes on for the time that is left.
#[test]
fn an_interrupted_wait_is_resumed() {
    let mut lp = EventLoop::real().unwrap();
    let seen = Rc::new(Cell::new(0));
    let count = seen.clone();
    let id = lp.on_signal(12, move |_| count.set(count.get() + 1)).unwrap();
    lp.unref_handle(id.handle());
    let mut kill = Command::new("sh");
    kill.args(["-c", &format!("for i in 1 2 3 4 5; do kill -USR2 {}; sleep 0.01; done", std::process::id())]);
    lp.spawn_child(kill, |_, status| assert!(status.unwrap().success())).unwrap();
    let fired = Rc::new(Cell::new(0));
    let at = fired.clone();
    let began = lp.now();
    lp.set_timeout(150, move |lp| at.set(lp.now() - began));
    lp.run().unwrap();
    assert!(fired.get() >= 150, "{}", fired.get());
    assert!(seen.get() >= 1);
}

#[test]
fn changes_of_files_are_told() {
    let folder = std::env::temp_dir().join(format!("looplab-watch-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut lp = EventLoop::real().unwrap();
    let seen: Rc<RefCell<Vec<Change>>> = Rc::default();
    let (told, own) = (seen.clone(), Rc::new(RefCell::new(None)));
    let slot = own.clone();
    let id = lp
        .watch_path(&folder, move |lp, change| {
            let last = change.name.as_deref() == Some("last".as_ref());
            told.borrow_mut().push(change);
            if last && let Some(id) = slot.borrow_mut().take() {
                assert!(lp.watch_close(&id));
            }
        })
        .unwrap();
    *own.borrow_mut() = Some(id);
    std::fs::write(folder.join("a"), b"x").unwrap();
    std::fs::rename(folder.join("a"), folder.join("last")).unwrap();
    lp.run().unwrap();
    let change = |name: &str, renamed| Change { name: Some(name.into()), renamed, overflowed: false };
    let seen = seen.borrow();
    assert_eq!(seen[0], change("a", true));
    assert!(seen.contains(&change("a", false)), "{seen:?}");
    assert_eq!(*seen.last().unwrap(), change("last", true));
    std::fs::remove_dir_all(folder).unwrap();
    assert_eq!(lp.watch_path("/no/such/folder", |_, _| {}).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn terminals_have_a_size_and_a_raw_mode() {
    let file = std::fs::File::open("/dev/null").unwrap();
    assert_eq!(Tty::new(&file).unwrap_err().raw_os_error(), Some(25), "ENOTTY");
    // A pseudo-terminal: what is written to the one end is typed at the other.
    let ptmx = std::fs::File::options().read(true).write(true).open("/dev/ptmx").unwrap();
    rustix::pty::unlockpt(&ptmx).unwrap();
    let name = rustix::pty::ptsname(&ptmx, Vec::new()).unwrap();
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let near = rustix::fs::open(&*name, flags, rustix::fs::Mode::empty()).unwrap();
    let mut tty = Tty::new(&near).unwrap();
    assert_eq!(tty.size().unwrap(), WindowSize { columns: 0, rows: 0 }, "nobody has said yet");
    tty.set_raw(true).unwrap();
    let mut lp = EventLoop::real().unwrap();
    let typed = Bytes::default();
    let seen = typed.clone();
    let pipe = Pipe::new(near.try_clone().unwrap()).unwrap();
    lp.pipe_open(pipe, Interest::READABLE, move |lp, id, chunk| {
        if let Chunk::Data(bytes) = chunk {
            seen.borrow_mut().extend_from_slice(bytes);
        }
        lp.pipe_close(id);
    })
    .unwrap();
    // In raw mode a key comes at once, without a line's end, and an interrupt is a byte like others.
    std::io::Write::write_all(&mut &ptmx, b"\x03").unwrap();
    lp.run().unwrap();
    assert_eq!(*typed.borrow(), b"\x03");
    tty.set_raw(false).unwrap();
}

#[test]
fn regular_files_cannot_be_waited_for_and_the_simulated_world_has_no_descriptors() {
    let mut lp = EventLoop::real().unwrap();
    let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
    let refused = lp.pipe_open(Pipe::new(OwnedFd::from(file)).unwrap(), Interest::READABLE, |_, _, _| {});
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::PermissionDenied);
    let mut sim = EventLoop::simulated(SimOptions::default());
    let (reader, _writer) = std::io::pipe().unwrap();
    let pipe = Pipe::new(OwnedFd::from(reader)).unwrap();
    let refused = sim.pipe_open(pipe, Interest::READABLE, |_, _, _| {}).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    let refused = sim.spawn_child(Command::new("true"), |_, _| {}).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert_eq!(sim.watch_path("/", |_, _| {}).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(sim.on_signal(10, |_| {}).unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(!sim.is_alive());
}
