//! The sentences of the text trace, from the log's vocabularies.

use crate::units::plural;
use looplab_probe::{CallbackKind, ChoiceKind, EndReason, HandleKind, Phase, TimeoutReason};

/// What a callback is called: `timer 3`, `promise callback`.
pub fn callback(kind: CallbackKind, number: u32) -> String {
    let numbered = |noun: &str| format!("{noun} {number}");
    match kind {
        CallbackKind::MainScript => "main script".into(),
        CallbackKind::Module => "module".into(),
        CallbackKind::Timer => numbered("timer"),
        CallbackKind::Immediate => numbered("immediate"),
        CallbackKind::Tick => "tick".into(),
        CallbackKind::Microtask => "microtask".into(),
        CallbackKind::Reaction => "promise callback".into(),
        CallbackKind::AsyncHop => "async function goes on".into(),
        CallbackKind::Thenable => "thenable's then()".into(),
        CallbackKind::PollIo => numbered("descriptor"),
        CallbackKind::Pool => numbered("request"),
        CallbackKind::Wake => numbered("wake-up"),
        CallbackKind::Pending => "deferred callback".into(),
        CallbackKind::Idle => numbered("idle handle"),
        CallbackKind::Prepare => numbered("prepare handle"),
        CallbackKind::Check => numbered("check handle"),
        CallbackKind::Close => "close callback".into(),
        CallbackKind::Signal => "signal handler".into(),
        CallbackKind::BeforeExit => "'beforeExit' listener".into(),
        CallbackKind::Exit => "'exit' listener".into(),
        CallbackKind::UncaughtException => "'uncaughtException' listener".into(),
        CallbackKind::Rejection => "rejection listener".into(),
        CallbackKind::Finalization => "finalization callback".into(),
    }
}

/// The noun by which callbacks of a kind are counted.
pub fn noun(kind: CallbackKind) -> &'static str {
    match kind {
        CallbackKind::Timer => "timer",
        CallbackKind::Immediate => "immediate",
        CallbackKind::Tick => "tick",
        CallbackKind::Pool => "answer",
        CallbackKind::Wake => "wake-up",
        CallbackKind::Close => "close callback",
        CallbackKind::Idle | CallbackKind::Prepare | CallbackKind::Check => "handle",
        CallbackKind::Pending => "deferred callback",
        _ => "callback",
    }
}

/// The heading of a phase, with what ran in it.
pub fn phase(phase: Phase, what: &[(&'static str, u64)]) -> String {
    let list: Vec<_> = what.iter().map(|(noun, number)| plural(*number, noun)).collect();
    let what = if list.is_empty() { "nothing left to call".to_owned() } else { list.join(", ") };
    match phase {
        Phase::Timers => format!("{what} due"),
        Phase::Pending => format!("{what} from an earlier poll"),
        _ => what,
    }
}

/// Why the poll may wait as long as it may.
pub fn poll(timeout: i64, why: TimeoutReason) -> String {
    let reason = match why {
        TimeoutReason::NoWait => "doesn't wait: this kind of run never does",
        TimeoutReason::Stopping => "doesn't wait: the loop was told to stop",
        TimeoutReason::NothingAlive => "doesn't wait: nothing keeps the loop alive",
        TimeoutReason::Pending => "doesn't wait: deferred callbacks come next",
        TimeoutReason::Idle => "doesn't wait: an idle handle is active",
        TimeoutReason::Immediates => "doesn't wait: an immediate is set",
        TimeoutReason::Closing => "doesn't wait: something is being closed",
        TimeoutReason::TimerDue => "doesn't wait: a timer is due",
        TimeoutReason::NextTimer => return format!("may wait {timeout} ms, until the next timer is due"),
        TimeoutReason::Infinite => "may wait for ever: no timer is set",
    };
    reason.into()
}

/// What the simulated world decided.
pub fn choice(kind: ChoiceKind, options: u32, taken: u32) -> String {
    match (kind, taken) {
        (ChoiceKind::TimerDue, 0) => "race: is the next timer due by now? in this run: not yet".into(),
        (ChoiceKind::TimerDue, _) => "race: is the next timer due by now? in this run: yes".into(),
        (ChoiceKind::ReadyOrder, _) => {
            format!("race: {options} things are ready; in this run number {} comes first", taken + 1)
        }
        (ChoiceKind::WorkerOrder, _) => {
            format!("race: {options} workers finish at the same moment; any order is legal")
        }
        (ChoiceKind::PoolDone, _) => {
            format!("race: what is done by now? in this run: possibility {} of {options}", taken + 1)
        }
        (ChoiceKind::Pause, 0) => "race: is the program held up here? in this run: no".into(),
        (ChoiceKind::Pause, _) => {
            "race: is the program held up here? in this run: yes, past another timer's time".into()
        }
        (ChoiceKind::Other, _) => format!("race: in this run way {} of {options}", taken + 1),
    }
}

/// Why the loop ended. `uncaught`: an error that nobody caught ended the process.
pub fn end(reason: EndReason, uncaught: bool) -> &'static str {
    match reason {
        EndReason::NothingAlive => {
            "nothing keeps it alive: no timer, no immediate, no request, no open handle"
        }
        EndReason::Stopped => "it was told to stop",
        EndReason::OneTurn => "the one turn asked for is over",
        EndReason::Broken if uncaught => "on the spot, because of an error that nobody caught",
        EndReason::Broken => "on the spot, by process.exit()",
        EndReason::Stalled => "something is alive, but in the simulated world nothing can ever happen again",
        EndReason::Failed => "the operating system refused to poll",
    }
}

/// The name of a handle in an action: `timer 3`.
pub fn handle(kind: HandleKind, number: u32) -> String {
    let noun = match kind {
        HandleKind::Timer => "timer",
        HandleKind::Immediate => "immediate",
        HandleKind::Idle => "idle handle",
        HandleKind::Prepare => "prepare handle",
        HandleKind::Check => "check handle",
        HandleKind::Async => "wake-up handle",
        HandleKind::Io => "descriptor",
        HandleKind::Other => "handle",
    };
    format!("{noun} {number}")
}
