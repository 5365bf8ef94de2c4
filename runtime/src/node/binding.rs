//! Native helpers of the embedded JavaScript builtins: looks into values that no script could have by itself.

use crate::modules::{register_value, registered};
use crate::rt::Rt;
use looplab_engine::{
    Args, Class, Completion, IterKind, Key, KeyFilter, Local, NativeFn, PromiseState, Scope,
};
use looplab_event_loop::World;

/// The object that builtins get as `binding`, made once.
pub(crate) fn object<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let known = registered(s, "binding");
    if known.is_object() {
        return Ok(known);
    }
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("classOf", 1, class_of),
        ("functionKind", 1, function_kind),
        ("getProxyDetails", 1, proxy_details),
        ("previewEntries", 1, preview_entries),
        ("getPromiseDetails", 1, promise_details),
        ("getOwnNonIndexProperties", 2, own_non_index_properties),
        ("getConstructorName", 1, constructor_name),
        ("sameBytes", 2, same_bytes),
        ("getSystemErrors", 0, system_errors),
        ("getCallSites", 1, call_sites),
        ("signalNumbers", 0, signal_numbers),
        ("now", 0, now),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    register_value(s, "binding", o);
    Ok(o)
}

/// The internal class of an object.
fn class_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let name = match v.class() {
        None => return Ok(s.undefined()),
        Some(Class::Iterator) => match s.table_iterator_preview(v) {
            Some((_, true, _)) => "SetIterator",
            Some((_, false, _)) => "MapIterator",
            None => "Object",
        },
        Some(c) => match c {
            Class::Array => "Array",
            Class::Function | Class::Native | Class::Bound => "Function",
            Class::Error => "Error",
            Class::Boolean => "Boolean",
            Class::Number => "Number",
            Class::String => "String",
            Class::Symbol => "Symbol",
            Class::BigInt => "BigInt",
            Class::Date => "Date",
            Class::RegExp => "RegExp",
            Class::Map => "Map",
            Class::Set => "Set",
            Class::WeakMap => "WeakMap",
            Class::WeakSet => "WeakSet",
            Class::WeakRef => "WeakRef",
            Class::Proxy => "Proxy",
            Class::Promise => "Promise",
            Class::Generator => "Generator",
            Class::AsyncGenerator => "AsyncGenerator",
            Class::Arguments => "Arguments",
            Class::ArrayBuffer => "ArrayBuffer",
            Class::SharedArrayBuffer => "SharedArrayBuffer",
            Class::TypedArray => "TypedArray",
            Class::DataView => "DataView",
            Class::Namespace => "Namespace",
            _ => "Object",
        },
    };
    Ok(s.str(name))
}

/// `{ isClass, isAsync, isGenerator }` of a function.
fn function_kind<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (class, is_async, generator, _) = s.function_kind(args.get(0)).unwrap_or_default();
    let o = s.new_object();
    for (k, v) in [("isClass", class), ("isAsync", is_async), ("isGenerator", generator)] {
        let (k, v) = (s.key(k), s.bool(v));
        s.define_with(o, k, v, looplab_engine::ALL);
    }
    Ok(o)
}

/// `[target, handler]` of a proxy.
fn proxy_details<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    match s.proxy_parts(args.get(0)) {
        None => Ok(s.undefined()),
        Some((target, handler)) => Ok(s.new_array(&[target, handler])),
    }
}

/// `[entries, isKeyValue]` of a collection or of what its iterator will still give.
fn preview_entries<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let (list, pairs) = match v.class() {
        Some(c @ (Class::Map | Class::Set)) => {
            let mut out = Vec::new();
            let it =
                s.new_table_iterator(v, if c == Class::Map { IterKind::Entries } else { IterKind::Keys });
            if let Some((_, _, list)) = s.table_iterator_preview(it) {
                out = list;
            }
            (out, c == Class::Map)
        }
        Some(Class::Iterator) => match s.table_iterator_preview(v) {
            Some((kind, _, list)) => (list, kind == IterKind::Entries),
            None => return Ok(s.undefined()),
        },
        // What a weak collection holds is not told: it would depend on the collector.
        Some(Class::WeakMap | Class::WeakSet) => (Vec::new(), false),
        _ => return Ok(s.undefined()),
    };
    let list = s.new_array(&list);
    let pairs = s.bool(pairs);
    Ok(s.new_array(&[list, pairs]))
}

/// `[state, result]` of a promise.
fn promise_details<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let p = args.get(0);
    if !p.is_class(Class::Promise) {
        return Ok(s.undefined());
    }
    let n = match s.promise_state(p) {
        PromiseState::Pending => 0,
        PromiseState::Fulfilled => 1,
        PromiseState::Rejected => 2,
    };
    let (n, r) = (s.int(n), s.promise_result(p));
    Ok(s.new_array(&[n, r]))
}

/// Whether two views show the same bytes.
fn same_bytes<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let same = match (s.view_bytes(args.get(0)), s.view_bytes(args.get(1))) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    };
    Ok(s.bool(same))
}

/// Own keys that are no array index.
fn own_non_index_properties<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.get(0);
    let only_enumerable = args.get(1).is_true();
    let mut out = Vec::new();
    for k in s.own_keys(o, KeyFilter::Named)? {
        let wanted =
            !only_enumerable || s.get_own_property(o, k)?.is_some_and(|d| d.enumerable == Some(true));
        if wanted {
            out.push(s.key_to_value(k));
        }
    }
    Ok(s.new_array(&out))
}

fn constructor_name<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = s.class_name(args.get(0)).unwrap_or_else(|| "Object".into());
    Ok(s.str(&name))
}

/// `[[errno, code, message], …]`, errno negative.
fn system_errors<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let mut rows = Vec::new();
    for &(code, n, text) in super::sys::ERRNOS {
        let row = [s.int(-n), s.str(code), s.str(text)];
        rows.push(s.new_array(&row));
    }
    Ok(s.new_array(&rows))
}

/// Call-site objects of the stack, from the caller of the function that asks on.
fn call_sites<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = s.to_uint32(args.get(0))? as usize;
    let mut out: Vec<Local<'s>> = Vec::new();
    let frames = s.stack_frames(n + 3);
    for f in frames.into_iter().filter(|f| f.file.as_deref().is_some_and(|f| !f.starts_with("node:"))).take(n)
    {
        let o = s.new_object();
        let put = |s: &mut Scope<'s>, name: &str, v: Local<'s>| {
            let k: Key<'s> = s.key(name);
            s.define_with(o, k, v, looplab_engine::ALL);
        };
        let v = s.str(&f.function);
        put(s, "functionName", v);
        let v = s.str(&f.script.to_string());
        put(s, "scriptId", v);
        let v = s.str(f.file.as_deref().unwrap_or(""));
        put(s, "scriptName", v);
        let v = s.num(f64::from(f.line));
        put(s, "lineNumber", v);
        let v = s.num(f64::from(f.column));
        put(s, "columnNumber", v);
        put(s, "column", v);
        out.push(o);
    }
    Ok(s.new_array(&out))
}

/// `{ SIGHUP: 1, … }`
fn signal_numbers<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    const SIGNALS: [&str; 31] = [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    let o = s.new_object();
    for (i, name) in SIGNALS.iter().enumerate() {
        let (k, v) = (s.key(name), s.int(i as i32 + 1));
        s.define_with(o, k, v, looplab_engine::ALL);
    }
    Ok(o)
}

/// Monotonic milliseconds.
fn now<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let t = rt.with_loop(|lp| lp.world_mut().hrtime());
    Ok(s.num(t as f64 / 1e6))
}
