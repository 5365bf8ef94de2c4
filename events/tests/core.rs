//! The core against Node's rules, one rule a test.

use looplab_events::{
    Added, DEFAULT_MAX_LISTENERS, ERROR_MONITOR, Emission, Emitter, Entry, Place, Role, Turn,
};

type E = Emitter<&'static str, u32>;

fn on(emitter: &mut E, event: &'static str, listener: u32) -> Added<&'static str> {
    emitter.add(event, Entry::on(listener), Place::Back, DEFAULT_MAX_LISTENERS)
}

fn once(emitter: &mut E, event: &'static str, listener: u32) {
    emitter.add(event, Entry::once(listener), Place::Back, DEFAULT_MAX_LISTENERS);
}

fn list(emitter: &E, event: &'static str) -> Vec<u32> {
    emitter.listeners(event).iter().flat_map(|s| s.entries()).map(|e| e.listener).collect()
}

/// Emits, calling `visit` for each listener that gets its turn.
fn emit(emitter: &mut E, event: &'static str, visit: &mut dyn FnMut(&mut E, u32)) -> bool {
    let Emission::Call(snapshot) = emitter.emit(&event) else { return false };
    for entry in snapshot.entries() {
        if emitter.take_turn(&event, entry) != Turn::Skip {
            visit(emitter, entry.listener);
        }
    }
    true
}

fn calls(emitter: &mut E, event: &'static str) -> Vec<u32> {
    let mut seen = Vec::new();
    emit(emitter, event, &mut |_, listener| seen.push(listener));
    seen
}

#[test]
fn listeners_run_in_order_and_prepended_ones_first() {
    let mut e = E::new();
    on(&mut e, "a", 1);
    on(&mut e, "a", 2);
    e.add("a", Entry::on(0), Place::Front, DEFAULT_MAX_LISTENERS);
    assert_eq!(calls(&mut e, "a"), [0, 1, 2]);
    assert_eq!(calls(&mut e, "b"), []);
}

#[test]
fn off_removes_the_most_recent_registration_only() {
    let mut e = E::new();
    for listener in [1, 2, 1] {
        on(&mut e, "a", listener);
    }
    assert!(e.remove("a", &1).is_some());
    assert_eq!(list(&e, "a"), [1, 2]);
    assert!(e.remove("a", &9).is_none());
    assert!(e.remove("zzz", &1).is_none());
    e.remove("a", &1);
    e.remove("a", &2);
    assert!(e.event_names().is_empty());
}

#[test]
fn an_emit_keeps_the_list_it_started_with() {
    let mut e = E::new();
    for listener in [1, 2, 3] {
        on(&mut e, "a", listener);
    }
    let mut seen = Vec::new();
    emit(&mut e, "a", &mut |e, listener| {
        seen.push(listener);
        if listener == 1 {
            e.remove("a", &2);
            on(e, "a", 4);
        }
    });
    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(calls(&mut e, "a"), [1, 3, 4]);
}

#[test]
fn a_single_listener_may_remove_itself() {
    let mut e = E::new();
    on(&mut e, "a", 1);
    emit(&mut e, "a", &mut |e, l| assert!(e.remove("a", &l).is_some()));
    assert_eq!(calls(&mut e, "a"), []);
}

#[test]
fn once_fires_once_even_in_nested_emits() {
    let mut e = E::new();
    on(&mut e, "a", 1);
    once(&mut e, "a", 2);
    let mut seen = Vec::new();
    let mut depth = 0;
    emit(&mut e, "a", &mut |e, listener| {
        seen.push(listener);
        if listener == 1 && depth == 0 {
            depth += 1;
            emit(e, "a", &mut |_, listener| seen.push(listener * 10));
        }
    });
    // The nested emit takes the once listener; the outer snapshot still holds it and passes over it.
    assert_eq!(seen, [1, 10, 20]);
    assert_eq!(list(&e, "a"), [1]);
}

#[test]
fn a_once_listener_taken_off_during_emit_is_still_called() {
    let mut e = E::new();
    on(&mut e, "a", 1);
    once(&mut e, "a", 2);
    let mut seen = Vec::new();
    emit(&mut e, "a", &mut |e, listener| {
        seen.push(listener);
        e.remove("a", &2);
    });
    assert_eq!(seen, [1, 2]);
}

#[test]
fn once_listeners_can_be_removed_by_listener_and_by_token() {
    let mut e = E::new();
    once(&mut e, "a", 1);
    once(&mut e, "a", 2);
    let raw = e.listeners("a").unwrap();
    let token = raw.entries()[0].once.clone().unwrap();
    assert_eq!(e.remove_once("a", &token).unwrap().entry.listener, 1);
    assert!(e.remove_once("a", &token).is_none());
    assert!(e.remove("a", &2).unwrap().was_only);
}

#[test]
fn hooks_are_announced_while_somebody_listens() {
    let mut e = E::new();
    assert!(!e.announces(Role::NewListener));
    on(&mut e, "newListener", 1);
    assert!(e.announces(Role::NewListener));
    on(&mut e, "removeListener", 2);
    on(&mut e, "a", 3);
    assert!(e.remove("a", &3).unwrap().announce);
    // The last removeListener listener is gone by the time its own removal could be announced.
    assert!(!e.remove("removeListener", &2).unwrap().announce);
    e.clear_event("newListener");
    assert!(!e.announces(Role::NewListener));
}

#[test]
fn names_keep_the_order_of_their_first_listener() {
    let mut e = E::new();
    for event in ["b", "a", "c", "b"] {
        on(&mut e, event, 1);
    }
    assert_eq!(e.event_names(), ["b", "a", "c"]);
    e.clear_event("b");
    on(&mut e, "b", 1);
    assert_eq!(e.event_names(), ["a", "c", "b"]);
    assert_eq!(e.event_count(), 3);
}

#[test]
fn one_leak_warning_per_event_with_nodes_text() {
    let mut e = E::new();
    let warned: Vec<_> = (0..20).filter_map(|n| on(&mut e, "foo", n).warning).collect();
    assert_eq!(warned.len(), 1);
    assert_eq!(
        warned[0].message("foo", "[EventEmitter]"),
        "Possible EventEmitter memory leak detected. 11 foo listeners added to [EventEmitter]. \
         MaxListeners is 10. Use emitter.setMaxListeners() to increase limit"
    );
    assert!(on(&mut e, "bar", 1).warning.is_none());
}

#[test]
fn limits_zero_and_infinity_mean_none_and_one_counts_from_the_second() {
    for limit in [0.0, f64::INFINITY] {
        let mut e = E::new();
        e.set_max_listeners(limit);
        assert!((0..100).all(|n| on(&mut e, "a", n).warning.is_none()));
    }
    let mut e = E::new();
    e.set_max_listeners(1.0);
    assert!(on(&mut e, "a", 1).warning.is_none());
    assert_eq!(on(&mut e, "a", 2).warning.unwrap().count, 2);
    // Down to one listener the list, and with it the mark, is new.
    e.remove("a", &2);
    assert!(on(&mut e, "a", 3).warning.is_some());
}

#[test]
fn an_unheard_error_is_a_typed_outcome() {
    let mut e = E::new();
    assert!(matches!(e.emit(&"error"), Emission::UnhandledError));
    on(&mut e, ERROR_MONITOR, 1);
    assert!(e.announces(Role::ErrorMonitor));
    assert!(matches!(e.emit(&"error"), Emission::UnhandledError), "a monitor handles nothing");
    on(&mut e, "error", 2);
    assert_eq!(calls(&mut e, "error"), [2]);
}

#[test]
fn counting() {
    let mut e = E::new();
    for listener in [1, 2, 1] {
        on(&mut e, "a", listener);
    }
    once(&mut e, "a", 1);
    assert_eq!((e.listener_count("a"), e.listener_count_of("a", &1), e.listener_count("b")), (4, 3, 0));
    let mut all = 0;
    e.for_each(|_, _| all += 1);
    assert_eq!(all, 4);
    e.clear();
    assert_eq!(e.listener_count("a"), 0);
}

#[test]
fn remove_last_walks_backwards() {
    let mut e = E::new();
    for listener in [1, 2, 3] {
        on(&mut e, "a", listener);
    }
    let gone: Vec<_> = std::iter::from_fn(|| e.remove_last("a")).map(|r| r.entry.listener).collect();
    assert_eq!(gone, [3, 2, 1]);
}
