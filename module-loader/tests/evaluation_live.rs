//! Three hundred random module graphs, with cycles, top-level awaits and throws, in the machine and in a real Node: the bodies must
//! run in the same order. Skipped where there is no node of version 22 or newer (`LOOPLAB_NODE` names one).

use std::{fs, path::PathBuf, process::Command};

use looplab_module_loader::evaluation::{Action, Evaluator, NodeId};
use serde_json::{Value, json};

struct Case {
    imports: Vec<Vec<usize>>,
    awaits: Vec<bool>,
    throws: Vec<bool>,
}

/// A small generator, so that the graphs are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }

    fn case(&mut self) -> Case {
        let count = 2 + self.below(7);
        let imports = (0..count)
            .map(|_| {
                let mut list: Vec<usize> = (0..self.below(4)).map(|_| self.below(count)).collect();
                let mut seen = Vec::new();
                list.retain(|n| {
                    !seen.contains(n) && {
                        seen.push(*n);
                        true
                    }
                });
                list
            })
            .collect();
        let awaits = (0..count).map(|_| self.below(3) == 0).collect();
        let throws = (0..count).map(|_| self.below(10) == 0).collect();
        Case { imports, awaits, throws }
    }
}

/// Runs a case in the machine: bodies as they start, gates opened lowest number first, then the outcome.
fn ours(case: &Case) -> Vec<String> {
    let mut machine: Evaluator<usize> = Evaluator::new();
    let ids: Vec<NodeId> = case.awaits.iter().map(|has_await| machine.add(*has_await)).collect();
    for (id, imports) in ids.iter().zip(&case.imports) {
        machine.set_requests(*id, imports.iter().map(|n| ids[*n]).collect());
    }
    let (mut log, mut gates) = (Vec::new(), Vec::new());
    machine.evaluate(ids[0]).unwrap();
    loop {
        while let Some(action) = machine.next() {
            match action {
                Action::Run(id) => {
                    log.push(id.index().to_string());
                    let result = if case.throws[id.index()] { Err(id.index()) } else { Ok(()) };
                    machine.ran(id, result);
                }
                Action::Start(id) => {
                    log.push(id.index().to_string());
                    gates.push(id);
                }
                Action::Done(_, Ok(())) => log.push("ok".to_owned()),
                Action::Done(_, Err(by)) => log.push(format!("failed by {by}")),
            }
        }
        gates.sort_by(|a, b| b.cmp(a));
        let Some(id) = gates.pop() else { return log };
        log.push(format!("gate {}", id.index()));
        machine.settled(id, if case.throws[id.index()] { Err(id.index()) } else { Ok(()) });
    }
}

const DRIVER: &str = "
const turn = () => new Promise((r) => setImmediate(() => setImmediate(r)));
const all = [];
for (let c = 0; c < COUNT; c++) {
  const log = globalThis.log = [];
  const gates = globalThis.gates = new Map();
  import(`./${c}/0.mjs`).then(() => log.push('ok'), (e) => log.push(`failed by ${e}`));
  for (let i = 0; i < 3; i++) await new Promise((r) => setTimeout(r, 2));
  while (!log.length) await turn();
  for (;;) {
    await turn();
    if (!gates.size) break;
    const n = Math.min(...gates.keys());
    const open = gates.get(n);
    gates.delete(n);
    log.push(`gate ${n}`);
    open();
  }
  all.push(log);
}
console.log(JSON.stringify(all));
";

#[test]
fn bodies_run_in_nodes_order() {
    let node = std::env::var_os("LOOPLAB_NODE").map_or_else(|| PathBuf::from("node"), PathBuf::from);
    let version = Command::new(&node)
        .arg("--version")
        .output()
        .map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    if !version
        .is_ok_and(|v| v.trim_start_matches('v').split('.').next().and_then(|m| m.parse().ok()) >= Some(22))
    {
        println!("skipped: no node of version 22 or newer (LOOPLAB_NODE names one)");
        return;
    }
    let mut random = Random(2026);
    let cases: Vec<Case> = (0..300).map(|_| random.case()).collect();
    let dir = std::env::temp_dir().join(format!("looplab-evaluation-{}", std::process::id()));
    for (c, case) in cases.iter().enumerate() {
        fs::create_dir_all(dir.join(c.to_string())).unwrap();
        for (m, imports) in case.imports.iter().enumerate() {
            let mut text: String = imports.iter().map(|n| format!("import './{n}.mjs';\n")).collect();
            text += &format!("log.push('{m}');\n");
            if case.awaits[m] {
                text += &format!("await new Promise((open) => gates.set({m}, open));\n");
            }
            if case.throws[m] {
                text += &format!("throw {m};\n");
            }
            fs::write(dir.join(c.to_string()).join(format!("{m}.mjs")), text).unwrap();
        }
    }
    fs::write(dir.join("drive.mjs"), DRIVER.replace("COUNT", &cases.len().to_string())).unwrap();
    let output =
        Command::new(&node).arg("--unhandled-rejections=none").arg(dir.join("drive.mjs")).output().unwrap();
    fs::remove_dir_all(&dir).unwrap();
    let answers: Value = serde_json::from_slice(&output.stdout).expect("the driver prints JSON");
    let mut wrong = Vec::new();
    for (case, theirs) in cases.iter().zip(answers.as_array().unwrap()) {
        let ours = ours(case);
        if json!(ours) != *theirs {
            wrong.push(format!(
                "imports {:?} awaits {:?} throws {:?}\n  node {theirs}\n  ours {}",
                case.imports,
                case.awaits,
                case.throws,
                json!(ours)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
