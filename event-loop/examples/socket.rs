//! A readable socket: the poll phase waits for it and calls back. Events are edges: read until it would block.

use looplab_event_loop::EventLoop;
use looplab_event_loop::mio::{Interest, net::UnixStream};
use std::cell::RefCell;
use std::io::{ErrorKind, Read, Write};
use std::rc::Rc;

fn main() -> std::io::Result<()> {
    let mut lp = EventLoop::real()?;
    let (near, mut far) = UnixStream::pair()?;
    let near = Rc::new(RefCell::new(near));
    let reader = near.clone();
    lp.on_ready(&mut *near.borrow_mut(), Interest::READABLE, move |lp, id, _| {
        let (mut near, mut chunk) = (reader.borrow_mut(), [0; 64]);
        loop {
            match near.read(&mut chunk) {
                Ok(0) => {
                    println!("end of stream");
                    return lp.io_stop(id, &mut *near).unwrap_or_else(|error| eprintln!("{error}"));
                }
                Ok(count) => println!("read: {}", String::from_utf8_lossy(&chunk[..count])),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => return eprintln!("{error}"),
            }
        }
    })?;
    far.write_all(b"hello")?;
    lp.set_timeout(10, move |_| match far.write_all(b"goodbye") {
        Ok(()) => drop(far),
        Err(error) => eprintln!("{error}"),
    });
    lp.run()?;
    Ok(())
}
