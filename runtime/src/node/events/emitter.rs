//! The methods of EventEmitter. Listeners stand in the plain object `_events` (no prototype): a function, or an array of
//! functions in calling order, under each event's name. Programs read it, so this is the only representation.

use super::names::Names;
use crate::errors;
use crate::rt::Rt;
use looplab_engine::{
    ALL, Args, Class, Completion, HIDDEN, Intrinsic, Key, KeyFilter, Local, NativeFn, Scope, Thrown,
};

/// Listeners of one event that `emit` copies without allocating.
const FEW: usize = 8;

/// The names, of an `Rt` that has them.
macro_rules! names {
    ($rt:ident, $n:ident, $s:expr) => {
        let $rt = Names::of($s);
        let Some($n) = $rt.emitter.get() else { return Ok($s.undefined()) };
    };
}

// ---- emit ----

/// `emitter.emit(event, ...args)`: calls the listeners in order; whether there were any.
pub(super) fn emit<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    emit_on(s, n, args.this(), args.get(0), args.tail(1))
}

/// `this.emit(event, ...args)` for native callers: straight, unless a program has put its own `emit` there.
pub(crate) fn emit_named<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    this: Local<'s>,
    event: looplab_engine::Name,
    args: &[Local<'s>],
) -> Completion<'s> {
    let f = s.get(this, n.emit)?;
    let event = super::names::value(s, event);
    if is_native(s, n.native_emit.get(), f) {
        return emit_on(s, n, this, event, args);
    }
    let mut all = vec![event];
    all.extend_from_slice(args);
    s.call(f, this, &all)
}

fn emit_on<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    this: Local<'s>,
    event: Local<'s>,
    args: &[Local<'s>],
) -> Completion<'s> {
    let events = s.get_v(this, n.events)?;
    let key = s.to_key(event)?;
    if key == n.error.into() {
        before_error(s, n, this, events, args)?;
    }
    if !events.is_object() {
        return Ok(s.bool(false));
    }
    let handler = s.get(events, key)?;
    if handler.is_undefined() {
        return Ok(s.bool(false));
    }
    if handler.is_callable() {
        let r = s.call(handler, this, args)?;
        if !r.is_nullish() {
            add_catch(s, n, this, r, event, args)?;
        }
        return Ok(s.bool(true));
    }
    let mut few = [s.undefined(); FEW];
    let many;
    let list = match copy_few(s, handler, &mut few) {
        Some(len) => &few[..len],
        None => {
            many = s.list_from_array_like(handler)?;
            &many[..]
        }
    };
    for &f in list {
        let r = s.call(f, this, args)?;
        if !r.is_nullish() {
            add_catch(s, n, this, r, event, args)?;
        }
    }
    Ok(s.bool(true))
}

/// Copies the listeners of a short list: later changes don't reach an emit that runs.
fn copy_few<'s>(s: &mut Scope<'s>, list: Local<'s>, few: &mut [Local<'s>; FEW]) -> Option<usize> {
    if !s.is_simple_array(list) {
        return None;
    }
    let len = s.array_len(list) as usize;
    if len > FEW {
        return None;
    }
    for (i, slot) in few.iter_mut().enumerate().take(len) {
        *slot = s.array_get(list, i as u32)?;
    }
    Some(len)
}

/// 'error' is first shown to the monitor; without a listener it is thrown.
fn before_error<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    this: Local<'s>,
    events: Local<'s>,
    args: &[Local<'s>],
) -> Result<(), Thrown> {
    if events.is_object() {
        if !s.get(events, n.monitor)?.is_undefined() {
            let mut all = vec![super::names::value(s, n.monitor)];
            all.extend_from_slice(args);
            let k = s.key("emit");
            s.invoke(this, k, &all)?;
        }
        if !s.get(events, n.error)?.is_undefined() {
            return Ok(());
        }
    }
    let er = args.first().copied().unwrap_or(s.undefined());
    let class = s.intrinsic(Intrinsic::Error);
    if !args.is_empty() && s.instance_of(er, class)? {
        return Err(s.throw(er));
    }
    let rt = Rt::of(s);
    let inspected = match crate::modules::builtin(s, &rt, "/inspect")? {
        Some(m) => {
            let k = s.key("inspect");
            s.invoke(m, k, &[er]).and_then(|t| s.to_text(t))
        }
        None => s.to_text(er),
    };
    let shown = match inspected {
        Ok(shown) => shown,
        Err(t) => {
            s.caught(t);
            s.to_text(er)?
        }
    };
    let text = format!("Unhandled error. ({shown})");
    let e = errors::new(s, errors::Kind::Error, "ERR_UNHANDLED_ERROR", &text);
    let k = s.key("context");
    s.define_with(e, k, er, ALL);
    Err(s.throw(e))
}

/// A listener returned something: with captureRejections on, the rejection of a promise becomes an 'error'.
fn add_catch<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    this: Local<'s>,
    result: Local<'s>,
    event: Local<'s>,
    args: &[Local<'s>],
) -> Result<(), Thrown> {
    if !result.is_object() || !s.get_v(this, n.capture)?.is_true() {
        return Ok(());
    }
    let tell = |s: &mut Scope<'s>| -> Result<(), Thrown> {
        let then = s.get(result, s.atoms().then)?;
        if then.is_callable() {
            let rest = s.new_array(args);
            let data = s.new_array(&[this, event, rest]);
            let f = s.function_with_data(s.atoms().empty, 1, rejected, data);
            let u = s.undefined();
            s.call(then, result, &[u, f])?;
        }
        Ok(())
    };
    if let Err(t) = tell(s) {
        if s.is_terminating() {
            return Err(t);
        }
        let e = s.caught(t);
        let error = super::names::value(s, n.error);
        let k = s.key("emit");
        s.invoke(this, k, &[error, e])?;
    }
    Ok(())
}

/// The promise of an async listener was rejected: handled in a tick, so that errors are not swallowed by the promise.
fn rejected<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let k = s.atoms().empty;
    let f = s.function_with_data(k, 1, emit_rejection, args.data());
    let next = crate::node::process::next_tick_function(s)?;
    let u = s.undefined();
    s.call(next, u, &[f, args.get(0)])
}

fn emit_rejection<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let err = args.get(0);
    let data = s.list_from_array_like(args.data())?;
    let [this, event, list] = data[..] else { return Ok(s.undefined()) };
    let own = s.get_v(this, n.rejection)?;
    if own.is_callable() {
        let mut all = vec![err, event];
        all.extend(s.list_from_array_like(list)?);
        return s.call(own, this, &all);
    }
    // An async listener of 'error' that rejects must not come back here for ever.
    let before = s.get_v(this, n.capture)?;
    let no = s.bool(false);
    s.set(this, n.capture, no)?;
    let error = super::names::value(s, n.error);
    let k = s.key("emit");
    let r = s.invoke(this, k, &[error, err]);
    s.set(this, n.capture, before)?;
    r
}

// ---- adding ----

fn check_listener(s: &mut Scope<'_>, f: Local<'_>) -> Result<(), Thrown> {
    if f.is_callable() {
        return Ok(());
    }
    Err(errors::invalid_arg_type(s, "listener", "of type function", f))
}

/// `emitter.on(event, listener)`
pub(super) fn on<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    add(s, n, args.this(), args.get(0), args.get(1), false)
}

/// `emitter.prependListener(event, listener)`
pub(super) fn prepend_listener<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    add(s, n, args.this(), args.get(0), args.get(1), true)
}

fn add<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    this: Local<'s>,
    event: Local<'s>,
    listener: Local<'s>,
    prepend: bool,
) -> Completion<'s> {
    check_listener(s, listener)?;
    let mut events = s.get_v(this, n.events)?;
    let key = s.to_key(event)?;
    if !events.is_object() {
        events = fresh_events(s, n, this)?;
    } else if !s.get(events, n.new_listener)?.is_undefined() {
        let inner = s.get(listener, n.listener)?;
        let told = if inner.is_nullish() { listener } else { inner };
        let name = super::names::value(s, n.new_listener);
        let k = s.key("emit");
        s.invoke(this, k, &[name, event, told])?;
        // The listener may have added some, or replaced the object.
        events = s.get_v(this, n.events)?;
        if !events.is_object() {
            events = fresh_events(s, n, this)?;
        }
    }
    let existing = s.get(events, key)?;
    if existing.is_undefined() {
        s.set(events, key, listener)?;
        change_count(s, n, this, 1)?;
        return Ok(this);
    }
    let list = if existing.is_callable() {
        let items = if prepend { [listener, existing] } else { [existing, listener] };
        let list = new_list(s, n, &items);
        s.set(events, key, list)?;
        list
    } else {
        let k = s.key(if prepend { "unshift" } else { "push" });
        if !prepend && s.is_simple_array(existing) {
            s.array_push(existing, listener);
        } else {
            s.invoke(existing, k, &[listener])?;
        }
        existing
    };
    warn_if_many(s, n, this, event, list)?;
    Ok(this)
}

/// An array of listeners, with the mark Node's have.
fn new_list<'s>(s: &mut Scope<'s>, n: &Names, items: &[Local<'s>]) -> Local<'s> {
    let list = s.new_array(items);
    let zero = s.int(0);
    s.define_with(list, n.emitting, zero, ALL);
    list
}

fn fresh_events<'s>(s: &mut Scope<'s>, n: &Names, this: Local<'s>) -> Completion<'s> {
    let null = s.null();
    let o = s.new_object_with_proto(null);
    let zero = s.int(0);
    s.set(this, n.events, o)?;
    s.set(this, n.count, zero)?;
    Ok(o)
}

/// Adds to `_eventsCount`; the new count.
fn change_count<'s>(s: &mut Scope<'s>, n: &Names, this: Local<'s>, by: i32) -> Result<f64, Thrown> {
    let c = s.get(this, n.count)?;
    let c = match c.as_number() {
        Some(c) => c,
        None => s.to_number(c)?,
    } + f64::from(by);
    let v = s.num(c);
    s.set(this, n.count, v)?;
    Ok(c)
}

fn max_of<'s>(s: &mut Scope<'s>, n: &Names, this: Local<'s>) -> Result<f64, Thrown> {
    let m = s.get_v(this, n.max)?;
    if m.is_undefined() { Ok(n.default_max.get()) } else { s.to_number(m) }
}

/// More listeners than the limit: one warning for each list.
fn warn_if_many<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    this: Local<'s>,
    event: Local<'s>,
    list: Local<'s>,
) -> Result<(), Thrown> {
    let max = max_of(s, n, this)?;
    let len = s.length_of(list)? as f64;
    if !(max > 0.0 && len > max) || s.get(list, n.warned)?.is_true() {
        return Ok(());
    }
    let yes = s.bool(true);
    s.set(list, n.warned, yes)?;
    let shown = super::inspect_brief(s, this);
    let name = if event.is_symbol() { s.symbol_text(event) } else { s.to_text(event)? };
    let text = format!(
        "Possible EventEmitter memory leak detected. {len} {name} listeners added to {shown}. MaxListeners is {max}. \
         Use emitter.setMaxListeners() to increase limit"
    );
    let w = s.new_error(Intrinsic::ErrorPrototype, &text);
    let class = s.str("MaxListenersExceededWarning");
    let count = s.num(len);
    for (key, v) in [("name", class), ("emitter", this), ("type", event), ("count", count)] {
        let k = s.key(key);
        s.define_with(w, k, v, ALL);
    }
    let process = Rt::of(s).process(s);
    let k = s.key("emitWarning");
    s.invoke(process, k, &[w]).map(|_| ())
}

// ---- once ----

/// A function that removes itself and calls the listener. Its data: the emitter, the event, the listener; the first is
/// undefined once it has run.
fn once_wrap<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    this: Local<'s>,
    event: Local<'s>,
    listener: Local<'s>,
) -> Local<'s> {
    let null = s.null();
    let state = s.new_object_of(Class::Host, null);
    for (i, v) in [this, event, listener].into_iter().enumerate() {
        s.set_internal(state, i, v);
    }
    let f = s.function_with_data(n.wrapper, 0, once_fired, state);
    s.define_with(f, n.listener, listener, ALL);
    f
}

fn once_fired<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let state = args.data();
    let (this, event, listener) = (s.internal(state, 0), s.internal(state, 1), s.internal(state, 2));
    if this.is_undefined() {
        return Ok(this);
    }
    let remove = s.get_v(this, n.remove_listener)?;
    if is_native(s, n.native_remove.get(), remove) {
        remove_from(s, n, this, event, args.callee())?;
    } else {
        s.call(remove, this, &[event, args.callee()])?;
    }
    let u = s.undefined();
    s.set_internal(state, 0, u);
    s.call(listener, this, args.tail(0))
}

fn is_native(s: &mut Scope<'_>, known: Option<looplab_engine::Global>, f: Local<'_>) -> bool {
    known.is_some_and(|g| s.open(g).is_identical(f))
}

/// `emitter.once(event, listener)`
pub(super) fn once<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let (this, event, listener) = (args.this(), args.get(0), args.get(1));
    check_listener(s, listener)?;
    let f = once_wrap(s, n, this, event, listener);
    let on = s.get_v(this, n.on)?;
    if is_native(s, n.native_on.get(), on) {
        add(s, n, this, event, f, false)?;
    } else {
        s.call(on, this, &[event, f])?;
    }
    Ok(this)
}

/// `emitter.prependOnceListener(event, listener)`
pub(super) fn prepend_once_listener<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let (this, event, listener) = (args.this(), args.get(0), args.get(1));
    check_listener(s, listener)?;
    let f = once_wrap(s, n, this, event, listener);
    let k = s.key("prependListener");
    s.invoke(this, k, &[event, f])?;
    Ok(this)
}

// ---- removing ----

/// `emitter.removeListener(event, listener)`: the last one that was added, if it is there.
pub(super) fn remove_listener<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    remove_from(s, n, args.this(), args.get(0), args.get(1))
}

/// Whether an entry stands for this listener: it is it, or its `once` wrapper.
fn stands_for<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    entry: Local<'s>,
    listener: Local<'s>,
) -> Result<bool, Thrown> {
    if entry.is_identical(listener) {
        return Ok(true);
    }
    Ok(entry.is_object() && s.get(entry, n.listener)?.is_identical(listener))
}

fn remove_from<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    this: Local<'s>,
    event: Local<'s>,
    listener: Local<'s>,
) -> Completion<'s> {
    check_listener(s, listener)?;
    let events = s.get_v(this, n.events)?;
    if !events.is_object() {
        return Ok(this);
    }
    let key = s.to_key(event)?;
    let list = s.get(events, key)?;
    if list.is_undefined() {
        return Ok(this);
    }
    let alone = stands_for(s, n, list, listener)?;
    if alone {
        forget_event(s, n, this, events, key)?;
    } else if !list.is_callable() {
        let items = s.list_from_array_like(list)?;
        let mut at = None;
        for (i, &f) in items.iter().enumerate().rev() {
            if stands_for(s, n, f, listener)? {
                at = Some(i);
                break;
            }
        }
        let Some(at) = at else { return Ok(this) };
        take_out(s, events, key, list, items, at)?;
    } else {
        return Ok(this);
    }
    if !s.get(events, n.remove_listener)?.is_undefined() {
        let inner = if alone { s.get(list, n.listener)? } else { listener };
        let told = if s.to_boolean(inner) { inner } else { listener };
        let name = super::names::value(s, n.remove_listener);
        let k = s.key("emit");
        s.invoke(this, k, &[name, event, told])?;
    }
    Ok(this)
}

/// The only listener of an event goes.
fn forget_event<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    this: Local<'s>,
    events: Local<'s>,
    key: Key<'s>,
) -> Result<(), Thrown> {
    let left = change_count(s, n, this, -1)?;
    if s.get(this, n.shape_mode)?.is_true() {
        let u = s.undefined();
        return s.set(events, key, u);
    }
    if left == 0.0 {
        let null = s.null();
        let o = s.new_object_with_proto(null);
        return s.set(this, n.events, o);
    }
    s.delete(events, key).map(|_| ())
}

/// Takes entry `at` out of a list of several; the last one left stands without a list.
fn take_out<'s>(
    s: &mut Scope<'s>,
    events: Local<'s>,
    key: Key<'s>,
    list: Local<'s>,
    mut items: Vec<Local<'s>>,
    at: usize,
) -> Result<(), Thrown> {
    items.remove(at);
    if let [only] = items[..] {
        return s.set(events, key, only);
    }
    for (i, &f) in items.iter().enumerate().skip(at) {
        s.set(list, Key::index(i as u32), f)?;
    }
    let len = s.num(items.len() as f64);
    let k = s.atoms().length;
    s.set(list, k, len)
}

/// `emitter.removeAllListeners([event])`
pub(super) fn remove_all_listeners<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let this = args.this();
    let events = s.get_v(this, n.events)?;
    if !events.is_object() {
        return Ok(this);
    }
    if !s.get(events, n.remove_listener)?.is_undefined() {
        return remove_all_told(s, n, args, events);
    }
    if args.is_empty() {
        fresh_events(s, n, this)?;
    } else {
        let key = s.to_key(args.get(0))?;
        if !s.get(events, key)?.is_undefined() {
            if change_count(s, n, this, -1)? == 0.0 {
                fresh_events(s, n, this)?;
            } else {
                s.delete(events, key)?;
            }
        }
    }
    let no = s.bool(false);
    s.set(this, n.shape_mode, no)?;
    Ok(this)
}

/// As `removeAllListeners`, when 'removeListener' has listeners that are told of each removal.
fn remove_all_told<'s>(s: &mut Scope<'s>, n: &Names, args: &Args<'s>, events: Local<'s>) -> Completion<'s> {
    let this = args.this();
    if args.is_empty() {
        let all = s.key("removeAllListeners");
        let last: Key<'s> = n.remove_listener.into();
        for k in s.own_keys(events, KeyFilter::All)? {
            if k != last {
                let v = s.key_to_value(k);
                s.invoke(this, all, &[v])?;
            }
        }
        let v = s.key_to_value(last);
        s.invoke(this, all, &[v])?;
        fresh_events(s, n, this)?;
        let no = s.bool(false);
        s.set(this, n.shape_mode, no)?;
        return Ok(this);
    }
    let event = args.get(0);
    let key = s.to_key(event)?;
    let listeners = s.get(events, key)?;
    if listeners.is_callable() {
        s.invoke(this, n.remove_listener, &[event, listeners])?;
    } else if listeners.is_object() {
        for f in s.list_from_array_like(listeners)?.into_iter().rev() {
            s.invoke(this, n.remove_listener, &[event, f])?;
        }
    }
    Ok(this)
}

// ---- asking ----

fn entries<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    this: Local<'s>,
    event: Local<'s>,
) -> Result<Vec<Local<'s>>, Thrown> {
    let events = s.get_v(this, n.events)?;
    if !events.is_object() {
        return Ok(Vec::new());
    }
    let key = s.to_key(event)?;
    let v = s.get(events, key)?;
    if v.is_undefined() {
        Ok(Vec::new())
    } else if v.is_callable() {
        Ok(vec![v])
    } else {
        s.list_from_array_like(v)
    }
}

/// `emitter.listeners(event)`: the functions as they were added.
pub(super) fn listeners<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let mut list = entries(s, n, args.this(), args.get(0))?;
    for f in &mut list {
        let inner = s.get_v(*f, n.listener)?;
        if s.to_boolean(inner) {
            *f = inner;
        }
    }
    Ok(s.new_array(&list))
}

/// `emitter.rawListeners(event)`: with the wrappers of `once`.
pub(super) fn raw_listeners<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let list = entries(s, n, args.this(), args.get(0))?;
    Ok(s.new_array(&list))
}

/// `emitter.listenerCount(event[, listener])`
pub(super) fn listener_count<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let list = entries(s, n, args.this(), args.get(0))?;
    let listener = args.get(1);
    if listener.is_nullish() {
        return Ok(s.num(list.len() as f64));
    }
    let mut count = 0;
    for f in list {
        count += i32::from(stands_for(s, n, f, listener)?);
    }
    Ok(s.int(count))
}

/// `emitter.eventNames()`
pub(super) fn event_names<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let events = s.get_v(args.this(), n.events)?;
    let mut out = Vec::new();
    if events.is_object() {
        for k in s.own_keys(events, KeyFilter::All)? {
            // A removed listener can leave its key in place.
            if !s.get(events, k)?.is_undefined() {
                out.push(s.key_to_value(k));
            }
        }
    }
    Ok(s.new_array(&out))
}

/// `emitter.getMaxListeners()`
pub(super) fn get_max_listeners<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let m = max_of(s, n, args.this())?;
    Ok(s.num(m))
}

/// `emitter.setMaxListeners(n)`
pub(super) fn set_max_listeners<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let m = check_count(s, "setMaxListeners", args.get(0))?;
    let v = s.num(m);
    s.set(args.this(), n.max, v)?;
    Ok(args.this())
}

/// A number that is not negative.
pub(super) fn check_count<'s>(s: &mut Scope<'s>, name: &str, v: Local<'s>) -> Result<f64, Thrown> {
    match v.as_number() {
        None => Err(errors::invalid_arg_type(s, name, "of type number", v)),
        Some(m) if m >= 0.0 => Ok(m),
        Some(_) => Err(errors::out_of_range(s, name, ">= 0", v)),
    }
}

// ---- construction ----

/// `new EventEmitter(options)`, `EventEmitter.call(object)`
pub(super) fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        init_object(s, args.this(), args.get(0))?;
        return Ok(s.undefined());
    }
    let o = s.create_from_constructor(args.new_target(), Class::Plain, Intrinsic::ObjectPrototype)?;
    init_object(s, o, args.get(0))?;
    Ok(o)
}

/// `EventEmitter.init.call(object, options)`
pub(super) fn init<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    init_object(s, args.this(), args.get(0))?;
    Ok(s.undefined())
}

/// Gives an object its own `_events`, unless it has one.
pub(crate) fn init_object<'s>(s: &mut Scope<'s>, o: Local<'s>, options: Local<'s>) -> Result<(), Thrown> {
    let rt = Rt::of(s);
    let Some(n) = rt.emitter.get() else { return Ok(()) };
    let events = s.get_v(o, n.events)?;
    let fresh = events.is_undefined() || {
        let proto = s.get_prototype_of(o)?;
        proto.is_object() && s.get(proto, n.events)?.is_identical(events)
    };
    if fresh {
        fresh_events(s, n, o)?;
    }
    let mode = s.bool(!fresh);
    let max = s.get(o, n.max)?;
    let max = if s.to_boolean(max) { max } else { s.undefined() };
    s.set(o, n.shape_mode, mode)?;
    s.set(o, n.max, max)?;
    let mut capture = s.undefined();
    if !options.is_nullish() {
        let k = s.key("captureRejections");
        capture = s.get_v(options, k)?;
    }
    if s.to_boolean(capture) {
        if !capture.is_bool() {
            return Err(errors::invalid_arg_type(s, "options.captureRejections", "of type boolean", capture));
        }
    } else {
        let proto = s.open(n.proto);
        capture = s.get(proto, n.capture)?;
    }
    s.set(o, n.capture, capture)
}

/// Makes `EventEmitter.prototype`'s properties, in Node's order.
pub(super) fn install_prototype<'s>(s: &mut Scope<'s>, n: &Names, proto: Local<'s>) {
    let (u, zero, no) = (s.undefined(), s.int(0), s.bool(false));
    s.define_with(proto, n.events, u, ALL);
    s.define_with(proto, n.count, zero, ALL);
    s.define_with(proto, n.max, u, ALL);
    let methods: &[(&str, u32, NativeFn, &str)] = &[
        ("setMaxListeners", 1, set_max_listeners, ""),
        ("getMaxListeners", 0, get_max_listeners, ""),
        ("emit", 1, emit, ""),
        ("addListener", 2, on, "on"),
        ("prependListener", 2, prepend_listener, ""),
        ("once", 2, once, ""),
        ("prependOnceListener", 2, prepend_once_listener, ""),
        ("removeListener", 2, remove_listener, "off"),
        ("removeAllListeners", 1, remove_all_listeners, ""),
        ("listeners", 1, listeners, ""),
        ("rawListeners", 1, raw_listeners, ""),
        ("listenerCount", 2, listener_count, ""),
        ("eventNames", 0, event_names, ""),
    ];
    for &(name, length, f, alias) in methods {
        let k = s.key(name);
        let f = s.function(k, length, f);
        s.define_with(proto, k, f, ALL);
        if name == "emit" {
            let g = s.global(f);
            n.native_emit.set(Some(g));
        }
        if !alias.is_empty() {
            let k = s.key(alias);
            s.define_with(proto, k, f, ALL);
            let g = s.global(f);
            if alias == "on" { n.native_on.set(Some(g)) } else { n.native_remove.set(Some(g)) }
        }
    }
    s.define_with(proto, n.capture, no, HIDDEN & looplab_engine::WRITABLE);
}
