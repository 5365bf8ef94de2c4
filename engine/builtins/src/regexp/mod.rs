//! RegExp (22.2): the constructor, the prototype's accessors, exec and test.
//!
//! Internal values of a RegExp object: 0 its source, 1 its flags as given, 2 the object that holds the program, which
//! objects made from one literal share.

mod charset;
mod compile;
mod escape;
mod legacy;
mod matcher;
mod program;
mod symbols;
mod syntax;

use crate::string::is_regexp;
use looplab_vm::{ALL, Args, Class, Completion, Global, Intrinsic, Local, NativeFn, Scope, Thrown, WRITABLE};
use program::{Flags, Holder, Program};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Programs kept; the table is emptied when it is full.
const MAX_PROGRAMS: usize = 512;
/// Stack for parsing and compiling the deepest pattern that is accepted.
const COMPILE_STACK: usize = 2 << 20;

/// Pattern text and flags.
type ProgramKey = (Vec<u16>, Flags);

/// What the engine keeps for all regular expressions.
pub(crate) struct State {
    programs: RefCell<HashMap<ProgramKey, Rc<Program>>>,
    /// The prototype's own getters, in the order of `GETTERS`, to see whether they are still there.
    getters: Global,
    /// The prototype epoch at which they last were.
    clean_epoch: Cell<u32>,
    pub(crate) last: legacy::LastMatch,
}

const GETTERS: [&str; 9] = [
    "dotAll",
    "flags",
    "global",
    "hasIndices",
    "ignoreCase",
    "multiline",
    "sticky",
    "unicode",
    "unicodeSets",
];

/// Installs RegExp, its prototype and the iterator of matchAll.
pub fn install(s: &mut Scope<'_>) {
    let proto = s.new_object();
    s.set_intrinsic(Intrinsic::RegExpPrototype, proto);
    let ctor = s.constructor("RegExp", 2, construct, proto);
    s.set_intrinsic(Intrinsic::RegExp, ctor);
    let g = s.global_object();
    let key = s.key("RegExp");
    s.define_hidden(g, key, ctor);
    let species = s.atoms().sym_species;
    s.getter(ctor, species, |_, args| Ok(args.this()));
    s.method(ctor, "escape", 1, escape::escape);

    let exec = s.method(proto, "exec", 1, exec);
    s.set_intrinsic(Intrinsic::RegExpExec, exec);
    let accessors: [(&str, NativeFn); 10] = [
        ("dotAll", |s, a| flag(s, a, "dotAll", |f| f.dot_all)),
        ("flags", flags_getter),
        ("global", |s, a| flag(s, a, "global", |f| f.global)),
        ("hasIndices", |s, a| flag(s, a, "hasIndices", |f| f.has_indices)),
        ("ignoreCase", |s, a| flag(s, a, "ignoreCase", |f| f.ignore_case)),
        ("multiline", |s, a| flag(s, a, "multiline", |f| f.multiline)),
        ("source", source),
        ("sticky", |s, a| flag(s, a, "sticky", |f| f.sticky)),
        ("unicode", |s, a| flag(s, a, "unicode", |f| f.unicode)),
        ("unicodeSets", |s, a| flag(s, a, "unicodeSets", |f| f.unicode_sets)),
    ];
    for (name, f) in accessors {
        let key = s.key(name);
        s.getter(proto, key, f);
    }
    s.method(proto, "compile", 2, compile_method);
    s.method(proto, "toString", 0, to_string);
    s.method(proto, "test", 1, test);
    symbols::install(s, proto);
    let getters = own_getters(s);
    let list = s.new_array(&getters);
    let getters = s.global(list);
    let last = legacy::LastMatch::new(s);
    s.set_extension(State { programs: RefCell::default(), getters, clean_epoch: Cell::new(0), last });
    legacy::install(s, ctor);
}

/// The functions behind the prototype's flag accessors now; undefined where there is none.
fn own_getters<'s>(s: &mut Scope<'s>) -> Vec<Local<'s>> {
    let proto = s.intrinsic(Intrinsic::RegExpPrototype);
    GETTERS
        .iter()
        .map(|name| {
            let key = s.key(name);
            let d = s.get_own_property(proto, key);
            d.ok().flatten().and_then(|d| d.get).unwrap_or_else(|| s.undefined())
        })
        .collect()
}

/// The engine's regular expression state.
pub(crate) fn state(s: &Scope<'_>) -> Option<Rc<State>> {
    s.extension::<State>()
}

/// Whether nothing that a script could have changed decides what matching with `rx` does: then its program is used directly.
pub(crate) fn is_pristine<'s>(s: &mut Scope<'s>, rx: Local<'s>) -> bool {
    if !s.is_unmodified(rx, Class::RegExp, Intrinsic::RegExpPrototype, 1) {
        return false;
    }
    let exec = s.atoms().exec;
    if !s.holds_intrinsic(Intrinsic::RegExpPrototype, exec, Intrinsic::RegExpExec) {
        return false;
    }
    let Some(st) = state(s) else { return false };
    let epoch = s.prototype_epoch();
    if st.clean_epoch.get() == epoch {
        return true;
    }
    let clean = s.nested(|s| {
        let known = s.open(st.getters);
        let known = s.dense_elements(known).unwrap_or_default();
        let now = own_getters(s);
        known.len() == now.len() && known.iter().zip(&now).all(|(a, b)| a.is_identical(*b) && a.is_object())
    });
    if clean {
        st.clean_epoch.set(epoch);
    }
    clean
}

// ---- construction ----

fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (pattern, flags) = (args.get(0), args.get(1));
    let is_re = is_regexp(s, pattern)?;
    let nt = if args.new_target().is_undefined() {
        let callee = args.callee();
        if is_re && flags.is_undefined() {
            let key = s.atoms().constructor;
            let c = s.get(pattern, key)?;
            if c.is_identical(callee) {
                return Ok(pattern);
            }
        }
        callee
    } else {
        args.new_target()
    };
    let (p, f) = if pattern.is_class(Class::RegExp) {
        let p = s.internal(pattern, 0);
        (p, if flags.is_undefined() { s.internal(pattern, 1) } else { flags })
    } else if is_re {
        let (sk, fk) = (s.atoms().source, s.atoms().flags);
        let p = s.get(pattern, sk)?;
        (p, if flags.is_undefined() { s.get(pattern, fk)? } else { flags })
    } else {
        (pattern, flags)
    };
    let o = s.create_from_constructor(nt, Class::RegExp, Intrinsic::RegExpPrototype)?;
    let zero = s.int(0);
    let key = s.atoms().last_index;
    s.define_with(o, key, zero, WRITABLE);
    initialize(s, o, p, f)?;
    Ok(o)
}

/// RegExpInitialize.
fn initialize<'s>(s: &mut Scope<'s>, o: Local<'s>, p: Local<'s>, f: Local<'s>) -> Result<(), Thrown> {
    let p = if p.is_undefined() { s.str("") } else { s.to_string(p)? };
    let f = if f.is_undefined() { s.str("") } else { s.to_string(f)? };
    let Some(flags) = Flags::read(s.chars(f)) else {
        let t = s.to_utf8_lossy(f);
        return Err(s.throw_syntax(&format!("Invalid flags supplied to RegExp constructor '{t}'")));
    };
    let program = program_of(s, p, f, flags)?;
    let interrupt = s.interrupt();
    let null = s.null();
    let holder = s.new_object_of(Class::Host, null);
    s.set_host_data(holder, Box::new(Holder::new(program, interrupt)));
    s.set_internal(o, 0, p);
    s.set_internal(o, 1, f);
    s.set_internal(o, 2, holder);
    let zero = s.int(0);
    let key = s.atoms().last_index;
    s.set(o, key, zero)
}

/// The compiled program of a pattern, from the table or made now.
fn program_of<'s>(
    s: &mut Scope<'s>,
    p: Local<'s>,
    f: Local<'s>,
    flags: Flags,
) -> Result<Rc<Program>, Thrown> {
    let units = s.chars(p).to_units();
    let st = state(s);
    let key = (units, flags);
    if let Some(known) = st.as_ref().and_then(|st| st.programs.borrow().get(&key).cloned()) {
        return Ok(known);
    }
    // The parser's depth is bounded; what that takes must be there on small stacks too.
    match stacker::maybe_grow(COMPILE_STACK, COMPILE_STACK, || Program::compile(&key.0, flags)) {
        Ok(program) => {
            let program = Rc::new(program);
            if let Some(st) = st {
                let mut table = st.programs.borrow_mut();
                if table.len() >= MAX_PROGRAMS {
                    table.clear();
                }
                table.insert(key, program.clone());
            }
            Ok(program)
        }
        Err(why) => {
            let (p, f) = (s.to_utf8_lossy(p), s.to_utf8_lossy(f));
            Err(s.throw_syntax(&format!("Invalid regular expression: /{p}/{f}: {why}")))
        }
    }
}

/// The program of a RegExp object; a TypeError for anything else.
pub(crate) fn program<'s>(s: &mut Scope<'s>, rx: Local<'s>, method: &str) -> Result<Rc<Program>, Thrown> {
    if rx.is_class(Class::RegExp) {
        let holder = s.internal(rx, 2);
        if let Some(h) = s.host_data::<Holder>(holder) {
            return Ok(h.program.clone());
        }
    }
    let t = s.describe_value(rx);
    Err(s.throw_type(&format!("Method RegExp.prototype.{method} called on incompatible receiver {t}")))
}

fn compile_method<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = args.this();
    program(s, this, "compile")?;
    let (pattern, flags) = (args.get(0), args.get(1));
    let (p, f) = if pattern.is_class(Class::RegExp) {
        if !flags.is_undefined() {
            return Err(s.throw_type("Invalid flags supplied to RegExp constructor"));
        }
        (s.internal(pattern, 0), s.internal(pattern, 1))
    } else {
        (pattern, flags)
    };
    initialize(s, this, p, f)?;
    Ok(this)
}

// ---- accessors ----

fn flag<'s>(s: &mut Scope<'s>, args: &Args<'s>, name: &str, f: fn(Flags) -> bool) -> Completion<'s> {
    let this = args.this();
    if this.is_class(Class::RegExp) {
        let p = program(s, this, name)?;
        return Ok(s.bool(f(p.flags)));
    }
    let proto = s.intrinsic(Intrinsic::RegExpPrototype);
    if this.is_identical(proto) {
        return Ok(s.undefined());
    }
    Err(s.throw_type(&format!("RegExp.prototype.{name} getter called on non-RegExp object")))
}

fn flags_getter<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = args.this();
    if !this.is_object() {
        let t = s.describe_value(this);
        return Err(s.throw_type(&format!("RegExp.prototype.flags getter called on non-object {t}")));
    }
    let a = s.atoms();
    let order = [
        (a.has_indices, 'd'),
        (a.global, 'g'),
        (a.ignore_case, 'i'),
        (a.multiline, 'm'),
        (a.dot_all, 's'),
        (a.unicode, 'u'),
        (a.unicode_sets, 'v'),
        (a.sticky, 'y'),
    ];
    let mut out = String::new();
    for (name, c) in order {
        let v = s.get(this, name)?;
        if s.to_boolean(v) {
            out.push(c);
        }
    }
    Ok(s.str(&out))
}

fn source<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = args.this();
    if !this.is_class(Class::RegExp) {
        let proto = s.intrinsic(Intrinsic::RegExpPrototype);
        if this.is_identical(proto) {
            return Ok(s.str("(?:)"));
        }
        return Err(s.throw_type("RegExp.prototype.source getter called on non-RegExp object"));
    }
    let text = s.internal(this, 0);
    if s.str_len(text) == 0 {
        return Ok(s.str("(?:)"));
    }
    let c = s.chars(text);
    if !c.iter().any(|u| matches!(u, 0x2F | 10 | 13 | 0x2028 | 0x2029)) {
        return Ok(text);
    }
    let mut out = crate::text::TextBuf::with_capacity(c.len() + 8);
    let (mut class, mut escaped) = (false, false);
    for u in c.iter() {
        let was = std::mem::replace(&mut escaped, false);
        match u {
            0x5C if !was => {
                escaped = true;
                out.push_unit(u);
            }
            0x2F if !was && !class => out.push_str("\\/"),
            10 | 13 | 0x2028 | 0x2029 => {
                if !was {
                    out.push_str("\\");
                }
                out.push_str(match u {
                    10 => "n",
                    13 => "r",
                    0x2028 => "u2028",
                    _ => "u2029",
                });
            }
            _ => {
                match u {
                    0x5B if !was => class = true,
                    0x5D if !was => class = false,
                    _ => {}
                }
                out.push_unit(u);
            }
        }
    }
    out.finish(s)
}

fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = args.this();
    if !this.is_object() {
        let t = s.describe_value(this);
        return Err(
            s.throw_type(&format!("Method RegExp.prototype.toString called on incompatible receiver {t}"))
        );
    }
    let (sk, fk) = (s.atoms().source, s.atoms().flags);
    let source = s.get(this, sk)?;
    let source = s.to_string(source)?;
    let flags = s.get(this, fk)?;
    let flags = s.to_string(flags)?;
    let mut out = crate::text::TextBuf::with_capacity(s.str_len(source) + 8);
    out.push_str("/");
    out.push(s.chars(source));
    out.push_str("/");
    out.push(s.chars(flags));
    out.finish(s)
}

// ---- matching ----

/// Runs a RegExp's program on `text` from `start`; captures (pairs, `UNSET` where absent) go to `caps`.
#[inline]
pub(crate) fn run<'s>(
    s: &mut Scope<'s>,
    rx: Local<'s>,
    text: Local<'s>,
    start: usize,
    sticky: bool,
    caps: &mut Vec<u32>,
) -> Result<bool, Thrown> {
    let holder = s.internal(rx, 2);
    let found = program::run(s, holder, text, start, sticky, caps)?;
    if found && let Some(st) = state(s) {
        st.last.record(s, text, caps);
    }
    Ok(found)
}

/// RegExpBuiltinExec up to the result array: whether there is a match; lastIndex is read and written as the flags say.
pub(crate) fn builtin_match<'s>(
    s: &mut Scope<'s>,
    rx: Local<'s>,
    text: Local<'s>,
    flags: Flags,
    caps: &mut Vec<u32>,
) -> Result<bool, Thrown> {
    let key = s.atoms().last_index;
    let v = s.get(rx, key)?;
    let at = match v.as_int() {
        Some(i) if i >= 0 => i as u64,
        _ => s.to_length(v)?,
    };
    let moves = flags.global || flags.sticky;
    let start = if moves { at } else { 0 };
    let found = start <= s.str_len(text) as u64 && run(s, rx, text, start as usize, flags.sticky, caps)?;
    if !found {
        if moves {
            set_last_index(s, rx, 0)?;
        }
        return Ok(false);
    }
    if moves {
        set_last_index(s, rx, caps[1] as usize)?;
    }
    Ok(true)
}

/// `rx.lastIndex = n`, throwing when it can't be.
pub(crate) fn set_last_index<'s>(s: &mut Scope<'s>, rx: Local<'s>, n: usize) -> Result<(), Thrown> {
    let key = s.atoms().last_index;
    let v = s.num(n as f64);
    if rx.is_class(Class::RegExp) && s.store_own(rx, key, v) {
        return Ok(());
    }
    s.set(rx, key, v)
}

/// A capture as a value: a string, or undefined.
#[inline]
pub(crate) fn capture<'s>(s: &mut Scope<'s>, text: Local<'s>, caps: &[u32], i: usize) -> Local<'s> {
    let (a, b) = (caps[2 * i], caps[2 * i + 1]);
    if a == matcher::UNSET || b == matcher::UNSET {
        return s.undefined();
    }
    s.substring(text, a as usize, b as usize)
}

/// The `groups` object of these values (by group number), or undefined when there are no names.
pub(crate) fn groups_object<'s>(
    s: &mut Scope<'s>,
    p: &Program,
    value: impl Fn(&mut Scope<'s>, usize) -> Local<'s>,
) -> Result<Local<'s>, Thrown> {
    if p.names.is_empty() {
        return Ok(s.undefined());
    }
    let null = s.null();
    let o = s.new_object_with_proto(null);
    for (name, numbers) in &p.names {
        let mut v = s.undefined();
        for &n in numbers {
            let x = value(s, n as usize);
            if !x.is_undefined() {
                v = x;
            }
        }
        let name = s.str_units(name);
        let key = s.to_key(name)?;
        s.create_data_property(o, key, v)?;
    }
    Ok(o)
}

/// The array that exec gives.
pub(crate) fn result_array<'s>(
    s: &mut Scope<'s>,
    p: &Program,
    text: Local<'s>,
    caps: &[u32],
) -> Completion<'s> {
    let a = s.new_array(&[]);
    for i in 0..p.groups {
        let v = capture(s, text, caps, i);
        s.array_push(a, v);
    }
    let groups = groups_object(s, p, |s, n| capture(s, text, caps, n))?;
    let (ik, tk, gk) = (s.atoms().index, s.atoms().input, s.atoms().groups);
    let index = s.int(caps[0] as i32);
    s.define_with(a, ik, index, ALL);
    s.define_with(a, tk, text, ALL);
    s.define_with(a, gk, groups, ALL);
    if p.flags.has_indices {
        let v = indices_array(s, p, caps)?;
        let key = s.atoms().indices;
        s.define_with(a, key, v, ALL);
    }
    Ok(a)
}

fn indices_array<'s>(s: &mut Scope<'s>, p: &Program, caps: &[u32]) -> Completion<'s> {
    let pairs: Vec<Local<'s>> = (0..p.groups)
        .map(|i| {
            let (a, b) = (caps[2 * i], caps[2 * i + 1]);
            if a == matcher::UNSET || b == matcher::UNSET {
                return s.undefined();
            }
            let (a, b) = (s.int(a as i32), s.int(b as i32));
            s.new_array(&[a, b])
        })
        .collect();
    let list = s.new_array(&pairs);
    let groups = groups_object(s, p, |_, n| pairs[n])?;
    let key = s.atoms().groups;
    s.define_with(list, key, groups, ALL);
    Ok(list)
}

/// RegExpBuiltinExec.
fn builtin_exec<'s>(s: &mut Scope<'s>, rx: Local<'s>, text: Local<'s>, p: &Program) -> Completion<'s> {
    let mut caps = Vec::with_capacity(p.groups * 2);
    if !builtin_match(s, rx, text, p.flags, &mut caps)? {
        return Ok(s.null());
    }
    result_array(s, p, text, &caps)
}

fn exec<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let p = program(s, args.this(), "exec")?;
    let text = s.to_string(args.get(0))?;
    builtin_exec(s, args.this(), text, &p)
}

/// RegExpExec: by way of the object's `exec`.
pub(crate) fn regexp_exec<'s>(s: &mut Scope<'s>, rx: Local<'s>, text: Local<'s>) -> Completion<'s> {
    let key = s.atoms().exec;
    let f = s.get(rx, key)?;
    let ours = s.intrinsic(Intrinsic::RegExpExec);
    if f.is_callable() && !(f.is_identical(ours) && rx.is_class(Class::RegExp)) {
        let r = s.call(f, rx, &[text])?;
        if r.is_object() || r.is_null() {
            return Ok(r);
        }
        let t = s.describe_value(r);
        return Err(s.throw_type(&format!("{t} is not an object or null")));
    }
    let p = program(s, rx, "exec")?;
    builtin_exec(s, rx, text, &p)
}

fn test<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rx = args.this();
    if !rx.is_object() {
        let t = s.describe_value(rx);
        return Err(
            s.throw_type(&format!("Method RegExp.prototype.test called on incompatible receiver {t}"))
        );
    }
    let text = s.to_string(args.get(0))?;
    if is_pristine(s, rx) {
        let p = program(s, rx, "test")?;
        let mut caps = Vec::with_capacity(p.groups * 2);
        let found = builtin_match(s, rx, text, p.flags, &mut caps)?;
        return Ok(s.bool(found));
    }
    let r = regexp_exec(s, rx, text)?;
    Ok(s.bool(!r.is_null()))
}
