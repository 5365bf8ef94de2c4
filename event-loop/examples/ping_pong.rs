//! Two threads with a loop each play ping-pong: a channel carries the ball, a waker says that it is there.

use looplab_event_loop::{AsyncId, EventLoop, Waker};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, OnceLock};
use std::{cell::Cell, io, rc::Rc, thread};

const RALLIES: u32 = 10;

/// How each player is called to the table.
struct Table {
    wakers: [OnceLock<Waker>; 2],
    both_there: Barrier,
}

fn play(side: usize, table: Arc<Table>, balls: Receiver<u32>, over: Sender<u32>) -> io::Result<()> {
    let mut lp = EventLoop::real()?;
    let court = table.clone();
    let hit = move |ball| {
        // A player who has left doesn't mind.
        over.send(ball).unwrap_or_default();
        if let Some(waker) = court.wakers[1 - side].get() {
            waker.wake();
        }
    };
    if side == 0 {
        hit(1);
    }
    let own = Rc::new(Cell::new(None::<AsyncId>));
    let seat = own.clone();
    let (id, waker) = lp.on_wake(move |lp| {
        // Several wakes may be one call: take all that is there.
        while let Ok(ball) = balls.try_recv() {
            println!("{} {ball}", ["ping", "pong"][side]);
            if ball < RALLIES {
                hit(ball + 1);
            }
            if ball + 1 >= RALLIES
                && let Some(id) = seat.take()
            {
                lp.close(id, None);
            }
        }
    });
    own.set(Some(id));
    // A ball that was served before the waker was known lies there already.
    waker.wake();
    table.wakers[side].set(waker).unwrap_or_default();
    table.both_there.wait();
    lp.run().map(drop)
}

fn main() -> io::Result<()> {
    let table = Arc::new(Table { wakers: Default::default(), both_there: Barrier::new(2) });
    let ((to_ping, ping_balls), (to_pong, pong_balls)) = (channel(), channel());
    let far = table.clone();
    let pong = thread::spawn(move || play(1, far, pong_balls, to_ping));
    play(0, table, ping_balls, to_pong)?;
    pong.join().map_err(|_| io::Error::other("pong fell"))?
}
