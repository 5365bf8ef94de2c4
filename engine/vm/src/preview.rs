//! Values as short texts for the instruments: no code of the script runs, nothing is allocated on the heap, nothing changes.
//!
//! Getters and proxies are named, not asked. Every text is cut at [`LONGEST`] characters, every list after a few entries.

use crate::code::CodeRef;
use crate::object::{Class, ObjRef, SPARSE};
use crate::shape::{ACCESSOR, ENUMERABLE};
use crate::value::{PropKey, Value};
use crate::vm::{Vm, bigint, is_private, symbol_description};
use std::fmt::Write as _;

/// Characters of a preview at most, about.
const LONGEST: usize = 100;
/// Characters of one string at most.
const STRING: usize = 60;
/// Entries of an array, object, Map or Set at most.
const ENTRIES: usize = 8;
/// How far the chain of prototypes is followed.
const PROTOTYPES: usize = 8;

impl Vm {
    /// Appends a preview of a value.
    pub(crate) fn preview(&self, v: Value, out: &mut String) {
        Preview { vm: self, end: out.len() + LONGEST, out }.value(v, 0);
    }

    /// A function's name as it stands in its `name` property, or would.
    pub(crate) fn name_of_function(&self, f: ObjRef) -> String {
        Preview { vm: self, end: 0, out: &mut String::new() }.function_name(f)
    }

    /// The name of the class that made an object, as its prototype has it.
    pub(crate) fn name_of_class(&self, o: ObjRef) -> Option<String> {
        Preview { vm: self, end: 0, out: &mut String::new() }.class_name(o)
    }
}

/// What a preview of an object would show, as a number: while it stays the same, the text does. Names of classes and functions that are
/// changed afterwards don't count. `None`: only the text itself can tell. Good until the next collection.
pub(crate) fn digest(v: Value) -> Option<u64> {
    let mut digest = Digest(0);
    digest.value(v, 0).then_some(digest.0 | 1)
}

struct Digest(u64);

impl Digest {
    fn mix(&mut self, bits: u64) {
        self.0 = (self.0.rotate_left(5) ^ bits).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    /// Mirrors `Preview::object`. False: this can't be told cheaply.
    fn value(&mut self, v: Value, depth: u32) -> bool {
        self.mix(v.bits());
        let Some(o) = ObjRef::from(v) else { return true };
        match o.class() {
            Class::Proxy => true,
            Class::Function | Class::Native | Class::Bound => {
                self.mix(o.shape().0 as u64);
                true
            }
            Class::Array if !o.has_flag(SPARSE) => {
                let (length, dense) = (o.array_length() as usize, o.elem_len() as usize);
                self.mix(length as u64);
                self.mix(dense as u64);
                depth > 0
                    || length <= dense
                        && (0..length.min(ENTRIES)).all(|i| self.value(o.elem(i as u32), depth + 1))
            }
            Class::Map | Class::Set => {
                let (length, entries) = crate::collections::front(o, if depth > 0 { 0 } else { ENTRIES });
                self.mix(length as u64);
                entries
                    .into_iter()
                    .all(|(key, value)| self.value(key, depth + 1) && self.value(value, depth + 1))
            }
            Class::Plain if !o.has_flag(SPARSE) => {
                self.mix(o.shape().0 as u64);
                self.mix(o.elem_len() as u64);
                let elements = (o.elem_len() as usize).min(ENTRIES);
                let entries = o.shape().first_entries(ENTRIES + 1);
                entries.into_iter().all(|(key, slot, attrs)| {
                    self.mix(key.0.bits() ^ u64::from(attrs));
                    depth > 0 || self.value(o.slot(slot), depth + 1)
                }) && (depth > 0 || (0..elements).all(|i| self.value(o.elem(i as u32), depth + 1)))
            }
            _ => false,
        }
    }
}

struct Preview<'a> {
    vm: &'a Vm,
    out: &'a mut String,
    /// Where the text is full.
    end: usize,
}

impl Preview<'_> {
    fn value(&mut self, v: Value, depth: u32) {
        // Writing to a String can't fail, here and below.
        let _ = if v.is_int() {
            write!(self.out, "{}", v.as_int())
        } else if v.is_double() {
            self.out.push_str(&crate::convert::number_to_text(v.as_double()));
            // The one place where -0 is worth telling.
            if v.as_double() == 0.0 && v.as_double().is_sign_negative() {
                self.out.insert(self.out.len() - 1, '-');
            }
            Ok(())
        } else if v.is_string() {
            self.string(v);
            Ok(())
        } else if let Some(o) = ObjRef::from(v) {
            self.object(o, depth);
            Ok(())
        } else if v.is_symbol() {
            self.out.push_str("Symbol(");
            self.symbol(v);
            self.out.push(')');
            Ok(())
        } else if v.is_bigint() {
            self.bigint(v);
            Ok(())
        } else if v.is_hole() {
            self.out.push_str("<empty>");
            Ok(())
        } else {
            self.out.push_str(match v {
                Value::NULL => "null",
                Value::TRUE => "true",
                Value::FALSE => "false",
                _ => "undefined",
            });
            Ok(())
        };
    }

    fn is_full(&self) -> bool {
        self.out.len() >= self.end
    }

    fn bigint(&mut self, v: Value) {
        let n = bigint(v);
        // Digits take time that grows with the square of their number.
        if n.bits() > 256 {
            let _ = write!(self.out, "<bigint of {} bits>", n.bits());
        } else {
            let _ = write!(self.out, "{n}n");
        }
    }

    fn string(&mut self, v: Value) {
        let length = Vm::string_len(v);
        let (units, from_start) = crate::string::peek(v.ptr(), STRING);
        self.out.push_str(if from_start { "'" } else { "…'" });
        for c in char::decode_utf16(units.iter().copied()).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)) {
            match c {
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\'' => self.out.push_str("\\'"),
                c if c.is_control() => {
                    let _ = write!(self.out, "\\x{:02X}", c as u32);
                }
                c => self.out.push(c),
            }
        }
        self.out.push('\'');
        if length > units.len() {
            let _ = write!(self.out, "… ({length} characters)");
        }
    }

    fn symbol(&mut self, v: Value) {
        let description = symbol_description(v);
        if description.is_string() {
            let (units, _) = crate::string::peek(description.ptr(), STRING);
            self.out.push_str(&String::from_utf16_lossy(&units));
        }
    }

    /// A string that is a plain data property, own or inherited.
    fn text(&self, o: ObjRef, key: PropKey) -> Option<String> {
        let mut at = Some(o);
        for _ in 0..PROTOTYPES {
            let o = at.filter(|o| !o.is(Class::Proxy))?;
            if let Some(found) = o.find(key) {
                let plain = found.attrs & ACCESSOR == 0 && found.value.is_string();
                return plain
                    .then(|| String::from_utf16_lossy(&crate::string::peek(found.value.ptr(), STRING).0));
            }
            at = o.proto();
        }
        None
    }

    fn function_name(&self, f: ObjRef) -> String {
        match f.find(self.vm.atoms.name.0) {
            Some(_) => self.text(f, self.vm.atoms.name.0).unwrap_or_default(),
            // Its name hasn't been made yet.
            None if f.is(Class::Function) => CodeRef::of_function(f).template().name.to_string(),
            None if f.is(Class::Native) && f.int(1).is_string() => {
                String::from_utf16_lossy(&crate::string::peek(f.int(1).ptr(), STRING).0)
            }
            None => String::new(),
        }
    }

    /// The name of the class that made an object, as its prototype has it.
    fn class_name(&self, o: ObjRef) -> Option<String> {
        let proto = o.proto().filter(|p| !p.is(Class::Proxy))?;
        let found = proto.find(self.vm.atoms.constructor.0).filter(|found| found.attrs & ACCESSOR == 0)?;
        let constructor = ObjRef::from(found.value)?;
        let is_function = matches!(constructor.class(), Class::Function | Class::Native);
        is_function.then(|| self.function_name(constructor)).filter(|name| !name.is_empty())
    }

    fn object(&mut self, o: ObjRef, depth: u32) {
        match o.class() {
            Class::Function | Class::Native | Class::Bound => self.function(o),
            Class::Proxy => self.out.push_str("Proxy"),
            Class::Error => {
                let name = self.text(o, self.vm.atoms.name.0).unwrap_or_else(|| "Error".into());
                let message = self.text(o, self.vm.atoms.message.0).unwrap_or_default();
                let message = message.lines().next().unwrap_or_default();
                self.out.push_str(&name);
                if !message.is_empty() {
                    let _ = write!(self.out, ": {message}");
                }
            }
            Class::Array | Class::Arguments => self.array(o, depth),
            Class::TypedArray => self.typed(o, depth),
            Class::Map | Class::Set => self.table(o, depth),
            Class::Promise => self.promise(o, depth),
            Class::Date => self.date(o),
            Class::RegExp if o.int(0).is_string() && o.int(1).is_string() => {
                let part = |v: Value| String::from_utf16_lossy(&crate::string::peek(v.ptr(), STRING).0);
                let _ = write!(self.out, "/{}/{}", part(o.int(0)), part(o.int(1)));
            }
            Class::Boolean | Class::Number | Class::String | Class::Symbol | Class::BigInt => {
                let _ = write!(self.out, "[{}: ", self.class_name(o).unwrap_or_else(|| "Object".into()));
                self.value(o.int(0), depth + 1);
                self.out.push(']');
            }
            _ => self.plain(o, depth),
        }
    }

    fn function(&mut self, o: ObjRef) {
        let name = self.function_name(o);
        use looplab_bytecode::FuncKind as F;
        let head = match o.class() {
            Class::Function => {
                let code = CodeRef::of_function(o);
                let t = code.template();
                match (t.kind, t.is_async, t.is_generator) {
                    (F::ClassConstructor | F::DerivedConstructor, ..) => "class",
                    (_, false, false) => "function",
                    (_, false, true) => "function*",
                    (_, true, false) => "async function",
                    (_, true, true) => "async function*",
                }
            }
            _ => "function",
        };
        self.out.push_str(head);
        if !name.is_empty() {
            let _ = write!(self.out, " {name}");
        }
    }

    /// Opens a list with its class's name, unless that is what the brackets say.
    fn head(&mut self, o: ObjRef, usual: &str, size: Option<usize>) {
        let name = self.class_name(o);
        let name = name.as_deref().unwrap_or(usual);
        let _ = match size {
            Some(size) => write!(self.out, "{name}({size}) "),
            None if name != usual => write!(self.out, "{name} "),
            None => Ok(()),
        };
    }

    /// The separator before an entry; false: the text is full.
    fn next(&mut self, index: usize) -> bool {
        self.out.push_str(if index == 0 { "" } else { ", " });
        let full = self.is_full();
        if full {
            self.out.push('…');
        }
        !full
    }

    fn array(&mut self, o: ObjRef, depth: u32) {
        let length = if o.is(Class::Array) { o.array_length() } else { o.elem_len() } as usize;
        if depth > 0 {
            let _ = write!(self.out, "[…{length}]");
            return;
        }
        self.head(o, "Array", None);
        self.out.push('[');
        let dense = if o.has_flag(SPARSE) { 0 } else { o.elem_len() as usize };
        let shown = length.min(ENTRIES);
        for i in 0..shown {
            if !self.next(i) {
                break;
            }
            match i < dense {
                true => self.value(o.elem(i as u32), depth + 1),
                false => match o.find(PropKey::index(i as u32)) {
                    Some(found) if found.attrs & ACCESSOR == 0 => self.value(found.value, depth + 1),
                    Some(_) => self.out.push_str("[Getter]"),
                    None => self.out.push_str("<empty>"),
                },
            }
        }
        if length > shown {
            let _ = write!(self.out, ", … {} more", length - shown);
        }
        self.out.push(']');
    }

    fn typed(&mut self, o: ObjRef, depth: u32) {
        let length = self.vm.typed_length(o).unwrap_or(0);
        self.head(o, "TypedArray", Some(length));
        if depth > 0 {
            self.out.push_str("[…]");
            return;
        }
        self.out.push('[');
        let shown = length.min(ENTRIES);
        for i in 0..shown {
            if !self.next(i) {
                break;
            }
            match crate::typed::typed_get_fast(o, i) {
                Some(v) => self.value(v, depth + 1),
                None => self.out.push('…'),
            }
        }
        if length > shown {
            let _ = write!(self.out, ", … {} more", length - shown);
        }
        self.out.push(']');
    }

    fn table(&mut self, o: ObjRef, depth: u32) {
        let is_map = o.is(Class::Map);
        let (length, entries) = crate::collections::front(o, if depth > 0 { 0 } else { ENTRIES });
        self.head(o, if is_map { "Map" } else { "Set" }, Some(length));
        if depth > 0 {
            self.out.push_str("{…}");
            return;
        }
        self.out.push('{');
        let shown = entries.len();
        for (i, (key, value)) in entries.into_iter().enumerate() {
            if !self.next(i) {
                break;
            }
            self.value(key, depth + 1);
            if is_map {
                self.out.push_str(" => ");
                self.value(value, depth + 1);
            }
        }
        if length > shown {
            let _ = write!(self.out, ", … {} more", length - shown);
        }
        self.out.push('}');
    }

    fn promise(&mut self, o: ObjRef, depth: u32) {
        self.head(o, "Promise", None);
        let state = o.int(0).as_int() & 3;
        if self.class_name(o).is_none_or(|name| name == "Promise") {
            self.out.push_str("Promise ");
        }
        match state {
            0 => self.out.push_str("{ pending }"),
            state => {
                self.out.push_str(if state == 1 { "{ " } else { "{ rejected: " });
                self.value(o.int(1), depth + 1);
                self.out.push_str(" }");
            }
        }
    }

    fn date(&mut self, o: ObjRef) {
        let v = o.int(0);
        if !v.is_number() || v.num().is_nan() {
            self.out.push_str("Invalid Date");
            return;
        }
        let ms = v.num() as i64;
        let (year, month, day) = civil(ms.div_euclid(86_400_000));
        let rest = ms.rem_euclid(86_400_000);
        let (h, m, s) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
        let _ =
            write!(self.out, "Date {year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{:03}Z", rest % 1_000);
    }

    fn plain(&mut self, o: ObjRef, depth: u32) {
        self.head(o, "Object", None);
        let entries = o.shape().first_entries(ENTRIES + 1);
        let elements = if o.has_flag(SPARSE) { 0 } else { (o.elem_len() as usize).min(ENTRIES) };
        let shown = |(key, _, attrs): &(PropKey, u32, u8)| attrs & ENUMERABLE != 0 && !is_private(key.0);
        if depth > 0 {
            let empty = elements == 0 && !entries.iter().any(shown);
            self.out.push_str(if empty { "{}" } else { "{…}" });
            return;
        }
        self.out.push('{');
        let mut count = 0;
        for i in 0..elements {
            let v = o.elem(i as u32);
            if v.is_hole() {
                continue;
            }
            if !self.entry(count) {
                return;
            }
            count += 1;
            let _ = write!(self.out, "{i}: ");
            self.value(v, depth + 1);
        }
        for (key, slot, attrs) in entries.into_iter().filter(shown) {
            if !self.entry(count) {
                return;
            }
            count += 1;
            self.key(key);
            match attrs & ACCESSOR {
                0 => self.value(o.slot(slot), depth + 1),
                _ => self.out.push_str("[Getter]"),
            }
        }
        self.out.push_str(if count == 0 { "}" } else { " }" });
    }

    /// What stands before an entry of an object; false: that was enough.
    fn entry(&mut self, count: usize) -> bool {
        if count == 0 {
            self.out.push(' ');
        }
        if count == ENTRIES || !self.next(count) {
            self.out.push_str(if count == ENTRIES { ", … }" } else { " }" });
            return false;
        }
        true
    }

    fn key(&mut self, key: PropKey) {
        if key.is_symbol() {
            self.out.push_str("[Symbol(");
            self.symbol(key.0);
            self.out.push_str(")]: ");
        } else if key.is_string() {
            let (units, _) = crate::string::peek(key.0.ptr(), STRING);
            let _ = write!(self.out, "{}: ", String::from_utf16_lossy(&units));
        }
    }
}

/// Year, month and day of a number of days since 1970-01-01, in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Counted in 400-year cycles that begin on 1 March.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_have_their_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(-1), (1969, 12, 31));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_778), (2026, 11, 21));
    }
}
