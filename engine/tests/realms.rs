//! Realms: each has its own intrinsics, functions run in the realm they were made in, whichever way they are called.

use looplab_engine::{CompileGoal, Local, RealmId, Scope, Source, new_engine, new_realm};

fn run<'s>(s: &mut Scope<'s>, text: &str) -> Local<'s> {
    let r = s.compile(Source::new("test", text, 1), CompileGoal::Script).and_then(|t| s.run_script(t, false));
    match r {
        Ok(v) => v,
        Err(t) => {
            let e = s.caught(t);
            panic!("{text}: {}", s.describe_value(e))
        }
    }
}

/// The first realm's script with `other` as the global object of a second one; its completion as text.
fn with_other(text: &str) -> String {
    let mut vm = new_engine();
    vm.enter(|s| {
        let realm = new_realm(s).expect("a second realm");
        assert_ne!(realm, RealmId::FIRST);
        let (g, other, key) = (s.global_object(), s.realm_global(realm), s.key("other"));
        s.define_hidden(g, key, other);
        let v = run(s, text);
        assert_eq!(s.realm(), RealmId::FIRST);
        s.to_text(v).unwrap_or_default()
    })
}

#[test]
fn intrinsics_and_globals_are_separate() {
    assert_eq!(
        with_other("[other.Array === Array, other.Array.prototype === Array.prototype].join()"),
        "false,false"
    );
    assert_eq!(with_other("var here = 1; typeof other.here + (other.globalThis === other)"), "undefinedtrue");
    assert_eq!(with_other("String(other.Symbol.iterator === Symbol.iterator)"), "true");
}

#[test]
fn functions_run_in_their_own_realm() {
    let make = "var f = other.eval('(function () { return [] })'); var ours = x => x instanceof Array;";
    for call in [
        "f()",
        "f.call()",
        "[1].map(f)[0]",
        "Reflect.apply(f, null, [])",
        "f.bind()()",
        "new Proxy(f, {})()",
        "({ get x() { return f() } }).x",
        "JSON.parse('[1]', f)",
        "'a'.replace(/a/, () => { r = f(); return '' }) || r",
    ] {
        // Twice: the second call finds the function's code ready.
        let text = format!("var r; {make} var go = () => {call}; ours(go()) || ours(go())");
        assert_eq!(with_other(&text), "false", "{call}");
    }
}

#[test]
fn errors_and_defaults_come_from_the_right_realm() {
    assert_eq!(
        with_other(
            "try { other.eval('null.x') } catch (e) { [e instanceof TypeError, e instanceof other.TypeError].join() }"
        ),
        "false,true"
    );
    assert_eq!(
        with_other(
            "try { other.Object.defineProperty(1) } catch (e) { String(e instanceof other.TypeError) }"
        ),
        "true"
    );
    assert_eq!(
        with_other(
            "var C = new other.Function(); C.prototype = null; \
             String(Object.getPrototypeOf(Reflect.construct(Array, [], C)) === other.Array.prototype)"
        ),
        "true"
    );
    assert_eq!(
        with_other(
            "var g = other.eval('(function* () { yield [] })'); String(g().next().value instanceof other.Array)"
        ),
        "true"
    );
}

#[test]
fn realms_survive_collections() {
    let mut vm = new_engine();
    vm.set_gc_stress(true);
    let text = vm.enter(|s| {
        let realm = new_realm(s).expect("a second realm");
        s.in_realm(realm, |s| {
            let v = run(s, "let kept = [1, 2].map(x => ({ x })); kept.map(o => o.x).join()");
            s.to_text(v).unwrap_or_default()
        })
    });
    assert_eq!(text, "1,2");
}
