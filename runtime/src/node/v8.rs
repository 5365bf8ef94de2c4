//! `v8`: figures of the heap, and snapshots of it in V8's form. Argument checks and shapes are in `runtime/js/v8.js`.

use crate::heap_snapshot;
use crate::node::sys;
use crate::rt::text_arg;
use looplab_engine::{Args, Completion, HeapGraph, Local, NativeFn, Scope};
use std::fs::File;
use std::io::BufWriter;

/// The object that `v8.js` works with.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] =
        &[("figures", 0, figures), ("writeSnapshot", 1, write_snapshot), ("snapshot", 0, snapshot)];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    o
}

/// `[used, committed, external, limit]`, in bytes.
fn figures<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let (stats, limit) = (s.vm().heap_stats(), s.vm().heap_limit());
    let list: Vec<Local<'s>> =
        [stats.used, stats.committed, stats.external, limit].iter().map(|&n| s.num(n as f64)).collect();
    Ok(s.new_array(&list))
}

/// A snapshot as bytes.
fn text(graph: &HeapGraph) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to a Vec can't fail.
    let _ = heap_snapshot::write(graph, &mut out);
    out
}

/// Writes a snapshot to a file.
fn write_snapshot<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let path = text_arg(s, args, 0);
    let graph = s.vm().heap_graph();
    let written = match File::create(&path) {
        Ok(file) => heap_snapshot::write(&graph, &mut BufWriter::new(file)).map_err(|e| (e, "write")),
        Err(e) => Err((e, "open")),
    };
    match written {
        Ok(()) => Ok(s.undefined()),
        Err((e, call)) => Err(sys::throw(s, &e, call, Some(&path), None)),
    }
}

/// A snapshot as a text.
fn snapshot<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let graph = s.vm().heap_graph();
    Ok(s.str(&String::from_utf8_lossy(&text(&graph))))
}
