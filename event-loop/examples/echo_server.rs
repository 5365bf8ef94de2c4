//! A TCP echo server and a client that says three words, in one loop. `simulated` as an argument runs it in virtual time.

use looplab_event_loop::world::network::{ListenOptions, Listener, Stream};
use looplab_event_loop::{AnyJob, EventLoop, Interest, World};
use std::io::{self, IoSlice};
use std::{cell::RefCell, net::Ipv4Addr, rc::Rc};

/// Watches a stream, and calls `f` with what has come, empty at the end; `f` says what to send back.
fn talk<W: World<Job = AnyJob>>(
    lp: &mut EventLoop<W>,
    stream: Box<dyn Stream>,
    mut f: impl FnMut(&[u8]) -> Vec<u8> + 'static,
) -> io::Result<()> {
    let shared = Rc::new(RefCell::new(stream));
    let own = shared.clone();
    lp.on_ready(&mut **shared.borrow_mut(), Interest::READABLE, move |lp, id, _| {
        let (mut stream, mut chunk) = (own.borrow_mut(), [0; 1024]);
        while let Ok(n) = stream.read(&mut chunk) {
            let answer = f(&chunk[..n]);
            let gone =
                n == 0 || (!answer.is_empty() && stream.write_vectored(&[IoSlice::new(&answer)]).is_err());
            if gone {
                // The last one who holds the stream closes it.
                return lp.io_stop(id, &mut **stream).unwrap_or_default();
            }
        }
    })?;
    Ok(())
}

fn run<W: World<Job = AnyJob>>(mut lp: EventLoop<W>) -> io::Result<()> {
    let any = std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into();
    let mut listener = lp.world_mut().network().listen(&any, ListenOptions::default())?;
    let address = listener.local()?;
    let server: Rc<RefCell<Option<Box<dyn Listener>>>> = Rc::default();
    let own = server.clone();
    lp.on_ready(&mut *listener, Interest::READABLE, move |lp, id, _| {
        let Some(mut listener) = own.borrow_mut().take() else { return };
        if let Ok((stream, _)) = listener.accept() {
            talk(lp, stream, |bytes| bytes.to_vec()).unwrap_or_else(|error| eprintln!("{error}"));
        }
        // One guest is enough.
        lp.io_stop(id, &mut *listener).unwrap_or_default();
    })?;
    *server.borrow_mut() = Some(listener);
    let client = Rc::new(RefCell::new(lp.world_mut().network().connect(&address, None)?));
    let own = client.clone();
    lp.on_ready(&mut **client.borrow_mut(), Interest::READABLE | Interest::WRITABLE, {
        let (mut words, mut chunk) = (["one", "two", "three"].iter(), [0; 64]);
        let mut waiting = false;
        move |lp, id, _| {
            let mut stream = own.borrow_mut();
            while let Ok(n @ 1..) = stream.read(&mut chunk) {
                println!("{} came back", String::from_utf8_lossy(&chunk[..n]));
                waiting = false;
            }
            if waiting {
                return;
            }
            waiting = true;
            let sent = words.next().map(|word| stream.write_vectored(&[IoSlice::new(word.as_bytes())]));
            if sent.is_none_or(|sent| sent.is_err()) {
                println!("that is all");
                lp.io_stop(id, &mut **stream).unwrap_or_default();
                stream.shutdown_write().unwrap_or_default();
            }
        }
    })?;
    drop(client);
    lp.run()?;
    Ok(())
}

fn main() -> io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("simulated") => run(EventLoop::simulated(Default::default())),
        _ => run(EventLoop::real()?),
    }
}
