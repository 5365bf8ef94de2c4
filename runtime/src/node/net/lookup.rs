//! Names to addresses and back, on the pool: the system's resolver blocks.

use crate::node::buffer::put;
use crate::rt::Rt;
use crate::ticks;
use core::net::IpAddr;
use looplab_engine::{Args, Completion, Scope};
use looplab_event_loop::{JobClass, JobInfo};
use std::io;

/// libuv's numbers for the resolver's errors.
const EAI_AGAIN: i32 = -3001;
const EAI_NONAME: i32 = -3008;

/// `lookup(host, family, callback)`: the callback gets a negative number, or 0 and `[{ address, family }, …]` in the system's order.
pub(super) fn lookup<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let host = crate::rt::text_arg(s, args, 0);
    let family = args.get(1).as_int().unwrap_or(0);
    let callback = s.global(args.get(2));
    let rt = Rt::of(s);
    let pos = rt.here(s);
    let job = move || -> Result<Vec<IpAddr>, i32> {
        let mut list = looplab_net::resolve(&host).map_err(|error| explain(&error))?;
        list.retain(|address| match address {
            IpAddr::V4(_) => family != 6,
            IpAddr::V6(_) => family != 4,
        });
        if list.is_empty() { Err(EAI_NONAME) } else { Ok(list) }
    };
    rt.submit_from(JobInfo::new(JobClass::Lookup, "dns.lookup"), pos, job, move |s, rt, cb, result| {
        s.nested(|s| {
            let f = s.open(callback);
            s.release(callback);
            let none = s.undefined();
            let result = result.unwrap_or(Err(EAI_AGAIN));
            let (code, list) = match result {
                Err(code) => (s.int(code), none),
                Ok(found) => {
                    let mut rows = Vec::new();
                    for ip in found {
                        let o = s.new_object();
                        let v = s.str(&ip.to_string());
                        put(s, o, "address", v);
                        let v = s.int(if ip.is_ipv4() { 4 } else { 6 });
                        put(s, o, "family", v);
                        rows.push(o);
                    }
                    (s.int(0), s.new_array(&rows))
                }
            };
            ticks::call(s, rt, cb, f, none, &[code, list]);
        });
    });
    Ok(s.undefined())
}

/// The standard library hides the resolver's number; its words are the system's.
fn explain(error: &io::Error) -> i32 {
    let text = error.to_string();
    if text.contains("Temporary failure") || text.contains("try again") { EAI_AGAIN } else { EAI_NONAME }
}

/// `lookupService(address, port, callback)`: there is no safe way to the system's reverse look-up; the answer is an error that says so.
pub(super) fn lookup_service<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Ok(s.int(-95))
}
