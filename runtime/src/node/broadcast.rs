//! `BroadcastChannel`: the channels of this process by name, whichever thread they belong to. What is posted to one goes to all others.

use super::clone;
use super::messaging::{self, PortHandle};
use crate::rt::text_arg;
use looplab_engine::{Args, Completion, Local, NativeFn, Scope};
use rustc_hash::FxHashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// A member and where messages for it go in.
type Member = (u32, PortHandle);

#[derive(Default)]
struct Groups {
    by_name: FxHashMap<String, Vec<Member>>,
    last: u32,
}

static GROUPS: LazyLock<Mutex<Groups>> = LazyLock::new(Mutex::default);

fn groups() -> MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds the natives of broadcasting to an object.
pub(super) fn install<'s>(s: &mut Scope<'s>, o: Local<'s>) {
    let functions: &[(&str, u32, NativeFn)] =
        &[("broadcastJoin", 2, join), ("broadcastPost", 3, post), ("broadcastLeave", 2, leave)];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
}

/// `broadcastJoin(name, port)`: the member's number. The port is taken over: what goes into it comes out at its other end.
fn join<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = text_arg(s, args, 0);
    let Some(handle) = messaging::take(s, args.get(1)) else { return Ok(s.int(0)) };
    let mut groups = groups();
    groups.last += 1;
    let id = groups.last;
    groups.by_name.entry(name).or_default().push((id, handle));
    Ok(s.num(f64::from(id)))
}

/// `broadcastPost(name, member, value)`: to all others of the name.
fn post<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = text_arg(s, args, 0);
    let me = s.to_uint32(args.get(1))?;
    let others = groups().by_name.get(&name).map_or(0, |g| g.iter().filter(|(id, _)| *id != me).count());
    // Writing runs the program's code: not under the lock. What cannot be cloned fails even where nobody listens.
    let mut messages = Vec::with_capacity(others);
    for _ in 0..others.max(1) {
        messages.push(clone::write(s, args.get(2), &[])?);
    }
    if let Some(group) = groups().by_name.get(&name) {
        for (_, handle) in group.iter().filter(|(id, _)| *id != me) {
            let Some(m) = messages.pop() else { break };
            handle.send(m);
        }
    }
    Ok(s.undefined())
}

/// `broadcastLeave(name, member)`
fn leave<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = text_arg(s, args, 0);
    let me = s.to_uint32(args.get(1))?;
    let gone = {
        let mut groups = groups();
        let Some(group) = groups.by_name.get_mut(&name) else { return Ok(s.undefined()) };
        let gone = group.iter().position(|(id, _)| *id == me).map(|i| group.remove(i));
        if group.is_empty() {
            groups.by_name.remove(&name);
        }
        gone
    };
    // Closed outside the lock.
    drop(gone);
    Ok(s.undefined())
}
