//! HTTP for JavaScript: the codec of `looplab-net` behind a parser object, and the parts of messages that would be slow as scripts
//! (heads put together, header tables taken apart).

mod headers;
mod lane;
mod parser;
mod parts;
mod reply;
mod websocket;

pub(crate) use parser::feed;
pub(crate) use parts::Parts;

use crate::node::buffer::put;
use crate::rt::Rt;
use looplab_engine::{Args, Completion, Local, NativeFn, Scope};
use looplab_event_loop::World;
use looplab_net::http::{METHODS, STATUS_CODES, date};

/// The exports of the internal module `http_native`.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("isToken", 1, headers::is_token),
        ("isValue", 1, headers::is_value),
        ("headersOf", 2, headers::headers_of),
        ("distinctOf", 1, headers::distinct_of),
        ("head", 3, headers::head),
        ("setParts", 1, set_parts),
        ("writeHead", 1, reply::write_head_method),
        ("end", 1, reply::end_method),
        ("utcDate", 0, utc_date),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    let flags = Rt::of(s).options.node.net.clone();
    let size = s.num(f64::from(flags.max_header_size.unwrap_or(16 << 10)));
    put(s, o, "maxHeaderSize", size);
    let lenient = s.bool(flags.insecure_http_parser);
    put(s, o, "insecureParser", lenient);
    parser::install(s, o);
    websocket::install(s, o);
    let names: Vec<_> = METHODS.iter().map(|name| s.str(name)).collect();
    let list = s.new_array(&names);
    put(s, o, "METHODS", list);
    let codes = s.new_object();
    for (code, text) in STATUS_CODES {
        let text = s.str(text);
        let k = looplab_engine::Key::index(u32::from(*code));
        s.define_with(codes, k, text, looplab_engine::ALL);
    }
    put(s, o, "STATUS_CODES", codes);
    Ok(o)
}

/// `setParts({ request, response, … })`: what messages of ordinary exchanges are made of (see [`parts`]).
fn set_parts<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    if rt.http.get().is_none()
        && let Some(parts) = Parts::new(s, args.get(0))?
    {
        // It was not there a moment ago.
        let _ = rt.http.set(Box::new(parts));
    }
    Ok(s.undefined())
}

/// The number in the log of the socket behind a handle; 0 when there is none.
fn number_of<'s>(s: &mut Scope<'s>, rt: &Rt, handle: Local<'s>) -> u32 {
    let Some(key) = crate::node::net::state::key_of(s, handle) else { return 0 };
    rt.net.handles.borrow().get(key).map_or(0, |handle| handle.number)
}

/// The Date header's text, made anew each second.
fn utc_date<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let text = date_text(&rt);
    Ok(s.str_latin1(text.as_bytes()))
}

/// The same for Rust.
pub(crate) fn date_text(rt: &Rt) -> String {
    let wall = rt.with_loop(|lp| lp.world_mut().wall());
    date::format(wall / 1_000_000_000)
}
