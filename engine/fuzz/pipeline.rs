//! Source text through the whole engine: compile as script, module and function body, verify, run with bounded time and memory.
//!
//! Shared by the fuzz target and by `engine/tests/corpus.rs`, which runs the committed corpus without a fuzzer.

use looplab_engine::{CompileGoal, Source, bytecode, compile, new_engine};
use std::sync::mpsc;
use std::time::Duration;

/// How long a script may run.
const TIME: Duration = Duration::from_millis(500);
/// How large its heap may grow.
const HEAP: usize = 64 << 20;

/// Whatever the text is, this returns.
pub fn run(text: &str) {
    for goal in [CompileGoal::Module, CompileGoal::Body(&["exports"]), CompileGoal::Script] {
        let source = Source::new("fuzz", text, 1);
        if let Ok(t) = compile(source, goal) {
            bytecode::verify(&t).expect("the compiler writes valid code");
        }
    }
    let mut vm = new_engine();
    vm.set_heap_limit(HEAP);
    // Scripts are short: whatever can be specialised is, at once.
    vm.set_eager_tiering(true);
    let interrupt = vm.interrupt();
    let (done, ended) = mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        if ended.recv_timeout(TIME).is_err() {
            interrupt.request();
        }
    });
    vm.enter(|s| {
        let script = s.compile(Source::new("fuzz", text, 1), CompileGoal::Script);
        if let Err(t) = script.and_then(|t| s.run_script(t, false))
            && !s.is_terminating()
        {
            // Showing the error may run more of the script.
            let e = s.caught(t);
            if let Err(t) = s.to_text(e) {
                s.caught(t);
            }
        }
        for _ in 0..1000 {
            match s.run_job() {
                Some(Err(_)) if s.is_terminating() => break,
                Some(Err(t)) => {
                    s.caught(t);
                }
                Some(Ok(_)) => {}
                None => break,
            }
        }
    });
    drop(done);
    watchdog.join().expect("the watchdog ends");
}
