//! A thousand timers race, in virtual time: they fire by due time, and those of one millisecond in the order in which they were set.

use looplab_event_loop::EventLoop;
use std::{cell::RefCell, rc::Rc};

fn main() -> std::io::Result<()> {
    let mut lp = EventLoop::simulated(Default::default());
    let finish: Rc<RefCell<Vec<(u64, u32)>>> = Rc::default();
    for runner in 0..1000u32 {
        let finish = finish.clone();
        // Anything that scatters them.
        let delay = u64::from(runner.wrapping_mul(2_654_435_761) % 97) + 1;
        lp.set_timeout(delay, move |lp| finish.borrow_mut().push((lp.now(), runner)));
    }
    lp.run()?;
    let finish = finish.borrow();
    for (place, (at, runner)) in finish.iter().take(5).enumerate() {
        println!("place {}: runner {runner} at {at} ms", place + 1);
    }
    println!("{} at the finish, in order: {}", finish.len(), finish.is_sorted());
    println!("the last one at {} ms, which took no time", lp.now());
    Ok(())
}
