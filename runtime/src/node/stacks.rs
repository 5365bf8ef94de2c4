//! `Error.prepareStackTrace`, which Node 24 has from the start: programs that wrap it call what was there before.
//!
//! It is an accessor until somebody sets it, so that the engine needs to call nothing for the stacks of ordinary programs.

use looplab_engine::{Args, CONFIGURABLE, Completion, Intrinsic, Scope};

/// Puts it there.
pub(crate) fn install(s: &mut Scope<'_>) {
    s.nested(|s| {
        let class = s.intrinsic(Intrinsic::Error);
        let k = s.key("prepareStackTrace");
        let (get, set) = (s.function(k, 0, get), s.function(k, 1, set));
        s.define_accessor(class, k, get, set, CONFIGURABLE | looplab_engine::ENUMERABLE);
    });
}

fn get<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let known = crate::modules::registered(s, "prepareStackTrace");
    if known.is_callable() {
        return Ok(known);
    }
    let k = s.key("prepareStackTrace");
    let f = s.function(k, 2, render);
    crate::modules::register_value(s, "prepareStackTrace", f);
    Ok(f)
}

fn set<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let k = s.key("prepareStackTrace");
    s.define_with(args.this(), k, args.get(0), looplab_engine::ALL);
    Ok(s.undefined())
}

/// `prepareStackTrace(error, callSites)`: what `stack` is without it.
fn render<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut text = match s.to_text(args.get(0)) {
        Ok(text) => text,
        Err(t) => {
            s.caught(t);
            "<error>".to_owned()
        }
    };
    if args.get(1).is_object() {
        for site in s.list_from_array_like(args.get(1))? {
            text.push_str("\n    at ");
            text.push_str(&s.to_text(site)?);
        }
    }
    Ok(s.str(&text))
}
