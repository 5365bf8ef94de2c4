//! Deeply nested and very long sources end in a template or an error, never in a crash.

use looplab_bytecode::Source;
use looplab_compiler::{ErrorKind, Goal, Options, SyntaxError, compile};

fn run(text: String) -> Result<(), SyntaxError> {
    compile(Source::new("deep.js", text, 0), &Options::new(Goal::Script)).map(|_| ())
}

fn nest(open: &str, n: usize, middle: &str, close: &str) -> String {
    format!("{}{middle}{}", open.repeat(n), close.repeat(n))
}

#[test]
fn too_many_brackets_are_a_range_error() {
    for open in ["(", "[", "{", "({a:", "(()=>", "f(", "`${"] {
        let e = run(open.repeat(100_000)).expect_err("too deep");
        assert_eq!(
            (e.kind, e.message.as_str()),
            (ErrorKind::Range, "Maximum call stack size exceeded"),
            "{open}"
        );
    }
}

#[test]
fn long_chains_compile() {
    run(format!("x = 1{}", " + a".repeat(100_000))).expect("sums");
    run(format!("x = a{}", " && a".repeat(20_000))).expect("logic");
    run(format!("x = a{}", ".b".repeat(20_000))).expect("members");
    run(format!("x = {}0", "a ? 1 : ".repeat(10_000))).expect("conditionals");
    run(format!("{}{{}}", "if (a) {} else ".repeat(10_000))).expect("else-ifs");
    run(format!("x = {}a", "!".repeat(10_000))).expect("operators");
    run(format!("{}1", "a = ".repeat(10_000))).expect("assignments");
}

#[test]
fn deep_nests_compile() {
    run(nest("[", 10_000, "", "]")).expect("arrays");
    run(nest("(", 10_000, "1", ")")).expect("parentheses");
    run(nest("{", 10_000, "", "}")).expect("blocks");
    run(nest("if (a) {", 5_000, "", "}")).expect("ifs");
    run(nest("function f() {", 2_000, "", "}")).expect("functions");
    run(nest("a(", 5_000, "", ")")).expect("calls");
}
