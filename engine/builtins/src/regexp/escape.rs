//! `RegExp.escape`, section 22.2.5.1: a text as a pattern that matches it, wherever in a pattern it is put.

use looplab_vm::{Args, Completion, Scope, is_white_space};

pub(super) fn escape<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = args.get(0);
    if !text.is_string() {
        return Err(s.throw_type("input argument must be a string"));
    }
    let units: Vec<u16> = s.chars(text).iter().collect();
    let mut out = Vec::with_capacity(units.len() + 8);
    for (i, c) in char::decode_utf16(units.iter().copied()).enumerate() {
        match c {
            // Not to be read as part of an escape or a quantifier before it.
            Ok(c) if i == 0 && c.is_ascii_alphanumeric() => hex(&mut out, c as u16),
            Ok(c) => encode(&mut out, c),
            Err(lone) => hex(&mut out, lone.unpaired_surrogate()),
        }
    }
    Ok(s.str_units(&out))
}

fn hex(out: &mut Vec<u16>, u: u16) {
    let text = if u <= 0xFF { format!("\\x{u:02x}") } else { format!("\\u{u:04x}") };
    out.extend(text.encode_utf16());
}

/// EncodeForRegExpEscape.
fn encode(out: &mut Vec<u16>, c: char) {
    let control = match c {
        '\t' => Some('t'),
        '\n' => Some('n'),
        '\u{b}' => Some('v'),
        '\u{c}' => Some('f'),
        '\r' => Some('r'),
        c if "^$\\.*+?()[]{}|/".contains(c) => Some(c),
        _ => None,
    };
    if let Some(c) = control {
        out.extend([u16::from(b'\\'), c as u16]);
        return;
    }
    let mut units = [0; 2];
    let units = c.encode_utf16(&mut units);
    if ",-=<>#&!%:;@~'`\"".contains(c) || units.len() == 1 && is_white_space(units[0]) {
        units.iter().for_each(|&u| hex(out, u));
    } else {
        out.extend_from_slice(units);
    }
}
