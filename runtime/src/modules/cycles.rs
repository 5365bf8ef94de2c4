//! What a module of a cycle gets of one that is still loading: its unfinished exports, which tell when something is asked of them that is
//! not there (yet).

use super::cjs::get;
use super::{register_value, registered};
use crate::rt::Rt;
use looplab_engine::{Class, Completion, Intrinsic, Local, Scope, Thrown};
use std::rc::Rc;

/// The proxy that stands in for `Object.prototype` meanwhile.
const PROXY: &str = "cycle prototype";

/// Exports of a module that is in the cache.
pub(crate) fn exports_of_cycle<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, module: Local<'s>) -> Completion<'s> {
    let exports = get(s, module, "exports")?;
    let loaded = get(s, module, "loaded")?;
    // Whatever is no plain object, or says itself what it is, is left alone.
    if !loaded.is_bool()
        || loaded.is_true()
        || !exports.is_object()
        || exports.is_callable()
        || exports.is_class(Class::Proxy)
    {
        return Ok(exports);
    }
    let plain = s.intrinsic(Intrinsic::ObjectPrototype);
    let proto = s.get_prototype_of(exports)?;
    if !proto.is_identical(plain) || get(s, exports, "__esModule")?.is_true() {
        return Ok(exports);
    }
    let mut proxy = registered(s, PROXY);
    if !proxy.is_object() {
        let Some(made) = super::builtin(s, rt, "/module_cycles")? else { return Ok(exports) };
        register_value(s, PROXY, made);
        proxy = made;
    }
    s.set_prototype_of(exports, proxy)?;
    Ok(exports)
}

/// The module is complete: its exports are ordinary again.
pub(crate) fn loaded<'s>(s: &mut Scope<'s>, module: Local<'s>) -> Result<(), Thrown> {
    let proxy = registered(s, PROXY);
    if !proxy.is_object() {
        return Ok(());
    }
    let exports = get(s, module, "exports")?;
    if exports.is_object()
        && !exports.is_class(Class::Proxy)
        && s.get_prototype_of(exports)?.is_identical(proxy)
    {
        let plain = s.intrinsic(Intrinsic::ObjectPrototype);
        s.set_prototype_of(exports, plain)?;
    }
    Ok(())
}
