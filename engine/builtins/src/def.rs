//! Small steps that setting up a builtin object repeats.

use looplab_vm::{Args, CONFIGURABLE, Class, Completion, Local, Name, NativeFn, Scope};

/// `o[Symbol.toStringTag] = text`, not writable, as all builtins have it.
pub(crate) fn tag<'s>(s: &mut Scope<'s>, o: Local<'s>, text: &str) {
    let v = s.str(text);
    let key = s.atoms().sym_to_string_tag;
    s.define_with(o, key, v, CONFIGURABLE);
}

/// A hidden method under a well-known symbol.
pub(crate) fn symbol_method<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    name: Name,
    length: u32,
    f: NativeFn,
) -> Local<'s> {
    let m = s.function(name, length, f);
    s.define_hidden(o, name, m);
    m
}

/// `get [Symbol.species]() { return this }`.
pub(crate) fn species<'s>(s: &mut Scope<'s>, ctor: Local<'s>) {
    let key = s.atoms().sym_species;
    s.getter(ctor, key, return_this);
}

/// A function that returns its receiver (`%IteratorPrototype%[Symbol.iterator]` and the like).
pub(crate) fn return_this<'s>(_: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(args.this())
}

/// A constructor as property of the global object.
pub(crate) fn global<'s>(s: &mut Scope<'s>, name: &str, v: Local<'s>) {
    let (g, key) = (s.global_object(), s.key(name));
    s.define_hidden(g, key, v);
}

/// A cell for up to four internal values that no script ever sees: shared state of closures.
pub(crate) fn record<'s>(s: &mut Scope<'s>, values: &[Local<'s>]) -> Local<'s> {
    let null = s.null();
    let o = s.new_object_of(Class::Host, null);
    for (i, v) in values.iter().enumerate() {
        s.set_internal(o, i, *v);
    }
    o
}

/// The prototype of a fresh object; cannot fail, since it is extensible and no proxy.
pub(crate) fn inherit<'s>(s: &mut Scope<'s>, child: Local<'s>, parent: Local<'s>) {
    let done = s.set_prototype_of(child, parent);
    debug_assert!(matches!(done, Ok(true)));
}
