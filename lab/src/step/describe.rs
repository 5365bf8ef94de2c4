//! Any event of the log in a few words, for the status line and the search.

use crate::trace::Why;
use crate::trace::cause::named;
use crate::trace::words;
use crate::units::time;
use looplab_probe::{
    CallbackKind, Event, EventId, FrameEnd, Outcome, Pos, ReactionKind, Settlement, StopReason,
};

/// What happened, and where.
pub fn event(why: &Why<'_, '_>, id: EventId) -> String {
    let Some(event) = why.story.event(id) else { return "the run is about to begin".into() };
    let (text, pos) = words_of(why, id, event);
    match why.sources.place(why.story.log(), pos) {
        Some(place) => format!("{text} at {place}"),
        None => text,
    }
}

fn words_of(why: &Why<'_, '_>, id: EventId, event: Event) -> (String, Pos) {
    let log = why.story.log();
    let label = |label| why.label(label).map(|label| format!(" {label}")).unwrap_or_default();
    let bare = |text: &str| (text.to_owned(), Pos::NONE);
    match event {
        Event::CallbackBegin { pos, .. } => (format!("{} begins", callback(why, id)), pos),
        Event::CallbackEnd { begin, outcome } => {
            let how = if outcome == Outcome::Threw { "threw" } else { "ends" };
            (format!("{} {how}", callback(why, begin)), Pos::NONE)
        }
        Event::Statement { pos, .. } => ("statement".into(), pos),
        Event::FrameEnter { label, pos, resumed } => {
            let name = why.label(label).unwrap_or_else(|| "function".into());
            (format!("{name} {}", if resumed { "goes on" } else { "is called" }), pos)
        }
        Event::FrameLeave { how, value } => {
            let value = log.str(value);
            (
                match how {
                    FrameEnd::Returned => format!("returns {value}"),
                    FrameEnd::Threw => "left by the error".into(),
                    FrameEnd::Suspended if value == "undefined" => "suspended".into(),
                    FrameEnd::Suspended => format!("suspended with {value}"),
                },
                Pos::NONE,
            )
        }
        Event::Variable { name, value, .. } if value.is_none() => {
            (format!("{} goes out of scope", log.str(name)), Pos::NONE)
        }
        Event::Variable { name, value, .. } => (format!("{} = {}", log.str(name), log.str(value)), Pos::NONE),
        Event::Thrown { value, pos } => (format!("throws {}", log.str(value)), pos),
        Event::StatementsCut { recorded } => (
            format!("statements of this callback are left out from here on ({recorded} recorded)"),
            Pos::NONE,
        ),
        Event::Console { stream, text } => (format!("{stream}: {}", log.str(text).trim_end()), Pos::NONE),
        Event::TickQueued { label: name, pos, .. } => (format!("queues tick{}", label(name)), pos),
        Event::MicrotaskQueued { label: name, pos, .. } => (format!("queues microtask{}", label(name)), pos),
        Event::ReactionQueued { kind, label: name, pos, .. } => {
            let what = match kind {
                ReactionKind::Then => "queues promise callback",
                ReactionKind::Await => "queues to go on:",
                ReactionKind::Thenable => "queues thenable's then()",
                ReactionKind::Internal => "queues built-in promise step",
            };
            (format!("{what}{}", label(name)), pos)
        }
        Event::PromiseCreated { promise, pos, .. } => (format!("promise {promise} is made"), pos),
        Event::PromiseResolved { promise, settlement, pos, .. } => {
            let what = match settlement {
                Settlement::Fulfilled => "is fulfilled",
                Settlement::Rejected => "is rejected",
                Settlement::Adopted => "will follow another",
            };
            (format!("promise {promise} {what}"), pos)
        }
        Event::AwaitSuspended { label: name, pos, .. } => (format!("awaits{}", label(name)), pos),
        Event::AwaitResumed { .. } => bare("goes on after its await"),
        Event::TimerStart { number, delay, repeat, label: name, pos, .. } => {
            let often = if repeat > 0 { format!("every {repeat} ms") } else { format!("{delay} ms") };
            (format!("sets timer {number}{}, {often}", label(name)), pos)
        }
        Event::TimerStop { number, pos } => (format!("clears timer {number}"), pos),
        Event::TimerFire { number, late: 0 } => (format!("timer {number} is due"), Pos::NONE),
        Event::TimerFire { number, late } => (format!("timer {number} is due, {late} ms late"), Pos::NONE),
        Event::ImmediateStart { number, label: name, pos } => {
            (format!("sets immediate {number}{}", label(name)), pos)
        }
        Event::ImmediateStop { pos, .. } => ("clears an immediate".into(), pos),
        Event::Deferred { label: name, pos } => (format!("defers{}", label(name)), pos),
        Event::RequestStart { number, label: name, pos } => {
            (format!("asks for{} (request {number})", label(name)), pos)
        }
        Event::ModuleBegin { name, pos, .. } => (format!("loads {}", why.sources.short(log.str(name))), pos),
        Event::ModuleEnd { outcome: Outcome::Threw, .. } => bare("the module fails"),
        Event::ModuleEnd { .. } => bare("the module is loaded"),
        Event::UncaughtError { text, pos, handled, .. } => {
            let end = if handled { ", but a listener" } else { "" };
            (format!("nobody{end} catches {}", log.str(text)), pos)
        }
        event => (of_the_loop(why, event), Pos::NONE),
    }
}

/// Loop, phases, poll, handles, pool.
fn of_the_loop(why: &Why<'_, '_>, event: Event) -> String {
    match event {
        Event::LoopStart { profile, .. } => format!("the loop begins (rules of Node {profile})"),
        Event::LoopEnd { reason, .. } => {
            format!("the loop ends: {}", words::end(reason, why.story.uncaught()))
        }
        Event::TurnBegin { turn } => format!("turn {turn} begins"),
        Event::TurnEnd { turn, alive } => {
            format!(
                "turn {turn} ends; {}",
                if alive { "the loop goes on" } else { "nothing keeps the loop alive" }
            )
        }
        Event::PhaseBegin { phase, ready } => format!("phase {phase} begins, {ready} ready"),
        Event::PhaseEnd { phase, ran } => format!("phase {phase} ends, {ran} ran"),
        Event::PollBegin { timeout, why } => format!("poll {}", words::poll(timeout, why)),
        Event::PollEnd { ready, waited } => format!("poll waited {}; {ready} ready", time(waited)),
        Event::Choice { kind, options, taken } => words::choice(kind, options, taken),
        Event::DrainBegin { .. } => "ticks and microtasks are run, before anything else".into(),
        Event::DrainEnd { ticks, microtasks } => {
            format!("both queues are empty: {ticks} ticks, {microtasks} microtasks ran")
        }
        Event::HandleInit { number, kind, label, .. } => {
            let label = why.label(label).map(|label| format!(" {label}")).unwrap_or_default();
            format!("opens {}{label}", words::handle(kind, number))
        }
        Event::HandleStart { number, kind } => format!("starts {}", words::handle(kind, number)),
        Event::HandleStop { number, kind } => format!("stops {}", words::handle(kind, number)),
        Event::HandleRef { number, kind } => format!("refs {}", words::handle(kind, number)),
        Event::HandleUnref { number, kind } => format!("unrefs {}", words::handle(kind, number)),
        Event::HandleClosing { number, kind } => format!("closes {}", words::handle(kind, number)),
        Event::HandleClosed { number, kind } => format!("{} is gone", words::handle(kind, number)),
        Event::IoReady { number, .. } => format!("descriptor {number} is ready"),
        Event::RequestEnd { number, end } => format!("request {number} is answered: {end}"),
        Event::PoolQueued { number, waiting, .. } => {
            format!("request {number} goes to the pool, {waiting} in its queue")
        }
        Event::PoolStarted { number, worker, wait } => {
            format!("(worker {worker} took request {number} after {})", time(wait))
        }
        Event::PoolFinished { number, worker, run } => {
            format!("(worker {worker} was done with request {number} after {})", time(run))
        }
        Event::PoolCancelled { number } => format!("request {number} leaves the pool's queue"),
        Event::ExitCode { code } => format!("the process ends with exit code {code}"),
        Event::Truncated { cut } => format!("the recording is full: {cut} events were not recorded"),
        Event::RecordingStopped { why } => stopped(why).into(),
        event => of_a_socket(why, event),
    }
}

/// Sockets and HTTP.
fn of_a_socket(why: &Why<'_, '_>, event: Event) -> String {
    let text = |label| why.story.log().str(label);
    match event {
        Event::SocketOpen { number, label } => format!("socket {number}: {}", text(label)),
        Event::SocketConnect { number, ok: true } => format!("socket {number} is connected"),
        Event::SocketConnect { number, ok: false } => format!("socket {number} can't connect"),
        Event::SocketRead { number, bytes } => format!("socket {number}: {bytes} bytes read"),
        Event::SocketWrite { number, bytes, waiting: 0 } => format!("socket {number}: {bytes} bytes written"),
        Event::SocketWrite { number, bytes, waiting } => {
            format!("socket {number}: {bytes} bytes written, {waiting} wait")
        }
        Event::SocketDrain { number } => format!("socket {number}: all is written"),
        Event::SocketEnd { number } => format!("socket {number}: the peer has finished"),
        Event::SocketClose { number } => format!("socket {number} is closed"),
        Event::HttpHead { number, label, .. } => format!("socket {number}: {} arrives", text(label)),
        Event::HttpEnd { number, message } => format!("socket {number}: message {message} is complete"),
        Event::HttpSend { number, label } => format!("socket {number}: {} is sent", text(label)),
        event => event.info().name.into(),
    }
}

/// Why a recording ended before its program.
pub fn stopped(why: StopReason) -> &'static str {
    match why {
        StopReason::Limit => "the recording was full, and the script was stopped: it would have gone on",
        StopReason::Time => "the script took too long and was stopped: it would have gone on",
        StopReason::Asked => "the script was stopped: it would have gone on",
    }
}

/// `#2 fs.stat answered()`: a callback with its number, title and name.
pub fn callback(why: &Why<'_, '_>, begin: EventId) -> String {
    let Some(name) = why.name(begin) else { return "a callback".into() };
    match why.story.event(begin) {
        Some(Event::CallbackBegin { kind, label, .. }) => {
            let told =
                matches!(kind, CallbackKind::AsyncHop | CallbackKind::MainScript | CallbackKind::Module);
            match named(why.story.log().str(label)).filter(|label| !told && !name.ends_with(label.as_str())) {
                Some(label) => format!("{name} {label}"),
                None => name,
            }
        }
        _ => name,
    }
}
