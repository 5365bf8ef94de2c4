//! Bad input and full memory: an error or a result, never a crash; the heap's limit ends the program with a message; an interrupt ends it at
//! once. The scripts in `cli/tests/limits` run with the usual stack and with one of 256 KiB.

mod support;

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use support::{root, selected};

/// No script may take longer, even on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(240);

fn ended(mut command: Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("it starts");
    let id = rustix::process::Pid::from_raw(child.id().cast_signed()).expect("a process");
    let (done, output) = mpsc::channel();
    let waiting = std::thread::spawn(move || done.send(child.wait_with_output()));
    let output = output.recv_timeout(TIME_LIMIT).unwrap_or_else(|_| {
        let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        panic!("it did not end within {TIME_LIMIT:?}")
    });
    let _ = waiting.join();
    output.expect("its output")
}

fn looplab(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_looplab"));
    command.args(args).current_dir(root().join("cli/tests/limits"));
    command
}

/// With a stack of so many KiB.
fn with_stack(kib: u64, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    let script = format!("ulimit -S -s {kib} && exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_looplab")]).args(args);
    command.current_dir(root().join("cli/tests/limits"));
    command
}

fn survives(script: &str) {
    if !selected(script) {
        return;
    }
    for stack in [8192, 256] {
        let output = ended(with_stack(stack, &["--expose-gc", script]));
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script} with {stack} KiB: {}\n{out}\n{err}", output.status);
        assert!(out.ends_with("survived\n") && err.is_empty(), "{script} with {stack} KiB:\n{out}\n{err}");
    }
}

#[test]
fn source_text_nested_without_end() {
    survives("nested-source.js");
}

#[test]
fn values_nested_without_end() {
    survives("nested-values.js");
}

#[test]
fn proxies_around_proxies() {
    survives("nested-proxies.js");
}

#[test]
fn sizes_at_the_edge_and_endless_recursion() {
    survives("sizes-and-recursion.js");
}

#[test]
fn lists_of_millions() {
    survives("large-structures.js");
}

#[test]
fn a_full_heap_ends_the_program_with_a_message() {
    let scripts = [
        "const a = []; for (;;) a.push({})",
        "const m = new Map(); for (let i = 0; ; i++) m.set(i, {})",
        "const b = []; for (;;) b.push(Buffer.alloc(1e6))",
        "const o = {}; for (let i = 0; ; i++) o['k' + i] = i",
        "let f = null; for (;;) { const g = f; f = () => g; }",
        "let a = [1]; for (;;) a = a.concat(a)",
        "'x'.repeat(2 ** 28).split('')",
        "const a = []; setInterval(() => { for (let i = 0; i < 1e5; i++) a.push({}) }, 0)",
        "try { const a = []; for (;;) a.push([1]) } catch { console.log('caught') } finally { console.log('finally') }",
    ];
    for script in scripts {
        let output = ended(looplab(&["--max-old-space-size=48", "-e", script]));
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(134), "{script}: {}\n{err}", output.status);
        assert!(
            err.contains("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"),
            "{script}: {err}"
        );
        assert!(output.stdout.is_empty(), "{script}: nothing catches it");
    }
}

#[test]
fn an_interrupt_ends_what_never_ends() {
    let scripts = [
        "/(a+)+$/.test('a'.repeat(60) + 'b')",
        "for (;;);",
        "(async () => { for (;;) await 0 })()",
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
        "[2, 1].sort(() => { for (;;); })",
    ];
    for script in scripts {
        // It says when it begins: an interrupt before that would prove nothing.
        let begins = format!("require('fs').writeSync(1, 'begun'); {script}");
        let mut command = looplab(&["-e", &begins]);
        let mut child = command.process_group(0).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut first = [0; 5];
        std::io::Read::read_exact(child.stdout.as_mut().expect("its output"), &mut first).expect("it begins");
        let id = rustix::process::Pid::from_raw(child.id().cast_signed()).expect("a process");
        rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it is there");
        let (done, status) = mpsc::channel();
        let waiting = std::thread::spawn(move || done.send(child.wait()));
        let status = status.recv_timeout(TIME_LIMIT).unwrap_or_else(|_| {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
            panic!("{script}: an interrupt does not end it")
        });
        let _ = waiting.join();
        let status = status.expect("its status");
        assert!(status.signal() == Some(2) || status.code() == Some(130), "{script}: {status}");
    }
}

#[test]
fn finalization_callbacks_run() {
    let script = "const r = new FinalizationRegistry((what) => console.log('gone', what)); (() => r.register({}, 'it'))(); gc(); \
                  setTimeout(() => console.log('later'), 1);";
    let output = ended(looplab(&["--expose-gc", "--virtual", "-e", script]));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "gone it\nlater\n");
}

#[test]
fn a_weak_reference_holds_until_its_job_ends_also_at_an_await() {
    // The getter runs in the job that made the reference: what it shows must still be there, whatever is collected meanwhile.
    let script = "const settled = Promise.resolve(1);\n\
        let seen, weak;\n\
        Object.defineProperty(settled, 'constructor', { get() { gc(); seen = weak.deref() !== undefined; return Promise; } });\n\
        (async () => { await 0; weak = new WeakRef({}); await settled; console.log(seen); })();";
    let output = ended(looplab(&["--expose-gc", "--virtual", "-e", script]));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "true\n");
}

/// The limit on open files is raised to what the system allows, as Node raises it.
#[test]
fn descriptors_up_to_the_hard_limit() {
    let text = "const fs = require('fs'); for (let i = 0; i < 100; i++) fs.openSync('.', 'r'); console.log('opened')";
    for (limits, expected) in [
        ("ulimit -S -n 64", "opened\n"),
        ("ulimit -S -n 64 && ulimit -H -n 64", "EMFILE: too many open files"),
    ] {
        let mut command = Command::new("sh");
        let script = format!("{limits} && exec \"$0\" \"$@\"");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_looplab"), "-e", text]);
        command.current_dir(root().join("cli/tests/limits"));
        let output = ended(command);
        let all = [output.stdout, output.stderr].concat();
        assert!(
            String::from_utf8_lossy(&all).contains(expected),
            "{limits}: {}",
            String::from_utf8_lossy(&all)
        );
    }
}
