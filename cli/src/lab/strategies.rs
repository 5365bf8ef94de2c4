//! `looplab strategies`: one workload under each execution strategy.

use super::number;
use crate::lowargs::Problem;
use crate::output;
use clap::{Arg, ArgAction, ArgMatches, Command};
use looplab_event_loop::strategy::{Strategy, Work, simulate};
use looplab_lab::strategies as report;

/// Tasks at most.
const MOST: usize = 26;

/// What to compare.
pub struct Strategies {
    workload: Vec<Work>,
    chosen: Vec<Strategy>,
    step: u64,
    json: bool,
}

/// What clap knows of it.
pub fn command() -> Command {
    Command::new("strategies")
        .about("Run one workload under FIFO, priority, round-robin and deadline scheduling")
        .long_about(
            "Run one workload under FIFO, priority, round-robin and deadline scheduling, through the same loop, and show who ran \
             when and how long everyone waited.",
        )
        .arg(
            Arg::new("task")
                .long("task")
                .value_name("NAME:COMES:TAKES[:PRIORITY[:DUE]]")
                .action(ArgAction::Append)
                .help("A task, times in milliseconds (page:2:4:high:12); can be given again [default: six tasks of an office]"),
        )
        .arg(
            Arg::new("only")
                .long("only")
                .value_name("STRATEGY")
                .action(ArgAction::Append)
                .value_parser(Strategy::ALL.map(Strategy::name))
                .help("This strategy; can be given again [default: all]"),
        )
        .arg(Arg::new("step").long("step").value_name("MS").help(
            "How long a task may run before others are considered [default: 1]",
        ))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Everything as JSON"))
}

impl Strategies {
    /// Checks what was typed.
    pub fn new(matches: &ArgMatches) -> Result<Strategies, Problem> {
        let typed = matches.get_many::<String>("task").into_iter().flatten();
        let typed: Vec<Work> = typed.map(|text| report::parse(text)).collect::<Result<_, _>>()?;
        if typed.len() > MOST {
            return Err(format!("strategies takes {MOST} tasks at most"));
        }
        let only: Vec<&String> = matches.get_many("only").into_iter().flatten().collect();
        let chosen = Strategy::ALL
            .into_iter()
            .filter(|strategy| only.is_empty() || only.iter().any(|name| *name == strategy.name()));
        let step = number(matches, "step", 1)?;
        if step == 0 {
            return Err("--step takes milliseconds, at least 1".into());
        }
        Ok(Strategies {
            workload: if typed.is_empty() { report::example() } else { typed },
            chosen: chosen.collect(),
            step,
            json: matches.get_flag("json"),
        })
    }
}

/// Runs the comparison; the exit code.
pub fn run(what: &Strategies) -> i32 {
    let Strategies { workload, chosen, step, json } = what;
    let outcomes: Vec<_> =
        chosen.iter().map(|strategy| (*strategy, simulate(*strategy, workload, *step))).collect();
    output::print(&match json {
        true => format!("{:#}\n", report::to_json(workload, &outcomes, *step)),
        false => report::text(workload, &outcomes, *step),
    })
}
