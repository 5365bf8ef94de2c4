//! How long the poll phase may wait, and why: a pure function, tested as a table.

use looplab_probe::TimeoutReason;

/// Everything the answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// The run mode lets this poll wait.
    pub may_wait: bool,
    /// `stop()` was called.
    pub stopping: bool,
    /// An active, ref'd handle or a request exists.
    pub active: bool,
    /// Deferred I/O callbacks are waiting.
    pub pending: bool,
    /// An idle handle is active (ref'd or not).
    pub idle: bool,
    /// Close callbacks are waiting.
    pub closing: bool,
    /// When the nearest timer is due (ref'd or not), in loop milliseconds.
    pub next_timer: Option<u64>,
    /// The loop's time, in milliseconds.
    pub now: u64,
}

/// A poll's longest wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollTimeout {
    /// Milliseconds; `None` for ever.
    pub millis: Option<u64>,
    /// Why so long.
    pub why: TimeoutReason,
}

/// libuv's rule (`uv_backend_timeout`): don't wait while anything else is to be done, else until the nearest timer, else for ever.
pub fn poll_timeout(s: &Situation) -> PollTimeout {
    let zero = |why| PollTimeout { millis: Some(0), why };
    if s.stopping {
        zero(TimeoutReason::Stopping)
    } else if !s.may_wait {
        zero(TimeoutReason::NoWait)
    } else if s.pending {
        zero(TimeoutReason::Pending)
    } else if s.idle {
        zero(TimeoutReason::Idle)
    } else if s.closing {
        zero(TimeoutReason::Closing)
    } else if !s.active {
        zero(TimeoutReason::NothingAlive)
    } else {
        match s.next_timer {
            Some(due) if due <= s.now => zero(TimeoutReason::TimerDue),
            Some(due) => PollTimeout { millis: Some(due - s.now), why: TimeoutReason::NextTimer },
            None => PollTimeout { millis: None, why: TimeoutReason::Infinite },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TimeoutReason::*;

    /// Letters: w may wait, s stopping, a active, p pending, i idle, c closing.
    fn check(flags: &str, next_timer: Option<u64>, millis: Option<u64>, why: TimeoutReason) {
        let has = |c| flags.contains(c);
        let situation = Situation {
            may_wait: has('w'),
            stopping: has('s'),
            active: has('a'),
            pending: has('p'),
            idle: has('i'),
            closing: has('c'),
            next_timer,
            now: 100,
        };
        assert_eq!(poll_timeout(&situation), PollTimeout { millis, why }, "{flags:?} {next_timer:?}");
    }

    #[test]
    fn the_table() {
        check("w", None, Some(0), NothingAlive);
        check("w", Some(150), Some(0), NothingAlive); // an unref'd timer alone doesn't hold the loop
        check("wa", None, None, Infinite);
        check("wa", Some(150), Some(50), NextTimer);
        check("wa", Some(101), Some(1), NextTimer);
        check("wa", Some(100), Some(0), TimerDue);
        check("wa", Some(40), Some(0), TimerDue);
        check("a", Some(150), Some(0), NoWait);
        check("wai", Some(150), Some(0), Idle);
        check("wi", None, Some(0), Idle);
        check("wap", Some(150), Some(0), Pending);
        check("wac", Some(150), Some(0), Closing);
        check("wapic", None, Some(0), Pending);
        check("was", Some(150), Some(0), Stopping);
        check("as", None, Some(0), Stopping);
    }
}
