//! The conformance fixtures with a collection at every safepoint: what a script prints must not change.
//!
//! A few run always; the whole set with `cargo test --release -p looplab-engine --test stress -- --ignored`.

use looplab_engine::{Args, CompileGoal, Completion, Scope, Source, new_engine};
use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

/// Small fixtures that between them allocate every kind of cell.
const SAMPLE: &[&str] = &[
    "array-from-and-of.js",
    "async-basic-order.js",
    "async-generator-order.js",
    "class-private-static.js",
    "closure-loops.js",
    "currying-and-composition.js",
    "default-params.js",
    "eval-direct.js",
    "json-roundtrip.js",
    "map-basics.js",
    "program-lru-cache.js",
    "promise-then-order.js",
    "regexp-named-replace.js",
    "symbol-iterator-custom-class.js",
    "tagged-templates.js",
    "weak-collections.js",
    "with-statement.js",
];

/// Fixtures that come by so many safepoints with so much alive that each tenth has to do.
const LARGE: &[&str] =
    &["array-differential.js", "errors-range.js", "map-set-differential.js", "memory-churn.js"];

type Output = RefCell<String>;

fn log<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut line = Vec::new();
    for i in 0..args.len() {
        line.push(s.describe_value(args.get(i)));
    }
    if let Some(out) = s.embedder::<Output>() {
        *out.borrow_mut() += &format!("{}\n", line.join(" "));
    }
    Ok(s.undefined())
}

/// What a script prints, and how it ends.
fn run(name: &str, text: &str, every: Option<u32>) -> String {
    let mut vm = new_engine();
    let out: Rc<Output> = Rc::default();
    vm.set_embedder(out.clone());
    if let Some(n) = every {
        vm.set_gc_every(n);
    }
    vm.enter(|s| {
        let (g, console) = (s.global_object(), s.new_object());
        s.method(console, "log", 0, log);
        let key = s.key("console");
        s.define_hidden(g, key, console);
        let r = s.compile(Source::new(name, text, 1), CompileGoal::Script);
        let mut ends = vec![r.and_then(|t| s.run_script(t, false).map(|_| ()))];
        while let Some(r) = s.run_job() {
            ends.push(r.map(|_| ()));
        }
        for t in ends.into_iter().filter_map(Result::err) {
            let e = s.caught(t);
            let shown = s.describe_value(e);
            *out.borrow_mut() += &format!("uncaught {shown}\n");
        }
    });
    out.take()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/js")
}

/// Test threads have small stacks; the engine takes the process's limit for granted.
fn compare(names: Vec<String>) {
    let work = move || {
        for n in names {
            let text = fs::read_to_string(folder().join(&n)).expect(&n);
            let every = if LARGE.contains(&n.as_str()) { 10 } else { 1 };
            let (calm, stressed) = (run(&n, &text, None), run(&n, &text, Some(every)));
            assert!(calm == stressed, "{n} under stress:\n{stressed}\nwithout:\n{calm}");
            assert!(!calm.is_empty(), "{n} printed nothing");
        }
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(work).expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn a_sample_survives_constant_collection() {
    compare(SAMPLE.iter().map(|n| (*n).to_owned()).collect());
}

#[test]
#[ignore = "minutes of collections"]
fn every_fixture_survives_constant_collection() {
    let entries = fs::read_dir(folder()).expect("the fixtures");
    let mut names: Vec<_> = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|n| n.ends_with(".js"));
    names.sort();
    compare(names);
}
