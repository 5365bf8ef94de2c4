//! Code of `-e`, `-p` and the REPL finds the builtin modules as globals, each loaded when it is first named.

use super::cjs;
use crate::rt::Rt;
use looplab_engine::{Args, CONFIGURABLE, Completion, Local, Scope, Thrown};
use looplab_module_loader::BUILTIN_MODULES;

/// Adds them to the global object.
pub(crate) fn install<'s>(s: &mut Scope<'s>, g: Local<'s>) -> Result<(), Thrown> {
    for name in BUILTIN_MODULES.iter().filter(|name| !name.starts_with('_') && !name.contains('/')) {
        let k = s.key(name);
        if s.has_own(g, k)? {
            continue;
        }
        let data = s.str(name);
        let get = s.function_with_data(k, 0, load, data);
        let set = s.function_with_data(k, 1, replace, data);
        s.define_accessor(g, k, get, set, CONFIGURABLE);
    }
    Ok(())
}

fn settle<'s>(s: &mut Scope<'s>, name: Local<'s>, v: Local<'s>) -> Completion<'s> {
    let (g, k) = (s.global_object(), s.to_key(name)?);
    s.define_hidden(g, k, v);
    Ok(v)
}

fn load<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let name = s.to_text(args.data())?;
    let module = cjs::require_builtin(s, &rt, &name)?;
    settle(s, args.data(), module)
}

fn replace<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    settle(s, args.data(), args.get(0))
}
