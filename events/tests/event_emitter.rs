//! The closure emitter: what a Rust program sees.

use std::{cell::RefCell, rc::Rc};

use looplab_events::{EventEmitter, UnhandledError};

type Log = Rc<RefCell<Vec<String>>>;

fn logger(log: &Log, tag: &'static str) -> impl Fn(&u32) + use<> {
    let log = Rc::clone(log);
    move |n| log.borrow_mut().push(format!("{tag}{n}"))
}

#[test]
fn a_listener_may_change_and_emit_on_its_own_emitter() {
    let log = Log::default();
    let emitter = Rc::new(EventEmitter::<u32>::new());
    let (me, out) = (Rc::clone(&emitter), Rc::clone(&log));
    emitter.once("tick", move |n| {
        out.borrow_mut().push(format!("first {n}"));
        me.on("tick", logger(&out, "late "));
        assert_eq!(me.emit("tick", &(n + 1)), Ok(true));
    });
    emitter.on("tick", logger(&log, "steady "));
    assert_eq!(emitter.emit("tick", &1), Ok(true));
    assert_eq!(*log.borrow(), ["first 1", "steady 2", "late 2", "steady 1"]);
}

#[test]
fn hooks_hear_additions_before_and_removals_after() {
    let log = Log::default();
    let emitter = Rc::new(EventEmitter::<u32>::new());
    for (when, add) in [("+", true), ("-", false)] {
        let (me, out) = (Rc::downgrade(&emitter), Rc::clone(&log));
        let hook = move |event: &str, _| {
            let count = me.upgrade().map_or(0, |e| e.listener_count(event));
            out.borrow_mut().push(format!("{when}{event}:{count}"));
        };
        if add {
            emitter.on_new_listener(hook);
        } else {
            emitter.on_remove_listener(hook);
        }
    }
    emitter.on("a", |_| {});
    emitter.once("a", |_| {});
    assert_eq!(emitter.emit("a", &0), Ok(true));
    emitter.clear();
    assert_eq!(*log.borrow(), ["+removeListener:0", "+a:0", "+a:1", "-a:1", "-newListener:0", "-a:0"]);
    assert!(emitter.event_names().is_empty());
}

#[test]
fn errors() {
    let log = Log::default();
    let emitter = EventEmitter::<u32>::new();
    assert_eq!(emitter.emit("error", &1), Err(UnhandledError));
    emitter.on_error_monitor(logger(&log, "monitor "));
    assert_eq!(emitter.emit("error", &2), Err(UnhandledError));
    emitter.on("error", logger(&log, "handler "));
    assert_eq!(emitter.emit("error", &3), Ok(true));
    assert_eq!(*log.borrow(), ["monitor 2", "monitor 3", "handler 3"]);
}

#[test]
fn off_by_id_and_listing() {
    let emitter = EventEmitter::<u32>::new();
    let first = emitter.on("a", |_| {});
    let second = emitter.prepend("a", |_| {});
    assert_eq!(emitter.listeners("a"), [second, first]);
    assert!(emitter.off("a", first));
    assert!(!emitter.off("a", first));
    assert_eq!(format!("{emitter:?}"), r#"{"a": 1}"#);
    emitter.remove_all("a");
    assert_eq!(emitter.listener_count("a"), 0);
}

#[test]
fn warnings_are_kept_or_handed_on() {
    let emitter = EventEmitter::<u32>::new();
    emitter.set_max_listeners(2.0);
    for _ in 0..5 {
        emitter.on("a", |_| {});
    }
    let kept = emitter.take_warnings();
    assert_eq!((kept.len(), kept[0].count, &*kept[0].event), (1, 3, "a"));

    let log = Log::default();
    let out = Rc::clone(&log);
    emitter.warn_with(move |w| out.borrow_mut().push(w.message(&w.event, "[Bus]")));
    for _ in 0..5 {
        emitter.on("b", |_| {});
    }
    assert_eq!(log.borrow().len(), 1);
    assert!(emitter.take_warnings().is_empty());
}
