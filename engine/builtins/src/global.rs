//! Value properties of the global object and indirect eval, sections 19.1 and 19.2.1.

use crate::def;
use looplab_vm::{Args, CompileGoal, Completion, Intrinsic, Scope};

/// Sets up `globalThis`, `undefined`, `NaN`, `Infinity` and `eval`.
pub fn install(s: &mut Scope<'_>) {
    let g = s.global_object();
    def::global(s, "globalThis", g);
    let values = [("undefined", s.undefined()), ("NaN", s.num(f64::NAN)), ("Infinity", s.num(f64::INFINITY))];
    for (name, v) in values {
        let key = s.key(name);
        s.define_with(g, key, v, 0);
    }
    let f = s.method(g, "eval", 1, eval);
    s.set_intrinsic(Intrinsic::Eval, f);
}

/// Indirect eval: the text is a script of its own in the global environment.
fn eval<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = args.get(0);
    if !text.is_string() {
        return Ok(text);
    }
    let text = s.to_utf8_lossy(text);
    let source = s.evaluated_source(text);
    let template = s.compile(source, CompileGoal::Eval)?;
    s.run_script(template, true)
}
