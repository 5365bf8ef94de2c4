//! The JavaScript classes as a host of the stream machine: state in `_readableState` and `_writableState`, effects as calls of
//! the object's own methods and events.

use super::names::Names;
use super::state::{RData, WData};
use crate::errors::{self, Kind};
use crate::rt::Rt;
use looplab_engine::{ALL, Args, Class, Completion, Global, HostData, Local, Name, Scope, Thrown, Value};
use looplab_streams::{
    Event, Failure, Host, Note, Pending, ReadableState, Side, Store, Tick, TickOf, WritableState, flags,
    run_tick,
};

/// What lies in the state: bare values, traced by the state objects.
pub(crate) struct JsStore;

impl Store for JsStore {
    type Chunk = Value;
    type Tag = Value;
    type Error = Value;
    type Done = Value;
    type Dest = Value;
}

/// A stream object during one operation.
pub(super) struct JsHost<'a, 's> {
    pub(super) s: &'a mut Scope<'s>,
    pub(super) rt: &'a Rt,
    pub(super) n: &'a Names,
    pub(super) stream: Local<'s>,
    r: Sided<'s>,
    w: Sided<'s>,
}

/// A side's state object: most operations never ask for the other side's.
#[derive(Clone, Copy)]
enum Sided<'s> {
    NotAsked,
    Known(Option<Local<'s>>),
}

impl<'s> Sided<'s> {
    fn adopt<'n>(self, s: &mut Scope<'n>) -> Sided<'n> {
        match self {
            Sided::NotAsked => Sided::NotAsked,
            Sided::Known(v) => Sided::Known(v.map(|v| s.adopt(v))),
        }
    }
}

/// An own state object of the right kind.
fn state<'s>(s: &mut Scope<'s>, stream: Local<'s>, key: Name) -> Result<Option<Local<'s>>, Thrown> {
    if !stream.is_object() {
        return Ok(None);
    }
    let v = s.get(stream, key)?;
    Ok(v.is_class(Class::Host).then_some(v))
}

/// The same, of this side; its absence is an error.
fn state_of<'s, T: HostData>(s: &mut Scope<'s>, stream: Local<'s>, key: Name) -> Completion<'s> {
    match state(s, stream, key)? {
        Some(v) if s.host_data::<T>(v).is_some() => Ok(v),
        _ => Err(s.throw_type("Cannot read properties of undefined (reading 'state')")),
    }
}

impl<'a, 's> JsHost<'a, 's> {
    /// The host of a stream object.
    pub(super) fn new(s: &'a mut Scope<'s>, rt: &'a Rt, n: &'a Names, stream: Local<'s>) -> JsHost<'a, 's> {
        JsHost { s, rt, n, stream, r: Sided::NotAsked, w: Sided::NotAsked }
    }

    /// For operations of the readable side.
    pub(super) fn readable(
        s: &'a mut Scope<'s>,
        rt: &'a Rt,
        n: &'a Names,
        stream: Local<'s>,
    ) -> Result<JsHost<'a, 's>, Thrown> {
        let v = state_of::<RData>(s, stream, n.readable_state)?;
        Ok(JsHost { r: Sided::Known(Some(v)), ..JsHost::new(s, rt, n, stream) })
    }

    /// For operations of the writable side.
    pub(super) fn writable(
        s: &'a mut Scope<'s>,
        rt: &'a Rt,
        n: &'a Names,
        stream: Local<'s>,
    ) -> Result<JsHost<'a, 's>, Thrown> {
        let v = state_of::<WData>(s, stream, n.writable_state)?;
        Ok(JsHost { w: Sided::Known(Some(v)), ..JsHost::new(s, rt, n, stream) })
    }

    fn readable_state(&mut self) -> Option<Local<'s>> {
        if let Sided::NotAsked = self.r {
            let v = self.quiet_state(self.n.readable_state);
            self.r = Sided::Known(v.filter(|&v| self.s.host_data::<RData>(v).is_some()));
        }
        match self.r {
            Sided::Known(v) => v,
            Sided::NotAsked => None,
        }
    }

    fn writable_state(&mut self) -> Option<Local<'s>> {
        if let Sided::NotAsked = self.w {
            let v = self.quiet_state(self.n.writable_state);
            self.w = Sided::Known(v.filter(|&v| self.s.host_data::<WData>(v).is_some()));
        }
        match self.w {
            Sided::Known(v) => v,
            Sided::NotAsked => None,
        }
    }

    /// A state; none where a program has put a getter there that throws.
    fn quiet_state(&mut self, key: Name) -> Option<Local<'s>> {
        match state(self.s, self.stream, key) {
            Ok(v) => v,
            Err(t) => {
                self.s.caught(t);
                None
            }
        }
    }

    pub(super) fn rdata(&mut self) -> &mut RData {
        let o = self.readable_state().expect("a readable side");
        self.s.host_data_mut::<RData>(o).expect("the state of a readable side")
    }

    pub(super) fn wdata(&mut self) -> &mut WData {
        let o = self.writable_state().expect("a writable side");
        self.s.host_data_mut::<WData>(o).expect("the state of a writable side")
    }

    fn emit_named(&mut self, name: Name, args: &[Local<'s>]) -> Completion<'s> {
        let Some(e) = self.rt.emitter.get() else { return Ok(self.s.undefined()) };
        crate::node::events::emit_named(self.s, e, self.stream, name, args)
    }

    /// Calls a method of the stream within `try`: the error it threw.
    fn attempt(&mut self, key: Name, args: &[Local<'s>]) -> Result<Option<Local<'s>>, Thrown> {
        let r = self.s.invoke(self.stream, key, args);
        self.caught(r)
    }

    fn caught(&mut self, r: Completion<'s>) -> Result<Option<Local<'s>>, Thrown> {
        match r {
            Ok(_) => Ok(None),
            Err(t) if self.s.is_terminating() => Err(t),
            Err(t) => Ok(Some(self.s.caught(t))),
        }
    }

    fn is_own(&mut self, known: Option<Global>, f: Local<'s>) -> bool {
        known.is_some_and(|g| self.s.open(g).is_identical(f))
    }

    /// The error argument of a callback: none if it is falsy.
    pub(super) fn error_arg(&self, e: Local<'s>) -> Option<Local<'s>> {
        self.s.to_boolean(e).then_some(e)
    }
}

/// What stands for an error that there isn't, in calls.
fn or_null<'s>(s: &Scope<'s>, e: Option<Local<'s>>) -> Local<'s> {
    e.unwrap_or_else(|| s.null())
}

impl<'s> Host for JsHost<'_, 's> {
    type Store = JsStore;
    type Chunk = Local<'s>;
    type Error = Local<'s>;
    type Done = Local<'s>;
    type Abort = Thrown;

    #[inline]
    fn r<R>(&mut self, f: impl FnOnce(&mut ReadableState<JsStore>) -> R) -> R {
        f(&mut self.rdata().st)
    }

    #[inline]
    fn w<R>(&mut self, f: impl FnOnce(&mut WritableState<JsStore>) -> R) -> R {
        f(&mut self.wdata().st)
    }

    #[inline]
    fn has_readable(&mut self) -> bool {
        self.readable_state().is_some()
    }

    #[inline]
    fn has_writable(&mut self) -> bool {
        self.writable_state().is_some()
    }

    fn hold_chunk(&mut self, c: Local<'s>) -> Value {
        c.value()
    }

    fn open_chunk(&mut self, c: Value) -> Local<'s> {
        self.s.local(c)
    }

    fn hold_error(&mut self, e: Local<'s>) -> Value {
        e.value()
    }

    fn error_of(&mut self, side: Side) -> Option<Local<'s>> {
        let e = match side {
            Side::Readable if self.has_readable() => {
                self.r(|r| if r.has(flags::ERRORED) { r.errored } else { None })?
            }
            Side::Writable if self.has_writable() => {
                self.w(|w| if w.has(flags::ERRORED) { w.errored } else { None })?
            }
            _ => return None,
        };
        Some(self.s.local(e))
    }

    fn hold_done(&mut self, d: Local<'s>) -> Value {
        d.value()
    }

    fn open_done(&mut self, d: Value) -> Local<'s> {
        self.s.local(d)
    }

    fn split(&mut self, c: Local<'s>, at: usize) -> Result<(Local<'s>, Local<'s>), Thrown> {
        let s = &mut *self.s;
        if c.is_string() {
            let len = s.str_len(c);
            return Ok((s.substring(c, 0, at), s.substring(c, at, len)));
        }
        let (from, len) = s.view_info(c).map_or((0, 0), |i| (i.offset, i.length.unwrap_or(0)));
        let buffer = s.view_buffer(c);
        let proto = crate::node::buffer::prototype(s)?;
        let ty = looplab_engine::ElementType::Uint8;
        let head = s.new_typed_array(buffer, ty, from, Some(at), proto);
        let tail = s.new_typed_array(buffer, ty, from + at, Some(len.saturating_sub(at)), proto);
        Ok((head, tail))
    }

    fn concat(&mut self, list: Vec<Local<'s>>, total: usize) -> Completion<'s> {
        let s = &mut *self.s;
        if list.first().is_some_and(|c| c.is_string()) {
            let mut all = list[0];
            for &c in &list[1..] {
                all = s.concat(all, c)?;
            }
            return Ok(all);
        }
        let mut bytes = Vec::with_capacity(total);
        for c in list {
            bytes.extend_from_slice(s.view_bytes(c).unwrap_or_default());
        }
        crate::node::buffer::new_buffer(s, bytes)
    }

    fn decode(&mut self, c: Local<'s>) -> Result<(Local<'s>, usize), Thrown> {
        let d = self.rdata().decoder;
        let d = self.s.local(d);
        let text = self.s.invoke(d, self.n.write, &[c])?;
        let len = if text.is_string() { self.s.str_len(text) } else { 0 };
        Ok((text, len))
    }

    fn decode_end(&mut self) -> Result<Option<(Local<'s>, usize)>, Thrown> {
        let d = self.rdata().decoder;
        let d = self.s.local(d);
        let text = self.s.invoke(d, self.n.end, &[])?;
        let len = if text.is_string() { self.s.str_len(text) } else { 0 };
        Ok((len > 0).then_some((text, len)))
    }

    fn emit(&mut self, event: Event<Local<'s>>) -> Result<(), Thrown> {
        let n = self.n;
        match event {
            Event::Readable => self.emit_named(n.readable, &[]),
            Event::End => self.emit_named(n.end, &[]),
            Event::Pause => self.emit_named(n.pause, &[]),
            Event::Resume => self.emit_named(n.resume, &[]),
            Event::Drain => self.emit_named(n.drain, &[]),
            Event::Prefinish => self.emit_named(n.prefinish, &[]),
            Event::Finish => self.emit_named(n.finish, &[]),
            Event::Error(e) => self.emit_named(n.error, &[e]),
            Event::Close => self.emit_named(n.close, &[]),
        }
        .map(|_| ())
    }

    fn emit_data(&mut self, c: Local<'s>) -> Result<Option<Local<'s>>, Thrown> {
        self.emit_named(self.n.data, &[c])?;
        Ok(Some(c))
    }

    fn readable_listeners(&mut self) -> Result<usize, Thrown> {
        let event = self.s.key_to_value(self.n.readable.into());
        let c = self.s.invoke(self.stream, self.n.listener_count, &[event])?;
        Ok(c.as_number().unwrap_or(0.0) as usize)
    }

    fn later(&mut self, tick: TickOf<Self>) {
        let u = self.s.undefined();
        let (i, a, b) = match tick {
            Tick::WriteError(e, d) => (tick_index("onwriteError"), e, d.unwrap_or(u)),
            Tick::Done(d, e) => {
                // Straight, so that the log shows the program's function.
                let e = or_null(self.s, e);
                return crate::ticks::enqueue(self.s, self.rt, d, &[e]);
            }
            Tick::EmitErrorClose(e) => (tick_index("emitErrorAndCloseNT"), e, u),
            Tick::EmitError(e) => (tick_index("emitErrorNT"), e, u),
            Tick::Constructed(e) => (tick_index("onConstruct"), e.unwrap_or(u), u),
            other => (plain_index(&other), u, u),
        };
        let f = self.s.open(self.n.ticks[i]);
        let args = [self.stream, a, b];
        let used = if b.is_undefined() { if a.is_undefined() { 1 } else { 2 } } else { 3 };
        crate::ticks::enqueue(self.s, self.rt, f, &args[..used]);
    }

    fn failure(&mut self, f: Failure) -> Local<'s> {
        let (code, text) = match f {
            Failure::PushAfterEof => ("ERR_STREAM_PUSH_AFTER_EOF", "stream.push() after EOF".to_owned()),
            Failure::UnshiftAfterEndEvent => {
                ("ERR_STREAM_UNSHIFT_AFTER_END_EVENT", "stream.unshift() after end event".to_owned())
            }
            Failure::WriteAfterEnd => ("ERR_STREAM_WRITE_AFTER_END", "write after end".to_owned()),
            Failure::Destroyed(what) => {
                ("ERR_STREAM_DESTROYED", format!("Cannot call {what} after a stream was destroyed"))
            }
            Failure::AlreadyFinished(what) => {
                ("ERR_STREAM_ALREADY_FINISHED", format!("Cannot call {what} after a stream was finished"))
            }
            Failure::MultipleCallback => {
                ("ERR_MULTIPLE_CALLBACK", "Callback called multiple times".to_owned())
            }
        };
        errors::new(self.s, Kind::Error, code, &text)
    }

    fn join_errors(&mut self, inner: Option<Local<'s>>, outer: Option<Local<'s>>) -> Option<Local<'s>> {
        let (Some(a), Some(b)) = (inner, outer) else { return inner.or(outer) };
        if a.is_identical(b) {
            return Some(b);
        }
        let joined = super::helper(self.s, "aggregateTwoErrors", &[a, b]);
        match joined {
            Ok(e) => Some(e),
            Err(t) => Some(self.s.caught(t)),
        }
    }

    fn note(&mut self, note: Note) {
        super::eye::note(self, note);
    }

    #[inline]
    fn notes(&self) -> bool {
        use looplab_probe::Probe;
        self.rt.probe.as_ref().is_some_and(|p| p.wants(looplab_probe::Group::Stream))
    }

    fn call_read(&mut self, mark: usize) -> Result<Option<Local<'s>>, Thrown> {
        let n = self.s.num(mark as f64);
        self.attempt(self.n.read_impl, &[n])
    }

    fn call_own_read(&mut self, zero: bool) -> Result<bool, Thrown> {
        let (stream, r, w, rt, n) = (self.stream, self.r, self.w, self.rt, self.n);
        self.s.nested(|s| {
            let stream = s.adopt(stream);
            let (r, w) = (r.adopt(s), w.adopt(s));
            let f = s.get(stream, n.read)?;
            let mut h = JsHost { s, rt, n, stream, r, w };
            if h.is_own(n.own.read.get(), f) {
                return looplab_streams::readable::read(&mut h, zero.then_some(0)).map(|t| t.is_some());
            }
            let args = [h.s.int(0)];
            let v = h.s.call(f, stream, if zero { &args } else { &[] })?;
            Ok(!v.is_null())
        })
    }

    fn call_own_resume(&mut self) -> Result<(), Thrown> {
        self.s.invoke(self.stream, self.n.resume, &[]).map(|_| ())
    }

    fn call_own_destroy(&mut self, e: Option<Local<'s>>) -> Result<(), Thrown> {
        match e {
            Some(e) => self.s.invoke(self.stream, self.n.destroy, &[e]),
            None => self.s.invoke(self.stream, self.n.destroy, &[]),
        }
        .map(|_| ())
    }

    fn call_own_end(&mut self) -> Result<(), Thrown> {
        let n = self.n;
        let writable = self.s.get(self.stream, n.writable)?;
        let ended = self.s.get(self.stream, n.writable_ended)?;
        let destroyed = self.s.get(self.stream, n.destroyed)?;
        if self.s.to_boolean(writable) && !self.s.to_boolean(ended) && !self.s.to_boolean(destroyed) {
            self.s.invoke(self.stream, n.end, &[])?;
        }
        Ok(())
    }

    fn ends_together(&mut self) -> Result<bool, Thrown> {
        let half_open = self.s.get(self.stream, self.n.allow_half_open)?;
        if half_open.as_bool() != Some(false) {
            return Ok(false);
        }
        let writable = self.s.get(self.stream, self.n.writable)?;
        Ok(self.s.to_boolean(writable))
    }

    fn call_write(&mut self, c: Local<'s>, tag: Value) -> Result<(), Thrown> {
        let tag = self.s.local(tag);
        let done = self.wdata().on_write;
        let done = self.s.local(done);
        self.s.invoke(self.stream, self.n.write_impl, &[c, tag, done]).map(|_| ())
    }

    fn call_writev(&mut self, list: Vec<Pending<JsStore>>, all_bytes: bool) -> Result<(), Thrown> {
        let (s, n) = (&mut *self.s, self.n);
        // All of them are rooted before anything is allocated.
        let rows: Vec<[Local<'s>; 3]> = list
            .into_iter()
            .map(|p| {
                let done = match p.done {
                    Some(d) => s.local(d),
                    None => s.undefined(),
                };
                [s.local(p.chunk), s.local(p.tag), done]
            })
            .collect();
        let array = s.new_array(&[]);
        for [chunk, tag, done] in rows {
            let o = s.new_object();
            s.define_with(o, n.chunk, chunk, ALL);
            s.define_with(o, n.encoding, tag, ALL);
            s.define_with(o, n.callback, done, ALL);
            s.array_push(array, o);
        }
        let all = s.bool(all_bytes);
        s.define_with(array, n.all_buffers, all, ALL);
        let done = self.wdata().on_write;
        let done = self.s.local(done);
        self.s.invoke(self.stream, n.writev_impl, &[array, done]).map(|_| ())
    }

    fn has_writev(&mut self) -> Result<bool, Thrown> {
        let f = self.s.get(self.stream, self.n.writev_impl)?;
        Ok(self.s.to_boolean(f))
    }

    fn join_done(&mut self, list: &[Pending<JsStore>]) -> Local<'s> {
        let all: Vec<Local<'s>> = list.iter().filter_map(|p| p.done).map(|d| self.s.local(d)).collect();
        let data = self.s.new_array(&all);
        let k = self.s.atoms().empty;
        self.s.function_with_data(k, 1, call_all, data)
    }

    fn has_final(&mut self) -> Result<bool, Thrown> {
        Ok(self.s.get(self.stream, self.n.final_impl)?.is_callable())
    }

    fn call_final(&mut self) -> Result<Option<Local<'s>>, Thrown> {
        let k = self.s.atoms().empty;
        let done = self.s.function_with_data(k, 1, on_final, self.stream);
        self.attempt(self.n.final_impl, &[done])
    }

    fn call_done(&mut self, d: Local<'s>, e: Option<Local<'s>>) -> Result<(), Thrown> {
        let u = self.s.undefined();
        let e = or_null(self.s, e);
        self.s.call(d, u, &[e]).map(|_| ())
    }

    fn call_destroy(&mut self, e: Option<Local<'s>>, done: Option<Local<'s>>) -> Result<(), Thrown> {
        let (u, null) = (self.s.undefined(), self.s.null());
        let data = self.s.new_array(&[self.stream, done.unwrap_or(u)]);
        let k = self.s.atoms().empty;
        let on_destroy = self.s.function_with_data(k, 1, on_destroyed, data);
        if let Some(e) = self.attempt(self.n.destroy_impl, &[e.unwrap_or(null), on_destroy])? {
            self.s.call(on_destroy, u, &[e])?;
        }
        Ok(())
    }

    fn defer_destroy(&mut self, e: Option<Local<'s>>, done: Option<Local<'s>>) {
        let u = self.s.undefined();
        let kept = (e.unwrap_or(u).value(), done.unwrap_or(u).value());
        if self.has_writable() {
            self.wdata().deferred = Some(kept)
        } else {
            self.rdata().deferred = Some(kept)
        }
    }

    fn deferred_destroy(&mut self) -> Option<(Option<Local<'s>>, Option<Local<'s>>)> {
        let (e, d) =
            if self.has_writable() { self.wdata().deferred.take() } else { self.rdata().deferred.take() }?;
        let (e, d) = (self.s.local(e), self.s.local(d));
        Some(((!e.is_undefined()).then_some(e), (!d.is_undefined()).then_some(d)))
    }

    fn call_construct(&mut self) -> Result<Option<Local<'s>>, Thrown> {
        let data = self.s.new_array(&[self.stream]);
        let k = self.s.atoms().empty;
        let done = self.s.function_with_data(k, 1, on_construct, data);
        self.attempt(self.n.construct_impl, &[done])
    }
}

// ---- callbacks ----

/// Runs `f` with the host of a stream.
pub(super) fn with_host<'s, R>(
    s: &mut Scope<'s>,
    stream: Local<'s>,
    f: impl FnOnce(&mut JsHost<'_, 's>) -> Result<R, Thrown>,
) -> Result<R, Thrown> {
    let rt = Rt::of(s);
    let n = rt.streams.get().expect("the stream module is loaded where a stream exists");
    f(&mut JsHost::new(s, &rt, n, stream))
}

/// What the sink calls when a chunk is written. Its data: the stream.
pub(super) fn on_write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let e = args.get(0);
    with_host(s, args.data(), |h| {
        if !h.has_writable() {
            return Ok(());
        }
        let e = h.error_arg(e);
        if let Some(e) = e
            && e.is_object()
        {
            // The stack's text is made now, so that it doesn't keep the frames alive.
            h.s.get(e, h.n.stack)?;
        }
        looplab_streams::writable::on_write(h, e)
    })?;
    Ok(s.undefined())
}

fn on_final<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let e = args.get(0);
    with_host(s, args.data(), |h| {
        let e = h.error_arg(e);
        if h.has_writable() { looplab_streams::writable::on_final(h, e) } else { Ok(()) }
    })?;
    Ok(s.undefined())
}

/// Calls all completions of a batch.
fn call_all<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let u = s.undefined();
    for f in s.dense_elements(args.data()).unwrap_or_default() {
        s.call(f, u, &[args.get(0)])?;
    }
    Ok(u)
}

/// The callback of `_destroy`: counts once. Its data: the stream, who else wants to know.
fn on_destroyed<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (data, u) = (args.data(), s.undefined());
    let stream = s.array_get(data, 0).unwrap_or(u);
    let done = s.array_get(data, 1).unwrap_or(u);
    if stream.is_undefined() {
        return Ok(u);
    }
    s.array_put(data, 0, u);
    let e = args.get(0);
    with_host(s, stream, |h| {
        let e = h.error_arg(e);
        if let Some(e) = e
            && e.is_object()
        {
            h.s.get(e, h.n.stack)?;
        }
        looplab_streams::destroy::on_destroyed(h, e, done.is_callable().then_some(done))
    })?;
    Ok(u)
}

/// The callback of `_construct`. A second call is an error.
fn on_construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (data, u) = (args.data(), s.undefined());
    let stream = s.array_get(data, 0).unwrap_or(u);
    let again = s.array_len(data) > 1;
    s.array_push(data, u);
    let e = args.get(0);
    with_host(s, stream, |h| {
        let e = h.error_arg(e);
        if again {
            let e = e.unwrap_or_else(|| h.failure(Failure::MultipleCallback));
            let f = h.s.open(h.n.ticks[tick_index("errorOrDestroy")]);
            crate::ticks::enqueue(h.s, h.rt, f, &[stream, e]);
        } else {
            h.later(Tick::Constructed(e));
        }
        Ok(())
    })?;
    Ok(u)
}

// ---- ticks ----

/// The functions that ticks call, under the names they have in Node's own traces.
pub(super) const TICKS: &[&str] = &[
    "emitReadable_",
    "maybeReadMore_",
    "resume_",
    "endReadableNT",
    "endWritableNT",
    "nReadingNextTick",
    "updateReadableListening",
    "afterWrite",
    "afterWriteTick",
    "errorBuffer",
    "finishMaybe",
    "finish",
    "emitCloseNT",
    "constructNT",
    "onwriteError",
    "emitErrorAndCloseNT",
    "emitErrorNT",
    "onConstruct",
    "errorOrDestroy",
];

fn tick_index(name: &str) -> usize {
    TICKS.iter().position(|t| *t == name).unwrap_or(0)
}

fn plain_index<E, D>(t: &Tick<E, D>) -> usize {
    match t {
        Tick::EmitReadable => 0,
        Tick::ReadMore => 1,
        Tick::Resume => 2,
        Tick::End => 3,
        Tick::EndWritable => 4,
        Tick::ReadZero => 5,
        Tick::UpdateReadableListening => 6,
        Tick::AfterWrite => 7,
        Tick::AfterWrites => 8,
        Tick::ErrorBuffer => 9,
        Tick::FinishIfNeeded => 10,
        Tick::Finish => 11,
        Tick::EmitClose => 12,
        _ => 13,
    }
}

pub(super) fn tick_functions(s: &mut Scope<'_>) -> Vec<Global> {
    let make = |(i, name): (usize, &&str)| {
        s.nested(|s| {
            let (k, data) = (s.key(name), s.int(i as i32));
            let f = s.function_with_data(k, 1, tick, data);
            s.global(f)
        })
    };
    TICKS.iter().enumerate().map(make).collect()
}

/// Does what was put off: `(stream, …)`, its data says what.
fn tick<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let kind = args.data().as_int().unwrap_or(0);
    let (a, b) = (args.get(1), args.get(2));
    with_host(s, args.get(0), |h| {
        // A program may have taken the state away meanwhile.
        let gone = match kind {
            0..=3 | 5 | 6 => !h.has_readable(),
            7..=11 | 14 => !h.has_writable(),
            _ => false,
        };
        if gone {
            return Ok(());
        }
        let tick = match kind {
            0 => Tick::EmitReadable,
            1 => Tick::ReadMore,
            2 => Tick::Resume,
            3 => Tick::End,
            4 => Tick::EndWritable,
            5 => Tick::ReadZero,
            6 => Tick::UpdateReadableListening,
            7 => Tick::AfterWrite,
            8 => Tick::AfterWrites,
            9 => Tick::ErrorBuffer,
            10 => Tick::FinishIfNeeded,
            11 => Tick::Finish,
            12 => Tick::EmitClose,
            13 => Tick::Construct,
            14 => Tick::WriteError(a, b.is_callable().then_some(b)),
            15 => Tick::EmitErrorClose(a),
            16 => Tick::EmitError(a),
            17 => Tick::Constructed(h.error_arg(a)),
            _ => return looplab_streams::destroy::error_or_destroy(h, a, false),
        };
        run_tick(h, tick)
    })?;
    Ok(s.undefined())
}

/// Node's `TypeError [ERR_INVALID_ARG_TYPE]` for a chunk.
pub(super) fn bad_chunk<'s>(s: &mut Scope<'s>, chunk: Local<'s>) -> Local<'s> {
    let what = "of type string or an instance of Buffer, TypedArray, or DataView";
    let t = errors::invalid_arg_type(s, "chunk", what, chunk);
    s.caught(t)
}
