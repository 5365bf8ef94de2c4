//! Execution strategies side by side: who ran when under each, and how long everyone waited.

use looplab_event_loop::Priority;
use looplab_event_loop::strategy::{Outcome, Strategy, Work};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Columns that the timelines take at most.
const WIDEST: u64 = 64;

/// A small office: a report that somebody will read tomorrow, a page that somebody waits for, and what else comes up.
pub fn example() -> Vec<Work> {
    let work = |name: &str, arrives, takes, priority, deadline| Work {
        name: name.into(),
        arrives,
        takes,
        priority,
        deadline,
    };
    vec![
        work("report", 0, 20, Priority::Low, None),
        work("page", 2, 4, Priority::High, Some(12)),
        work("mail", 4, 6, Priority::Normal, Some(40)),
        work("beacon", 6, 1, Priority::Low, Some(14)),
        work("search", 9, 5, Priority::High, Some(30)),
        work("log", 12, 3, Priority::Normal, Some(50)),
    ]
}

/// A task as typed: `NAME:ARRIVES:TAKES[:PRIORITY[:DEADLINE]]`, times in milliseconds.
///
/// # Errors
/// What is wrong with it, in words for the person who typed it.
pub fn parse(text: &str) -> Result<Work, String> {
    let wrong = |what: &str| {
        format!("'{text}' is no task: {what}; try page:2:4:high:12 (comes at 2 ms, takes 4 ms, due at 12 ms)")
    };
    let mut parts = text.split(':');
    let name = parts.next().filter(|name| !name.is_empty()).ok_or_else(|| wrong("it has no name"))?;
    let mut millis = |what: &str| -> Result<u64, String> {
        let part = parts.next().ok_or_else(|| wrong(what))?;
        part.parse().ok().filter(|n| *n <= 10_000).ok_or_else(|| wrong("times are milliseconds up to 10000"))
    };
    let arrives = millis("when does it come?")?;
    let takes = millis("how long does it take?")?;
    let priority = match parts.next() {
        None | Some("normal") => Priority::Normal,
        Some("high") => Priority::High,
        Some("low") => Priority::Low,
        Some(_) => return Err(wrong("priorities are high, normal and low")),
    };
    let deadline = match parts.next() {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| wrong("a deadline is milliseconds from the beginning"))?),
    };
    match parts.next() {
        None => Ok(Work { name: name.into(), arrives, takes, priority, deadline }),
        Some(_) => Err(wrong("there is too much of it")),
    }
}

fn name_of(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "high",
        Priority::Normal => "normal",
        Priority::Low => "low",
    }
}

/// The letter that stands for a task in the timelines.
fn letter(task: usize) -> char {
    (b'A' + (task % 26) as u8) as char
}

/// Figures over all tasks.
struct Summary {
    mean: f64,
    worst: u64,
    late: usize,
}

fn summary(workload: &[Work], outcome: &Outcome) -> Summary {
    let latencies: Vec<u64> = (0..workload.len()).map(|task| outcome.latency(workload, task)).collect();
    Summary {
        mean: latencies.iter().sum::<u64>() as f64 / latencies.len().max(1) as f64,
        worst: latencies.iter().copied().max().unwrap_or(0),
        late: (0..workload.len()).filter(|task| outcome.is_late(workload, *task)).count(),
    }
}

/// The comparison as text. `step`: how long a task may run before others are considered, in milliseconds.
pub fn text(workload: &[Work], outcomes: &[(Strategy, Outcome)], step: u64) -> String {
    let mut out = String::new();
    // Writing to a String can't fail.
    let _ = tell(&mut out, workload, outcomes, step);
    out.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

fn tell(
    out: &mut String,
    workload: &[Work],
    outcomes: &[(Strategy, Outcome)],
    step: u64,
) -> Result<(), std::fmt::Error> {
    let tasks = workload.len();
    writeln!(
        out,
        "{tasks} tasks, one loop, steps of {step} ms: after each step the strategy says who goes next\n"
    )?;
    let end = outcomes.iter().flat_map(|(_, outcome)| &outcome.finished).copied().max().unwrap_or(0);
    let scale = end.div_ceil(WIDEST).max(1);
    timelines(out, outcomes, end, scale)?;
    writeln!(out)?;
    let name_width = workload.iter().map(|work| work.name.chars().count()).max().unwrap_or(0).max(4);
    write!(out, "  {:name_width$}  comes  takes  priority  due   │", "task")?;
    for (strategy, _) in outcomes {
        write!(out, " {:>11}", strategy.name())?;
    }
    writeln!(out)?;
    for (task, work) in workload.iter().enumerate() {
        let due = work.deadline.map_or("–".to_owned(), |deadline| deadline.to_string());
        let priority = name_of(work.priority);
        write!(
            out,
            "{} {:name_width$}  {:>5}  {:>5}  {priority:<8}  {due:<5} │",
            letter(task),
            work.name,
            work.arrives,
            work.takes
        )?;
        for (_, outcome) in outcomes {
            let mark = if outcome.is_late(workload, task) { "!" } else { " " };
            write!(out, " {:>7} ms{mark}", outcome.latency(workload, task))?;
        }
        writeln!(out)?;
    }
    for (title, of) in [
        ("mean latency", (|s: &Summary| format!("{:.1} ms ", s.mean)) as fn(&Summary) -> String),
        ("worst latency", |s| format!("{} ms ", s.worst)),
        ("late (!)", |s| format!("{} ", s.late)),
    ] {
        write!(out, "  {title:<width$} │", width = name_width + 31)?;
        for (_, outcome) in outcomes {
            write!(out, " {:>11}", of(&summary(workload, outcome)))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// A line for each strategy: which task ran in each column; of several, the one that ran longest.
fn timelines(
    out: &mut String,
    outcomes: &[(Strategy, Outcome)],
    end: u64,
    scale: u64,
) -> Result<(), std::fmt::Error> {
    let columns = end.div_ceil(scale);
    let mut ruler = String::new();
    for column in (0..columns).step_by(10) {
        write!(ruler, "{:<10}", column * scale)?;
    }
    writeln!(out, "  {:<12} {}ms", "", ruler.trim_end().to_owned() + " ")?;
    for (strategy, outcome) in outcomes {
        write!(out, "  {:<12} ", strategy.name())?;
        for column in 0..columns {
            let (from, until) = (column * scale, (column + 1) * scale);
            let share = |task: usize| -> u64 {
                let ran = outcome.ran.iter().filter(|ran| ran.task == task);
                ran.map(|ran| ran.until.min(until).saturating_sub(ran.from.max(from))).sum()
            };
            let longest = (0..outcome.finished.len()).rev().max_by_key(|task| share(*task));
            out.push(longest.filter(|task| share(*task) > 0).map_or('·', letter));
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The same for programs.
pub fn to_json(workload: &[Work], outcomes: &[(Strategy, Outcome)], step: u64) -> Value {
    let tasks: Vec<_> = workload
        .iter()
        .map(|work| {
            json!({
                "name": work.name, "arrives": work.arrives, "takes": work.takes,
                "priority": name_of(work.priority), "deadline": work.deadline,
            })
        })
        .collect();
    let strategies: Vec<_> = outcomes
        .iter()
        .map(|(strategy, outcome)| {
            let Summary { mean, worst, late } = summary(workload, outcome);
            let ran: Vec<_> = outcome
                .ran
                .iter()
                .map(|ran| json!({ "task": workload[ran.task].name, "from": ran.from, "until": ran.until }))
                .collect();
            let latencies: Vec<_> = (0..workload.len()).map(|task| outcome.latency(workload, task)).collect();
            json!({
                "strategy": strategy.name(), "ran": ran, "finished": outcome.finished, "latency": latencies,
                "mean": mean, "worst": worst, "late": late,
            })
        })
        .collect();
    json!({ "unit": "ms", "step": step, "tasks": tasks, "strategies": strategies })
}

#[cfg(test)]
mod tests {
    use super::*;
    use looplab_event_loop::strategy::simulate;

    #[test]
    fn the_example_side_by_side() {
        let workload = example();
        let outcomes = Strategy::ALL.map(|strategy| (strategy, simulate(strategy, &workload, 1)));
        insta::assert_snapshot!(text(&workload, &outcomes, 1));
    }

    #[test]
    fn tasks_as_typed() {
        assert_eq!(parse("page:2:4:high:12"), Ok(example()[1].clone()));
        let plain = parse("x:0:5").unwrap();
        assert_eq!((plain.priority, plain.deadline), (Priority::Normal, None));
        for text in ["", "x", "x:1", "x:a:1", "x:1:99999", "x:1:2:urgent", "x:1:2:low:soon", "x:1:2:low:3:4"]
        {
            assert!(parse(text).unwrap_err().contains("is no task"), "{text}");
        }
    }

    #[test]
    fn long_runs_fit_the_line() {
        let workload = vec![parse("long:0:1000").unwrap(), parse("late:5000:10").unwrap()];
        let outcomes = [(Strategy::Fifo, simulate(Strategy::Fifo, &workload, 10))];
        let text = text(&workload, &outcomes, 10);
        assert!(text.lines().all(|line| line.chars().count() < 100), "{text}");
        assert!(text.contains("AAAAAAAAAAAA") && text.contains("····"), "{text}");
    }
}
