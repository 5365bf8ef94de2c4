//! The JSON object (25.5), with source text access (`JSON.rawJSON`, the third argument of revivers) as V8 has it.

mod error;
mod parse;
mod revive;
mod stringify;

use crate::checks::set_tag;
use looplab_vm::{Args, Class, Completion, HostData, Intrinsic, Local, NativeFn, Scope, Thrown, Visitor};

/// Sets up `JSON`.
pub(crate) fn install(s: &mut Scope<'_>) {
    let json = s.new_object();
    s.set_intrinsic(Intrinsic::JSON, json);
    let methods: [(&str, u32, NativeFn); 4] = [
        ("parse", 2, json_parse),
        ("stringify", 3, stringify::stringify),
        ("rawJSON", 1, raw_json),
        ("isRawJSON", 1, is_raw_json),
    ];
    for (name, length, f) in methods {
        s.method(json, name, length, f);
    }
    set_tag(s, json, "JSON");
    let (global, key) = (s.global_object(), s.key("JSON"));
    s.define_hidden(global, key, json);
}

/// The mark of an object made by `JSON.rawJSON`.
struct RawJson;

impl HostData for RawJson {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

fn json_parse<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = s.to_string(args.get(0))?;
    if args.get(1).is_callable() {
        return revive::parse_and_revive(s, text, args.get(1));
    }
    parse_text(s, text)
}

/// Parses a string value.
///
/// # Errors
/// A SyntaxError in V8's words.
pub(crate) fn parse_text<'s>(s: &mut Scope<'s>, text: Local<'s>) -> Completion<'s> {
    // A copy: the text may move into other hands while values are made. It costs little beside the parsing.
    match s.chars(text) {
        looplab_vm::Chars::Latin1(b) => {
            let b = b.to_vec();
            parse_units(s, &b)
        }
        looplab_vm::Chars::Utf16(u) => {
            let u = u.to_vec();
            parse_units(s, &u)
        }
    }
}

fn parse_units<'s, U: parse::Unit>(s: &mut Scope<'s>, text: &[U]) -> Completion<'s> {
    let r = s.build(|b| parse::Parser::new(text).run(b));
    r.map_err(|e| throw(s, text, e))
}

fn throw<U: parse::Unit>(s: &mut Scope<'_>, text: &[U], e: error::Error) -> Thrown {
    let m = e.message(U::chars(text));
    throw_syntax(s, m)
}

fn throw_syntax(s: &mut Scope<'_>, message: crate::textbuf::TextBuf) -> Thrown {
    let m = match message.finish(s) {
        Ok(m) => m,
        Err(t) => return t,
    };
    let proto = s.intrinsic(Intrinsic::SyntaxErrorPrototype);
    let e = s.new_error_object(proto, m);
    s.capture_stack(e, None);
    s.throw(e)
}

/// `JSON.rawJSON(text)`: a frozen object that stringify puts out as it is. The text is a primitive's.
fn raw_json<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = s.to_string(args.get(0))?;
    let (last, first) = {
        let c = s.chars(text);
        match c.len() {
            0 => (None, 0),
            n => (Some(c.at(n - 1)), c.at(0)),
        }
    };
    if matches!(last, None | Some(9 | 10 | 13 | 32)) {
        return Err(s.throw_syntax("Invalid value for JSON.rawJSON"));
    }
    if matches!(first, 9 | 10 | 13 | 32 | 0x5B | 0x7B) {
        let m = error::Error::token(0).message(s.chars(text));
        return Err(throw_syntax(s, m));
    }
    parse_text(s, text)?;
    let null = s.null();
    let o = s.new_object_of(Class::Host, null);
    s.set_host_data(o, Box::new(RawJson));
    let key = s.key("rawJSON");
    s.create_data_property(o, key, text)?;
    s.set_integrity(o, true)?;
    Ok(o)
}

/// `JSON.isRawJSON(v)`
fn is_raw_json<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let yes = is_raw(s, args.get(0));
    Ok(s.bool(yes))
}

fn is_raw<'s>(s: &Scope<'s>, v: Local<'s>) -> bool {
    v.is_class(Class::Host) && s.host_data::<RawJson>(v).is_some()
}
