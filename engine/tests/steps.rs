//! What the Debug interpreter reports: statements, frames, errors, and the variables that changed; and what it never does.

use looplab_engine::{CompileGoal, EngineProbe, Leave, Source, StatementAt, compile, new_engine};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Writes down what it is told, a line a statement.
#[derive(Default)]
struct Story {
    texts: RefCell<Vec<String>>,
    lines: RefCell<Vec<String>>,
    changes: RefCell<Vec<String>>,
    /// Statements until it has had enough; 0 never has.
    patience: Cell<u32>,
}

impl Story {
    fn of(&self, number: u32) -> String {
        self.texts.borrow()[number as usize].clone()
    }

    fn tell(&self, line: String) {
        let changes = std::mem::take(&mut *self.changes.borrow_mut());
        let changes = if changes.is_empty() { String::new() } else { format!("  [{}]", changes.join(", ")) };
        self.lines.borrow_mut().push(line + &changes);
    }
}

impl EngineProbe for Story {
    fn text(&self, text: &str) -> u32 {
        let mut texts = self.texts.borrow_mut();
        if texts.is_empty() {
            texts.push(String::new());
        }
        if let Some(at) = texts.iter().position(|known| known == text) {
            return at as u32;
        }
        texts.push(text.to_owned());
        texts.len() as u32 - 1
    }

    fn follows(&self, source: &str) -> bool {
        source != "hidden.js"
    }

    fn statement(&self, at: StatementAt) -> bool {
        self.tell(format!("{}:{}", at.line, at.column));
        self.patience.get() != 1 || {
            self.tell("enough".into());
            false
        }
    }

    fn frame_enter(&self, name: u32, _: StatementAt, resumed: bool) {
        self.tell(format!("{} {}", if resumed { "resume" } else { "enter" }, self.of(name)));
    }

    fn frame_leave(&self, how: Leave, value: u32) {
        self.tell(format!("{how:?} {}", self.of(value)).to_lowercase().trim_end().to_owned());
    }

    fn variable(&self, closure: bool, name: u32, value: Option<u32>) {
        let mark = if closure { "^" } else { "" };
        let value = value.map_or("gone".into(), |value| self.of(value));
        self.changes.borrow_mut().push(format!("{mark}{}={value}", self.of(name)));
    }

    fn thrown(&self, value: u32, at: Option<StatementAt>) {
        self.tell(format!("throw {} at {:?}", self.of(value), at.map(|at| at.line)));
    }
}

/// The story of a function body; with a collection at every safepoint if `stress`.
fn story(code: &str, stress: bool, patience: u32) -> Vec<String> {
    let template =
        compile(Source::new("test.js", code.to_owned(), 1), CompileGoal::Script).expect("valid code");
    let mut vm = new_engine();
    vm.set_gc_stress(stress);
    let probe = Rc::new(Story::default());
    probe.patience.set(patience);
    vm.set_probe(Some(probe.clone()));
    vm.set_stepping(true);
    vm.enter(|s| {
        let f = s.run_script(template, false).unwrap_or_else(|t| s.caught(t));
        let this = s.undefined();
        if let Err(t) = s.call(f, this, &[]) {
            let e = s.caught(t);
            let text = s.describe_value(e);
            probe.tell(format!("out: {text}"));
        }
    });
    // The script that only makes the function.
    probe.lines.take().into_iter().skip_while(|line| line != "enter main").collect()
}

fn check(code: &str, expected: &[&str]) {
    for stress in [false, true] {
        let lines = story(&format!("(function main() {{\n{code}\n}})"), stress, 0);
        assert_eq!(lines, expected, "stress: {stress}\n{}", lines.join("\n"));
    }
}

#[test]
fn statements_frames_and_only_what_changed() {
    check(
        "let total = 0;\nfunction add(a) {\n  const sum = a + 1;\n  total += sum;\n  return sum;\n}\nreturn add(1) + add(2);",
        &[
            "enter main",
            "2:1  [add=function add]",
            "8:1  [total=0]",
            "enter add",
            "4:3  [a=1, ^total=0]",
            "5:3  [sum=2]",
            "6:3  [^total=2]",
            "returned 2",
            "enter add",
            "4:3  [a=2, ^total=2]",
            "5:3  [sum=3]",
            "6:3  [^total=5]",
            "returned 3",
            "returned 5",
        ],
    );
}

#[test]
fn blocks_loops_and_destructuring_have_their_variables_when_they_have_values() {
    check(
        "for (const v of [1, 2]) {\n  let w = v * 2;\n  w++;\n}\nconst { x, y: [z] } = { x: 1, y: [2] };\nreturn x + z;",
        &[
            "enter main",
            "2:1",
            "3:3  [v=1]",
            "4:3  [w=2]",
            "3:3  [w=gone, v=2]",
            "4:3  [w=4]",
            "6:1  [w=gone, v=gone]",
            "7:1  [x=1, z=2]",
            "returned 3",
        ],
    );
}

#[test]
fn errors_generators_and_constructors() {
    check(
        "class A { constructor(n) { this.n = n; } }\nconst a = new A(1);\nfunction* g() {\n  yield 7;\n}\nconst [first] = g();\n\
         try {\n  null.x;\n} catch (e) {\n  return e;\n}",
        &[
            "enter main",
            "2:1  [g=function* g]",
            "3:1  [A=class A]",
            "enter A",
            "2:28  [this=A {}, n=1]",
            "returned a { n: 1 }",
            "7:1  [a=A { n: 1 }]",
            "enter g",
            "suspended undefined",
            "resume g",
            "5:3",
            "suspended 7",
            "resume g",
            "returned undefined",
            "9:3  [first=7]",
            "throw TypeError: Cannot read properties of null (reading 'x') at Some(9)",
            "11:3  [e=TypeError: Cannot read properties of null (reading 'x')]",
            "returned typeerror: cannot read properties of null (reading 'x')",
        ],
    );
}

#[test]
fn nothing_of_the_script_runs_for_a_preview() {
    let bad = "throw new Error('must not run')";
    let code = format!(
        "const o = {{ get x() {{ {bad}; }}, y: 1, toString() {{ {bad}; }} }};\n\
         const p = new Proxy(function () {{}}, {{ get() {{ {bad}; }}, getPrototypeOf() {{ {bad}; }}, ownKeys() {{ {bad}; }} }});\n\
         class E extends Error {{ get name() {{ {bad}; }} get message() {{ {bad}; }} }}\nconst e = new E();\nreturn 1;"
    );
    let lines = story(&format!("(function main() {{\n{code}\n}})"), false, 0).join("\n");
    assert!(lines.contains("o={ x: [Getter], y: 1, toString: function toString }"), "{lines}");
    assert!(
        lines.contains("p=Proxy") && lines.ends_with("returned 1") && !lines.contains("must not run"),
        "{lines}"
    );
}

#[test]
fn values_are_short_whatever_their_size() {
    let code = "let s = 'x';\nfor (let i = 0; i < 20; i++) s += s;\nconst big = 7n ** 3000n, list = new Array(1e6).fill(s), wide = {};\n\
        for (let i = 0; i < 500; i++) wide['k' + i] = i;\nconst deep = [[[[[[1]]]]]], self = {};\nself.self = self;\nreturn 1;";
    let lines = story(&format!("(function main() {{\n{code}\n}})"), false, 0);
    let longest = lines.iter().map(|line| line.len()).max().unwrap_or(0);
    assert!(longest < 600, "{longest}");
    let all = lines.join("\n");
    assert!(all.contains("<bigint of 8423 bits>") && all.contains("(1048576 characters)"), "{all}");
    assert!(all.contains("self={ self: {…} }"), "{all}");
}

#[test]
fn a_probe_that_has_had_enough_is_left_alone_and_the_script_goes_on() {
    let lines =
        story("(function main() {\nlet n = 0;\nfor (let i = 0; i < 3; i++) n += i;\nthrow n;\n})", false, 1);
    assert_eq!(lines, ["enter main", "2:1", "enough", "out: 3"]);
}
