//! Early errors: V8's message and the place.

use looplab_bytecode::Source;
use looplab_compiler::{Goal, Options, compile};

#[track_caller]
fn check_as(goal: Goal, text: &str, message: &str, at: &str) {
    let e = compile(Source::new("bad.js", text, 0), &Options::new(goal)).expect_err(text);
    let rest = &text[(e.span.start as usize).min(text.len())..];
    assert_eq!(e.message, message, "{text}");
    assert!(rest.starts_with(at), "{text}: reported at {rest:?}");
}

macro_rules! errors {
    ($($name:ident: $text:expr, $message:expr, $at:expr;)+) => { $(
        #[test]
        fn $name() {
            check_as(Goal::Script, $text, $message, $at);
        }
    )+ };
}

errors! {
    unexpected_punctuator: "let x = ;", "Unexpected token ';'", ";";
    unexpected_brace: "var a = }", "Unexpected token '}'", "}";
    unexpected_keyword: "else", "Unexpected token 'else'", "else";
    unexpected_identifier: "a b", "Unexpected identifier 'b'", "b";
    unexpected_end: "if (a) {", "Unexpected end of input", "";
    unexpected_end_of_array: "x = [1, 2", "Unexpected end of input", "";
    unexpected_end_of_function: "function f( { }", "Unexpected end of input", "";
    missing_paren: "foo(1, 2", "missing ) after argument list", "2";
    missing_paren_between: "foo(a b)", "missing ) after argument list", "a";
    declared_twice: "let x = 1; let x = 2;", "Identifier 'x' has already been declared", "x = 2";
    declared_as_parameter: "function f(a) { let a }", "Identifier 'a' has already been declared", "a }";
    declared_as_var: "let a; var a", "Identifier 'a' has already been declared", "a";
    const_without_value: "const c;", "Missing initializer in const declaration", "c";
    pattern_without_value: "let [a]", "Missing initializer in destructuring declaration", "[a]";
    illegal_return: "return 1", "Illegal return statement", "return";
    import_in_script: "import x from 'y'", "Cannot use import statement outside a module", "import";
    export_in_script: "export const a = 1", "Unexpected token 'export'", "export";
    bad_assignment: "1 = 2", "Invalid left-hand side in assignment", "1";
    bad_prefix: "++1", "Invalid left-hand side expression in prefix operation", "1";
    bad_postfix: "1++", "Invalid left-hand side expression in postfix operation", "1";
    await_in_function: "function f() { await x }", "await is only valid in async functions and the top level bodies of modules", "await";
    unterminated_string: "'abc", "Invalid or unexpected token", "'";
    unterminated_regexp: "/abc", "Invalid regular expression: missing /", "/";
    undefined_label: "while (1) { break foo; }", "Undefined label 'foo'", "foo";
    label_twice: "foo: foo: ;", "Label 'foo' has already been declared", "foo";
    super_outside: "function f() { super.x }", "'super' keyword unexpected here", "super";
    super_call_outside: "class A { m() { super(); } }", "'super' keyword unexpected here", "super";
    strict_with: "'use strict'; with (a) {}", "Strict mode code may not include a with statement", "with";
    strict_eval: "'use strict'; eval = 1", "Unexpected eval or arguments in strict mode", "eval";
    strict_octal: "'use strict'; 010", "Octal literals are not allowed in strict mode.", "010";
    strict_reserved: "'use strict'; var public", "Unexpected strict mode reserved word", "public";
    rest_not_last: "function f(...a, b) {}", "Rest parameter must be last formal parameter", "...a";
    shorthand_initializer: "({a = 1})", "Invalid shorthand property initializer", "a = 1";
    private_undeclared: "class A { m() { this.#y } }", "Private field '#y' must be declared in an enclosing class", "#y";
    two_constructors: "class A { constructor() {} constructor() {} }", "A class may only have one constructor", "constructor() {} }";
    try_alone: "try { }", "Missing catch or finally after try", "";
    two_defaults: "switch (1) { default: default: }", "More than one default clause in switch statement", "default: }";
    unary_power: "-1 ** 2", "Unary operator used immediately before exponentiation expression. Parenthesis must be used to disambiguate operator precedence", "-1";
    chain_assignment: "a?.b = 1", "Invalid left-hand side in assignment", "a";
    import_meta_in_script: "import.meta", "Cannot use 'import.meta' outside a module", "import";
}

#[test]
fn parameters_of_a_wrapper_count_as_declared() {
    let goal = || Goal::FunctionBody { params: vec!["require".into(), "module".into()] };
    check_as(goal(), "const require = 1;", "Identifier 'require' has already been declared", "require");
    assert!(
        compile(Source::new("ok.js", "#!/bin/env x\nvar module; return module;", 0), &Options::new(goal()))
            .is_ok()
    );
}

#[test]
fn modules_are_strict() {
    check_as(Goal::Module, "with (a) {}", "Strict mode code may not include a with statement", "with");
    check_as(Goal::Module, "export { a };", "Export 'a' is not defined in module", "a");
}
