//! `Function`, its prototype, the constructors of generator and async functions, and `%ThrowTypeError%`: sections 20.2,
//! 27.3, 27.4, 27.7 and 10.2.4.1.

use crate::def;
use looplab_vm::{
    Args, CONFIGURABLE, Class, CompileGoal, Completion, Intrinsic, Key, Local, NativeFn, Scope,
};

/// Sets up `Function`, `Function.prototype` and the hidden constructors of the other kinds.
pub fn install(s: &mut Scope<'_>) {
    let proto = s.intrinsic(Intrinsic::FunctionPrototype);
    install_throw_type_error(s, proto);
    let f = s.constructor("Function", 1, function, proto);
    s.set_intrinsic(Intrinsic::Function, f);
    def::global(s, "Function", f);
    s.method(proto, "apply", 2, apply);
    s.method(proto, "bind", 1, bind);
    s.method(proto, "call", 1, call);
    s.method(proto, "toString", 0, to_string);
    let key = s.atoms().sym_has_instance;
    let h = s.function(key, 1, has_instance);
    s.define_with(proto, key, h, 0);
    let kinds: [(&str, NativeFn, Intrinsic, Intrinsic); 3] = [
        (
            "GeneratorFunction",
            generator_function,
            Intrinsic::GeneratorFunctionPrototype,
            Intrinsic::GeneratorFunction,
        ),
        ("AsyncFunction", async_function, Intrinsic::AsyncFunctionPrototype, Intrinsic::AsyncFunction),
        (
            "AsyncGeneratorFunction",
            async_generator_function,
            Intrinsic::AsyncGeneratorFunctionPrototype,
            Intrinsic::AsyncGeneratorFunction,
        ),
    ];
    for (name, native, proto, ctor) in kinds {
        let proto = s.intrinsic(proto);
        let c = s.constructor(name, 1, native, proto);
        let key = s.atoms().constructor;
        s.define_with(proto, key, c, CONFIGURABLE);
        def::tag(s, proto, name);
        s.set_intrinsic(ctor, c);
        def::inherit(s, c, f);
    }
}

fn install_throw_type_error<'s>(s: &mut Scope<'s>, function_prototype: Local<'s>) {
    let name = s.atoms().empty;
    let t = s.function(name, 0, throw_type_error);
    let (zero, empty) = (s.int(0), s.str(""));
    let (length, name) = (s.atoms().length, s.atoms().name);
    s.define_with(t, length, zero, 0);
    s.define_with(t, name, empty, 0);
    let frozen = s.prevent_extensions(t);
    debug_assert!(matches!(frozen, Ok(true)));
    s.set_intrinsic(Intrinsic::ThrowTypeError, t);
    let (arguments, caller) = (s.atoms().arguments, s.atoms().caller);
    s.define_accessor(function_prototype, arguments, t, t, CONFIGURABLE);
    s.define_accessor(function_prototype, caller, t, t, CONFIGURABLE);
}

/// `%ThrowTypeError%`.
fn throw_type_error<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Err(s.throw_type(
        "'caller', 'callee', and 'arguments' properties may not be accessed on strict mode functions or the arguments objects for calls to them",
    ))
}

// ---- constructors ----

fn function<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    dynamic_function(s, args, "function", Intrinsic::FunctionPrototype)
}

fn generator_function<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    dynamic_function(s, args, "function*", Intrinsic::GeneratorFunctionPrototype)
}

fn async_function<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    dynamic_function(s, args, "async function", Intrinsic::AsyncFunctionPrototype)
}

fn async_generator_function<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    dynamic_function(s, args, "async function*", Intrinsic::AsyncGeneratorFunctionPrototype)
}

/// CreateDynamicFunction.
fn dynamic_function<'s>(
    s: &mut Scope<'s>,
    args: &Args<'s>,
    prefix: &str,
    fallback: Intrinsic,
) -> Completion<'s> {
    let (params, body) = match args.len() {
        0 => (String::new(), String::new()),
        n => {
            let mut params = Vec::with_capacity(n - 1);
            for i in 0..n - 1 {
                params.push(s.to_text(args.get(i))?);
            }
            (params.join(","), s.to_text(args.get(n - 1))?)
        }
    };
    let unclosed = params.rfind("/*") > params.rfind("*/") || params.matches('`').count() % 2 == 1;
    if unclosed {
        return Err(s.throw_syntax("Unexpected end of arg string"));
    }
    // Only comments, regular expressions and template literals can reach from the parameters into the body.
    let alone = format!("{prefix} anonymous({params}\n) {{\n}}");
    if params.contains(['/', '`']) {
        compile_one(s, &alone)?;
    }
    let f = match compile_one(s, &format!("{prefix} anonymous({params}\n) {{\n{body}\n}}")) {
        Ok(f) => f,
        Err(t) if params.is_empty() || s.is_terminating() => return Err(t),
        Err(t) => {
            let e = s.caught(t);
            if let Err(t) = compile_one(s, &alone) {
                s.caught(t);
                return Err(s.throw_syntax("Arg string terminates parameters early"));
            }
            return Err(s.throw(e));
        }
    };
    let nt = args.new_target();
    if !nt.is_undefined() && !nt.is_identical(args.callee()) {
        let proto = s.prototype_from_constructor(nt, fallback)?;
        s.set_prototype_of(f, proto)?;
    }
    Ok(f)
}

/// The function that the whole of `text` is. Otherwise the error is that of the text as an expression, as V8 reads it.
fn compile_one<'s>(s: &mut Scope<'s>, text: &str) -> Completion<'s> {
    let source = s.evaluated_source(text);
    match s.compile(source, CompileGoal::Function) {
        Ok(template) => {
            let f = s.run_script(template, false)?;
            if f.is_callable() && s.function_source(f) == text {
                return Ok(f);
            }
        }
        Err(t) => {
            s.caught(t);
        }
    }
    let source = s.evaluated_source(format!("({text}\n)"));
    s.compile(source, CompileGoal::Script)?;
    Err(s.throw_syntax("Single function literal required"))
}

// ---- prototype ----

fn apply<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (f, this) = (args.this(), args.get(0));
    if !f.is_callable() {
        return Err(s.throw_not_callable(f));
    }
    if args.get(1).is_nullish() {
        return s.call(f, this, &[]);
    }
    s.apply(f, this, args.get(1))
}

fn call<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if !args.this().is_callable() {
        return Err(s.throw_not_callable(args.this()));
    }
    s.call(args.this(), args.get(0), args.tail(1))
}

fn bind<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let target = args.this();
    if !target.is_callable() {
        return Err(s.throw_type("Bind must be called on a function"));
    }
    let bound = args.tail(1);
    let f = s.new_bound(target, args.get(0), bound)?;
    let (length, name): (Key<'s>, Key<'s>) = (s.atoms().length.into(), s.atoms().name.into());
    let mut n = 0.0;
    if s.has_own(target, length)? {
        let v = s.get(target, length)?;
        if let Some(l) = v.as_number() {
            let l = if l.is_nan() { 0.0 } else { l.trunc() };
            n = (l - bound.len() as f64).max(0.0);
        }
    }
    let n = s.num(n);
    s.define_with(f, length, n, CONFIGURABLE);
    let v = s.get(target, name)?;
    let prefix = s.str("bound ");
    let text = if v.is_string() { s.concat(prefix, v)? } else { prefix };
    s.define_with(f, name, text, CONFIGURABLE);
    Ok(f)
}

fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = args.this();
    if !f.is_callable() {
        return Err(s.throw_type("Function.prototype.toString requires that 'this' be a Function"));
    }
    if f.is_class(Class::Proxy) {
        return Ok(s.str("function () { [native code] }"));
    }
    let t = s.function_source(f);
    Ok(s.str(&t))
}

fn has_instance<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = s.ordinary_has_instance(args.this(), args.get(0))?;
    Ok(s.bool(r))
}
