//! Timers: one-shot, repeating, stopped, unref'd. Prints the order and the loop's milliseconds since the first line.

use looplab_event_loop::EventLoop;

fn main() -> std::io::Result<()> {
    let mut lp = EventLoop::real()?;
    lp.set_timeout(30, |_| println!("30 ms: once"));
    lp.set_timeout(10, |lp| {
        println!("10 ms: once, and it starts another");
        lp.set_timeout(10, |_| println!("20 ms: started by the one before"));
    });

    let mut count = 0;
    let every = lp.set_interval(15, |_| ());
    lp.close(every, None); // an interval is stopped for good by closing it
    lp.set_interval(25, move |lp| {
        count += 1;
        println!("{} ms: interval, call {count}", 25 * count);
        if count == 2 {
            lp.break_now();
        }
    });

    let never = lp.set_timeout(10_000, |_| println!("never: the run ends before"));
    lp.unref_handle(never);
    let ended = lp.run()?;
    println!("ended: {}", ended.reason);
    Ok(())
}
