//! `_readableState` and `_writableState`: the machine's state as objects with the fields that programs read, and sometimes set.

use super::host::JsStore;
use super::names::Names;
use crate::errors;
use crate::node::buffer::encoding::{self, Encoding};
use crate::rt::Rt;
use looplab_engine::{
    ALL, Args, CONFIGURABLE, Class, Completion, HostData, Intrinsic, Key, Local, Scope, Thrown, Value,
    Visitor,
};
use looplab_streams::flags::{self, r, w};
use looplab_streams::{ReadableState, WritableState};

/// The readable side's state, with what only JavaScript needs.
pub(super) struct RData {
    pub(super) st: ReadableState<JsStore>,
    pub(super) decoder: Value,
    pub(super) encoding: Value,
    pub(super) default_encoding: Value,
    /// What `destroy` was called with while the stream was being constructed.
    pub(super) deferred: Option<(Value, Value)>,
}

/// The writable side's.
pub(super) struct WData {
    pub(super) st: WritableState<JsStore>,
    pub(super) default_encoding: Value,
    /// The callback that the sink gets.
    pub(super) on_write: Value,
    pub(super) deferred: Option<(Value, Value)>,
}

fn visit_pair(visit: &mut Visitor<'_>, pair: Option<(Value, Value)>) {
    if let Some((a, b)) = pair {
        visit.visit(a);
        visit.visit(b);
    }
}

impl HostData for RData {
    fn trace(&self, visit: &mut Visitor<'_>) {
        self.st.buffer.iter().for_each(|(c, _)| visit.visit(*c));
        self.st.errored.iter().chain(&self.st.pipes).chain(&self.st.awaiting).for_each(|v| visit.visit(*v));
        [self.decoder, self.encoding, self.default_encoding].into_iter().for_each(|v| visit.visit(v));
        visit_pair(visit, self.deferred);
    }
}

impl HostData for WData {
    fn trace(&self, visit: &mut Visitor<'_>) {
        for p in &self.st.buffer {
            visit.visit(p.chunk);
            visit.visit(p.tag);
            p.done.iter().for_each(|v| visit.visit(*v));
        }
        let after = self.st.after.as_ref().map(|(d, _)| d);
        self.st.errored.iter().chain(&self.st.write_done).chain(after).for_each(|v| visit.visit(*v));
        self.st.on_finished.iter().for_each(|v| visit.visit(*v));
        [self.default_encoding, self.on_write].into_iter().for_each(|v| visit.visit(v));
        visit_pair(visit, self.deferred);
    }
}

// ---- options ----

/// `options[name]`; undefined without options.
fn option<'s>(s: &mut Scope<'s>, options: Local<'s>, name: &str) -> Completion<'s> {
    if options.is_nullish() {
        return Ok(s.undefined());
    }
    let k = s.key(name);
    s.get_v(options, k)
}

fn truthy<'s>(s: &mut Scope<'s>, options: Local<'s>, name: &str) -> Result<bool, Thrown> {
    let v = option(s, options, name)?;
    Ok(s.to_boolean(v))
}

fn is_false<'s>(s: &mut Scope<'s>, options: Local<'s>, name: &str) -> Result<bool, Thrown> {
    Ok(option(s, options, name)?.as_bool() == Some(false))
}

/// The watermark that the options ask for.
fn mark<'s>(
    s: &mut Scope<'s>,
    n: &Names,
    options: Local<'s>,
    key: &str,
    duplex: bool,
    objects: bool,
) -> Result<usize, Thrown> {
    let mut v = option(s, options, "highWaterMark")?;
    if v.is_nullish() && duplex {
        v = option(s, options, key)?;
    }
    if v.is_nullish() {
        let (bytes, count) = n.own.marks.get();
        return Ok(if objects { count } else { bytes });
    }
    match v.as_number() {
        Some(m) if m >= 0.0 && m.fract() == 0.0 && m.is_finite() => Ok(m as usize),
        _ => {
            let name = if duplex { format!("options.{key}") } else { "options.highWaterMark".to_owned() };
            Err(errors::invalid_arg_value(s, &name, v, "is invalid"))
        }
    }
}

/// The encoding that strings have unless said otherwise.
fn default_encoding<'s>(s: &mut Scope<'s>, n: &Names, options: Local<'s>) -> Completion<'s> {
    let v = option(s, options, "defaultEncoding")?;
    if v.is_nullish() {
        return Ok(s.key_to_value(n.utf8.into()));
    }
    let name = s.to_text(v)?;
    if name == "utf-8" {
        return Ok(s.key_to_value(n.utf8.into()));
    }
    if !v.is_string() || Encoding::parse(&name).is_none() {
        return Err(encoding::unknown(s, &name));
    }
    Ok(v)
}

macro_rules! names {
    ($rt:ident, $n:ident, $s:expr) => {
        let $rt = Rt::of($s);
        let Some($n) = $rt.streams.get() else { return Ok($s.undefined()) };
    };
}

/// `new ReadableState(options, stream, isDuplex)`
pub(super) fn new_readable<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let (options, duplex) = (args.get(0), args.get(2).is_true());
    let objects = truthy(s, options, "objectMode")? || duplex && truthy(s, options, "readableObjectMode")?;
    let mark = mark(s, n, options, "readableHighWaterMark", duplex, objects)?;
    let mut st = ReadableState::new(objects, mark);
    st.set(flags::EMIT_CLOSE, !is_false(s, options, "emitClose")?);
    st.set(flags::AUTO_DESTROY, !is_false(s, options, "autoDestroy")?);
    let default_encoding = default_encoding(s, n, options)?;
    let null = s.null();
    let (mut decoder, mut encoding) = (null, null);
    let wanted = option(s, options, "encoding")?;
    if s.to_boolean(wanted) {
        decoder = super::new_decoder(s, wanted)?;
        encoding = wanted;
        st.set(r::DECODER, true);
    }
    let o = s.create_from_constructor(args.new_target(), Class::Host, Intrinsic::ObjectPrototype)?;
    let data = RData {
        st,
        decoder: decoder.value(),
        encoding: encoding.value(),
        default_encoding: default_encoding.value(),
        deferred: None,
    };
    s.set_host_data(o, Box::new(data));
    Ok(o)
}

/// `new WritableState(options, stream, isDuplex)`
pub(super) fn new_writable<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let (options, stream, duplex) = (args.get(0), args.get(1), args.get(2).is_true());
    let objects = truthy(s, options, "objectMode")? || duplex && truthy(s, options, "writableObjectMode")?;
    let mark = mark(s, n, options, "writableHighWaterMark", duplex, objects)?;
    let mut st = WritableState::new(objects, mark);
    st.set(w::DECODE_STRINGS, !is_false(s, options, "decodeStrings")?);
    st.set(flags::EMIT_CLOSE, !is_false(s, options, "emitClose")?);
    st.set(flags::AUTO_DESTROY, !is_false(s, options, "autoDestroy")?);
    let default_encoding = default_encoding(s, n, options)?;
    let k = s.key("onwrite");
    let on_write = s.function_with_data(k, 1, super::host::on_write, stream);
    let o = s.create_from_constructor(args.new_target(), Class::Host, Intrinsic::ObjectPrototype)?;
    let data =
        WData { st, default_encoding: default_encoding.value(), on_write: on_write.value(), deferred: None };
    s.set_host_data(o, Box::new(data));
    Ok(o)
}

// ---- fields ----

/// Fields of the readable state that are bits.
const READABLE_BITS: &[(&str, u32)] = &[
    ("objectMode", flags::OBJECT_MODE),
    ("ended", r::ENDED),
    ("endEmitted", r::END_EMITTED),
    ("reading", r::READING),
    ("constructed", flags::CONSTRUCTED),
    ("sync", r::SYNC),
    ("needReadable", r::NEED_READABLE),
    ("emittedReadable", r::EMITTED_READABLE),
    ("readableListening", r::READABLE_LISTENING),
    ("resumeScheduled", r::RESUME_SCHEDULED),
    ("errorEmitted", flags::ERROR_EMITTED),
    ("emitClose", flags::EMIT_CLOSE),
    ("autoDestroy", flags::AUTO_DESTROY),
    ("destroyed", flags::DESTROYED),
    ("closed", flags::CLOSED),
    ("closeEmitted", flags::CLOSE_EMITTED),
    ("multiAwaitDrain", r::MULTI_AWAIT_DRAIN),
    ("readingMore", r::READING_MORE),
    ("dataEmitted", r::DATA_EMITTED),
    ("paused", r::PAUSED),
];

/// Fields of the writable state that are bits.
const WRITABLE_BITS: &[(&str, u32)] = &[
    ("objectMode", flags::OBJECT_MODE),
    ("finalCalled", w::FINAL_CALLED),
    ("needDrain", w::NEED_DRAIN),
    ("ending", w::ENDING),
    ("ended", w::ENDED),
    ("finished", w::FINISHED),
    ("destroyed", flags::DESTROYED),
    ("decodeStrings", w::DECODE_STRINGS),
    ("writing", w::WRITING),
    ("sync", w::SYNC),
    ("bufferProcessing", w::BUFFER_PROCESSING),
    ("constructed", flags::CONSTRUCTED),
    ("prefinished", w::PREFINISHED),
    ("errorEmitted", flags::ERROR_EMITTED),
    ("emitClose", flags::EMIT_CLOSE),
    ("autoDestroy", flags::AUTO_DESTROY),
    ("closed", flags::CLOSED),
    ("closeEmitted", flags::CLOSE_EMITTED),
    ("allBuffers", w::ALL_BUFFERS),
    ("allNoop", w::ALL_NOOP),
];

/// Other fields of either state; which of them a field is, is its place here.
const OTHERS: &[&str] = &[
    "highWaterMark",
    "length",
    "buffer",
    "bufferIndex",
    "pipes",
    "pipesCount",
    "awaitDrainWriters",
    "errored",
    "defaultEncoding",
    "decoder",
    "encoding",
    "flowing",
    "readable",
];

const WRITABLE_OTHERS: &[&str] = &[
    "highWaterMark",
    "length",
    "corked",
    "pendingcb",
    "writelen",
    "onwrite",
    "writecb",
    "buffered",
    "bufferedIndex",
    "bufferedRequestCount",
    "errored",
    "writable",
    "defaultEncoding",
];

/// Puts the fields on the two prototypes.
pub(super) fn install<'s>(s: &mut Scope<'s>, readable: Local<'s>, writable: Local<'s>) {
    for &(name, bit) in READABLE_BITS {
        accessor(s, readable, name, bit, readable_bit, set_readable_bit);
    }
    for &(name, bit) in WRITABLE_BITS {
        accessor(s, writable, name, bit, writable_bit, set_writable_bit);
    }
    for (i, name) in OTHERS.iter().enumerate() {
        accessor(s, readable, name, i as u32, readable_field, set_readable_field);
    }
    for (i, name) in WRITABLE_OTHERS.iter().enumerate() {
        accessor(s, writable, name, i as u32, writable_field, set_writable_field);
    }
    let k = s.key("getBuffer");
    let f = s.function(k, 0, |s, args| buffered(s, args.this()));
    s.define_with(writable, k, f, ALL);
}

fn accessor<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    name: &str,
    which: u32,
    get: looplab_engine::NativeFn,
    set: looplab_engine::NativeFn,
) {
    let (k, gk, sk, data) = (s.key(name), s.key("get"), s.key("set"), s.int(which as i32));
    let g = s.function_with_data(gk, 0, get, data);
    let f = s.function_with_data(sk, 1, set, data);
    s.define_accessor(o, k, g, f, CONFIGURABLE);
}

fn which(args: &Args<'_>) -> u32 {
    args.data().as_int().unwrap_or(0) as u32
}

fn readable_bit<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let on = s.host_data::<RData>(args.this()).map(|d| d.st.has(which(args)));
    Ok(on.map_or(s.undefined(), |on| s.bool(on)))
}

fn set_readable_bit<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (on, bit) = (s.to_boolean(args.get(0)), which(args));
    if let Some(d) = s.host_data_mut::<RData>(args.this()) {
        d.st.set(bit, on);
        if bit == r::PAUSED {
            d.st.set(r::HAS_PAUSED, true);
        }
    }
    Ok(s.undefined())
}

fn writable_bit<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let on = s.host_data::<WData>(args.this()).map(|d| d.st.has(which(args)));
    Ok(on.map_or(s.undefined(), |on| s.bool(on)))
}

fn set_writable_bit<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let on = s.to_boolean(args.get(0));
    if let Some(d) = s.host_data_mut::<WData>(args.this()) {
        d.st.set(which(args), on);
    }
    Ok(s.undefined())
}

/// Bare values as an array.
fn array<'s>(s: &mut Scope<'s>, list: &[Value]) -> Local<'s> {
    let list: Vec<Local<'s>> = list.iter().map(|&v| s.local(v)).collect();
    s.new_array(&list)
}

fn readable_field<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let Some(d) = s.host_data::<RData>(args.this()) else { return Ok(s.undefined()) };
    let st = &d.st;
    let v = match OTHERS.get(which(args) as usize).copied().unwrap_or("") {
        "highWaterMark" => return Ok(s.num(st.high_water_mark as f64)),
        "length" => return Ok(s.num(st.length as f64)),
        "bufferIndex" => return Ok(s.int(0)),
        "pipesCount" => return Ok(s.num(st.pipes.len() as f64)),
        "flowing" => return Ok(st.flowing().map_or(s.null(), |on| s.bool(on))),
        "readable" => {
            return Ok(if st.has(r::HAS_READABLE) { s.bool(!st.has(r::DISABLED)) } else { s.undefined() });
        }
        "buffer" => {
            let list: Vec<Value> = st.buffer.iter().map(|(c, _)| *c).collect();
            return Ok(array(s, &list));
        }
        "pipes" => {
            let list = st.pipes.clone();
            return Ok(array(s, &list));
        }
        "awaitDrainWriters" => {
            let (list, many) = (st.awaiting.clone(), st.has(r::MULTI_AWAIT_DRAIN));
            return await_drain(s, &list, many);
        }
        "errored" if !st.has(flags::ERRORED) => return Ok(s.null()),
        "errored" => st.errored,
        "defaultEncoding" => Some(d.default_encoding),
        "decoder" if !st.has(r::DECODER) => return Ok(s.null()),
        "decoder" => Some(d.decoder),
        "encoding" => Some(d.encoding),
        _ => None,
    };
    Ok(match v {
        Some(v) => s.local(v),
        None => s.undefined(),
    })
}

/// null, the one destination that must drain, or a Set of several.
fn await_drain<'s>(s: &mut Scope<'s>, list: &[Value], many: bool) -> Completion<'s> {
    if !many {
        return Ok(match list {
            [only, ..] => s.local(*only),
            [] => s.null(),
        });
    }
    let items = array(s, list);
    let (g, k) = (s.global_object(), s.key("Set"));
    let set = s.get(g, k)?;
    s.construct(set, &[items], set)
}

fn as_size<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<usize, Thrown> {
    // `Infinity` saturates, which is what is meant.
    Ok(s.to_number(v)?.max(0.0) as usize)
}

fn set_readable_field<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (this, v) = (args.this(), args.get(0));
    let u = s.undefined();
    let name = OTHERS.get(which(args) as usize).copied().unwrap_or("");
    let size = if matches!(name, "highWaterMark" | "length") { as_size(s, v)? } else { 0 };
    let on = s.to_boolean(v);
    let list = if matches!(name, "buffer" | "pipes") && v.is_object() {
        s.list_from_array_like(v)?.into_iter().map(Local::value).collect()
    } else {
        Vec::new()
    };
    let lengths: Vec<usize> =
        if name == "buffer" { list.iter().map(|&c| chunk_len_of(s, c)).collect() } else { Vec::new() };
    let Some(d) = s.host_data_mut::<RData>(this) else { return Ok(u) };
    match name {
        "highWaterMark" => d.st.high_water_mark = size,
        "length" => d.st.length = size,
        "flowing" => {
            d.st.set(r::HAS_FLOWING, !v.is_nullish());
            d.st.set(r::FLOWING, on);
        }
        "readable" => {
            d.st.set(r::HAS_READABLE, !v.is_nullish());
            d.st.set(r::DISABLED, !v.is_nullish() && !on);
        }
        "errored" => {
            d.st.set(flags::ERRORED, on);
            d.st.errored = on.then_some(v.value());
        }
        "defaultEncoding" => d.default_encoding = v.value(),
        "decoder" => {
            d.st.set(r::DECODER, on);
            d.decoder = v.value();
        }
        "encoding" => d.encoding = v.value(),
        "pipes" => d.st.pipes = list,
        "buffer" => d.st.buffer = list.into_iter().zip(lengths).collect(),
        "awaitDrainWriters" if v.is_nullish() => d.st.awaiting.clear(),
        // The others follow from these.
        _ => {}
    }
    Ok(u)
}

fn chunk_len_of(s: &mut Scope<'_>, c: Value) -> usize {
    let c = s.local(c);
    super::chunk_len(s, c)
}

fn writable_field<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let Some(d) = s.host_data::<WData>(args.this()) else { return Ok(s.undefined()) };
    let st = &d.st;
    let v = match WRITABLE_OTHERS.get(which(args) as usize).copied().unwrap_or("") {
        "highWaterMark" => return Ok(s.num(st.high_water_mark as f64)),
        "length" => return Ok(s.num(st.length as f64)),
        "corked" => return Ok(s.num(f64::from(st.corked))),
        "pendingcb" => return Ok(s.num(st.pending as f64)),
        "writelen" => return Ok(s.num(st.write_len as f64)),
        "bufferedIndex" => return Ok(s.int(0)),
        "bufferedRequestCount" => return Ok(s.num(st.buffer.len() as f64)),
        "buffered" => return buffered(s, args.this()),
        "writable" => {
            return Ok(if st.has(w::HAS_WRITABLE) { s.bool(!st.has(w::DISABLED)) } else { s.undefined() });
        }
        "onwrite" => Some(d.on_write),
        "writecb" => st.write_done,
        "errored" if !st.has(flags::ERRORED) => return Ok(s.null()),
        "errored" => st.errored,
        "defaultEncoding" => Some(d.default_encoding),
        _ => None,
    };
    Ok(match v {
        Some(v) => s.local(v),
        None => s.undefined(),
    })
}

fn set_writable_field<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (this, v) = (args.this(), args.get(0));
    let u = s.undefined();
    let name = WRITABLE_OTHERS.get(which(args) as usize).copied().unwrap_or("");
    let size = if matches!(name, "highWaterMark" | "length" | "corked" | "pendingcb" | "writelen") {
        as_size(s, v)?
    } else {
        0
    };
    let on = s.to_boolean(v);
    let Some(d) = s.host_data_mut::<WData>(this) else { return Ok(u) };
    match name {
        "highWaterMark" => d.st.high_water_mark = size,
        "length" => d.st.length = size,
        "corked" => {
            d.st.corked = size as u32;
            d.st.set(w::CORKED, size > 0);
        }
        "pendingcb" => d.st.pending = size as i64,
        "writelen" => d.st.write_len = size,
        "writable" => {
            d.st.set(w::HAS_WRITABLE, !v.is_nullish());
            d.st.set(w::DISABLED, !v.is_nullish() && !on);
        }
        "onwrite" => d.on_write = v.value(),
        "errored" => {
            d.st.set(flags::ERRORED, on);
            d.st.errored = on.then_some(v.value());
        }
        "defaultEncoding" => d.default_encoding = v.value(),
        // The others follow from these.
        _ => {}
    }
    Ok(u)
}

/// `[{ chunk, encoding, callback }, …]` of what waits.
pub(super) fn buffered<'s>(s: &mut Scope<'s>, state: Local<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let Some(d) = s.host_data::<WData>(state) else { return Ok(s.undefined()) };
    let rows: Vec<(Value, Value, Option<Value>)> =
        d.st.buffer.iter().map(|p| (p.chunk, p.tag, p.done)).collect();
    let out = s.new_array(&[]);
    for (chunk, tag, done) in rows {
        let (chunk, tag) = (s.local(chunk), s.local(tag));
        let done = match done {
            Some(d) => s.local(d),
            None => s.undefined(),
        };
        let o = s.new_object();
        let fields: [(Key<'s>, Local<'s>); 3] =
            [(n.chunk.into(), chunk), (n.encoding.into(), tag), (n.callback.into(), done)];
        for (k, v) in fields {
            s.define_with(o, k, v, ALL);
        }
        s.array_push(out, o);
    }
    Ok(out)
}
