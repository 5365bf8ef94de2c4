//! The prototypes of generators and async generators: sections 27.3.3, 27.4.3, 27.5.1 and 27.6.1.

use crate::def;
use looplab_vm::{Args, CONFIGURABLE, Completion, Intrinsic, Scope};

/// Sets up `%GeneratorPrototype%` and `%AsyncGeneratorPrototype%` and links them to their functions' prototypes.
pub fn install(s: &mut Scope<'_>) {
    let p = s.intrinsic(Intrinsic::GeneratorPrototype);
    let next = s.method(p, "next", 1, |s, a| s.generator_resume(a.this(), 0, a.get(0)));
    s.set_intrinsic(Intrinsic::GeneratorNext, next);
    s.method(p, "return", 1, |s, a| s.generator_resume(a.this(), 2, a.get(0)));
    s.method(p, "throw", 1, |s, a| s.generator_resume(a.this(), 1, a.get(0)));
    link(s, Intrinsic::GeneratorPrototype, Intrinsic::GeneratorFunctionPrototype, "Generator");

    let p = s.intrinsic(Intrinsic::AsyncGeneratorPrototype);
    s.method(p, "next", 1, async_next);
    s.method(p, "return", 1, |s, a| s.async_generator_enqueue(a.this(), 2, a.get(0)));
    s.method(p, "throw", 1, |s, a| s.async_generator_enqueue(a.this(), 1, a.get(0)));
    link(s, Intrinsic::AsyncGeneratorPrototype, Intrinsic::AsyncGeneratorFunctionPrototype, "AsyncGenerator");
}

fn async_next<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    s.async_generator_enqueue(args.this(), 0, args.get(0))
}

/// `%XFunction.prototype%.prototype` and back.
fn link(s: &mut Scope<'_>, proto: Intrinsic, function_proto: Intrinsic, tag: &str) {
    let (p, f) = (s.intrinsic(proto), s.intrinsic(function_proto));
    let (constructor, prototype) = (s.atoms().constructor, s.atoms().prototype);
    s.define_with(p, constructor, f, CONFIGURABLE);
    s.define_with(f, prototype, p, CONFIGURABLE);
    def::tag(s, p, tag);
}
