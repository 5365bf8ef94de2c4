//! Where on the timeline an event stands.

use looplab_probe::{Event, EventId, Log};

/// In virtual time much happens at the same moment; each event is then shown at least so much after the one before, in nanoseconds.
const STEP: u64 = 1_000;

/// The moments at which events are shown, in nanoseconds.
#[derive(Debug)]
pub struct Axis {
    /// By event id.
    shown: Vec<u64>,
    /// True and shown time of the events that the log's own thread recorded, both growing.
    moments: Vec<(u64, u64)>,
    last: u64,
}

impl Axis {
    /// Real time is shown as it was; virtual time so that the order can be seen.
    pub fn new(log: &Log, simulated: bool) -> Axis {
        let step = if simulated { STEP } else { 0 };
        let mut axis = Axis { shown: Vec::with_capacity(log.records().len()), moments: Vec::new(), last: 0 };
        for record in log.records() {
            if is_stamp(&record.event) {
                axis.shown.push(0);
                continue;
            }
            let at = if axis.moments.is_empty() { record.t } else { record.t.max(axis.last + step) };
            axis.last = at;
            axis.shown.push(at);
            axis.moments.push((record.t, at));
        }
        for (index, record) in log.records().iter().enumerate().filter(|(_, r)| is_stamp(&r.event)) {
            axis.shown[index] = if simulated { axis.from(record.t) } else { record.t };
        }
        axis
    }

    /// Where the first event at or after a true time is shown.
    fn from(&self, t: u64) -> u64 {
        let at = self.moments.partition_point(|moment| moment.0 < t);
        self.moments.get(at).map_or(self.last, |moment| moment.1)
    }

    /// Where an event is shown; at the end if there is no such event.
    pub fn at(&self, id: EventId) -> u64 {
        id.index().and_then(|index| self.shown.get(index).copied()).unwrap_or(self.last)
    }
}

/// Whether an event carries a worker's time instead of the log's.
fn is_stamp(event: &Event) -> bool {
    matches!(event, Event::PoolStarted { .. } | Event::PoolFinished { .. } | Event::PoolCancelled { .. })
}
