//! The JavaScript standard library, written against rooted handles only.
//!
//! One file an object of the specification, in the order of its sections; each has `install`, which creates the constructor,
//! its prototype and functions, and sets the intrinsics. `install_all` runs them in dependency order.
#![forbid(unsafe_code)]

mod def;

// Fundamental objects, control abstraction.
mod boolean;
mod error;
mod function;
mod generator;
mod global;
mod iterator;
mod object;
mod promise;
mod symbol;

// Text, numbers and dates.
pub mod bigint;
pub mod date;
pub mod global_functions;
pub mod math;
pub mod number;
pub mod number_format;
pub mod regexp;
pub mod string;
pub mod text;
pub mod uri;

// Binary data, reflection.
mod arraybuffer;
mod atomics;
mod dataview;
mod proxy_reflect;
mod typedarray;
mod typedarray_proto;
mod typedarray_sort;

// Collections and structured data.
mod array;
mod checks;
mod json;
mod map_set;
mod textbuf;
mod weak;

use looplab_vm::{Scope, Vm};

/// Fills the realm of a fresh engine.
pub fn install_all(vm: &mut Vm) {
    vm.enter(|s| {
        install_fundamental(s);
        install_text(s);
        install_collections(s);
        install_binary(s);
    });
}

/// What everything else builds on.
fn install_fundamental(s: &mut Scope<'_>) {
    object::install(s);
    function::install(s);
    boolean::install(s);
    symbol::install(s);
    error::install(s);
    iterator::install(s);
    generator::install(s);
    promise::install(s);
    global::install(s);
}

/// Text, numbers and dates.
fn install_text(s: &mut Scope<'_>) {
    global_functions::install(s);
    uri::install(s);
    string::install(s);
    number::install(s);
    bigint::install(s);
    math::install(s);
    date::install(s);
    regexp::install(s);
}

/// Binary data and reflection.
fn install_binary(s: &mut Scope<'_>) {
    proxy_reflect::install(s);
    arraybuffer::install(s);
    typedarray::install(s);
    dataview::install(s);
    atomics::install(s);
}

/// Collections and structured data.
fn install_collections(s: &mut Scope<'_>) {
    array::install(s);
    map_set::install(s);
    weak::install(s);
    json::install(s);
}
