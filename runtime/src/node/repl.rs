//! The native half of `node:repl` (`/repl_native`): what only the compiler and the recorder know of a line.

use crate::errors;
use crate::modules::{cjs, compile, eval_globals};
use crate::rt::{Rt, text_arg};
use looplab_engine::{Args, CompileGoal, Completion, Local, NativeFn, Scope};
use signal_hook::iterator::Signals;

/// The internal module.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("isIncomplete", 1, is_incomplete),
        ("withAwait", 1, with_await),
        ("run", 3, run),
        ("prepareGlobal", 0, prepare_global),
        ("mark", 0, mark),
        ("explain", 1, explain),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    o
}

/// `isIncomplete(code)`: whether it is wrong only because it ends too early.
fn is_incomplete<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = text_arg(s, args, 0);
    Ok(s.bool(looplab_engine::compiler::is_incomplete(&text)))
}

/// `withAwait(code)`: the code as a script whose value is a promise of `{ value }`, or null.
fn with_await<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = text_arg(s, args, 0);
    Ok(match looplab_engine::compiler::with_top_level_await(&text) {
        Some(text) => s.str(&text),
        None => s.null(),
    })
}

/// `run(code, name, interruptible)`: the value of a script in the global scope. A SIGINT ends it if it may be interrupted.
fn run<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (text, name) = (text_arg(s, args, 0), text_arg(s, args, 1));
    let t = compile(s, &rt, &name, &text, CompileGoal::Script)?;
    if !args.get(2).is_true() {
        return s.run_script(t, false);
    }
    let stop = match watch(s) {
        Ok(stop) => stop,
        Err(e) => return Err(crate::node::sys::throw(s, &e, "uv_signal_start", None, None)),
    };
    let r = s.run_script(t, false);
    let interrupted = stop();
    match r {
        Err(_) if interrupted && s.is_terminating() => {
            s.clear_termination();
            let text = "Script execution was interrupted by `SIGINT`";
            Err(errors::throw(s, errors::Kind::Error, "ERR_SCRIPT_EXECUTION_INTERRUPTED", text))
        }
        r => {
            // The signal may have come when the script had just ended.
            s.clear_termination();
            r
        }
    }
}

/// Interrupts the engine at the next SIGINT, until the function that comes back is called; that one says whether it happened.
fn watch(s: &mut Scope<'_>) -> std::io::Result<impl FnOnce() -> bool + use<>> {
    let interrupt = s.interrupt();
    let mut signals = Signals::new([signal_hook::consts::SIGINT])?;
    let handle = signals.handle();
    let thread = std::thread::spawn(move || {
        // Ends without a signal when nobody is interested any more.
        let told = signals.forever().next().is_some();
        if told {
            interrupt.request();
        }
        told
    });
    Ok(move || {
        handle.close();
        thread.join().unwrap_or(false)
    })
}

/// Gives the global object what lines find there: `require`, `module` and the builtin modules.
fn prepare_global<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let g = s.global_object();
    let u = s.undefined();
    let module = cjs::new_module(s, "<repl>", u)?;
    let u = s.undefined();
    cjs::put(s, module, "filename", u);
    let require = cjs::make_require(s, module);
    let exports = cjs::get(s, module, "exports")?;
    for (name, v) in [("require", require), ("module", module), ("exports", exports)] {
        let k = s.key(name);
        s.define_hidden(g, k, v);
    }
    eval_globals::install(s, g)?;
    Ok(s.undefined())
}

/// `mark()`: how much the log holds now; undefined when nothing is recorded.
fn mark<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    Ok(match &rt.probe {
        Some(p) => s.num(p.read(|log| log.records().len()) as f64),
        None => s.undefined(),
    })
}

/// `explain(mark)`: what has happened since, in words; undefined when nobody can tell.
fn explain<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let from = s.to_number(args.get(0))?.max(0.0) as usize;
    let (Some(p), Some(tell)) = (&rt.probe, rt.options.explain) else { return Ok(s.undefined()) };
    let text = p.read(|log| tell(log, &rt.scripts.borrow(), from));
    Ok(s.str(&text))
}
