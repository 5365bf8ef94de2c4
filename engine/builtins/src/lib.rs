//! The JavaScript standard library, written against rooted handles only.
//!
//! One file an object of the specification, in the order of its sections; each has `install`, which creates the constructor,
//! its prototype and functions, and sets the intrinsics. `install_all` runs them in dependency order.
#![forbid(unsafe_code)]

use looplab_vm::Vm;

// Text, numbers and dates.
pub mod global_functions;
pub mod bigint;
pub mod date;
pub mod math;
pub mod number;
pub mod number_format;
pub mod string;
pub mod text;
pub mod uri;

/// Fills the realm of a fresh engine.
pub fn install_all(vm: &mut Vm) {
    vm.enter(|s| {
        // Text, numbers and dates.
        global_functions::install(s);
        uri::install(s);
        string::install(s);
        number::install(s);
        bigint::install(s);
        math::install(s);
        date::install(s);
    });
}
