//! Call sites: what `Error.prepareStackTrace` gets for each frame, with V8's methods.
//!
//! Internal value 0 is the receiver, 1 the function where it is known.

use looplab_vm::{Args, CallSite, Class, Completion, Intrinsic, Local, NativeFn, Scope, StackFrame, Thrown};

pub(super) fn install(s: &mut Scope<'_>) {
    let p = s.new_object();
    s.set_intrinsic(Intrinsic::CallSitePrototype, p);
    s.constructor("CallSite", 0, illegal, p);
    let methods: [(&str, NativeFn); 21] = [
        ("getColumnNumber", |s, a| frame(s, a, "getColumnNumber").map(|f| place(s, &f, f.column))),
        ("getEnclosingColumnNumber", |s, a| {
            frame(s, a, "getEnclosingColumnNumber").map(|f| place(s, &f, f.column))
        }),
        ("getEnclosingLineNumber", |s, a| {
            frame(s, a, "getEnclosingLineNumber").map(|f| place(s, &f, f.line))
        }),
        ("getEvalOrigin", |s, a| frame(s, a, "getEvalOrigin").map(|_| s.undefined())),
        ("getFileName", |s, a| frame(s, a, "getFileName").map(|f| file(s, &f))),
        ("getFunction", get_function),
        ("getFunctionName", |s, a| frame(s, a, "getFunctionName").map(|f| text(s, &f.function))),
        ("getLineNumber", |s, a| frame(s, a, "getLineNumber").map(|f| place(s, &f, f.line))),
        ("getMethodName", get_method_name),
        ("getPosition", |s, a| frame(s, a, "getPosition").map(|f| s.num(f64::from(f.column)))),
        ("getPromiseIndex", |s, a| {
            frame(s, a, "getPromiseIndex").map(|f| match f.promise_index {
                Some(i) => s.num(f64::from(i)),
                None => s.null(),
            })
        }),
        ("getScriptNameOrSourceURL", |s, a| frame(s, a, "getScriptNameOrSourceURL").map(|f| file(s, &f))),
        ("getScriptHash", |s, a| frame(s, a, "getScriptHash").map(|_| s.str(""))),
        ("getThis", get_this),
        ("getTypeName", get_type_name),
        ("isAsync", |s, a| frame(s, a, "isAsync").map(|f| s.bool(f.is_async))),
        ("isConstructor", |s, a| frame(s, a, "isConstructor").map(|f| s.bool(f.is_construct))),
        ("isEval", |s, a| frame(s, a, "isEval").map(|f| s.bool(f.is_eval))),
        ("isNative", |s, a| frame(s, a, "isNative").map(|f| s.bool(f.file.is_none()))),
        ("isPromiseAll", |s, a| {
            let f = frame(s, a, "isPromiseAll")?;
            Ok(s.bool(f.promise_index.is_some() && f.function == "Promise.all"))
        }),
        ("isToplevel", is_toplevel),
    ];
    for (name, f) in methods {
        let key = s.key(name);
        let f = s.function(key, 0, f);
        s.define_with(p, key, f, 0);
    }
    let key = s.atoms().to_string;
    let f = s.function(key, 0, |s, a| {
        let f = frame(s, a, "toString")?;
        Ok(s.str(&f.render()))
    });
    s.define_with(p, key, f, 0);
}

fn illegal<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Err(s.throw_type("Illegal constructor"))
}

/// The frame behind the receiver.
fn frame<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str) -> Result<StackFrame, Thrown> {
    match s.host_data::<CallSite>(args.this()) {
        Some(CallSite(f)) => Ok(f.clone()),
        None => Err(s.throw_type(&format!("CallSite method {method} expects CallSite as receiver"))),
    }
}

fn text<'s>(s: &mut Scope<'s>, t: &str) -> Local<'s> {
    if t.is_empty() { s.null() } else { s.str(t) }
}

fn file<'s>(s: &mut Scope<'s>, f: &StackFrame) -> Local<'s> {
    match &f.file {
        Some(name) => s.str(name),
        None => s.null(),
    }
}

/// A line or column; null for native functions.
fn place<'s>(s: &mut Scope<'s>, f: &StackFrame, n: u32) -> Local<'s> {
    if f.file.is_some() { s.num(f64::from(n)) } else { s.null() }
}

fn get_function<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    frame(s, args, "getFunction")?;
    Ok(s.internal(args.this(), 1))
}

fn get_this<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    frame(s, args, "getThis")?;
    Ok(s.internal(args.this(), 0))
}

/// The receiver of the call, if it is an object other than the global one.
fn receiver<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Option<Local<'s>> {
    let this = s.internal(args.this(), 0);
    (this.is_object() && !this.is_class(Class::Global)).then_some(this)
}

fn is_toplevel<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = frame(s, args, "isToplevel")?;
    let top = f.is_top_level || receiver(s, args).is_none();
    Ok(s.bool(top))
}

fn get_type_name<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = frame(s, args, "getTypeName")?;
    Ok(match &f.type_name {
        Some(t) => s.str(t),
        None if receiver(s, args).is_some() => s.str("Object"),
        None => s.null(),
    })
}

fn get_method_name<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = frame(s, args, "getMethodName")?;
    if f.is_construct || f.is_top_level || receiver(s, args).is_none() {
        return Ok(s.null());
    }
    Ok(text(s, &f.function))
}
