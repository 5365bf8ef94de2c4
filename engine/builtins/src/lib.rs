//! The JavaScript standard library, written against rooted handles only.
//!
//! One file an object of the specification, in the order of its sections; each has `install`, which creates the constructor,
//! its prototype and functions, and sets the intrinsics. `install_all` runs them in dependency order.
#![forbid(unsafe_code)]

mod arraybuffer;
mod atomics;
mod dataview;
mod proxy_reflect;
mod typedarray;
mod typedarray_proto;
mod typedarray_sort;

use looplab_vm::Vm;

/// Fills the realm of a fresh engine.
pub fn install_all(vm: &mut Vm) {
    vm.enter(|s| {
        proxy_reflect::install(s);
        arraybuffer::install(s);
        typedarray::install(s);
        dataview::install(s);
        atomics::install(s);
    });
}
