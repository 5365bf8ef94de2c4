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

use looplab_vm::{Scope, Vm};

/// Fills the realm of a fresh engine.
pub fn install_all(vm: &mut Vm) {
    vm.enter(install_fundamental);
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
