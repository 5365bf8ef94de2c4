//! `stream`: the hot half of the module, on the machine of `looplab_streams`. Classes and everything that is convenience on top
//! of them are put together in `runtime/js/stream.js`.

mod eye;
mod host;
pub(crate) mod message;
mod names;
mod props;
mod readable;
mod state;
mod transform;
mod writable;

pub(crate) use names::Names;

use crate::modules::builtin;
use crate::node::buffer;
use crate::node::buffer::encoding::{self, Encoding};
use crate::rt::Rt;
use looplab_engine::{ALL, Args, Class, Completion, ElementType, Key, Local, NativeFn, Scope, Thrown};

/// Methods of `Readable.prototype`, in Node's order.
const READABLE: &[(&str, u32, NativeFn)] = &[
    ("destroy", 2, writable::destroy),
    ("_undestroy", 0, writable::undestroy),
    ("_destroy", 2, writable::destroy_impl),
    ("push", 2, readable::push),
    ("unshift", 2, readable::unshift),
    ("isPaused", 0, readable::is_paused),
    ("setEncoding", 1, readable::set_encoding),
    ("read", 1, readable::read),
    ("_read", 1, readable::read_impl),
    ("pipe", 2, later),
    ("unpipe", 1, readable::unpipe),
    ("on", 2, readable::on),
    ("removeListener", 2, readable::remove_listener),
    ("removeAllListeners", 1, readable::remove_all_listeners),
    ("resume", 0, readable::resume),
    ("pause", 0, readable::pause),
];

/// Methods of `Writable.prototype`.
const WRITABLE: &[(&str, u32, NativeFn)] = &[
    ("pipe", 0, later),
    ("write", 3, writable::write),
    ("cork", 0, writable::cork),
    ("uncork", 0, writable::uncork),
    ("setDefaultEncoding", 1, writable::set_default_encoding),
    ("_write", 3, writable::write_impl),
    ("_writev", 0, later),
    ("end", 3, writable::end),
    ("destroy", 2, writable::destroy),
    ("_undestroy", 0, writable::undestroy),
    ("_destroy", 2, writable::destroy_impl),
];

const HELPERS: &[(&str, u32, NativeFn)] = &[
    ("install", 5, install),
    ("installTransform", 2, transform::install),
    ("passTransform", 3, transform::pass),
    ("pipeAdd", 2, readable::pipe_add),
    ("pipeWait", 2, readable::pipe_wait),
    ("pipeOnData", 2, readable::pipe_on_data),
    ("pipeOnDrain", 2, readable::pipe_on_drain),
    ("construct", 1, writable::construct),
    ("errorOrDestroy", 3, writable::error_or_destroy),
    ("isWritableState", 1, props::is_writable_state),
    ("defaultMarks", 0, default_marks),
    ("setDefaultMarks", 2, set_default_marks),
    ("initEmitter", 2, init_emitter),
];

/// Keeps the place of a method that `stream.js` puts there.
fn later<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Ok(s.undefined())
}

/// The natives that `stream.js` builds the classes of.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    if rt.streams.get().is_none() {
        let names = Names::new(s);
        // It was not there a moment ago.
        let _ = rt.streams.set(Box::new(names));
    }
    let o = s.new_object();
    for &(name, length, f) in HELPERS {
        s.method(o, name, length, f);
    }
    Ok(o)
}

/// `install(Readable.prototype, Writable.prototype, EventEmitter.prototype)`: puts the native methods there; gives the classes of the states.
fn install<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.streams.get() else { return Ok(s.undefined()) };
    let (r, w, parent) = (args.get(0), args.get(1), args.get(2));
    for (proto, list) in [(r, READABLE), (w, WRITABLE)] {
        for &(name, length, f) in list {
            let k = s.key(name);
            let f = s.function(k, length, f);
            s.define_with(proto, k, f, ALL);
            match name {
                "read" => n.own.read.set(Some(s.global(f))),
                "write" => n.own.write.set(Some(s.global(f))),
                "push" => n.own.push.set(Some(s.global(f))),
                "on" | "removeListener" => {
                    let alias = s.key(if name == "on" { "addListener" } else { "off" });
                    s.define_with(proto, alias, f, ALL);
                }
                _ => {}
            }
        }
    }
    for (key, kept) in [
        (n.on, &n.own.on),
        (n.remove_listener, &n.own.remove_listener),
        (n.remove_all_listeners, &n.own.remove_all_listeners),
    ] {
        let f = s.get(parent, key)?;
        kept.set(Some(s.global(f)));
    }
    props::install(s, r, w);
    let (rs, ws) = (s.new_object(), s.new_object());
    state::install(s, rs, ws);
    let rc = s.constructor("ReadableState", 3, state::new_readable, rs);
    let wc = s.constructor("WritableState", 3, state::new_writable, ws);
    Ok(s.new_array(&[rc, wc]))
}

/// `[bytes, objects]`: the watermarks of streams that ask for none.
fn default_marks<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (a, b) = rt.streams.get().map_or((0, 0), |n| n.own.marks.get());
    let pair = [s.num(a as f64), s.num(b as f64)];
    Ok(s.new_array(&pair))
}

fn set_default_marks<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (a, b) = (s.to_number(args.get(0))?, s.to_number(args.get(1))?);
    if let Some(n) = Rt::of(s).streams.get() {
        n.own.marks.set((a as usize, b as usize));
    }
    Ok(s.undefined())
}

/// `initEmitter(object, options)`: what `EventEmitter.call(object, options)` does.
fn init_emitter<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    crate::node::events::init_object(s, args.get(0), args.get(1))?;
    Ok(s.undefined())
}

// ---- chunks ----

/// Whether a value is a Buffer, as `instanceof` has it.
fn is_buffer<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<bool, Thrown> {
    if !v.is_class(Class::TypedArray) {
        return Ok(false);
    }
    let proto = buffer::prototype(s)?;
    let mut p = s.get_prototype_of(v)?;
    while p.is_object() {
        if p.is_identical(proto) {
            return Ok(true);
        }
        p = s.get_prototype_of(p)?;
    }
    Ok(false)
}

/// Another view of bytes as a Buffer over the same memory; `None` for what is no view.
fn chunk_view<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Option<Local<'s>>, Thrown> {
    let Some(info) = s.view_info(v) else { return Ok(None) };
    let len = info.length.unwrap_or(0) * info.ty.size();
    let memory = s.view_buffer(v);
    let proto = buffer::prototype(s)?;
    Ok(Some(s.new_typed_array(memory, ElementType::Uint8, info.offset, Some(len), proto)))
}

/// What a chunk counts, in bytes or UTF-16 units.
fn chunk_len(s: &mut Scope<'_>, c: Local<'_>) -> usize {
    s.nested(|s| {
        let c = s.adopt(c);
        if c.is_string() { s.str_len(c) } else { s.typed_len(c).unwrap_or(0) }
    })
}

/// `Buffer.from(string, encoding)`
fn buffer_from_string<'s>(s: &mut Scope<'s>, v: Local<'s>, encoding: Local<'s>) -> Completion<'s> {
    let e = Encoding::of_argument(s, encoding)?;
    let bytes = encoding::encode(s.chars(v), e);
    buffer::new_buffer(s, bytes)
}

/// `new StringDecoder(encoding)`
fn new_decoder<'s>(s: &mut Scope<'s>, encoding: Local<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(m) = builtin(s, &rt, "string_decoder")? else { return Ok(s.undefined()) };
    let k = s.key("StringDecoder");
    let class = s.get(m, k)?;
    s.construct(class, &[encoding], class)
}

/// A function of `stream_util.js`.
fn helper<'s>(s: &mut Scope<'s>, name: &str, args: &[Local<'s>]) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(m) = builtin(s, &rt, "/stream_util")? else { return Ok(s.undefined()) };
    let k: Key<'s> = s.key(name);
    s.invoke(m, k, args)
}
