//! Timers: one-shot, repeating, stopped, unref'd.

use looplab_event_loop::EventLoop;

fn main() -> std::io::Result<()> {
    let mut lp = EventLoop::real()?;
    lp.set_timeout(300, |_| println!("300 ms: once"));
    lp.set_timeout(10, |lp| {
        println!("10 ms: once, and it starts another");
        lp.set_timeout(10, |_| println!("20 ms: started by the one before"));
    });

    let mut count = 0;
    lp.set_interval(200, move |lp| {
        count += 1;
        println!("{} ms: interval, call {count}", 200 * count);
        if count == 2 {
            lp.stop();
        }
    });

    let stopped = lp.set_timeout(1, |_| println!("never: it is stopped"));
    lp.timer_stop(stopped);
    let unrefd = lp.set_timeout(10_000, |_| println!("never: the run ends before"));
    lp.unref_handle(unrefd);

    let ended = lp.run()?;
    println!("ended: {}, still alive: {}", ended.reason, ended.alive);
    Ok(())
}
