//! The process around a program: signals that its parent ignores, a limit on descriptors, functions that compute on the pool.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn looplab(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_looplab")).args(args).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The binary with a script, after the shell has done something; and its first line of output.
fn after(shell: &str, script: &str) -> (Child, BufReader<std::process::ChildStdout>, String) {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{shell}; exec \"$0\" -e \"$1\""), env!("CARGO_BIN_EXE_looplab"), script]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output"));
    let mut first = String::new();
    lines.read_line(&mut first).expect("a line");
    (child, lines, first.trim_end().to_owned())
}

fn signal(child: &Child, signal: rustix::process::Signal) {
    let id = rustix::process::Pid::from_raw(child.id().cast_signed()).expect("a process");
    rustix::process::kill_process(id, signal).expect("it is there");
}

/// A shell has its background jobs ignore an interrupt. Node takes the default action up again, and so do we.
#[test]
fn signals_that_the_parent_ignores_work_again() {
    use rustix::process::Signal;
    let script = "setInterval(() => {}, 1000); console.log('up')";
    for (name, number) in
        [("HUP", Signal::HUP), ("INT", Signal::INT), ("QUIT", Signal::QUIT), ("TERM", Signal::TERM)]
    {
        let (mut child, _lines, first) = after(&format!("trap '' {name}"), script);
        assert_eq!(first, "up");
        signal(&child, number);
        let status = child.wait().expect("its end");
        assert_eq!(status.signal(), Some(number.as_raw()), "{name}");
    }
    let script = "process.once('SIGINT', () => { console.log('caught'); }); setInterval(() => {}, 1000); console.log('up')";
    let (mut child, mut lines, _) = after("trap '' INT", script);
    signal(&child, Signal::INT);
    let mut second = String::new();
    lines.read_line(&mut second).expect("a line");
    assert_eq!(second, "caught\n", "a listener comes before the default action");
    signal(&child, Signal::INT);
    assert_eq!(child.wait().expect("its end").signal(), Some(2), "which is back when there is none");
}

/// Whether a server answers; otherwise it has shed the connection.
fn echoes(client: &mut TcpStream) -> bool {
    let mut back = [0; 4];
    client.set_read_timeout(Some(Duration::from_secs(60))).expect("an option");
    match client.write_all(b"ping").and_then(|()| client.read_exact(&mut back)) {
        Ok(()) => back == *b"ping",
        Err(error) => {
            let shed = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
            assert!(shed.contains(&error.kind()), "{error}");
            false
        }
    }
}

#[test]
fn a_server_without_descriptors_sheds_load_and_recovers() {
    let script = "require('net').createServer((s) => s.on('error', () => {}).pipe(s))\
                  .listen(0, '127.0.0.1', function() { console.log(this.address().port) })";
    let (mut child, _lines, port) = after("ulimit -n 40", script);
    let at = format!("127.0.0.1:{port}");
    let mut clients = Vec::new();
    let mut shed = 0;
    for _ in 0..60 {
        let mut client = TcpStream::connect(&at).expect("the backlog has room");
        if echoes(&mut client) {
            clients.push(client);
        } else {
            shed += 1;
        }
    }
    assert!(clients.len() >= 15 && shed >= 20, "{} served, {shed} shed", clients.len());
    assert!(clients.iter_mut().all(echoes), "those that were taken are served");
    clients.drain(..10);
    assert!((0..100).any(|_| echoes(&mut TcpStream::connect(&at).expect("room"))), "it recovers");
    child.kill().expect("it is there");
    child.wait().expect("its end");
}

#[test]
fn a_function_computes_on_the_pool() {
    let script = r"
        const { offload } = require('node:looplab');
        const primes = (limit) => { let n = 0; next: for (let i = 2; i < limit; i++) { for (let d = 2; d * d <= i; d++) if (i % d === 0) continue next; n++ } return n };
        (async () => {
          const ticks = setInterval(() => {}, 1);
          console.log(await Promise.all([1e3, 1e4].map((limit) => offload(primes, limit))));
          clearInterval(ticks);
          console.log(await offload((m, d) => [m.get('a').size, d.getTime(), typeof m], new Map([['a', new Set([1, 2])]]), new Date(7)));
          console.log(await offload(async function later(ms) { const { setTimeout: wait } = require('timers/promises'); await wait(ms); console.log('from there'); return process.pid === 0 }, 1));
          console.log(await offload({ twice(n) { return 2 * n } }.twice, 21));
          await offload(() => { throw Object.assign(new RangeError('no luck'), { code: 'E_LUCK' }) }).catch((e) => console.log(e instanceof RangeError, e.message, e.code));
          await offload(() => () => {}).catch((e) => console.log(e.name, e.code));
          await offload((x) => x + outside, 1).catch((e) => console.log(e.name, e.message));
          await offload(() => process.exit(3)).catch((e) => console.log(e.code, e.message));
        })().catch((e) => console.log('unexpected', e));
        try { offload(Math.max, 1) } catch (e) { console.log(e.code) }
        try { offload('text') } catch (e) { console.log(e.code) }
        try { offload(() => 1, () => {}) } catch (e) { console.log(e.name) }
        import('node:looplab').then((m) => console.log(Object.keys(m)));
        console.log(require('module').builtinModules.includes('node:looplab'));
    ";
    let expected = "ERR_INVALID_ARG_VALUE
ERR_INVALID_ARG_TYPE
DataCloneError
false
[ 'default', 'offload' ]
[ 168, 1229 ]
[ 2, 7, 'object' ]
from there
false
42
true no luck E_LUCK
DataCloneError 25
ReferenceError outside is not defined
ERR_LOOPLAB_OFFLOAD_FAILED The offloaded function ended without a result (exit code 3)
";
    let printed = looplab(&["-e", script]);
    assert_eq!(printed, expected);
}

#[test]
fn an_offloaded_function_stands_in_the_lanes_of_a_trace() {
    let folder = std::env::temp_dir().join(format!("looplab-test-offload-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("offload.js");
    let script = "require('node:looplab').offload((n) => n * 2, 21).then((v) => console.log(v))";
    std::fs::write(&file, script).expect("a file");
    let trace = looplab(&["trace", &file.to_string_lossy()]);
    std::fs::remove_dir_all(&folder).expect("it was there");
    assert!(trace.contains("offload") && trace.contains("worker 0"), "{trace}");
    assert!(trace.contains("42"), "{trace}");
}
