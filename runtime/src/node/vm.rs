//! `vm`: compiled scripts, and realms to run them in. How a sandbox object and a realm's global object mirror each other is in
//! `runtime/js/vm.js`.

use crate::errors;
use crate::modules::compile;
use crate::rt::{Rt, text_arg};
use looplab_engine::{
    Args, Class, CompileGoal, Completion, FunctionTemplate, HostData, Local, NativeFn, RealmId, Scope,
    Thrown, Visitor,
};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

/// The object that `vm.js` works with.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("compile", 4, compile_script),
        ("run", 3, run),
        ("newRealm", 0, new_realm),
        ("realmGlobal", 1, realm_global),
        ("compileFunction", 6, compile_function),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    o
}

struct Compiled(Rc<FunctionTemplate>);
impl HostData for Compiled {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

struct Realm(RealmId);
impl HostData for Realm {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

fn host<'s>(s: &mut Scope<'s>, data: Box<dyn HostData>) -> Local<'s> {
    let null = s.null();
    let o = s.new_object_of(Class::Host, null);
    s.set_host_data(o, data);
    o
}

/// The text, moved so that positions come out as the offsets ask. Offsets below zero count as none.
fn placed(text: &str, line: f64, column: f64) -> String {
    let lines = "\n".repeat(line.clamp(0.0, 1e6) as usize);
    let columns = " ".repeat(column.clamp(0.0, 1e6) as usize);
    format!("{lines}{columns}{text}")
}

/// `compile(code, filename, lineOffset, columnOffset)`: a handle.
fn compile_script<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (code, name) = (text_arg(s, args, 0), text_arg(s, args, 1));
    let text = placed(&code, s.to_number(args.get(2))?, s.to_number(args.get(3))?);
    let t = compile(s, &rt, &name, &text, CompileGoal::Script)?;
    Ok(host(s, Box::new(Compiled(t))))
}

fn realm_of(s: &Scope<'_>, v: Local<'_>) -> Option<RealmId> {
    if !v.is_class(Class::Host) {
        return None;
    }
    s.host_data::<Realm>(v).map(|r| r.0)
}

/// `run(script, realm, timeout)`: the completion value. Without a realm it runs in this one; a timeout of 0 is none.
fn run<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let Some(t) = s.host_data::<Compiled>(args.get(0)).map(|c| c.0.clone()) else {
        return Err(s.throw_type("not a compiled script"));
    };
    let realm = realm_of(s, args.get(1));
    let ms = s.to_number(args.get(2))?;
    let watch = (ms > 0.0).then(|| watch(s, ms));
    let r = match realm {
        None => s.run_script(t, false),
        Some(realm) => in_realm(s, realm, |s| s.run_script(t, true)),
    };
    let Some(stop) = watch else { return r };
    let timed_out = stop();
    match r {
        Err(_) if timed_out && s.is_terminating() => {
            s.clear_termination();
            let text = format!("Script execution timed out after {ms}ms");
            Err(errors::throw(s, errors::Kind::Error, "ERR_SCRIPT_EXECUTION_TIMEOUT", &text))
        }
        r => r,
    }
}

/// Runs `f` in a realm; what it gives is a value of this scope.
fn in_realm<'s>(
    s: &mut Scope<'s>,
    realm: RealmId,
    f: impl for<'n> FnOnce(&mut Scope<'n>) -> Result<Local<'n>, Thrown>,
) -> Completion<'s> {
    let kept = s.in_realm(realm, |s| f(s).map(|v| s.global(v)))?;
    let v = s.open(kept);
    s.release(kept);
    Ok(v)
}

/// Interrupts the engine after a time, unless the function that comes back is called first; that one says whether it happened.
fn watch(s: &mut Scope<'_>, ms: f64) -> impl FnOnce() -> bool + use<> {
    let interrupt = s.interrupt();
    let (stop, stopped) = mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let late = stopped.recv_timeout(Duration::from_secs_f64(ms / 1000.0)).is_err();
        if late {
            interrupt.request();
        }
        late
    });
    move || {
        // The thread may have gone already.
        let _ = stop.send(());
        thread.join().unwrap_or(false)
    }
}

fn new_realm<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let id = looplab_engine::new_realm(s)?;
    Ok(host(s, Box::new(Realm(id))))
}

fn realm_global<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    match realm_of(s, args.get(0)) {
        Some(id) => Ok(s.realm_global(id)),
        None => Ok(s.global_object()),
    }
}

/// `compileFunction(code, params, filename, lineOffset, columnOffset, realm)`
fn compile_function<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (code, name) = (text_arg(s, args, 0), text_arg(s, args, 2));
    let mut params = Vec::new();
    if args.get(1).is_object() {
        for p in s.list_from_array_like(args.get(1))? {
            params.push(s.to_text(p)?);
        }
    }
    let params: Vec<&str> = params.iter().map(String::as_str).collect();
    let text = placed(&code, s.to_number(args.get(3))?, s.to_number(args.get(4))?);
    let t = compile(s, &rt, &name, &text, CompileGoal::Body(&params))?;
    match realm_of(s, args.get(5)) {
        None => Ok(s.function_from(t)),
        Some(realm) => in_realm(s, realm, |s| Ok(s.function_from(t))),
    }
}
