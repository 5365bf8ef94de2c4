//! Message ports below their JavaScript classes (`runtime/js/messaging.js`): queues that may cross threads, and their place on the loop.
//!
//! A channel has two ends, each with a queue of [`Message`]s that wait for it. A port of this engine is a host object that holds one
//! end and, while it is open, a wake-up handle of the loop.

use super::clone::{self, Message};
use crate::modules::registered;
use crate::rt::Rt;
use crate::ticks::{self, Callback};
use crate::wake::{self, WakeId, Woken};
use looplab_engine::{Args, Class, Completion, Global, HostData, Intrinsic, Local, NativeFn, Scope, Visitor};
use looplab_event_loop::Waker;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Messages handled before the loop goes on, when the queue was not longer to begin with.
const BATCH: usize = 1000;

#[derive(Default)]
struct End {
    queue: VecDeque<Message>,
    /// The other side has closed: nothing more will come.
    ended: bool,
    /// Wakes whoever holds this end.
    waker: Option<Waker>,
}

struct Channel {
    ends: [Mutex<End>; 2],
    /// Tells who waits for a message without going back to the loop.
    arrived: Condvar,
}

/// One end of a channel, on its way or in a port. Dropping it closes it.
pub(crate) struct PortHandle {
    channel: Arc<Channel>,
    side: usize,
}

fn lock(end: &Mutex<End>) -> MutexGuard<'_, End> {
    // Nothing in here can be left half done by a panic elsewhere.
    end.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PortHandle {
    pub(crate) fn pair() -> (PortHandle, PortHandle) {
        let channel =
            Arc::new(Channel { ends: [Mutex::default(), Mutex::default()], arrived: Condvar::new() });
        (PortHandle { channel: channel.clone(), side: 0 }, PortHandle { channel, side: 1 })
    }

    fn own(&self) -> MutexGuard<'_, End> {
        lock(&self.channel.ends[self.side])
    }

    fn other(&self) -> MutexGuard<'_, End> {
        lock(&self.channel.ends[1 - self.side])
    }

    /// Puts a message in the other side's queue; false when that side is closed.
    pub(crate) fn send(&self, m: Message) -> bool {
        let mut peer = self.other();
        if peer.ended {
            return false;
        }
        peer.queue.push_back(m);
        self.channel.arrived.notify_all();
        if let Some(w) = &peer.waker {
            w.wake();
        }
        true
    }
}

impl Drop for PortHandle {
    fn drop(&mut self) {
        let left = {
            let mut own = self.own();
            own.ended = true;
            own.waker = None;
            std::mem::take(&mut own.queue)
        };
        {
            let mut peer = self.other();
            peer.ended = true;
            self.channel.arrived.notify_all();
            if let Some(w) = &peer.waker {
                w.wake();
            }
        }
        // Ports within undelivered messages close now, outside the locks.
        drop(left);
    }
}

/// The state of a port object. Without a handle it is detached: closed or given away.
#[derive(Default)]
struct Port {
    handle: Option<PortHandle>,
    wake: Option<WakeId>,
    /// Keeps the JavaScript port alive while the loop may call it.
    object: Option<Global>,
    receiving: bool,
    refed: bool,
    /// Given away rather than closed.
    moved: bool,
}

impl HostData for Port {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

/// Symbol: the host object of a JavaScript port.
const HANDLE: &str = "messaging port handle";

/// The host object behind a JavaScript port.
fn host_of<'s>(s: &mut Scope<'s>, o: Local<'s>) -> Option<Local<'s>> {
    let symbol = registered(s, HANDLE);
    if !symbol.is_symbol() || !o.is_object() {
        return None;
    }
    let found = s.to_key(symbol).and_then(|k| s.get(o, k));
    match found {
        Ok(h) if h.is_class(Class::Host) && s.host_data::<Port>(h).is_some() => Some(h),
        Ok(_) => None,
        Err(t) => {
            s.caught(t);
            None
        }
    }
}

/// Whether an object is a MessagePort.
pub(crate) fn is_port<'s>(s: &mut Scope<'s>, o: Local<'s>) -> bool {
    host_of(s, o).is_some()
}

/// Whether a MessagePort is closed or was given away.
pub(crate) fn is_detached<'s>(s: &mut Scope<'s>, o: Local<'s>) -> bool {
    host_of(s, o).is_some_and(|h| s.host_data::<Port>(h).is_some_and(|p| p.handle.is_none()))
}

/// Takes the end out of a MessagePort, which is detached from then on.
pub(crate) fn take<'s>(s: &mut Scope<'s>, o: Local<'s>) -> Option<PortHandle> {
    let host = host_of(s, o)?;
    let p = s.host_data_mut::<Port>(host)?;
    let handle = p.handle.take()?;
    p.moved = true;
    let wake = p.wake.take();
    handle.own().waker = None;
    if let Some(w) = wake {
        let rt = Rt::of(s);
        wake::close(&rt, w);
    }
    Some(handle)
}

/// A MessagePort object for an end that arrived here.
pub(crate) fn adopt<'s>(s: &mut Scope<'s>, handle: PortHandle, class: Option<Local<'s>>) -> Completion<'s> {
    let rt = Rt::of(s);
    let make = match class {
        Some(c) => c,
        None => {
            let Some(m) = crate::modules::builtin(s, &rt, "/messaging")? else {
                return Err(s.throw_type("messaging is not built in"));
            };
            let k = s.key("makePort");
            s.get(m, k)?
        }
    };
    let host = host(s, handle);
    let u = s.undefined();
    let object = s.call(make, u, &[host])?;
    attach(s, &rt, host, object);
    Ok(object)
}

fn host<'s>(s: &mut Scope<'s>, handle: PortHandle) -> Local<'s> {
    let proto = s.intrinsic(Intrinsic::ObjectPrototype);
    let o = s.new_object_of(Class::Host, proto);
    s.set_host_data(o, Box::new(Port { handle: Some(handle), ..Port::default() }));
    o
}

/// Gives an open port its place on the loop.
fn attach<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, host: Local<'s>, object: Local<'s>) {
    let kept = s.global(object);
    let pos = rt.here(s);
    let keeper = s.global(host);
    let on_wake: wake::OnWake = Rc::new(move |s, rt, woken| match woken {
        Woken::Now(cb) => {
            let host = s.open(keeper);
            deliver(s, rt, host, cb);
        }
        Woken::Closed(cb) => {
            let host = s.open(keeper);
            closed(s, rt, host, cb);
            s.release(keeper);
        }
    });
    let (id, waker) = wake::open(rt, "MessagePort", pos, on_wake);
    let Some(p) = s.host_data_mut::<Port>(host) else { return };
    (p.wake, p.object) = (Some(id), Some(kept));
    if let Some(h) = &p.handle {
        let mut own = h.own();
        let due = own.ended || !own.queue.is_empty();
        if due {
            waker.wake();
        }
        own.waker = Some(waker);
    }
}

/// What [`next`] found.
enum Next {
    Message(Box<Message>),
    Nothing,
    /// The other side is gone and nothing is left.
    End,
}

fn next(s: &mut Scope<'_>, host: Local<'_>, forced: bool) -> Next {
    let Some(p) = s.host_data::<Port>(host) else { return Next::Nothing };
    let Some(h) = &p.handle else { return Next::Nothing };
    let mut own = h.own();
    if (p.receiving || forced)
        && let Some(m) = own.queue.pop_front()
    {
        return Next::Message(Box::new(m));
    }
    if own.ended && own.queue.is_empty() { Next::End } else { Next::Nothing }
}

/// Hands the waiting messages to the port, one callback each.
fn deliver(s: &mut Scope<'_>, rt: &Rc<Rt>, host: Local<'_>, cb: Callback) {
    let waiting = s.host_data::<Port>(host).and_then(|p| p.handle.as_ref().map(|h| h.own().queue.len()));
    let limit = waiting.unwrap_or(0).max(BATCH);
    for i in 0.. {
        if rt.exit.get().is_some() {
            return;
        }
        if i == limit {
            // The rest waits for the next turn.
            if let Some(p) = s.host_data::<Port>(host)
                && let Some(w) = p.handle.as_ref().and_then(|h| h.own().waker.clone())
            {
                w.wake();
            }
            return;
        }
        match next(s, host, false) {
            Next::Nothing => return,
            Next::End => return close(s, rt, host),
            Next::Message(m) => {
                s.nested(|s| {
                    let host = s.adopt(host);
                    emit(s, rt, host, *m, cb);
                });
                if rt.exit.get().is_none() {
                    ticks::drain(s, rt);
                }
            }
        }
    }
}

/// Calls the port's `receive(data, ports)`, or `fail(error)` when the message cannot be read.
fn emit<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, host: Local<'s>, m: Message, cb: Callback) {
    let Some(object) = s.host_data::<Port>(host).and_then(|p| p.object) else { return };
    let object = s.open(object);
    let (name, args) = match clone::read(s, m, None) {
        Ok((data, ports)) => {
            let ports = s.new_array(&ports);
            ("receive", vec![object, data, ports])
        }
        Err(t) => {
            let e = s.caught(t);
            ("fail", vec![object, e])
        }
    };
    call(s, rt, cb, name, &args);
}

/// Calls an export of `/messaging` as a callback of the loop.
fn call<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, cb: Callback, name: &str, args: &[Local<'s>]) {
    let found = match crate::modules::builtin(s, rt, "/messaging") {
        Ok(Some(m)) => {
            let k = s.key(name);
            s.get(m, k)
        }
        Ok(None) => return,
        Err(t) => Err(t),
    };
    match found {
        Ok(f) => {
            let u = s.undefined();
            ticks::call(s, rt, cb, f, u, args);
        }
        Err(t) => crate::uncaught::uncaught(s, rt, t, crate::uncaught::Origin::Exception),
    }
}

/// Has the end let go of, and 'close' emitted, in the closing phase. What is being delivered until then still comes.
fn close(s: &mut Scope<'_>, rt: &Rc<Rt>, host: Local<'_>) {
    let Some(p) = s.host_data_mut::<Port>(host) else { return };
    if let Some(w) = p.wake.take() {
        wake::close(rt, w);
    }
}

fn closed<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, host: Local<'s>, cb: Callback) {
    let Some(p) = s.host_data_mut::<Port>(host) else { return };
    let (object, moved, handle) = (p.object.take(), p.moved, p.handle.take());
    drop(handle);
    let Some(g) = object else { return };
    let object = s.open(g);
    s.release(g);
    if !moved {
        call(s, rt, cb, "closed", &[object]);
    }
}

// ---- what the JavaScript side calls ----

/// Adds the natives of messaging to an object.
pub(crate) fn install<'s>(s: &mut Scope<'s>, o: Local<'s>) {
    let functions: &[(&str, u32, NativeFn)] = &[
        ("createChannel", 2, create_channel),
        ("post", 4, post),
        ("start", 1, start),
        ("stop", 1, stop),
        ("setRef", 2, set_ref),
        ("hasRef", 1, has_ref),
        ("close", 1, close_port),
        ("receiveNow", 1, receive_now),
        ("receiveWaiting", 1, receive_waiting),
        ("isOpen", 1, is_open),
        ("structuredClone", 2, clone::structured_clone),
        ("mark", 2, mark),
        ("isMarked", 2, is_marked),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    clone::install(s, o);
    super::broadcast::install(s, o);
    let symbol = clone::hook(s, HANDLE);
    let k = s.key("kHandle");
    s.define_with(o, k, symbol, looplab_engine::ALL);
}

/// `createChannel(makePort)`: `[port1, port2]`
fn create_channel<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (a, b) = PortHandle::pair();
    let first = adopt(s, a, Some(args.get(0)))?;
    let second = adopt(s, b, Some(args.get(0)))?;
    Ok(s.new_array(&[first, second]))
}

/// `post(handle, port, value, list)`; whether somebody is there to get it. `list` is an array.
fn post<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (host, port, value) = (args.get(0), args.get(1), args.get(2));
    let list = s.list_from_array_like(args.get(3))?;
    if list.iter().any(|o| o.is_identical(port)) {
        return Err(clone::data_clone_error(s, "Transfer list contains source port"));
    }
    let message = clone::write(s, value, &list)?;
    let Some(h) = s.host_data::<Port>(host).and_then(|p| p.handle.as_ref()) else {
        return Ok(s.bool(false));
    };
    // A port sent to its own other end would wait for itself for ever.
    if message.ports.iter().flatten().any(|p| Arc::ptr_eq(&p.channel, &h.channel)) {
        let text = "The target port was posted to itself, and the communication channel was lost";
        let rt = Rt::of(s);
        close(s, &rt, host);
        super::process::emit_warning(s, text, "Warning", None)?;
        return Ok(s.bool(true));
    }
    let sent = h.send(message);
    Ok(s.bool(sent))
}

fn port_mut<'a>(s: &'a mut Scope<'_>, host: Local<'_>) -> Option<&'a mut Port> {
    s.host_data_mut::<Port>(host)
}

fn start<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if let Some(p) = port_mut(s, args.get(0)) {
        p.receiving = true;
        if let Some(h) = &p.handle {
            let own = h.own();
            if !own.queue.is_empty()
                && let Some(w) = &own.waker
            {
                w.wake();
            }
        }
    }
    Ok(s.undefined())
}

fn stop<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if let Some(p) = port_mut(s, args.get(0)) {
        p.receiving = false;
    }
    Ok(s.undefined())
}

fn set_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let refed = args.get(1).is_true();
    let rt = Rt::of(s);
    if let Some(p) = port_mut(s, args.get(0)) {
        p.refed = refed;
        if let Some(w) = p.wake {
            wake::set_ref(&rt, w, refed);
        }
    }
    Ok(s.undefined())
}

fn has_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let b = s.host_data::<Port>(args.get(0)).is_some_and(|p| p.refed && p.wake.is_some());
    Ok(s.bool(b))
}

fn close_port<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    close(s, &rt, args.get(0));
    Ok(s.undefined())
}

fn is_open<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let b = s.host_data::<Port>(args.get(0)).is_some_and(|p| p.handle.is_some());
    Ok(s.bool(b))
}

/// `receiveNow(handle)`: `{ message }` of the oldest message, or undefined.
fn receive_now<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    match next(s, args.get(0), true) {
        Next::Message(m) => {
            let (data, _) = clone::read(s, *m, None)?;
            let o = s.new_object();
            let k = s.key("message");
            s.define_with(o, k, data, looplab_engine::ALL);
            Ok(o)
        }
        Next::Nothing | Next::End => Ok(s.undefined()),
    }
}

/// `receiveWaiting(handle)`: `{ message }` of the next message, for which this thread stops; undefined when the other side has gone.
fn receive_waiting<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let message = {
        let Some(p) = s.host_data::<Port>(args.get(0)) else { return Ok(s.undefined()) };
        let Some(h) = &p.handle else { return Ok(s.undefined()) };
        let own = h.own();
        let waited = h.channel.arrived.wait_while(own, |end| end.queue.is_empty() && !end.ended);
        waited.unwrap_or_else(PoisonError::into_inner).queue.pop_front()
    };
    let Some(message) = message else { return Ok(s.undefined()) };
    let (data, _) = clone::read(s, message, None)?;
    let o = s.new_object();
    let k = s.key("message");
    s.define_with(o, k, data, looplab_engine::ALL);
    Ok(o)
}

// ---- marks ----

/// `mark(name, object)`: 'untransferable' or 'uncloneable'.
fn mark<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = s.to_text(args.get(0))?;
    let mut marks = registered(s, &name);
    if !marks.is_object() {
        let proto = s.intrinsic(Intrinsic::WeakSetPrototype);
        marks = s.new_object_of(Class::WeakSet, proto);
        s.init_weak(marks);
        crate::modules::register_value(s, &name, marks);
    }
    let u = s.undefined();
    s.weak_set(marks, args.get(1), u);
    Ok(u)
}

fn is_marked<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = s.to_text(args.get(0))?;
    let marks = registered(s, &name);
    let there = marks.is_object() && args.get(1).is_object() && s.weak_get(marks, args.get(1)).is_some();
    Ok(s.bool(there))
}
