//! Array objects (23.1): the constructor, its prototype and array iterators.
//!
//! Each method first asks whether its receiver is a *fast* array (dense, nothing inherited among the indices) and then works on
//! the elements as a block; everything else takes the specification's steps one by one. Callbacks may change the array, so the
//! question is asked again for every element.

mod change;
mod combine;
mod copy;
mod flat;
mod from_async;
mod iterate;
mod iterator;
mod make;
mod search;
mod sort;

use crate::checks::{count, species_getter};
use looplab_vm::{CONFIGURABLE, Completion, Inline, Intrinsic, Key, Local, NativeFn, Scope, Thrown};

/// The largest length an array-like may have, 2^53 − 1.
const MAX_LENGTH: u64 = (1 << 53) - 1;

/// Sets up `Array`, `Array.prototype` and `%ArrayIteratorPrototype%`.
pub(crate) fn install(s: &mut Scope<'_>) {
    let proto = s.intrinsic(Intrinsic::ArrayPrototype);
    let ctor = s.constructor("Array", 1, make::array, proto);
    s.set_intrinsic(Intrinsic::Array, ctor);
    let global = s.global_object();
    let name = s.key("Array");
    s.define_hidden(global, name, ctor);
    let statics: [(&str, u32, NativeFn); 4] = [
        ("isArray", 1, make::is_array),
        ("from", 1, make::from),
        ("fromAsync", 1, from_async::from_async),
        ("of", 0, make::of),
    ];
    for (name, length, f) in statics {
        s.method(ctor, name, length, f);
    }
    let species = s.atoms().sym_species;
    s.getter(ctor, species, species_getter);
    if let Ok(Some(d)) = s.get_own_property(ctor, species.into())
        && let Some(g) = d.get
    {
        s.set_intrinsic(Intrinsic::ArraySpeciesGetter, g);
    }
    install_prototype(s, proto);
    s.inline_function(Inline::ArrayPush, change::push);
    s.inline_function(Inline::ArrayPop, change::pop);
    iterator::install(s);
}

fn install_prototype<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    let methods: [(&str, u32, NativeFn); 38] = [
        ("at", 1, search::at),
        ("concat", 1, combine::concat),
        ("copyWithin", 2, change::copy_within),
        ("fill", 1, change::fill),
        ("find", 1, search::find),
        ("findIndex", 1, search::find_index),
        ("findLast", 1, search::find_last),
        ("findLastIndex", 1, search::find_last_index),
        ("lastIndexOf", 1, search::last_index_of),
        ("pop", 0, change::pop),
        ("push", 1, change::push),
        ("reverse", 0, change::reverse),
        ("shift", 0, change::shift),
        ("unshift", 1, change::unshift),
        ("slice", 2, combine::slice),
        ("sort", 1, sort::sort),
        ("splice", 2, change::splice),
        ("includes", 1, search::includes),
        ("indexOf", 1, search::index_of),
        ("join", 1, combine::join),
        ("keys", 0, iterator::keys),
        ("entries", 0, iterator::entries),
        ("values", 0, iterator::values),
        ("forEach", 1, iterate::for_each),
        ("filter", 1, iterate::filter),
        ("flat", 0, flat::flat),
        ("flatMap", 1, flat::flat_map),
        ("map", 1, iterate::map),
        ("every", 1, iterate::every),
        ("some", 1, iterate::some),
        ("reduce", 1, iterate::reduce),
        ("reduceRight", 1, iterate::reduce_right),
        ("toReversed", 0, copy::to_reversed),
        ("toSorted", 1, sort::to_sorted),
        ("toSpliced", 2, copy::to_spliced),
        ("with", 2, copy::with),
        ("toLocaleString", 0, combine::to_locale_string),
        ("toString", 0, combine::to_string),
    ];
    let key = s.atoms().sym_iterator;
    for (name, length, f) in methods {
        let f = s.method(proto, name, length, f);
        match name {
            "values" => {
                s.set_intrinsic(Intrinsic::ArrayProtoValues, f);
                s.define_hidden(proto, key, f);
            }
            "toString" => s.set_intrinsic(Intrinsic::ArrayProtoToString, f),
            _ => {}
        }
    }
    install_unscopables(s, proto);
}

fn install_unscopables<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    let null = s.null();
    let list = s.new_object_with_proto(null);
    for name in [
        "at",
        "copyWithin",
        "entries",
        "fill",
        "find",
        "findIndex",
        "findLast",
        "findLastIndex",
        "flat",
        "flatMap",
        "includes",
        "keys",
        "toReversed",
        "toSorted",
        "toSpliced",
        "values",
    ] {
        let (k, v) = (s.key(name), s.bool(true));
        s.define_with(list, k, v, looplab_vm::ALL);
    }
    let key = s.atoms().sym_unscopables;
    s.define_with(proto, key, list, CONFIGURABLE);
}

// ---- what the methods share ----

/// HasProperty and Get in one: `None` where there is no element `i`.
#[inline]
fn element<'s>(s: &mut Scope<'s>, o: Local<'s>, i: u64) -> Result<Option<Local<'s>>, Thrown> {
    if i <= u64::from(u32::MAX) && s.is_fast_array(o) {
        let i = i as u32;
        return Ok(if s.fast_has(o, i) { Some(s.fast_get(o, i)) } else { None });
    }
    s.check_interrupt()?;
    let k = s.integer_key(i);
    if s.has_property(o, k)? { s.get(o, k).map(Some) } else { Ok(None) }
}

/// Get of element `i`.
#[inline]
fn get_index<'s>(s: &mut Scope<'s>, o: Local<'s>, i: u64) -> Completion<'s> {
    if i <= u64::from(u32::MAX) && s.is_fast_array(o) {
        return Ok(s.fast_get(o, i as u32));
    }
    s.check_interrupt()?;
    let k = s.integer_key(i);
    s.get(o, k)
}

/// CreateDataPropertyOrThrow at an index.
#[inline]
fn put_new<'s>(s: &mut Scope<'s>, o: Local<'s>, i: u64, v: Local<'s>) -> Result<(), Thrown> {
    s.check_interrupt()?;
    let k = s.integer_key(i);
    s.create_data_property_or_throw(o, k, v)
}

/// Set at an index, throwing.
fn set_index<'s>(s: &mut Scope<'s>, o: Local<'s>, i: u64, v: Local<'s>) -> Result<(), Thrown> {
    s.check_interrupt()?;
    let k = s.integer_key(i);
    s.set(o, k, v)
}

/// Set of `length`, throwing.
fn set_length<'s>(s: &mut Scope<'s>, o: Local<'s>, n: u64) -> Result<(), Thrown> {
    let (key, n) = (s.atoms().length, count(s, n));
    s.set(o, key, n)
}

fn delete_index<'s>(s: &mut Scope<'s>, o: Local<'s>, i: u64) -> Result<(), Thrown> {
    s.check_interrupt()?;
    let k: Key<'s> = s.integer_key(i);
    crate::checks::delete_or_throw(s, o, k)
}

/// ArrayCreate.
fn array_create<'s>(s: &mut Scope<'s>, n: u64) -> Completion<'s> {
    match u32::try_from(n) {
        Ok(n) => Ok(s.new_array_with_length(n)),
        Err(_) => Err(s.throw_range("Invalid array length")),
    }
}

/// ArraySpeciesCreate.
fn species_create<'s>(s: &mut Scope<'s>, o: Local<'s>, n: u64) -> Completion<'s> {
    if s.is_species_fast_array(o) || !s.is_array(o)? {
        return array_create(s, n);
    }
    let (constructor, species) = (s.atoms().constructor, s.atoms().sym_species);
    let mut c = s.get(o, constructor)?;
    if c.is_constructor() {
        // Another realm's own Array counts as none.
        let theirs = s.intrinsic_for(c, Intrinsic::Array)?;
        let ours = s.intrinsic(Intrinsic::Array);
        if c.is_identical(theirs) && !c.is_identical(ours) {
            c = s.undefined();
        }
    }
    if c.is_object() {
        c = s.get(c, species)?;
        if c.is_null() {
            c = s.undefined();
        }
    }
    if c.is_undefined() {
        return array_create(s, n);
    }
    if !c.is_constructor() {
        return Err(s.throw_type("object.constructor[Symbol.species] is not a constructor"));
    }
    let n = count(s, n);
    s.construct(c, &[n], c)
}
