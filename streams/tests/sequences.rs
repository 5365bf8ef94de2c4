//! Properties that hold whatever a program does, in whatever order: sequences of operations on the machine.

use looplab_streams::Event;
use looplab_streams::api::{
    Error, Options, Readable, StreamEvent, Ticks, Transform, Writable, WriteDone, pipeline,
};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// What a program may do to a readable stream.
#[derive(Debug, Clone)]
enum Op {
    Push(usize),
    End,
    Read,
    ReadExact(usize),
    Pause,
    Resume,
    Listen,
    Ticks,
    Unshift(usize),
    Destroy,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (1usize..40).prop_map(Op::Push),
        1 => Just(Op::End),
        3 => Just(Op::Read),
        3 => (1usize..60).prop_map(Op::ReadExact),
        1 => Just(Op::Pause),
        2 => Just(Op::Resume),
        1 => Just(Op::Listen),
        4 => Just(Op::Ticks),
        1 => (1usize..10).prop_map(Op::Unshift),
        1 => Just(Op::Destroy),
    ]
}

/// The name of an event, in the order of a stream's life.
fn name(e: &StreamEvent) -> &'static str {
    match e {
        Event::Readable => "readable",
        Event::End => "end",
        Event::Pause => "pause",
        Event::Resume => "resume",
        Event::Drain => "drain",
        Event::Prefinish => "prefinish",
        Event::Finish => "finish",
        Event::Error(_) => "error",
        Event::Close => "close",
    }
}

/// Terminal events come once, and in order: end and finish before error, error before close, nothing after close.
fn check_life(events: &[&str]) {
    for e in ["end", "finish", "error", "close"] {
        assert!(events.iter().filter(|x| **x == e).count() <= 1, "{e} twice: {events:?}");
    }
    if let Some(close) = events.iter().position(|e| *e == "close") {
        assert!(!events[close..].iter().any(|e| ["end", "finish", "error"].contains(e)), "{events:?}");
    }
    if let (Some(end), Some(error)) =
        (events.iter().position(|e| *e == "end"), events.iter().position(|e| *e == "error"))
    {
        assert!(end < error, "{events:?}");
    }
}

proptest! {
    /// What is read is what was pushed, in order, without a byte lost or doubled, until the stream is destroyed.
    #[test]
    fn bytes_come_out_as_they_went_in(ops in proptest::collection::vec(op(), 0..80), mark in 0usize..100) {
        let ticks = Ticks::new();
        let stream = Readable::new(&ticks, Options::default().mark(mark), |_: &Readable<Vec<u8>>| {});
        let out = Rc::new(RefCell::new(Vec::new()));
        let events: Rc<RefCell<Vec<&'static str>>> = Rc::default();
        let log = events.clone();
        stream.on(move |e| log.borrow_mut().push(name(e)));
        let (mut model, mut next, mut ended, mut dead, mut listening) = (VecDeque::new(), 0u8, false, false, false);
        let mut taken = Vec::new();
        for op in ops {
            match op {
                Op::Push(n) => {
                    let chunk: Vec<u8> = (0..n).map(|_| { next = next.wrapping_add(1); next }).collect();
                    if !ended && !dead { model.extend(chunk.iter().copied()); }
                    dead |= ended;
                    stream.push(chunk);
                }
                Op::End => { ended = true; stream.end(); }
                Op::Read => if let Some(c) = stream.read() && !listening { taken.extend(c); },
                Op::ReadExact(n) => if let Some(c) = stream.read_exact(n) {
                    prop_assert!(c.len() <= n);
                    if !listening { taken.extend(c); }
                },
                Op::Pause => stream.pause(),
                Op::Resume if listening => stream.resume(),
                Op::Resume => {}
                Op::Listen if !listening => {
                    listening = true;
                    let sink = out.clone();
                    stream.on_data(move |c: &Vec<u8>| sink.borrow_mut().extend_from_slice(c));
                }
                Op::Listen => {}
                Op::Ticks => drop(ticks.run()),
                Op::Unshift(n) => {
                    // Put back what was just read: nothing changes for the reader to come.
                    if !listening && !dead && taken.len() >= n && !events.borrow().contains(&"end") {
                        let back = taken.split_off(taken.len() - n);
                        stream.unshift(back);
                    }
                }
                Op::Destroy => { dead = true; stream.destroy(None); }
            }
            let mut got = taken.clone();
            got.extend_from_slice(&out.borrow());
            prop_assert!(got.len() <= model.len(), "more came out than went in");
            prop_assert!(got.iter().eq(model.iter().take(got.len())));
            if !dead { prop_assert_eq!(stream.len() + got.len(), model.len()); }
        }
        ticks.run();
        check_life(&events.borrow());
    }

    /// Every chunk reaches a sink that answers now, later or at once after several, and 'finish' comes when all have.
    #[test]
    fn sinks_get_every_chunk(
        sizes in proptest::collection::vec(1usize..50, 0..40),
        at_once in proptest::collection::vec(any::<bool>(), 1..20),
        mark in 0usize..80,
        cork in any::<bool>(),
    ) {
        let ticks = Ticks::new();
        let waiting: Rc<RefCell<Vec<WriteDone<Vec<u8>>>>> = Rc::default();
        let got = Rc::new(RefCell::new(Vec::new()));
        let (queue, sink_got) = (waiting.clone(), got.clone());
        let mut pattern = at_once.into_iter().cycle();
        let sink = Writable::new(&ticks, Options::default().mark(mark), move |c: Vec<u8>, done| {
            sink_got.borrow_mut().push(c.len());
            if pattern.next() == Some(true) { done.ok() } else { queue.borrow_mut().push(done) }
        });
        let events: Rc<RefCell<Vec<&'static str>>> = Rc::default();
        let log = events.clone();
        sink.on(move |e| log.borrow_mut().push(name(e)));
        let told = Rc::new(RefCell::new(0));
        if cork { sink.cork(); }
        for n in &sizes {
            let count = told.clone();
            let more = sink.write_then(vec![0; *n], move |e| { assert!(e.is_none()); *count.borrow_mut() += 1; });
            prop_assert_eq!(more, sink.len() < mark || sink.is_empty());
        }
        sink.end();
        loop {
            let ran = ticks.run();
            let next = waiting.borrow_mut().pop();
            match next {
                Some(done) => done.ok(),
                None if ran == 0 => break,
                None => {}
            }
        }
        prop_assert_eq!(&*got.borrow(), &sizes);
        prop_assert_eq!(*told.borrow(), sizes.len());
        prop_assert_eq!(sink.len(), 0);
        let events = events.borrow();
        check_life(&events);
        prop_assert_eq!(events.iter().filter(|e| **e == "finish").count(), 1);
        prop_assert_eq!(events.last(), Some(&"close"));
    }

    /// A pipeline neither loses nor reorders, and holds no more than its watermarks and one chunk each.
    #[test]
    fn pipelines_are_bounded(
        sizes in proptest::collection::vec(1usize..30, 0..60),
        (mark_a, mark_b, mark_c) in (1usize..60, 1usize..60, 1usize..60),
    ) {
        let ticks = Ticks::new();
        let total: usize = sizes.iter().sum();
        let source = Readable::from_iter(&ticks, Options::default().mark(mark_a), sizes.into_iter().map(|n| vec![1u8; n]));
        let same = Transform::new(&ticks, Options::default().mark(mark_b), |c: Option<Vec<u8>>| c.into_iter().collect());
        let waiting: Rc<RefCell<Option<WriteDone<Vec<u8>>>>> = Rc::default();
        let got = Rc::new(RefCell::new(0));
        let (slot, count) = (waiting.clone(), got.clone());
        let sink = Writable::new(&ticks, Options::default().mark(mark_c), move |c: Vec<u8>, done| {
            *count.borrow_mut() += c.len();
            *slot.borrow_mut() = Some(done);
        });
        let over = Rc::new(RefCell::new(None));
        let result = over.clone();
        pipeline(&source, &[&same], &sink, move |e: Option<Error>| *result.borrow_mut() = Some(e.is_none()));
        for _ in 0..1000 {
            ticks.run();
            prop_assert!(source.len() < mark_a + 30);
            prop_assert!(same.readable().len() < mark_b + 30);
            prop_assert!(same.writable().len() < mark_b + 30);
            prop_assert!(sink.len() < mark_c + 30);
            let next = waiting.borrow_mut().take();
            if let Some(done) = next { done.ok() }
            if over.borrow().is_some() { break }
        }
        prop_assert_eq!(*got.borrow(), total);
        prop_assert_eq!(*over.borrow(), Some(true));
    }
}

/// An error in the middle destroys everything and is told once.
#[test]
fn an_error_ends_the_whole_pipeline() {
    let ticks = Ticks::new();
    let source = Readable::from_iter(&ticks, Options::default(), (0..100).map(|_| vec![0u8; 10]));
    let same = Transform::new(&ticks, Options::default(), |c: Option<Vec<u8>>| c.into_iter().collect());
    let sink = Writable::new(&ticks, Options::default(), |_: Vec<u8>, done| {
        done.fail(Error::Custom(Rc::new(std::io::Error::other("full"))));
    });
    let events: Rc<RefCell<Vec<String>>> = Rc::default();
    let log = events.clone();
    source.on(move |e| log.borrow_mut().push(format!("source {}", name(e))));
    let log = events.clone();
    sink.on(move |e| log.borrow_mut().push(format!("sink {}", name(e))));
    let log = events.clone();
    pipeline(&source, &[&same], &sink, move |e| {
        log.borrow_mut().push(format!("done: {}", e.map_or_else(String::new, |e| e.to_string())));
    });
    ticks.run();
    let events = events.borrow();
    assert_eq!(events.iter().filter(|e| e.starts_with("done")).count(), 1, "{events:?}");
    assert!(events.contains(&"done: full".to_owned()), "{events:?}");
    assert!(events.contains(&"source close".to_owned()), "{events:?}");
    assert!(events.contains(&"sink close".to_owned()), "{events:?}");
}
