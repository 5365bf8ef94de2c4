//! JSON.

/// Sets up `JSON`.
pub(crate) fn install(_: &mut looplab_vm::Scope<'_>) {}
