//! Immediates run in the check phase, right after the poll; one queued by another waits for the next turn.

use looplab_event_loop::{EventLoop, HookKind};

fn main() -> std::io::Result<()> {
    let mut lp = EventLoop::real()?;
    let prepare = lp.on_phase(HookKind::Prepare, |lp| println!("turn {}: prepare", lp.turns()));
    lp.unref_handle(prepare);
    lp.set_immediate(|lp| {
        println!("turn {}: first immediate", lp.turns());
        lp.set_immediate(|lp| {
            println!("turn {}: queued by the first", lp.turns());
            lp.set_timeout(0, |lp| println!("turn {}: timer, after the check phase", lp.turns()));
        });
    });
    lp.set_immediate(|lp| println!("turn {}: second immediate", lp.turns()));
    lp.run()?;
    Ok(())
}
