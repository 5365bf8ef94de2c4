//! Errors nobody caught: 'uncaughtException', unhandled rejections, the report on standard error, and the exit path.

use crate::options::Unhandled;
use crate::rt::Rt;
use crate::ticks::{self, Callback};
use looplab_engine::{Class, Global, Key, Local, PromiseState, Scope, Thrown};
use looplab_probe::{CallbackKind, ErrorOrigin, Event, EventId, Pos, Probe};
use std::rc::Rc;

/// Where an error came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Exception,
    Rejection,
    /// The program could not be loaded.
    Load,
}

/// Promises on their way to being reported.
#[derive(Default)]
pub(crate) struct Rejections {
    /// Rejected without a handler since the last check.
    pending: Vec<Global>,
    /// Reported, and still without a handler, with their numbers.
    reported: Vec<(Global, u32)>,
    /// Handled after they were reported.
    late: Vec<(Global, u32)>,
    /// Rejections reported so far.
    count: u32,
}

impl Rejections {
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.late.is_empty()
    }
}

/// The engine's rejection tracker.
pub(crate) fn track(s: &mut Scope<'_>, rt: &Rt, promise: Local<'_>, handled: bool) {
    let mut r = rt.rejections.borrow_mut();
    if !handled {
        let g = s.global(promise);
        r.pending.push(g);
        return;
    }
    let same = |s: &mut Scope<'_>, g: Global| s.nested(|s| s.open(g).is_identical(promise));
    if let Some(i) = (0..r.pending.len()).find(|&i| same(s, r.pending[i])) {
        let g = r.pending.remove(i);
        s.release(g);
    } else if let Some(i) = (0..r.reported.len()).find(|&i| same(s, r.reported[i].0)) {
        let g = r.reported.remove(i);
        r.late.push(g);
    }
}

/// Reports rejections that are still unhandled. Whether anything ran.
pub(crate) fn process_rejections(s: &mut Scope<'_>, rt: &Rc<Rt>) -> bool {
    let late = std::mem::take(&mut rt.rejections.borrow_mut().late);
    let pending = std::mem::take(&mut rt.rejections.borrow_mut().pending);
    let ran = !late.is_empty() || !pending.is_empty();
    for (g, id) in late {
        s.nested(|s| {
            let p = s.open(g);
            s.release(g);
            if !emit(s, rt, CallbackKind::Rejection, "rejectionHandled", &[p]) {
                let id = s.num(f64::from(id));
                warn(s, rt, "warnHandledLate", &[id]);
            }
        });
    }
    for g in pending {
        if rt.exit.get().is_some() {
            break;
        }
        let id = {
            let mut r = rt.rejections.borrow_mut();
            r.count += 1;
            let id = r.count;
            r.reported.push((g, id));
            id
        };
        s.nested(|s| {
            let p = s.open(g);
            if s.promise_state(p) != PromiseState::Rejected || s.promise_is_handled(p) {
                return;
            }
            let reason = s.promise_result(p);
            report_rejection(s, rt, p, reason, id);
        });
    }
    ran
}

/// What `--unhandled-rejections` says is done about a rejection.
fn report_rejection<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, p: Local<'s>, reason: Local<'s>, id: u32) {
    let mode = rt.options.node.unhandled;
    let number = s.num(f64::from(id));
    if mode == Unhandled::Strict {
        let e = rejection_error(s, reason);
        let t = s.throw(e);
        uncaught(s, rt, t, Origin::Rejection);
        if rt.exit.get().is_some() {
            return;
        }
    }
    let handled = emit(s, rt, CallbackKind::Rejection, "unhandledRejection", &[reason, p]);
    if rt.exit.get().is_some() {
        return;
    }
    match mode {
        Unhandled::None => {}
        Unhandled::Warn => warn(s, rt, "warnUnhandled", &[reason, number]),
        Unhandled::Throw | Unhandled::Strict if handled => {}
        Unhandled::Strict => warn(s, rt, "warnUnhandled", &[reason, number]),
        Unhandled::Throw => {
            let e = rejection_error(s, reason);
            let t = s.throw(e);
            uncaught(s, rt, t, Origin::Rejection);
        }
    }
}

/// Calls one of the warnings of `runtime/js/process.js`.
fn warn<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, name: &str, args: &[Local<'s>]) {
    let r = crate::modules::builtin(s, rt, "/process").and_then(|m| match m {
        Some(m) => {
            let k = s.key(name);
            s.invoke(m, k, args).map(|_| ())
        }
        None => Ok(()),
    });
    if let Err(t) = r {
        uncaught(s, rt, t, Origin::Exception);
    }
}

/// Errors are thrown as they are, other reasons wrapped in ERR_UNHANDLED_REJECTION.
fn rejection_error<'s>(s: &mut Scope<'s>, reason: Local<'s>) -> Local<'s> {
    if reason.is_class(Class::Error) {
        return reason;
    }
    let shown = format!("\"{}\"", s.describe_value(reason));
    let e = s.new_error(
        looplab_engine::Intrinsic::ErrorPrototype,
        &format!(
            "This error originated either by throwing inside of an async function without a catch block, or by rejecting \
             a promise which was not handled with .catch(). The promise rejected with the reason {shown}."
        ),
    );
    let (code, name): (Key<'_>, Key<'_>) = (s.atoms().code.into(), s.atoms().name.into());
    let (code_text, name_text) = (s.str("ERR_UNHANDLED_REJECTION"), s.str("UnhandledPromiseRejection"));
    s.define_with(e, code, code_text, looplab_engine::ALL);
    s.define_with(e, name, name_text, looplab_engine::ALL);
    e
}

/// An error that reached the loop. Listeners of 'uncaughtException' may take it; otherwise the process ends with code 1.
pub(crate) fn uncaught(s: &mut Scope<'_>, rt: &Rc<Rt>, t: Thrown, origin: Origin) {
    if s.is_terminating() {
        terminated(s, rt);
        return;
    }
    let e = s.caught(t);
    if rt.exit.get().is_some() {
        return;
    }
    let site = match origin {
        Origin::Rejection => None,
        _ => s.vm().throw_position(),
    };
    s.nested(|s| {
        let e = s.adopt(e);
        let capture = crate::modules::registered(s, "uncaught capture");
        if capture.is_callable() {
            let u = s.undefined();
            if let Err(t) = s.call(capture, u, &[e]) {
                if s.is_terminating() {
                    terminated(s, rt);
                } else {
                    let site = s.vm().throw_position();
                    let e = s.caught(t);
                    let text = report(s, e, site);
                    crate::node::stdio::write_stderr(rt, text.as_bytes());
                    rt.exit.set(Some(7));
                }
            }
            return;
        }
        let handled = origin != Origin::Load && has_listener(s, rt, "uncaughtException");
        let event = log_error(s, rt, e, origin, handled);
        let kind =
            s.str(if origin == Origin::Rejection { "unhandledRejection" } else { "uncaughtException" });
        emit_from(s, rt, CallbackKind::UncaughtException, "uncaughtExceptionMonitor", &[e, kind], event);
        if handled
            && emit_from(s, rt, CallbackKind::UncaughtException, "uncaughtException", &[e, kind], event)
        {
            return;
        }
        if rt.exit.get().is_some() {
            return;
        }
        // Node emits 'exit' first and then reports; jobs that were waiting are lost.
        let code = run_exit_listeners(s, rt, 1, false);
        if !crate::node::worker::report(s, rt, e) {
            let text = report(s, e, site);
            crate::node::stdio::write_stderr(rt, text.as_bytes());
        }
        if rt.exit.get().is_none() {
            rt.exit.set(Some(code));
        }
    });
}

fn log_error(s: &mut Scope<'_>, rt: &Rt, e: Local<'_>, origin: Origin, handled: bool) -> EventId {
    let Some(p) = &rt.probe else { return EventId::NONE };
    let text = s.nested(|s| {
        let e = s.adopt(e);
        first_line(s, e)
    });
    let pos = match s.error_frames(e).into_iter().find_map(|f| f.file.clone().map(|n| (n, f))) {
        Some((name, f)) => Pos { script: p.intern(&name), line: f.line, column: f.column },
        None => Pos::NONE,
    };
    let origin = match origin {
        Origin::Exception => ErrorOrigin::Exception,
        Origin::Rejection => ErrorOrigin::Rejection,
        Origin::Load => ErrorOrigin::Load,
    };
    rt.emit(|p| Event::UncaughtError { origin, text: p.intern(&text), pos, handled })
}

fn first_line<'s>(s: &mut Scope<'s>, e: Local<'s>) -> String {
    let text = stack_text(s, e).unwrap_or_else(|| crate::node::inspect_text(s, e));
    text.lines().next().unwrap_or("").to_owned()
}

/// The `stack` of an error, if it is a string.
fn stack_text<'s>(s: &mut Scope<'s>, e: Local<'s>) -> Option<String> {
    if !e.is_object() {
        return None;
    }
    let k: Key<'s> = s.atoms().stack.into();
    match s.get(e, k) {
        Ok(v) if v.is_string() => Some(s.to_utf8_lossy(v)),
        Ok(_) => None,
        Err(t) => {
            s.caught(t);
            None
        }
    }
}

/// What Node prints for an uncaught error: place, source line, caret, the error, and its version.
///
/// `site`: where it was thrown (source name, script, line, column), if it was.
pub(crate) fn report<'s>(s: &mut Scope<'s>, e: Local<'s>, site: Option<(String, u32, u32, u32)>) -> String {
    let mut out = String::new();
    let arrow: Key<'s> = s.key("looplab.arrow");
    let given = if e.is_object() { s.get(e, arrow).ok().filter(|v| v.is_string()) } else { None };
    let frame = || {
        let frames = s.error_frames(e);
        let f = frames.into_iter().find(|f| f.file.is_some())?;
        Some((f.file?, f.script, f.line, f.column))
    };
    if let Some(v) = given {
        out.push_str(&s.to_utf8_lossy(v));
    } else if let Some((name, id, line, column)) = site.or_else(frame) {
        let rt = Rt::of(s);
        let scripts = rt.scripts.borrow();
        if let Some(script) = scripts.iter().find(|x| x.id == id)
            && !name.starts_with("node:")
        {
            let blank = if e.is_class(Class::Error) { "" } else { "\n" };
            let place = place(&name, &script.text, line, column);
            // Nothing stands between the caret and a value that is no error.
            let place = if blank.is_empty() { &place } else { place.trim_end_matches('\n') };
            out.push_str(&format!("{blank}{place}{blank}"));
        }
    } else if !e.is_class(Class::Error) {
        out.push_str("Uncaught:\n");
    }
    let is_error = e.is_class(Class::Error);
    let mut body = crate::node::inspect_text(s, e);
    // An error without frames is inspected in brackets; reported, it stands as it is.
    if let Some(header) = stack_text(s, e)
        && let Some(rest) = body.strip_prefix(&format!("[{header}]"))
    {
        body = format!("{header}{rest}");
    }
    if is_error {
        out.push_str(&body);
        out.push('\n');
    } else {
        let shown = if e.is_string() { s.to_utf8_lossy(e) } else { body };
        out.push_str(&shown);
        out.push('\n');
        if !e.is_object() {
            out.push_str("(Use `node --trace-uncaught ...` to show where the exception was thrown)\n");
        }
    }
    out.push_str(&format!("\nNode.js {}\n", crate::node::process::VERSION));
    out
}

/// `file:line`, the source line, and a caret under the column.
pub(crate) fn place(name: &str, text: &str, line: u32, column: u32) -> String {
    let source = text.lines().nth(line.max(1) as usize - 1).unwrap_or("");
    let pad: String =
        source.chars().take(column.max(1) as usize - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    format!("{name}:{line}\n{source}\n{pad}^\n\n")
}

/// The engine was stopped from outside or ran out of memory.
fn terminated(s: &mut Scope<'_>, rt: &Rc<Rt>) {
    let oom = s.vm().is_out_of_memory();
    s.clear_termination();
    if oom && crate::node::worker::out_of_memory(s, rt) {
        rt.exit.set(Some(1));
    } else if oom {
        let text = "\n<--- JS stacktrace --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n";
        crate::node::stdio::write_stderr(rt, text.as_bytes());
        rt.exit.set(Some(134));
    } else {
        crate::stop::obey(rt);
        if rt.exit.get().is_none() {
            rt.exit.set(Some(130));
        }
    }
}

// ---- the process object's events ----

fn has_listener(s: &mut Scope<'_>, rt: &Rt, event: &str) -> bool {
    s.nested(|s| {
        let p = rt.process(s);
        if !p.is_object() {
            return false;
        }
        let name = s.str(event);
        let k = s.key("listenerCount");
        match s.invoke(p, k, &[name]) {
            Ok(n) => n.as_number().unwrap_or(0.0) > 0.0,
            Err(t) => {
                s.caught(t);
                false
            }
        }
    })
}

/// `process.emit(event, ...args)` as a callback; whether there were listeners.
pub(crate) fn emit(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    kind: CallbackKind,
    event: &str,
    args: &[Local<'_>],
) -> bool {
    emit_from(s, rt, kind, event, args, EventId::NONE)
}

fn emit_from(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    kind: CallbackKind,
    event: &str,
    args: &[Local<'_>],
    cause: EventId,
) -> bool {
    if !has_listener(s, rt, event) {
        return false;
    }
    s.nested(|s| {
        let p = rt.process(s);
        let name = s.str(event);
        let mut all = vec![name];
        all.extend(args.iter().map(|&a| s.adopt(a)));
        let label = rt.probe.intern(event);
        let begin = ticks::begin(rt, Callback::new(kind, 0, cause), label, Pos::NONE);
        let k = s.key("emit");
        let r = s.invoke(p, k, &all);
        ticks::end(rt, begin, r.is_ok());
        if let Err(t) = r {
            if s.is_terminating() {
                terminated(s, rt);
                return true;
            }
            if kind != CallbackKind::UncaughtException {
                uncaught(s, rt, t, Origin::Exception);
                return true;
            }
            // An error inside a listener of last resort: nobody else will take it.
            let site = s.vm().throw_position();
            let e = s.caught(t);
            if rt.exit.get().is_none() {
                let text = report(s, e, site);
                crate::node::stdio::write_stderr(rt, text.as_bytes());
                rt.exit.set(Some(7));
            }
        }
        true
    })
}

/// The current `process.exitCode`, if it is set.
pub(crate) fn exit_code(s: &mut Scope<'_>, rt: &Rt) -> Option<i32> {
    s.nested(|s| {
        let p = rt.process(s);
        if !p.is_object() {
            return None;
        }
        let k = s.key("exitCode");
        match s.get(p, k) {
            Ok(v) if v.is_nullish() => None,
            Ok(v) => s.to_int32(v).ok(),
            Err(t) => {
                s.caught(t);
                None
            }
        }
    })
}

/// 'exit', with the jobs that it leaves behind (an error leaves none); the code to end with.
pub(crate) fn run_exit_listeners(s: &mut Scope<'_>, rt: &Rc<Rt>, code: i32, jobs: bool) -> i32 {
    if rt.exit_emitted.replace(true) {
        return code;
    }
    s.nested(|s| {
        let p = rt.process(s);
        if !p.is_object() {
            return code;
        }
        // A code that nobody has asked for is told to the listeners, but not set: except that of an error, and Node's own.
        let v = s.int(code);
        if !jobs || (code != 0 && exit_code(s, rt).is_none()) {
            let k = s.key("exitCode");
            if let Err(t) = s.set(p, k, v) {
                s.caught(t);
            }
        }
        emit(s, rt, CallbackKind::Exit, "exit", &[v]);
        // Timers and ticks never run any more, promise jobs do.
        if jobs {
            ticks::run_microtasks(s, rt);
        }
        exit_code(s, rt).unwrap_or(code)
    })
}
