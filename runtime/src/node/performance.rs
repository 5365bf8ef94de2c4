//! What `perf_hooks` asks of the runtime: clocks and how busy the loop is.

use crate::rt::Rt;
use looplab_engine::{Args, Completion, Local, NativeFn, Scope};
use looplab_event_loop::World;

/// Makes the object of natives.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] =
        &[("timeOrigin", 0, time_origin), ("loopTimes", 0, loop_times), ("parallelism", 0, parallelism)];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    Ok(o)
}

/// Milliseconds since 1970 at which the process's own clock read 0.
fn time_origin<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (wall, own) = rt.with_loop(|lp| (lp.world_mut().wall(), lp.world_mut().now()));
    Ok(s.num((wall as f64 - own as f64) / 1e6))
}

/// `[milliseconds since the loop's first turn began, milliseconds it waited in its polls]`; zeros before the first turn.
fn loop_times<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (start, idle, now) = rt.with_loop(|lp| {
        let (start, idle) = lp.busy_times();
        (start, idle, lp.world_mut().now())
    });
    let running = start.map_or(0.0, |start| now.saturating_sub(start) as f64 / 1e6);
    let list: [Local<'s>; 2] = [s.num(running), s.num(idle as f64 / 1e6)];
    Ok(s.new_array(&list))
}

/// Cores that the process may use.
fn parallelism<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let n = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    Ok(s.num(n as f64))
}
