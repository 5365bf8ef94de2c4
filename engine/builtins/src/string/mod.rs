//! String (22.1): the constructor, its functions, and the installation of the prototype.

mod iterator;
mod locale;
mod search;
pub use search::FindGroup;
mod transform;

use crate::text::{TextBuf, code_point_at, symbol_method};
use looplab_vm::{Args, Class, Completion, Inline, Intrinsic, Local, Scope, Thrown};

pub use search::{GetSubstitution, expand_template, is_regexp};

/// Installs String, its prototype and the string iterator.
pub fn install(s: &mut Scope<'_>) {
    let op = s.intrinsic(Intrinsic::ObjectPrototype);
    let proto = {
        // %String.prototype% is itself a String object, of the empty string.
        let plain = s.new_object_with_proto(op);
        s.set_intrinsic(Intrinsic::StringPrototype, plain);
        let empty = s.str("");
        match s.to_object(empty) {
            Ok(o) => o,
            Err(t) => s.caught(t),
        }
    };
    if s.set_prototype_of(proto, op).is_err() {
        return;
    }
    s.set_intrinsic(Intrinsic::StringPrototype, proto);
    let ctor = s.constructor("String", 1, construct, proto);
    s.set_intrinsic(Intrinsic::String, ctor);
    s.method(ctor, "fromCharCode", 1, from_char_code);
    s.method(ctor, "fromCodePoint", 1, from_code_point);
    s.method(ctor, "raw", 1, raw);
    let g = s.global_object();
    let key = s.key("String");
    s.define_hidden(g, key, ctor);

    s.method(proto, "toString", 0, this_value);
    s.method(proto, "valueOf", 0, this_value);
    s.method(proto, "at", 1, at);
    s.method(proto, "charAt", 1, char_at);
    s.method(proto, "charCodeAt", 1, char_code_at);
    s.inline_function(Inline::CharCodeAt, char_code_at);
    s.method(proto, "codePointAt", 1, code_point_at_);
    search::install(s, proto);
    transform::install(s, proto);
    locale::install(s, proto);
    let it = s.atoms().sym_iterator;
    symbol_method(s, proto, it, 0, iterator::create);
    iterator::install(s);
}

/// RequireObjectCoercible and ToString of the receiver; `what` is the method's name for the message.
#[inline]
pub fn this_string<'s>(s: &mut Scope<'s>, args: &Args<'s>, what: &str) -> Completion<'s> {
    let this = args.this();
    if this.is_string() {
        return Ok(this);
    }
    if this.is_nullish() {
        let dot = if what.starts_with('[') { "" } else { "." };
        return Err(s.throw_type(&format!("String.prototype{dot}{what} called on null or undefined")));
    }
    s.to_string(this)
}

fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let nt = args.new_target();
    let text = if args.is_empty() {
        s.str("")
    } else {
        let v = args.get(0);
        if nt.is_undefined() && v.is_symbol() {
            let t = s.symbol_text(v);
            return Ok(s.str(&t));
        }
        s.to_string(v)?
    };
    if nt.is_undefined() {
        return Ok(text);
    }
    let proto = s.prototype_from_constructor(nt, Intrinsic::StringPrototype)?;
    let o = s.to_object(text)?;
    s.set_prototype_of(o, proto)?;
    Ok(o)
}

fn this_value<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = args.this();
    if this.is_string() {
        return Ok(this);
    }
    if this.is_class(Class::String) {
        return Ok(s.internal(this, 0));
    }
    let name = s.get(args.callee(), s.atoms().name)?;
    let name = s.to_utf8_lossy(name);
    Err(s.throw_type(&format!("String.prototype.{name} requires that 'this' be a String")))
}

fn from_char_code<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.len() == 1 {
        let u = s.to_uint32(args.get(0))? as u16;
        return Ok(s.str_unit(u));
    }
    let mut out = TextBuf::with_capacity(args.len());
    for i in 0..args.len() {
        out.push_unit(s.to_uint32(args.get(i))? as u16);
    }
    out.finish(s)
}

fn from_code_point<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut out = TextBuf::with_capacity(args.len());
    for i in 0..args.len() {
        let n = s.to_number(args.get(i))?;
        if n.trunc() != n || !(0.0..=1_114_111.0).contains(&n) {
            let t = s.to_text(args.get(i))?;
            return Err(s.throw_range(&format!("Invalid code point {t}")));
        }
        out.push_code_point(n as u32);
    }
    out.finish(s)
}

fn raw<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let cooked = s.to_object(args.get(0))?;
    let raw = s.get(cooked, s.atoms().raw)?;
    let literals = s.to_object(raw)?;
    let n = s.length_of(literals)?;
    let mut out = TextBuf::with_capacity(64);
    for i in 0..n {
        let k = s.integer_key(i);
        let part = s.get(literals, k)?;
        let part = s.to_string(part)?;
        out.push(s.chars(part));
        if i + 1 < n && ((i + 1) as usize) < args.len() {
            let sub = s.to_string(args.get(i as usize + 1))?;
            out.push(s.chars(sub));
        }
        crate::text::check_length(s, out.len())?;
    }
    out.finish(s)
}

/// The position argument of at-like methods: `None` when outside.
fn position<'s>(s: &mut Scope<'s>, v: Local<'s>, len: usize) -> Result<Option<usize>, Thrown> {
    if let Some(i) = v.as_int() {
        return Ok((i >= 0 && (i as usize) < len).then_some(i as usize));
    }
    let n = s.to_integer_or_infinity(v)?;
    Ok((n >= 0.0 && n < len as f64).then_some(n as usize))
}

fn at<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "at")?;
    let len = s.str_len(this);
    let n = s.to_integer_or_infinity(args.get(0))?;
    let n = if n < 0.0 { n + len as f64 } else { n };
    if !(0.0..len as f64).contains(&n) {
        return Ok(s.undefined());
    }
    let u = s.chars(this).at(n as usize);
    Ok(s.str_unit(u))
}

fn char_at<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "charAt")?;
    let len = s.str_len(this);
    match position(s, args.get(0), len)? {
        Some(i) => {
            let u = s.chars(this).at(i);
            Ok(s.str_unit(u))
        }
        None => Ok(s.str("")),
    }
}

fn char_code_at<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "charCodeAt")?;
    let len = s.str_len(this);
    match position(s, args.get(0), len)? {
        Some(i) => {
            let u = s.chars(this).at(i);
            Ok(s.int(i32::from(u)))
        }
        None => Ok(s.num(f64::NAN)),
    }
}

fn code_point_at_<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "codePointAt")?;
    let len = s.str_len(this);
    match position(s, args.get(0), len)? {
        Some(i) => {
            let (c, _) = code_point_at(s.chars(this), i);
            Ok(s.int(c as i32))
        }
        None => Ok(s.undefined()),
    }
}
