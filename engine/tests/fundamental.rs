//! Object, Function, errors, Symbol, Boolean, Promise and Iterator against what Node 24 gave for the same expressions.

use looplab_engine::{CompileGoal, Local, Scope, Source, compile, new_engine};

/// An expression's value as text, or "!" and the error's message.
fn eval(code: &str) -> String {
    let template = match compile(Source::new("test", code.to_owned(), 1), CompileGoal::Eval) {
        Ok(t) => t,
        Err(e) => return format!("!{}", e.message),
    };
    let mut vm = new_engine();
    vm.enter(|s| match s.run_script(template, true) {
        Ok(v) => text(s, v),
        Err(t) => {
            let e = s.caught(t);
            let message = s.atoms().message;
            match s.get_v(e, message) {
                Ok(m) => format!("!{}", text(s, m)),
                Err(_) => "!?".into(),
            }
        }
    })
}

fn text<'s>(s: &mut Scope<'s>, v: Local<'s>) -> String {
    match s.to_text(v) {
        Ok(t) => t,
        Err(t) => {
            let e = s.caught(t);
            format!("!{}", s.describe_value(e))
        }
    }
}

/// Test threads have small stacks; the engine takes the process's limit for granted.
#[test]
fn expressions_give_what_node_gives() {
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(compare_all).expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn compare_all() {
    let mut lines = include_str!("js/fundamental.txt").lines().filter(|l| !l.starts_with('#'));
    let mut wrong = Vec::new();
    while let (Some(code), Some(expected)) = (lines.next(), lines.next()) {
        let expected = expected.strip_prefix("=> ").unwrap_or(expected);
        let got = eval(code);
        if got != expected {
            wrong.push(format!("{code}\n  expected {expected}\n  got      {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
