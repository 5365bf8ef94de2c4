//! Evaluation orders: the specification's examples, and what Node prints for the same graphs.

use looplab_module_loader::evaluation::{Action, Busy, Evaluator, NodeId, Status};

/// A graph given as `name: imports`, with `*` behind the names of modules that await.
struct Graph {
    machine: Evaluator<String>,
    names: Vec<String>,
    log: Vec<String>,
}

impl Graph {
    fn new(text: &str) -> Graph {
        let mut machine = Evaluator::new();
        let rows: Vec<(&str, &str)> =
            text.split(';').map(|row| row.trim().split_once(':').unwrap()).collect();
        let names: Vec<String> = rows.iter().map(|(name, _)| name.trim_end_matches('*').to_owned()).collect();
        let ids: Vec<NodeId> = rows.iter().map(|(name, _)| machine.add(name.ends_with('*'))).collect();
        for ((_, imports), id) in rows.iter().zip(&ids) {
            let requests = imports.split_whitespace();
            machine.set_requests(
                *id,
                requests.map(|i| ids[names.iter().position(|n| n == i).unwrap()]).collect(),
            );
        }
        Graph { machine, names, log: Vec::new() }
    }

    fn id(&self, name: &str) -> NodeId {
        // Ids are handed out in order, so a fresh machine of the same size gives them again.
        let mut ids = Evaluator::<()>::new();
        self.names.iter().map(|n| (n, ids.add(false))).find(|(n, _)| *n == name).unwrap().1
    }

    fn evaluate(&mut self, name: &str) -> &mut Self {
        self.evaluate_with(name, &|_| Ok(()))
    }

    fn evaluate_with(&mut self, name: &str, body: &dyn Fn(&str) -> Result<(), String>) -> &mut Self {
        let id = self.id(name);
        self.machine.evaluate(id).unwrap();
        self.drive(body)
    }

    fn settle(&mut self, name: &str, result: Result<(), &str>) -> &mut Self {
        let id = self.id(name);
        self.machine.settled(id, result.map_err(str::to_owned));
        self.drive(&|_| Ok(()))
    }

    fn drive(&mut self, body: &dyn Fn(&str) -> Result<(), String>) -> &mut Self {
        while let Some(action) = self.machine.next() {
            match action {
                Action::Run(id) => {
                    let name = self.names[id.index()].clone();
                    let result = body(&name);
                    self.log.push(name);
                    self.machine.ran(id, result);
                }
                Action::Start(id) => self.log.push(format!("{}…", self.names[id.index()])),
                Action::Done(id, Ok(())) => self.log.push(format!("{}=ok", self.names[id.index()])),
                Action::Done(id, Err(e)) => self.log.push(format!("{}!{e}", self.names[id.index()])),
            }
        }
        self
    }

    fn take(&mut self) -> String {
        std::mem::take(&mut self.log).join(" ")
    }
}

#[test]
fn synchronous_graphs_run_depth_first_once_each() {
    let cases = [
        ("a:", "a a=ok"),
        ("a: b c; b: d; c: d; d:", "d b c a a=ok"),
        ("a: b c d; b:; c:; d:", "b c d a a=ok"),
        ("a: b; b: a", "b a a=ok"),
        ("a: b; b: c; c: a d; d:", "d c b a a=ok"),
        ("a: a", "a a=ok"),
        ("a: b b; b:", "b a a=ok"),
    ];
    for (graph, want) in cases {
        let mut graph = Graph::new(graph);
        assert_eq!(graph.evaluate("a").take(), want);
        assert_eq!(graph.evaluate("a").take(), "a=ok", "evaluated once");
    }
}

#[test]
fn a_throw_fails_the_importers_and_stops_there() {
    let mut graph = Graph::new("a: b c; b: d; c:; d:; x: d; y: c");
    let throws = |name: &str| if name == "d" { Err("boom".to_owned()) } else { Ok(()) };
    assert_eq!(graph.evaluate_with("a", &throws).take(), "d a!boom");
    let (b, c) = (graph.id("b"), graph.id("c"));
    assert_eq!(graph.machine.error(b).map(String::as_str), Some("boom"));
    assert_eq!(graph.machine.status(c), Status::Linked, "never reached");
    assert_eq!(graph.evaluate("x").take(), "x!boom");
    assert_eq!(graph.evaluate("y").take(), "c y y=ok");
    assert_eq!(graph.evaluate("a").take(), "a!boom");
}

#[test]
fn siblings_of_an_awaiting_module_dont_wait() {
    let mut graph = Graph::new("a: b c d; b*:; c:; d*:");
    assert_eq!(graph.evaluate("a").take(), "b… c d…");
    assert_eq!(graph.settle("d", Ok(())).take(), "");
    assert_eq!(graph.settle("b", Ok(())).take(), "a a=ok");
}

#[test]
fn diamond_with_await_at_the_bottom() {
    let mut graph = Graph::new("a: b c; b: d; c: d; d*:");
    assert_eq!(graph.evaluate("a").take(), "d…");
    assert_eq!(graph.settle("d", Ok(())).take(), "b c a a=ok");
}

/// The example graph of the specification's section on async modules.
#[test]
fn async_ancestors_run_in_the_order_in_which_they_were_met() {
    let mut graph = Graph::new("a: b c; b*: d; c: d e; d*:; e*:");
    assert_eq!(graph.evaluate("a").take(), "d… e…");
    assert_eq!(graph.settle("e", Ok(())).take(), "");
    assert_eq!(graph.settle("d", Ok(())).take(), "b… c");
    assert_eq!(graph.settle("b", Ok(())).take(), "a a=ok");
}

#[test]
fn a_cycle_with_await_is_waited_for_as_a_whole() {
    let mut graph = Graph::new("a: b; b: c; c*: b; x: c");
    assert_eq!(graph.evaluate("a").take(), "c…");
    assert_eq!(graph.evaluate("x").take(), "");
    assert_eq!(graph.settle("c", Ok(())).take(), "b a a=ok x x=ok");
}

#[test]
fn asking_for_a_cycle_member_is_answered_by_the_cycle_root() {
    let mut graph = Graph::new("a: b; b*: a");
    assert_eq!(graph.evaluate("a").take(), "b…");
    let (a, b) = (graph.id("a"), graph.id("b"));
    assert_eq!(graph.machine.evaluate(b), Ok(a));
    assert_eq!(graph.settle("b", Ok(())).take(), "a a=ok");
}

#[test]
fn rejection_reaches_every_importer_before_the_module_itself() {
    // Node 24 prints the importer's rejection first, whichever of the two was imported first.
    let mut graph = Graph::new("p: c; c*:; q: p");
    assert_eq!(graph.evaluate("c").take(), "c…");
    assert_eq!(graph.evaluate("p").take(), "");
    assert_eq!(graph.evaluate("q").take(), "");
    assert_eq!(graph.settle("c", Err("no")).take(), "q!no p!no c!no");
    assert_eq!(graph.settle("c", Ok(())).take(), "", "a second answer is ignored");
}

#[test]
fn one_of_two_awaited_imports_fails() {
    let mut graph = Graph::new("a: b c; b*:; c*:");
    assert_eq!(graph.evaluate("a").take(), "b… c…");
    assert_eq!(graph.settle("b", Err("no")).take(), "a!no");
    assert_eq!(graph.settle("c", Ok(())).take(), "", "the importer is over, nobody runs");
    assert_eq!(graph.evaluate("c").take(), "c=ok");
}

#[test]
fn a_synchronous_importer_that_throws_after_waiting() {
    let mut graph = Graph::new("a: b; b: c; c*:");
    graph.evaluate("a").take();
    let c = graph.id("c");
    graph.machine.settled(c, Ok(()));
    let throws = |name: &str| if name == "b" { Err("late".to_owned()) } else { Ok(()) };
    assert_eq!(graph.drive(&throws).take(), "b a!late");
}

#[test]
fn an_import_that_finished_awaiting_earlier_is_not_waited_for() {
    let mut graph = Graph::new("a: c; b: c; c*:");
    graph.evaluate("a");
    graph.settle("c", Ok(()));
    graph.take();
    assert_eq!(graph.evaluate("b").take(), "b b=ok");
}

#[test]
fn evaluating_inside_a_running_body() {
    // m imports k; k's body requires r (which imports s) while it runs, then m itself.
    let mut graph = Graph::new("m: k; k:; r: s; s:");
    let [m, k, r, s] = ["m", "k", "r", "s"].map(|name| graph.id(name));
    let machine = &mut graph.machine;
    machine.evaluate(m).unwrap();
    assert_eq!(machine.next(), Some(Action::Run(k)));
    assert_eq!(machine.next(), None, "waits for k");
    assert_eq!(machine.evaluate(m), Err(Busy(m)));
    machine.evaluate(r).unwrap();
    assert_eq!(machine.next(), Some(Action::Run(s)));
    machine.ran(s, Ok(()));
    assert_eq!(machine.next(), Some(Action::Run(r)));
    machine.ran(r, Ok(()));
    assert_eq!(machine.next(), Some(Action::Done(r, Ok(()))));
    assert_eq!(machine.next(), None, "back to waiting for k");
    machine.ran(k, Ok(()));
    assert_eq!(machine.next(), Some(Action::Run(m)));
    machine.ran(m, Ok(()));
    assert_eq!(machine.next(), Some(Action::Done(m, Ok(()))));
    assert!(!machine.has_async_graph(m));
}

#[test]
fn chains_of_a_hundred_thousand_modules() {
    let count = 100_000;
    let mut machine: Evaluator<()> = Evaluator::new();
    let ids: Vec<NodeId> = (0..count).map(|n| machine.add(n == count - 1)).collect();
    for pair in ids.windows(2) {
        machine.set_requests(pair[0], vec![pair[1]]);
    }
    assert!(machine.has_async_graph(ids[0]));
    machine.evaluate(ids[0]).unwrap();
    assert_eq!(machine.next(), Some(Action::Start(ids[count - 1])));
    assert_eq!(machine.next(), None);
    machine.settled(ids[count - 1], Ok(()));
    let mut ran = 0;
    while let Some(action) = machine.next() {
        if let Action::Run(id) = action {
            ran += 1;
            machine.ran(id, Ok(()));
        }
    }
    assert_eq!(ran, count - 1);
}
