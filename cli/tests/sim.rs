//! The simulated world on the command line: what is declared is what happens, and the same seed is the same run.

use std::path::PathBuf;
use std::process::{Command, Output};

fn looplab(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_looplab")).args(args).output().expect("looplab runs")
}

/// Standard output of a run that succeeds.
fn said(args: &[&str]) -> String {
    let output = looplab(args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// A script in a file of its own.
fn script(name: &str, text: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("looplab-sim-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for scripts");
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a script");
    path
}

const CLOCKED: &str = "
    const fs = require('fs');
    const at = () => Math.round(performance.now()) + ' ms';
    const open = () => fs.open('/dev/null', 'r', (error, fd) => console.log('open', at()));
    for (let i = 0; i < 5; i++) open();
    require('dns').lookup('127.0.0.1', () => {});
";

#[test]
fn declared_latencies_occupy_workers() {
    // Four workers: the fifth waits for one of them.
    let five = said(&["--sim", "fs.open=30ms", "-e", CLOCKED]);
    assert_eq!(five, "open 30 ms\nopen 30 ms\nopen 30 ms\nopen 30 ms\nopen 60 ms\n");
}

#[test]
fn more_bytes_take_longer() {
    let code = "
        const fs = require('fs');
        const fd = fs.openSync('/dev/zero');
        const started = performance.now();
        for (const size of [0x100000, 0x400000]) fs.read(fd, Buffer.alloc(size), 0, size, 0,
            (error, n) => console.log(n, Math.round(performance.now() - started)));
    ";
    assert_eq!(said(&["--sim=fs.read=1ms+10ms/MiB", "-e", code]), "1048576 11\n4194304 41\n");
}

#[test]
fn statements_take_their_time() {
    let code = "
        const before = performance.now();
        setTimeout(() => console.log('late', Math.round(performance.now() - before) > 10), 1);
        for (let i = 0; i < 10000; i++) i + 1;
        console.log(Math.round(performance.now() - before) >= 10);
    ";
    assert_eq!(said(&["--sim", "cpu=1us/stmt", "-e", code]), "true\nlate true\n");
    assert_eq!(said(&["--virtual", "-e", code]), "false\nlate false\n");
}

#[test]
fn chosen_calls_fail_as_they_would() {
    let code = "
        const fs = require('fs');
        const show = (error) => console.log(error?.message ?? 'fine', error?.code, error?.syscall, error?.path);
        fs.open('/dev/null', 'r', show);
        fs.open('/dev/null', 'r', show);
        fs.promises.rename('/tmp/from', '/tmp/to').catch(show);
        try { fs.writeFileSync('/dev/null', 'x'); show() } catch (error) { show(error) }
        try { fs.statSync('/etc'); show() } catch (error) { show(error) }
    ";
    let faults = "fail=fs.open:2:EMFILE,fail=fs.write:1:ENOSPC,fail=fs.rename:1:EXDEV,fail=fs.stat:1:EIO";
    insta::assert_snapshot!(said(&["--sim", faults, "-e", code]), @r"
    ENOSPC: no space left on device, write ENOSPC write undefined
    EIO: i/o error, stat '/etc' EIO stat /etc
    fine undefined undefined undefined
    EMFILE: too many open files, open '/dev/null' EMFILE open /dev/null
    EXDEV: cross-device link not permitted, rename '/tmp/from' -> '/tmp/to' EXDEV rename /tmp/from
    ");
}

const TALK: &str = "
    const net = require('net');
    const at = () => Math.round(performance.now()) + ' ms:';
    const server = net.createServer((socket) => {
        socket.on('error', (error) => console.log(at(), 'server', error.code));
        socket.pipe(socket);
    }).listen(0, () => {
        const client = net.connect(server.address().port, () => {
            console.log(at(), 'connected');
            client.write('ping');
        });
        client.setTimeout(5000, () => { console.log(at(), 'silence'); client.destroy(); server.close(); });
        client.on('data', (data) => console.log(at(), String(data)));
        client.on('error', (error) => { console.log(at(), 'client', error.code); server.close(); });
    });
    server.unref();
";

#[test]
fn networks_are_slow_cut_and_silent() {
    let run = |declared: &str| said(&["--sim", declared, "-e", TALK]);
    // Looking `localhost` up takes five milliseconds.
    assert_eq!(run("net=20ms"), "45 ms: connected\n85 ms: ping\n5085 ms: silence\n");
    assert_eq!(
        run("net.cut=1@3s"),
        "5 ms: connected\n5 ms: ping\n3000 ms: client ECONNRESET\n3000 ms: server ECONNRESET\n"
    );
    assert_eq!(run("net=10ms,net.silence=1@15ms"), "25 ms: connected\n5025 ms: silence\n");
    assert_eq!(run("fail=net.connect:1:EMFILE"), "5 ms: client EMFILE\n");
}

#[test]
fn the_same_seed_is_the_same_log_to_the_byte() {
    let file = script("noisy.js", CLOCKED);
    let file = file.to_str().expect("a path");
    let log = |seed: &str| {
        said(&["trace", "--format=json", "--seed", seed, "--sim=disk=nfs,dns=20ms~0.5,cpu=100ns/stmt", file])
    };
    assert_eq!(log("7"), log("7"));
    assert_ne!(log("7"), log("8"));
}

const RACE: &str = "
    const order = [];
    setTimeout(() => order.push('timeout'), 1);
    setImmediate(() => order.push('immediate'));
    process.on('exit', () => {
        console.log(order.join());
        require('assert').strictEqual(order[0], 'immediate');
    });
";

#[test]
fn a_sweep_finds_the_seed_that_fails() {
    let swept = looplab(&["run", "--sweep-seeds", "50", "-e", RACE]);
    let told = String::from_utf8_lossy(&swept.stderr).into_owned();
    let code = swept.status.code();
    assert!(code.is_some_and(|code| code != 0), "{told}");
    assert!(told.contains(&format!("fails with exit code {}", code.unwrap_or(0))), "{told}");
    assert_eq!(String::from_utf8_lossy(&swept.stdout), "timeout,immediate\n");
    let (_, rest) = told.split_once("looplab: seed ").expect("names the seed");
    let seed = rest.split_whitespace().next().expect("a seed");
    let again = looplab(&["run", "--seed", seed, "-e", RACE]);
    assert_eq!((again.status.code(), again.stdout), (code, swept.stdout));
    let before: u32 = seed.parse::<u32>().expect("a number") - 1;
    if before > 0 {
        assert!(looplab(&["--seed", &before.to_string(), "-e", RACE]).status.success());
    }
    let fine = looplab(&["run", "--sweep-seeds=5", "-e", "setTimeout(() => {}, 1)"]);
    assert!(fine.status.success());
    assert_eq!(String::from_utf8_lossy(&fine.stderr), "looplab: no failure under the seeds 1 to 5\n");
}

#[test]
fn wrong_declarations_are_refused_with_a_hint() {
    for (args, says) in [
        (&["--sim", "fs.raed=1ms", "-e", "1"][..], "--sim: 'fs.raed' is no operation; did you mean fs.read?"),
        (&["--sim", "disk=floppy", "-e", "1"], "ssd, hdd, nfs"),
        (&["--sim", "fail=fs.read:1:EODD", "-e", "1"], "'EODD' is no error that can be injected"),
        (&["--seed", "many", "-e", "1"], "--seed takes a number, not 'many'"),
        (&["--sweep-seeds", "0", "-e", "1"], "at least 1"),
        (&["--sweep-seeds", "5", "--seed", "1", "-e", "1"], "exclude each other"),
        (&["trace", "--sim", "net=near", "-e", "1"], "loopback, lan, wan"),
    ] {
        let output = looplab(args);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(9), "{args:?}: {told}");
        assert!(told.contains(says), "{args:?}: {told}");
    }
}
