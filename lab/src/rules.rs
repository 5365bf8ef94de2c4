//! The rules that decide which of two callbacks comes first, in a sentence each.

use looplab_probe::CallbackKind;

/// Where callbacks of a kind come from, as far as the order is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Main,
    Tick,
    Microtask,
    Timer,
    Immediate,
    Poll,
    Close,
    Exit,
    Other,
}

impl Place {
    fn of(kind: CallbackKind) -> Place {
        use CallbackKind as K;
        match kind {
            K::MainScript | K::Module => Place::Main,
            K::Tick => Place::Tick,
            K::Microtask | K::Reaction | K::AsyncHop | K::Thenable => Place::Microtask,
            K::Timer => Place::Timer,
            K::Immediate | K::Check => Place::Immediate,
            K::PollIo | K::Pool | K::Wake | K::Pending => Place::Poll,
            K::Close => Place::Close,
            K::BeforeExit | K::Exit => Place::Exit,
            _ => Place::Other,
        }
    }
}

/// The rule that decides between callbacks of two kinds, whichever of them came first.
pub fn between(one: CallbackKind, two: CallbackKind) -> &'static str {
    let (one, two) = (Place::of(one), Place::of(two));
    match (one.min(two), one.max(two)) {
        (Place::Main, Place::Main) => {
            "code that runs without a break is never interrupted: it prints in the order in which it stands"
        }
        (Place::Main, _) => {
            "the main script runs to its end before anything that it has scheduled: nothing interrupts a running callback"
        }
        (Place::Tick, Place::Tick) => "ticks run in the order in which they were queued",
        (Place::Tick, Place::Microtask) => {
            "when a callback ends, all ticks run, then all microtasks, again until both queues are empty; a microtask's tick waits for the whole microtask queue"
        }
        (Place::Microtask, Place::Microtask) => {
            "microtasks run in the order in which they were queued; an await or a then queues its callback only once its promise is settled"
        }
        (Place::Tick | Place::Microtask, _) => {
            "all ticks and microtasks run before the loop goes on, even to the next timer or immediate of the same phase"
        }
        (Place::Timer, Place::Timer) => {
            "timers run by due time; those of one duration run together, in the order in which they were set"
        }
        (Place::Timer, Place::Immediate) => {
            "from the main script a 1 ms timer and an immediate race; from an I/O or timer callback the immediate is always first"
        }
        (Place::Timer, Place::Poll) => {
            "an answer comes in the poll phase, a timer runs in the timers phase once it is due: which is first depends on how long the work takes"
        }
        (Place::Timer, Place::Close) => {
            "close callbacks run at the end of a turn, just before the timers that are due by then"
        }
        (Place::Immediate, Place::Immediate) => {
            "immediates run in the order in which they were set; one that is set by an immediate waits for the next turn"
        }
        (Place::Immediate, Place::Poll) => {
            "immediates run in the check phase, right after the poll: an answer that isn't there by then waits for the next turn"
        }
        (Place::Immediate, Place::Close) => "the check phase comes before the closing phase of the same turn",
        (Place::Poll, Place::Poll) => {
            "answers come in the order in which the work was done; of two workers either may be first"
        }
        (Place::Poll, Place::Close) => {
            "what was closed in the poll phase is told in the closing phase of that turn"
        }
        (Place::Close, Place::Close) => {
            "handles are told of their end in the order in which they were closed"
        }
        (_, Place::Exit) => {
            "listeners of 'beforeExit' and 'exit' run when nothing keeps the loop alive any more: after everything else"
        }
        _ => "callbacks run in the order in which the phases of the loop come to them",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_a_rule_whichever_comes_first() {
        for one in CallbackKind::ALL {
            for two in CallbackKind::ALL {
                assert_eq!(between(*one, *two), between(*two, *one));
            }
        }
        assert!(
            between(CallbackKind::Reaction, CallbackKind::Tick)
                .starts_with("when a callback ends, all ticks")
        );
        assert!(between(CallbackKind::Immediate, CallbackKind::Timer).contains("race"));
    }
}
