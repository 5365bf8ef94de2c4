//! The JavaScript standard library, written against rooted handles only.
//!
//! One file an object of the specification, in the order of its sections; each has `install`, which creates the constructor,
//! its prototype and functions, and sets the intrinsics. `install_all` runs them in dependency order.
#![forbid(unsafe_code)]

// Collections and structured data.
mod array;
mod checks;
mod json;
mod map_set;
mod textbuf;
mod weak;

use looplab_vm::Vm;

/// Fills the realm of a fresh engine.
pub fn install_all(vm: &mut Vm) {
    vm.enter(|s| {
        array::install(s);
        map_set::install(s);
        weak::install(s);
        json::install(s);
    });
}
