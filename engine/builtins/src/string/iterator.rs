//! String iterators (22.1.5): by code points.

use super::this_string;
use crate::text::{code_point_at, tag};
use looplab_vm::{Args, Class, Completion, Intrinsic, Scope};

/// Installs %StringIteratorPrototype%.
pub fn install(s: &mut Scope<'_>) {
    let base = s.intrinsic(Intrinsic::IteratorPrototype);
    let proto = s.new_object_with_proto(base);
    s.set_intrinsic(Intrinsic::StringIteratorPrototype, proto);
    s.method(proto, "next", 0, next);
    tag(s, proto, "String Iterator");
}

/// `String.prototype[Symbol.iterator]`. Internal values: 0 the string (undefined when done), 1 the position, 2 a mark.
pub fn create<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "[Symbol.iterator]")?;
    let proto = s.intrinsic(Intrinsic::StringIteratorPrototype);
    let it = s.new_object_of(Class::Iterator, proto);
    s.set_internal(it, 0, this);
    let zero = s.int(0);
    s.set_internal(it, 1, zero);
    let mark = s.bool(true);
    s.set_internal(it, 2, mark);
    Ok(it)
}

fn next<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let it = args.this();
    let ours = it.is_class(Class::Iterator) && {
        let (text, mark) = (s.internal(it, 0), s.internal(it, 2));
        mark.is_true() && (text.is_string() || text.is_undefined())
    };
    if !ours {
        let t = s.describe_value(it);
        return Err(s.throw_type(&format!(
            "Method String Iterator.prototype.next called on incompatible receiver {t}"
        )));
    }
    let text = s.internal(it, 0);
    if text.is_undefined() {
        let u = s.undefined();
        return Ok(s.iter_result(u, true));
    }
    let at = s.internal(it, 1).as_int().unwrap_or(0) as usize;
    if at >= s.str_len(text) {
        let u = s.undefined();
        s.set_internal(it, 0, u);
        return Ok(s.iter_result(u, true));
    }
    let (c, n) = code_point_at(s.chars(text), at);
    let v = if n == 1 { s.str_unit(c as u16) } else { s.substring(text, at, at + n) };
    let pos = s.int((at + n) as i32);
    s.set_internal(it, 1, pos);
    Ok(s.iter_result(v, false))
}
