//! `Symbol`, section 20.4.

use crate::def;
use looplab_vm::{Args, CONFIGURABLE, Class, Completion, Intrinsic, Key, Name, Scope};

/// Sets up `Symbol` with the well-known symbols.
pub fn install(s: &mut Scope<'_>) {
    let p = s.new_object();
    s.set_intrinsic(Intrinsic::SymbolPrototype, p);
    let c = s.constructor("Symbol", 0, symbol, p);
    s.set_intrinsic(Intrinsic::Symbol, c);
    def::global(s, "Symbol", c);
    s.method(c, "for", 1, symbol_for);
    s.method(c, "keyFor", 1, key_for);
    let a = s.atoms();
    let known: [(&str, Name); 15] = [
        ("asyncIterator", a.sym_async_iterator),
        ("hasInstance", a.sym_has_instance),
        ("isConcatSpreadable", a.sym_is_concat_spreadable),
        ("iterator", a.sym_iterator),
        ("match", a.sym_match),
        ("matchAll", a.sym_match_all),
        ("replace", a.sym_replace),
        ("search", a.sym_search),
        ("species", a.sym_species),
        ("split", a.sym_split),
        ("toPrimitive", a.sym_to_primitive),
        ("toStringTag", a.sym_to_string_tag),
        ("unscopables", a.sym_unscopables),
        ("dispose", a.sym_dispose),
        ("asyncDispose", a.sym_async_dispose),
    ];
    for (name, sym) in known {
        let (key, v) = (s.key(name), s.key_to_value(sym.into()));
        s.define_with(c, key, v, 0);
    }
    s.method(p, "toString", 0, to_string);
    s.method(p, "valueOf", 0, value_of);
    let key: Key<'_> = s.key("description");
    s.getter(p, key, description);
    def::tag(s, p, "Symbol");
    let key = s.atoms().sym_to_primitive;
    let f = s.function(key, 1, to_primitive);
    s.define_with(p, key, f, CONFIGURABLE);
}

fn symbol<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if !args.new_target().is_undefined() {
        return Err(s.throw_type("Symbol is not a constructor"));
    }
    let d = args.get(0);
    let d = if d.is_undefined() { d } else { s.to_string(d)? };
    Ok(s.symbol(d))
}

fn symbol_for<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let key = s.to_string(args.get(0))?;
    Ok(s.symbol_for(key))
}

fn key_for<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    if v.is_symbol() {
        return Ok(s.symbol_key_for(v));
    }
    let t = s.describe_value(v);
    Err(s.throw_type(&format!("{t} is not a symbol")))
}

/// ThisSymbolValue.
fn this_value<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str) -> Completion<'s> {
    let v = args.this();
    if v.is_symbol() {
        return Ok(v);
    }
    if v.is_class(Class::Symbol) {
        return Ok(s.internal(v, 0));
    }
    Err(s.throw_type(&format!("{method} requires that 'this' be a Symbol")))
}

fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = this_value(s, args, "Symbol.prototype.toString")?;
    let t = s.symbol_text(v);
    Ok(s.str(&t))
}

fn value_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    this_value(s, args, "Symbol.prototype.valueOf")
}

fn description<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = this_value(s, args, "Symbol.prototype.description")?;
    Ok(s.symbol_description(v))
}

fn to_primitive<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    this_value(s, args, "Symbol.prototype [ @@toPrimitive ]")
}
