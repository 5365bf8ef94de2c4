//! `Error`, its kinds, `AggregateError`, and V8's additions (captureStackTrace, stackTraceLimit, call sites): section 20.5.

mod call_site;

use crate::def;
use looplab_vm::{ALL, Args, Class, Completion, Intrinsic as I, Key, Local, NativeFn, Scope, Thrown};

/// Sets up `Error` and every kind of it.
pub fn install(s: &mut Scope<'_>) {
    let proto = s.intrinsic(I::ErrorPrototype);
    let error = s.constructor("Error", 1, error, proto);
    s.set_intrinsic(I::Error, error);
    def::global(s, "Error", error);
    name_and_message(s, proto, "Error");
    s.method(proto, "toString", 0, to_string);
    s.method(error, "captureStackTrace", 2, capture_stack_trace);
    s.method(error, "isError", 1, is_error);
    let (key, ten) = (s.atoms().stack_trace_limit, s.int(10));
    s.define_with(error, key, ten, ALL);
    let kinds: [(&str, NativeFn, I, I, u32); 7] = [
        ("TypeError", type_error, I::TypeErrorPrototype, I::TypeError, 1),
        ("RangeError", range_error, I::RangeErrorPrototype, I::RangeError, 1),
        ("SyntaxError", syntax_error, I::SyntaxErrorPrototype, I::SyntaxError, 1),
        ("ReferenceError", reference_error, I::ReferenceErrorPrototype, I::ReferenceError, 1),
        ("EvalError", eval_error, I::EvalErrorPrototype, I::EvalError, 1),
        ("URIError", uri_error, I::URIErrorPrototype, I::URIError, 1),
        ("AggregateError", aggregate_error, I::AggregateErrorPrototype, I::AggregateError, 2),
    ];
    for (name, native, proto_i, ctor_i, length) in kinds {
        let p = s.new_object_with_proto(proto);
        s.set_intrinsic(proto_i, p);
        let c = s.constructor(name, length, native, p);
        s.set_intrinsic(ctor_i, c);
        def::inherit(s, c, error);
        def::global(s, name, c);
        name_and_message(s, p, name);
    }
    call_site::install(s);
}

fn name_and_message<'s>(s: &mut Scope<'s>, proto: Local<'s>, name: &str) {
    let (key, v) = (s.atoms().name, s.str(name));
    s.define_hidden(proto, key, v);
    let (key, v) = (s.atoms().message, s.str(""));
    s.define_hidden(proto, key, v);
}

fn error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    construct(s, args, I::ErrorPrototype)
}
fn type_error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    construct(s, args, I::TypeErrorPrototype)
}
fn range_error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    construct(s, args, I::RangeErrorPrototype)
}
fn syntax_error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    construct(s, args, I::SyntaxErrorPrototype)
}
fn reference_error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    construct(s, args, I::ReferenceErrorPrototype)
}
fn eval_error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    construct(s, args, I::EvalErrorPrototype)
}
fn uri_error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    construct(s, args, I::URIErrorPrototype)
}

fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>, proto: I) -> Completion<'s> {
    let e = make(s, args, proto, args.get(0), args.get(1))?;
    capture(s, args, e);
    Ok(e)
}

fn aggregate_error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let e = make(s, args, I::AggregateErrorPrototype, args.get(1), args.get(2))?;
    let list = s.iterable_to_list(args.get(0))?;
    let list = s.new_array(&list);
    let key = s.atoms().errors;
    s.define_hidden(e, key, list);
    capture(s, args, e);
    Ok(e)
}

/// The error with `message` and `cause`, in V8's order of properties.
fn make<'s>(
    s: &mut Scope<'s>,
    args: &Args<'s>,
    proto: I,
    message: Local<'s>,
    options: Local<'s>,
) -> Completion<'s> {
    let proto = s.prototype_from_constructor(args.new_target(), proto)?;
    let message = if message.is_undefined() { message } else { s.to_string(message)? };
    let e = s.new_error_object(proto, message);
    let cause: Key<'s> = s.atoms().cause.into();
    if options.is_object() && s.has_property(options, cause)? {
        let v = s.get(options, cause)?;
        s.define_hidden(e, cause, v);
    }
    Ok(e)
}

/// The stack leaves out the constructor, and in a subclass everything down to the class that `new` named.
fn capture<'s>(s: &mut Scope<'s>, args: &Args<'s>, e: Local<'s>) {
    let nt = args.new_target();
    let until = if nt.is_callable() { nt } else { args.callee() };
    s.capture_stack(e, Some(until));
}

fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let e = args.this();
    if !e.is_object() {
        let t = s.describe_value(e);
        return Err(
            s.throw_type(&format!("Method Error.prototype.toString called on incompatible receiver {t}"))
        );
    }
    let (name, message) = (s.atoms().name, s.atoms().message);
    let name = text_of(s, e, name.into(), "Error")?;
    let message = text_of(s, e, message.into(), "")?;
    if s.str_len(name) == 0 {
        return Ok(message);
    }
    if s.str_len(message) == 0 {
        return Ok(name);
    }
    let colon = s.str(": ");
    let head = s.concat(name, colon)?;
    s.concat(head, message)
}

fn text_of<'s>(s: &mut Scope<'s>, e: Local<'s>, key: Key<'s>, default: &str) -> Result<Local<'s>, Thrown> {
    let v = s.get(e, key)?;
    if v.is_undefined() { Ok(s.str(default)) } else { s.to_string(v) }
}

fn capture_stack_trace<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.get(0);
    if !o.is_object() {
        return Err(s.throw_type("invalid_argument"));
    }
    let until = if args.get(1).is_callable() { args.get(1) } else { args.callee() };
    s.capture_stack_on(o, Some(until))?;
    Ok(s.undefined())
}

fn is_error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(s.bool(args.get(0).is_class(Class::Error)))
}
