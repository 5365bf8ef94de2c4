//! The page of `looplab view`: its fold agrees with the lab's at every step of every example, and it works in a real browser.
//!
//! The page's modules are run by looplab itself. The browser is Chromium (`CHROMIUM`, or on PATH); without one those tests say so
//! and pass.

mod support;

use looplab_lab::state::{History, State};
use looplab_probe::codec;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use support::{conclude, root, selected};

fn looplab(folder: &Path, args: &[&str]) -> Output {
    let command = &mut Command::new(env!("CARGO_BIN_EXE_looplab"));
    command.args(args).current_dir(folder).stdin(Stdio::null()).output().expect("looplab starts")
}

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("looplab-test-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

/// What stands in the page's element of this id.
fn element<'p>(page: &'p str, id: &str) -> &'p str {
    let start = page.find(&format!("id=\"{id}\">")).expect("the element") + id.len() + 6;
    let end = page[start..].find("</script>").expect("its end");
    &page[start..start + end]
}

/// Writes the page's modules so that `lab/fold` can be imported from `folder`.
fn install_modules(folder: &Path) {
    let package = folder.join("node_modules/lab");
    fs::create_dir_all(&package).expect("a folder");
    for (name, text) in looplab_lab::view::MODULES {
        let file = format!("{}.js", name.strip_prefix("lab/").expect("a name in lab/"));
        fs::write(package.join(file), text).expect("a file");
    }
    let manifest = r#"{ "name": "lab", "type": "module", "exports": { "./*": "./*.js" } }"#;
    fs::write(package.join("package.json"), manifest).expect("a file");
    fs::write(folder.join("harness.mjs"), HARNESS).expect("a file");
}

/// Prints the state after every number of events, one JSON a line, going forwards and checking some on the way back.
const HARNESS: &str = r"
import { readFileSync } from 'fs';
import { Log } from 'lab/data';
import { History } from 'lab/fold';
const head = JSON.parse(readFileSync(process.argv[2] + '.head', 'utf8'));
const log = new Log(head, new Uint8Array(Buffer.from(readFileSync(process.argv[2] + '.events', 'utf8'), 'base64')));
const history = new History(log);
const numbers = (keys) => [...keys].sort((a, b) => a - b);
const digest = (s) => JSON.stringify({
  turn: s.turn, phase: s.phase, polling: s.polling, running: s.running.map((one) => [one.begin, one.statement]),
  frames: s.frames.map((one) => [one.enter, one.statement, one.variables.map((v) => [v.name, v.value, v.since])]),
  ticks: s.ticks, microtasks: s.microtasks, immediates: s.immediates.map((one) => [one.number, one.start, one.refed]),
  timers: numbers(s.timers.keys()).map((n) => [n, s.timers.get(n).due, s.timers.get(n).start, s.timers.get(n).refed]),
  requests: numbers(s.requests.keys()).map((n) => [n, s.requests.get(n).start, s.requests.get(n).pooled]),
  handles: [...s.handles].map(([key, one]) => [key, one.init, one.active, one.refed, one.closing]).sort(),
  deferred: s.deferred, awaits: numbers(s.awaits.keys()),
});
const all = [];
for (let n = 0; n <= log.length; n++) all.push(digest(history.seek(n)));
for (let n = log.length; n >= 0; n -= 37) if (digest(history.seek(n)) !== all[n]) console.log('going back to ' + n + ' gives another state');
console.log(all.join('\n'));
const moves = [], overtaken = [];
for (let n = 0; n <= log.length; n += 5) {
  const state = history.stateAt(n);
  moves.push([n, history.nearest(state, false, true), history.nearest(state, false, false), history.nearest(state, true, true), history.nearest(state, true, false)]);
}
for (const begin of history.callbacks) overtaken.push([begin, history.overtook(begin)]);
console.log(JSON.stringify({ moves, overtaken }));
";

fn digest(state: &State) -> Value {
    let id = |id: looplab_probe::EventId| id.index().map_or(-1, |index| index as i64);
    let mut timers: Vec<_> = state.timers.values().collect();
    timers.sort_by_key(|timer| timer.number);
    let mut requests: Vec<_> = state.requests.iter().collect();
    requests.sort_by_key(|(number, _)| **number);
    let mut awaits: Vec<i64> = state.awaits.keys().map(|at| id(*at)).collect();
    awaits.sort_unstable();
    let mut handles: Vec<_> = state
        .handles
        .iter()
        .map(|((kind, number), h)| (format!("{kind} {number}"), id(h.init), h.active, h.refed, id(h.closing)))
        .collect();
    handles.sort();
    json!({
        "turn": state.turn,
        "phase": state.phase.map_or("", |phase| phase.as_str()),
        "polling": state.poll.is_some(),
        "running": state.running.iter().map(|r| (id(r.begin), id(r.statement))).collect::<Vec<_>>(),
        "frames": state.frames.iter().map(|f| (id(f.enter), id(f.statement), f.variables.len())).collect::<Vec<_>>(),
        "ticks": state.ticks.iter().map(|at| id(*at)).collect::<Vec<_>>(),
        "microtasks": state.microtasks.iter().map(|at| id(*at)).collect::<Vec<_>>(),
        "immediates": state.immediates.iter().map(|i| (i.number, id(i.start), i.refed)).collect::<Vec<_>>(),
        "timers": timers.iter().map(|t| (t.number, t.due, id(t.start), t.refed)).collect::<Vec<_>>(),
        "requests": requests.iter().map(|(n, r)| (**n, id(r.start), r.pooled)).collect::<Vec<_>>(),
        "handles": handles,
        "deferred": state.deferred.iter().map(|at| id(*at)).collect::<Vec<_>>(),
        "awaits": awaits,
    })
}

/// The page's digest has the variables themselves; the lab's their number.
fn comparable(line: &str) -> Value {
    let mut value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    if let Some(frames) = value["frames"].as_array_mut() {
        for frame in frames {
            let count = frame[2].as_array().map_or(0, Vec::len);
            frame[2] = json!(count);
        }
    }
    value
}

/// Where each step over and out leads, forwards and back, and what each callback overtook.
fn moves_of(history: &History<'_>) -> Value {
    use looplab_lab::state::{Direction, Target, view};
    let moves: Vec<Value> = (0..=history.len())
        .step_by(5)
        .map(|n| {
            let state = history.state_at(n);
            let go = |target, direction| history.find(&state, target, direction);
            json!([
                n,
                go(Target::Over, Direction::Forward),
                go(Target::Over, Direction::Back),
                go(Target::Out, Direction::Forward),
                go(Target::Out, Direction::Back)
            ])
        })
        .collect();
    let overtaken: Vec<Value> = (0..history.len())
        .map(looplab_probe::EventId::new)
        .filter(|id| {
            let event = history.log().record(*id).map(|record| record.event);
            matches!(event, Some(looplab_probe::Event::CallbackBegin { .. }))
        })
        .map(|begin| {
            let list: Vec<_> =
                view::overtook(history, begin).into_iter().filter_map(|id| id.index()).collect();
            json!([begin.index(), list])
        })
        .collect();
    json!({ "moves": moves, "overtaken": overtaken })
}

#[test]
fn the_pages_fold_agrees_with_the_labs() {
    let examples = root().join("examples");
    let folder = scratch("fold");
    install_modules(&folder);
    let mut scripts: Vec<String> = fs::read_dir(&examples)
        .expect("examples/ exists")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".js") && selected(name))
        .collect();
    scripts.sort();
    let mut failures = Vec::new();
    for script in &scripts {
        let base = folder.join(script);
        let (log, page) = (base.with_extension("log"), base.with_extension("html"));
        looplab(
            &examples,
            &["trace", "--virtual", "--format=json", "--steps", "-o", &log.to_string_lossy(), script],
        );
        looplab(&examples, &["view", "--export", &page.to_string_lossy(), &log.to_string_lossy()]);
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{script}: no page: {error}"));
        fs::write(base.with_extension("head"), element(&text, "head")).expect("a file");
        fs::write(base.with_extension("events"), element(&text, "events")).expect("a file");
        let run = looplab(&folder, &["harness.mjs", &base.with_extension("").to_string_lossy()]);
        let printed = String::from_utf8_lossy(&run.stdout);
        let log = codec::read(fs::read(&log).expect("a log").as_slice()).expect("a log");
        let history = History::new(&log);
        let lines: Vec<&str> = printed.lines().collect();
        if lines.len() != history.len() + 2 {
            let errors = String::from_utf8_lossy(&run.stderr);
            let first = lines.first().unwrap_or(&"");
            failures.push((
                script.clone(),
                format!("    {} states, {} lines: {first}\n{errors}", history.len() + 2, lines.len()),
            ));
            continue;
        }
        let (states, last) = lines.split_at(history.len() + 1);
        let moves: Value = serde_json::from_str(last[0]).expect("JSON");
        let wanted = moves_of(&history);
        if moves != wanted {
            failures.push((script.clone(), format!("    steps\n    page {moves}\n    lab  {wanted}\n")));
        }
        let differs = states.iter().enumerate().find_map(|(n, line)| {
            let (page, lab) = (comparable(line), digest(&history.state_at(n)));
            (page != lab).then(|| format!("    after {n} events\n    page {page}\n    lab  {lab}\n"))
        });
        failures.extend(differs.map(|account| (script.clone(), account)));
    }
    let _ = fs::remove_dir_all(&folder);
    conclude("pages", scripts.len(), failures);
}

fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.exists()));
    named.or(found)
}

/// Opens the page, runs `steps` in it (their value goes into `data-test`), and gives that value and the document.
fn in_browser(folder: &Path, page: &str, fragment: &str, steps: &str) -> Option<(Value, String)> {
    let Some(chromium) = chromium() else {
        println!("no Chromium: the page is not tried in a browser");
        return None;
    };
    let script = format!(
        "<script type=\"module\">document.documentElement.dataset.test = JSON.stringify((() => {{ {steps} }})());</script></body>"
    );
    let file = folder.join("page.html");
    fs::write(&file, page.replace("</body>", &script)).expect("a file");
    let output = Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--virtual-time-budget=5000",
            "--window-size=1280,800",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(["--dump-dom", &format!("file://{}{fragment}", file.display())])
        .stdin(Stdio::null())
        .output()
        .expect("Chromium starts");
    let document = String::from_utf8_lossy(&output.stdout).into_owned();
    let start = document
        .find("data-test=\"")
        .unwrap_or_else(|| panic!("the page did not come up:\n{}", String::from_utf8_lossy(&output.stderr)))
        + 11;
    let end = start + document[start..].find('"').expect("the attribute's end");
    let value = document[start..end]
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    Some((serde_json::from_str(&value).expect("JSON"), document))
}

#[test]
fn the_page_steps_both_ways_in_a_browser() {
    let folder = scratch("browser");
    let page = folder.join("made.html");
    let run = looplab(
        &root().join("examples"),
        &["view", "--virtual", "--export", &page.to_string_lossy(), "phases.js"],
    );
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let page = fs::read_to_string(&page).expect("a page");
    let steps = "
        const text = (id) => document.getElementById(id).textContent;
        const key = (key, shiftKey = false) => { document.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true })); return looplab.position(); };
        const seen = { first: looplab.position(), title: text('title') };
        seen.forward = [key('ArrowRight'), key('ArrowRight'), key('ArrowLeft')];
        seen.callbacks = [key('ArrowRight', true), text('why'), key('ArrowRight', true), text('why')];
        seen.back = [key('ArrowLeft', true), text('why')];
        seen.turns = [key('PageDown'), looplab.state().turn, key('PageUp'), looplab.state().turn];
        seen.end = [key('End') === looplab.log.length, text('output')];
        seen.home = [key('Home'), text('queues')];
        document.querySelector('[data-go=callback]').click();
        seen.button = text('now');
        looplab.go(looplab.log.length - 1);
        const whole = looplab.timeline.to - looplab.timeline.from;
        key('+'); seen.zoomed = looplab.timeline.to - looplab.timeline.from < whole;
        key('0'); seen.fitted = looplab.timeline.to - looplab.timeline.from === whole;
        key('t'); seen.axis = text('axis'); key('t');
        seen.lanes = looplab.timeline.lanes.map((lane) => lane.name);
        seen.focusable = [...document.querySelectorAll('button, input, canvas')].every((one) => one.tabIndex >= 0 && (one.textContent || one.ariaLabel));
        return seen;";
    if let Some((seen, _)) = in_browser(&folder, &page, "", steps) {
        insta::assert_snapshot!(serde_json::to_string_pretty(&seen).expect("JSON"));
    }
    if let Some((seen, document)) =
        in_browser(&folder, &page, "#e=20&axis=time", "return looplab.position();")
    {
        assert_eq!(seen, json!(20), "the position in the address counts");
        assert!(document.contains(">by time<"));
    }
    let _ = fs::remove_dir_all(&folder);
}

#[test]
fn damaged_and_newer_logs_are_refused_with_their_reason() {
    let folder = scratch("damaged");
    let show = |text: &str| {
        fs::write(folder.join("x.log"), text).expect("a file");
        let run = looplab(&folder, &["view", "--export", "x.html", "x.log"]);
        assert!(!folder.join("x.html").exists());
        (run.status.code(), String::from_utf8_lossy(&run.stderr).into_owned())
    };
    let (code, newer) = show("{\"schema\":\"looplab-log\",\"version\":99,\"events\":0,\"cut\":0}\n");
    assert!(code == Some(1) && newer.contains("schema version 99"), "{newer}");
    let (code, damaged) =
        show("{\"schema\":\"looplab-log\",\"version\":1,\"events\":1,\"cut\":0}\n{\"id\":0}\n");
    assert!(code == Some(1) && damaged.contains("damaged in line 2"), "{damaged}");
    let _ = fs::remove_dir_all(&folder);
}

#[test]
fn a_port_in_use_is_said() {
    let folder = scratch("port");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let run = looplab(&folder, &["view", "--port", &port, "-e", "0"]);
    let text = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("port {port} is in use: name another with --port")), "{text}");
    let _ = fs::remove_dir_all(&folder);
}
