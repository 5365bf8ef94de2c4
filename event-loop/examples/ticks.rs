//! After every callback: all ticks, then all microtasks, again until both queues are empty.

use looplab_event_loop::EventLoop;

fn main() -> std::io::Result<()> {
    let mut lp = EventLoop::real()?;
    lp.set_timeout(1, |lp| {
        println!("timer");
        lp.queue_microtask(|lp| {
            println!("microtask 1");
            lp.next_tick(|_| println!("tick 3, queued by a microtask: after all microtasks"));
            lp.queue_microtask(|_| println!("microtask 2, queued by a microtask"));
        });
        lp.next_tick(|lp| {
            println!("tick 1");
            lp.next_tick(|_| println!("tick 2, queued by a tick: before any microtask"));
        });
        lp.set_immediate(|_| println!("immediate"));
    });
    lp.next_tick(|_| println!("tick of the main program"));
    lp.run()?;
    Ok(())
}
