//! Which Node's rules the loop follows: a value, not conditions scattered about.

/// A Node major version as a set of ordering rules. The default is Node 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// Node 10: libuv 1.20 to 1.34; ticks and microtasks between phases only.
    Node10,
    /// Node 18: libuv 1.44; timers at the head of the turn.
    Node18,
    /// Node 20 (20.3 and later): libuv 1.45; timers at the end of the turn.
    Node20,
    /// Node 22.
    Node22,
    /// Node 24: libuv 1.49 and later.
    #[default]
    Node24,
}

/// What differs between profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Due timers run at the head of every turn (before libuv 1.45), not once on entry and then at the end of every turn.
    pub timers_first: bool,
    /// Ticks and microtasks are drained after the phase rather than after each of its timers and check callbacks (before Node 11).
    pub drain_after_phase: bool,
    /// How often the pending queue is run again after the poll, at most.
    pub pending_rounds: u32,
    /// For the runtime above: delays with a fraction lose it (since Node 11). Before, a timer is not due until all of it is over.
    pub whole_delays: bool,
    /// For the runtime above: an `await` of a promise takes three microtasks (before Node 12), not one.
    pub old_awaits: bool,
    /// For the runtime above: negative delays and those that are no number are warned of (since Node 24).
    pub warns_of_odd_delays: bool,
    /// For the runtime above: a rejection that nobody takes ends the process (since Node 15). Before, it is only warned of.
    pub rejections_throw: bool,
}

impl Profile {
    /// Every profile, oldest first.
    pub const ALL: &'static [Profile] =
        &[Profile::Node10, Profile::Node18, Profile::Node20, Profile::Node22, Profile::Node24];

    /// The profile of a Node major version.
    pub fn from_major(major: u32) -> Option<Profile> {
        Profile::ALL.iter().copied().find(|p| p.major() == major)
    }

    /// The Node major version.
    pub fn major(self) -> u32 {
        match self {
            Profile::Node10 => 10,
            Profile::Node18 => 18,
            Profile::Node20 => 20,
            Profile::Node22 => 22,
            Profile::Node24 => 24,
        }
    }

    /// The loop's rules under this profile.
    pub fn rules(self) -> Rules {
        match self {
            Profile::Node10 => Rules {
                timers_first: true,
                drain_after_phase: true,
                pending_rounds: 0,
                whole_delays: false,
                old_awaits: true,
                warns_of_odd_delays: false,
                rejections_throw: false,
            },
            Profile::Node18 => Rules { timers_first: true, ..Profile::Node22.rules() },
            Profile::Node20 | Profile::Node22 => {
                Rules { warns_of_odd_delays: false, ..Profile::Node24.rules() }
            }
            Profile::Node24 => Rules {
                timers_first: false,
                drain_after_phase: false,
                pending_rounds: 8,
                whole_delays: true,
                old_awaits: false,
                warns_of_odd_delays: true,
                rejections_throw: true,
            },
        }
    }
}
