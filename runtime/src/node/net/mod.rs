//! Sockets for JavaScript: what `runtime/js/net.js` and `dgram.js` stand on. A handle is a host object with a number; its Rust half stands
//! in [`Net`], so that the loop can find it without the heap.

pub(crate) mod address;
mod adopt;
mod datagram;
pub(crate) mod handle;
mod lookup;
mod ready;
pub(crate) mod socket;
pub(crate) mod state;

pub(crate) use ready::{closed, later, ready};
pub(crate) use state::{Later, Net};

use crate::node::buffer::put;
use crate::rt::Rt;
use looplab_engine::{Completion, Local, NativeFn, Scope};

/// The exports of the internal module `net_native`.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("isIP", 1, address::is_ip),
        ("lookup", 3, lookup::lookup),
        ("lookupService", 3, lookup::lookup_service),
        ("canonical", 1, address::canonical),
        ("kindOf", 1, adopt::kind_of),
        ("compare", 2, address::compare),
        ("setSocketParts", 1, socket::set_parts),
        ("readMethod", 1, socket::read_method),
        ("writeMethod", 1, socket::write_method),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    let flags = Rt::of(s).options.node.net.clone();
    let timeout = s.num(f64::from(flags.attempt_timeout.unwrap_or(250)));
    put(s, o, "attemptTimeout", timeout);
    let one_family = s.bool(flags.one_family);
    put(s, o, "oneFamily", one_family);
    handle::install(s, o);
    datagram::install(s, o);
    Ok(o)
}

/// A class of handles: `new Name()` makes one in the table.
pub(super) fn class<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    name: &str,
    construct: NativeFn,
    methods: &[(&str, u32, NativeFn)],
) -> Local<'s> {
    let proto = s.new_object();
    let class = s.constructor(name, 0, construct, proto);
    for &(name, n, f) in methods {
        s.method(proto, name, n, f);
    }
    put(s, o, name, class);
    proto
}
