//! What things cost in memory, measured in a process of their own: a million pending timers.

use looplab_event_loop::*;
use std::ops::ControlFlow;

/// Bytes that this process has in memory.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

struct Count {
    lp: Loop<u64, SimWorld<AnyJob>>,
    fired: u64,
}

impl Driver for Count {
    type Task = u64;
    type World = SimWorld<AnyJob>;
    type Probe = Off;

    fn lp(&mut self) -> &mut Loop<u64, SimWorld<AnyJob>> {
        &mut self.lp
    }

    fn run(&mut self, task: u64, _: Fired<Box<dyn std::any::Any + Send>>) -> ControlFlow<()> {
        self.fired += task;
        ControlFlow::Continue(())
    }
}

#[test]
fn a_million_timers_cost_64_bytes_each_over_their_payload() {
    const COUNT: usize = 1_000_000;
    let lp = Loop::new(SimWorld::new(SimOptions::default()), Off, Profile::default());
    let mut count = Count { lp, fired: 0 };
    let before = resident();
    for n in 0..COUNT as u64 {
        // Due times that are neither sorted nor all different.
        count.lp.timer_once(1 + n.wrapping_mul(2_654_435_761) % 100_000, 1, Origin::HIDDEN);
    }
    let each = (resident() - before) as f64 / COUNT as f64;
    println!("{each:.1} bytes for each pending timer, {} of them its payload", size_of::<u64>());
    assert!(each - size_of::<u64>() as f64 <= 64.0, "{each} bytes each");
    Loop::run(&mut count, RunMode::Default).unwrap();
    assert_eq!(count.fired, COUNT as u64, "and all fire");
}
