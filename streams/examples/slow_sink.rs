//! A fast source on a slow sink: the buffers never hold more than their watermarks, however much flows through.
//!
//! `cargo run -p looplab-streams --example slow_sink`

use looplab_streams::api::{Options, Readable, Ticks, Writable, WriteDone, pipeline};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const CHUNK: usize = 1000;
const CHUNKS: usize = 500;
const MARK: usize = 4000;

/// The most that source and sink held, and what arrived.
pub fn run() -> (usize, usize, usize) {
    let ticks = Ticks::new();
    let made = Cell::new(0);
    let source = Readable::new(&ticks, Options::default().mark(MARK), move |r: &Readable<Vec<u8>>| {
        // As fast as it may: until `push` says that it is enough.
        while made.get() < CHUNKS {
            made.set(made.get() + 1);
            if !r.push(vec![7; CHUNK]) {
                return;
            }
        }
        r.end();
    });

    // The sink takes a chunk and is done with it only when the "device" below gets to it.
    let device: Rc<RefCell<Vec<WriteDone<Vec<u8>>>>> = Rc::default();
    let arrived = Rc::new(Cell::new(0));
    let (queue, count) = (device.clone(), arrived.clone());
    let sink = Writable::new(&ticks, Options::default().mark(MARK), move |chunk: Vec<u8>, done| {
        count.set(count.get() + chunk.len());
        queue.borrow_mut().push(done);
    });

    let finished = Rc::new(Cell::new(false));
    let over = finished.clone();
    pipeline(&source, &[], &sink, move |e| {
        assert!(e.is_none(), "{e:?}");
        over.set(true);
    });
    let (mut most_read, mut most_written) = (0, 0);
    while !finished.get() {
        ticks.run();
        most_read = most_read.max(source.len());
        most_written = most_written.max(sink.len());
        // A statement of its own: the next chunk comes from within `ok`.
        let next = device.borrow_mut().pop();
        if let Some(done) = next {
            done.ok();
        }
    }
    (most_read, most_written, arrived.get())
}

fn main() {
    let (read, written, bytes) = run();
    println!(
        "{bytes} bytes arrived; the source held at most {read}, the sink {written} (watermarks: {MARK})"
    );
}
