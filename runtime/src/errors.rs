//! Errors as Node makes them: class, `code`, and the message texts that several modules share.

use looplab_engine::{Args, Completion, Intrinsic, Key, Local, Scope, Thrown};

/// The class of a Node error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Error
    Error,
    /// TypeError
    Type,
    /// RangeError
    Range,
}

impl Kind {
    fn intrinsic(self) -> (Intrinsic, &'static str) {
        match self {
            Kind::Error => (Intrinsic::ErrorPrototype, "Error"),
            Kind::Type => (Intrinsic::TypeErrorPrototype, "TypeError"),
            Kind::Range => (Intrinsic::RangeErrorPrototype, "RangeError"),
        }
    }
}

/// An error object with a `code`; its stack begins `Class [CODE]: message`, as Node's do.
pub fn new<'s>(s: &mut Scope<'s>, kind: Kind, code: &str, message: &str) -> Local<'s> {
    let (_, class) = kind.intrinsic();
    let proto = layer(s, kind);
    let text = s.str(message);
    let e = s.new_error_object(proto, text);
    s.capture_stack_headed(e, None, Some(&format!("{class} [{code}]: {message}")));
    let code_key: Key<'s> = s.atoms().code.into();
    let code = s.str(code);
    s.define_with(e, code_key, code, looplab_engine::ALL);
    e
}

/// The prototype of coded errors of a class: between them and the class's own, so that `String(error)` shows the code.
fn layer<'s>(s: &mut Scope<'s>, kind: Kind) -> Local<'s> {
    let (parent, class) = kind.intrinsic();
    let name = format!("{class} with code");
    let known = crate::modules::registered(s, &name);
    if known.is_object() {
        return known;
    }
    let parent = s.intrinsic(parent);
    let proto = s.new_object_with_proto(parent);
    let k: Key<'s> = s.atoms().to_string.into();
    let f = s.function(k, 0, to_string);
    s.define_hidden(proto, k, f);
    crate::modules::register_value(s, &name, proto);
    proto
}

/// `Class [CODE]: message`
fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (name, code, message) = {
        let a = s.atoms();
        (a.name, a.code, a.message)
    };
    let mut texts = Vec::new();
    for key in [name, code, message] {
        let v = s.get_v(args.this(), key)?;
        texts.push(s.to_text(v)?);
    }
    Ok(s.str(&format!("{} [{}]: {}", texts[0], texts[1], texts[2])))
}

/// Throws what [`new`] makes.
pub fn throw(s: &mut Scope<'_>, kind: Kind, code: &str, message: &str) -> Thrown {
    s.nested(|s| {
        let e = new(s, kind, code, message);
        s.throw(e)
    })
}

/// ERR_INVALID_ARG_TYPE: `expected` is the middle part, such as "of type function" or "an instance of Foo".
pub fn invalid_arg_type(s: &mut Scope<'_>, name: &str, expected: &str, actual: Local<'_>) -> Thrown {
    let received = received(s, actual);
    let what = if name.contains(' ') {
        format!("The {name}")
    } else if name.contains('.') {
        format!("The \"{name}\" property")
    } else {
        format!("The \"{name}\" argument")
    };
    throw(s, Kind::Type, "ERR_INVALID_ARG_TYPE", &format!("{what} must be {expected}. Received {received}"))
}

/// ERR_INVALID_ARG_VALUE.
pub fn invalid_arg_value(s: &mut Scope<'_>, name: &str, actual: Local<'_>, reason: &str) -> Thrown {
    let shown = short(s, actual);
    let kind = if name.contains('.') { "property" } else { "argument" };
    throw(s, Kind::Type, "ERR_INVALID_ARG_VALUE", &format!("The {kind} '{name}' {reason}. Received {shown}"))
}

/// ERR_OUT_OF_RANGE: `range` such as ">= 0 && <= 255" or "an integer".
pub fn out_of_range(s: &mut Scope<'_>, name: &str, range: &str, actual: Local<'_>) -> Thrown {
    let shown = match actual.as_number() {
        Some(n) if n.fract() == 0.0 && n.abs() > 4_294_967_296.0 => grouped(&format!("{n}")),
        _ => short(s, actual),
    };
    let m = format!("The value of \"{name}\" is out of range. It must be {range}. Received {shown}");
    throw(s, Kind::Range, "ERR_OUT_OF_RANGE", &m)
}

/// Digits in groups of three, as Node shows large numbers.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |d| ("-", d));
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push('_');
        }
        out.push(c);
    }
    format!("{sign}{out}")
}

/// What Node says it received: "undefined", "function foo", "an instance of Foo", "type number (5)".
pub fn received(s: &mut Scope<'_>, v: Local<'_>) -> String {
    s.nested(|s| {
        let v = s.adopt(v);
        if v.is_nullish() {
            return s.describe_value(v);
        }
        if v.is_callable() {
            let name = s.function_name(v);
            return if name.is_empty() { "function ".into() } else { format!("function {name}") };
        }
        if v.is_object() {
            return match s.class_name(v) {
                Some(n) if !n.is_empty() => format!("an instance of {n}"),
                _ => "[Object: null prototype] {}".into(),
            };
        }
        let kind = s.type_name(v);
        let shown = short(s, v);
        let shown = if shown.chars().count() > 28 {
            format!("{}...", shown.chars().take(25).collect::<String>())
        } else {
            shown
        };
        format!("type {kind} ({shown})")
    })
}

/// A value in few words: strings in quotes.
fn short(s: &mut Scope<'_>, v: Local<'_>) -> String {
    s.nested(|s| {
        let v = s.adopt(v);
        let t = s.describe_value(v);
        if v.is_string() {
            return if t.contains('\'') { format!("\"{t}\"") } else { format!("'{t}'") };
        }
        match v {
            v if v.is_bigint() => format!("{t}n"),
            v if v.is_object() => crate::node::inspect_text(s, v),
            _ => t,
        }
    })
}
