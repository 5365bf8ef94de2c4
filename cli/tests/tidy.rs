//! The house rules that a machine can hold: who may depend on whom, who must never know what,
//! where `unsafe` and clocks may stand, and that every file introduces itself.
//!
//! The rules are explained in `docs/architecture.md`; change that page together with a table here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One crate of the house.
struct Room {
    /// The folder below the workspace's root.
    folder: &'static str,
    /// The name in manifests.
    name: &'static str,
    floor: u8,
    /// Neighbours on the same floor that it may use all the same, each for a reason given in
    /// `docs/architecture.md`.
    neighbours: &'static [&'static str],
    /// What must not appear among its dependencies or, as a path, in its sources.
    never: &'static [&'static str],
}

const SOCKETS: [&str; 4] = ["mio", "std::net", "std::os::unix::net", "socket2"];

/// The floors, from the ground up. Streams and net join with their own issue.
const ROOMS: &[Room] = &[
    Room {
        folder: "probe",
        name: "looplab-probe",
        floor: 0,
        neighbours: &[],
        never: &["mio", "std::fs", "std::net", "std::thread", "std::time::Instant"],
    },
    Room {
        folder: "threadpool",
        name: "looplab-threadpool",
        floor: 0,
        neighbours: &["looplab-probe"],
        never: &["mio", "std::net", "oxc_parser"],
    },
    Room {
        folder: "event-loop",
        name: "looplab-event-loop",
        floor: 1,
        neighbours: &[],
        never: &["oxc_parser", "std::fs", "httparse"],
    },
    Room {
        folder: "streams",
        name: "looplab-streams",
        floor: 1,
        neighbours: &[],
        never: &["mio", "std::net", "std::thread", "std::time", "oxc_parser"],
    },
    Room {
        folder: "events",
        name: "looplab-events",
        floor: 1,
        neighbours: &[],
        never: &["mio", "std::net", "std::thread", "std::time", "oxc_parser"],
    },
    Room {
        folder: "module-loader",
        name: "looplab-module-loader",
        floor: 1,
        neighbours: &[],
        never: &["mio", "std::net", "std::thread", "std::time", "oxc_parser"],
    },
    Room {
        folder: "engine/bytecode",
        name: "looplab-bytecode",
        floor: 1,
        neighbours: &[],
        never: &["mio", "std::fs", "std::net", "std::thread"],
    },
    Room {
        folder: "engine/compiler",
        name: "looplab-compiler",
        floor: 1,
        neighbours: &["looplab-bytecode"],
        never: &["mio", "std::fs", "std::net", "std::thread"],
    },
    Room {
        folder: "engine/vm",
        name: "looplab-vm",
        floor: 1,
        neighbours: &["looplab-bytecode"],
        never: &["mio", "std::fs", "std::net", "std::thread"],
    },
    Room {
        folder: "engine/builtins",
        name: "looplab-builtins",
        floor: 1,
        neighbours: &["looplab-vm", "looplab-bytecode", "looplab-compiler"],
        never: &["mio", "std::fs", "std::net", "std::thread"],
    },
    Room {
        folder: "engine",
        name: "looplab-engine",
        floor: 1,
        neighbours: &["looplab-builtins", "looplab-vm", "looplab-compiler", "looplab-bytecode"],
        never: &["mio", "std::fs", "std::net", "std::thread"],
    },
    Room { folder: "net", name: "looplab-net", floor: 2, neighbours: &[], never: &["oxc_parser"] },
    Room {
        folder: "runtime",
        name: "looplab-runtime",
        floor: 3,
        neighbours: &[],
        never: &["ratatui", "crossterm", "oxc_parser"],
    },
    Room {
        folder: "lab",
        name: "looplab-lab",
        floor: 4,
        neighbours: &[],
        never: &["mio", "oxc_parser", "crossbeam-channel"],
    },
    Room {
        folder: "cli",
        name: "looplab-cli",
        floor: 5,
        neighbours: &[],
        never: &["mio", "oxc_parser", "crossbeam-channel"],
    },
];

/// Where real time may be read; everything else is told the time.
const CLOCK_FILES: &[&str] = &["event-loop/src/world/real.rs"];

/// The modules in which `unsafe` may stand.
const UNSAFE_MODULES: &[&str] = &["heap", "value", "object", "string", "interp"];

/// Further files with `unsafe`, each with its reason.
const UNSAFE_ALSO: &[(&str, &str)] = &[
    ("engine/vm/src/shape.rs", "hidden classes: object layout, reached through cell pointers"),
    ("engine/vm/src/code.rs", "code cells: the interpreter's own"),
    ("engine/vm/src/coroutine.rs", "suspended register windows: the interpreter's own"),
    ("engine/vm/src/gc.rs", "tracing and dropping cells by kind: the heap's own"),
    (
        "engine/vm/src/vm.rs",
        "the small cells (symbols, BigInts, accessor pairs) and native function pointers",
    ),
];

/// Calls that are not made in the house, with what to do instead. Tests may.
const BANNED: &[(&str, &str)] = &[
    ("thread::sleep", "wait on a channel or in the loop's poll"),
    ("todo!(", "finish it, or fail with an error that names the feature"),
    ("unimplemented!(", "fail with an error that names the feature"),
    ("dbg!(", "report through the probe"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("cli/ lies in the workspace").to_path_buf()
}

fn existing_rooms() -> impl Iterator<Item = &'static Room> {
    ROOMS.iter().filter(|room| root().join(room.folder).join("Cargo.toml").exists())
}

/// Every `.rs` file below `folder`, without build output and without crates nested in it.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            let nested = path.join("Cargo.toml").exists();
            let skipped = path.ends_with("target") || path.ends_with("node_modules");
            if path.is_dir() && !nested && !skipped {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The code of a file without its comments and without what follows `#[cfg(test)]`.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
    let without = |line: &str| line.split_once("//").map_or(line, |(before, _)| before).to_string();
    shipped.lines().map(without).collect::<Vec<_>>().join("\n")
}

/// The dependencies of a manifest by section: `dependencies`, `dev-dependencies`, …
fn dependencies(room: &Room) -> BTreeMap<String, Vec<String>> {
    let path = root().join(room.folder).join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut section = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.rsplit_once("'.").map_or(name, |(_, kind)| kind).to_string();
            assert!(!section.contains("dependencies."), "{}: write dependencies in one line", room.folder);
        } else if section.ends_with("dependencies")
            && !line.starts_with('#')
            && let Some((name, _)) = line.split_once(['=', '.'])
        {
            sections.entry(section.clone()).or_default().push(name.trim().trim_matches('"').to_string());
        }
    }
    sections
}

fn conclude(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn every_member_of_the_workspace_has_a_floor() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace manifest");
    let list = manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next());
    let members = list.expect("members = [ … ]").split(',').map(|m| m.trim().trim_matches('"'));
    let unknown = members.filter(|m| !m.is_empty() && !ROOMS.iter().any(|room| room.folder == *m));
    conclude(unknown.map(|member| format!("{member} has no floor: add it to ROOMS")).collect());
}

#[test]
fn crates_use_lower_floors_only() {
    let mut complaints = Vec::new();
    for room in existing_rooms() {
        for (section, names) in dependencies(room) {
            for used in names.iter().filter_map(|name| ROOMS.iter().find(|other| other.name == *name)) {
                let below = used.floor < room.floor;
                let neighbour = room.neighbours.contains(&used.name);
                let in_tests = section == "dev-dependencies" && used.floor == room.floor;
                if !(below || neighbour || in_tests) {
                    let (from, to) = (room.floor, used.floor);
                    complaints.push(format!(
                        "{} (floor {from}) must not use {} (floor {to}) in [{section}]",
                        room.name, used.name
                    ));
                }
            }
        }
    }
    conclude(complaints);
}

#[test]
fn crates_do_not_know_what_they_must_never_know() {
    let mut complaints = Vec::new();
    for room in existing_rooms() {
        let declared = dependencies(room).remove("dependencies").unwrap_or_default();
        for never in room.never {
            if declared.iter().any(|name| name == never) {
                complaints.push(format!("{} must not depend on {never}", room.name));
            }
            for path in sources(&root().join(room.folder).join("src")) {
                if never.contains("::") && code(&path).contains(never) {
                    complaints.push(format!("{} must not know {never}", relative(&path)));
                }
            }
        }
    }
    conclude(complaints);
}

/// Clients that load a server from outside: they must not be the program that they measure. And the two ends through which the
/// explorer asks a process for run after run: the program's own streams must stay free.
const OTHER_PROCESSES: &[&str] =
    &["cli/src/lab/bench_http.rs", "cli/src/lab/session.rs", "cli/src/outcomes.rs"];

#[test]
fn only_the_loop_and_the_network_know_sockets() {
    let mut complaints = Vec::new();
    for room in existing_rooms().filter(|room| !["event-loop", "net"].contains(&room.folder)) {
        for path in sources(&root().join(room.folder).join("src")) {
            if OTHER_PROCESSES.contains(&relative(&path).as_str()) {
                continue;
            }
            let text = code(&path);
            for word in SOCKETS.iter().filter(|word| text.contains(&format!("{word}::"))) {
                complaints.push(format!("{} must not name {word}", relative(&path)));
            }
        }
    }
    conclude(complaints);
}

#[test]
fn every_file_introduces_itself() {
    let silent = existing_rooms().flat_map(|room| sources(&root().join(room.folder))).filter(|path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        !text.starts_with("//!")
    });
    conclude(silent.map(|path| format!("{} must start with //!", relative(&path))).collect());
}

#[test]
fn only_the_real_world_reads_a_clock() {
    let mut complaints = Vec::new();
    for path in existing_rooms().flat_map(|room| sources(&root().join(room.folder).join("src"))) {
        if CLOCK_FILES.contains(&relative(&path).as_str()) {
            continue;
        }
        let text = code(&path);
        for call in ["Instant::now", "SystemTime::now", ".elapsed()"] {
            if text.contains(call) {
                complaints.push(format!("{}: {call} is the World's business", relative(&path)));
            }
        }
    }
    conclude(complaints);
}

#[test]
fn banned_calls_are_not_made() {
    let mut complaints = Vec::new();
    for path in existing_rooms().flat_map(|room| sources(&root().join(room.folder).join("src"))) {
        let text = code(&path);
        for (call, instead) in BANNED.iter().filter(|(call, _)| text.contains(call)) {
            complaints.push(format!("{}: no {call} here: {instead}", relative(&path)));
        }
    }
    conclude(complaints);
}

#[test]
fn unsafe_stays_in_its_modules() {
    let mut complaints = Vec::new();
    for path in existing_rooms().flat_map(|room| sources(&root().join(room.folder).join("src"))) {
        let name = relative(&path);
        let text = code(&path);
        let used = text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
        let inside = name.strip_prefix("engine/vm/src/").is_some_and(|inner| {
            UNSAFE_MODULES.iter().any(|module| inner.split(['/', '.']).next() == Some(module))
        });
        if used && !inside && !UNSAFE_ALSO.iter().any(|(file, _)| *file == name) {
            complaints.push(format!("{name}: unsafe is for engine/vm's {UNSAFE_MODULES:?} only"));
        }
    }
    conclude(complaints);
}

#[test]
fn every_crate_but_the_vm_forbids_unsafe() {
    let mut complaints = Vec::new();
    for room in existing_rooms().filter(|room| room.folder != "engine/vm") {
        for file in ["src/lib.rs", "src/main.rs"] {
            let path = root().join(room.folder).join(file);
            let text = fs::read_to_string(&path).unwrap_or_default();
            if path.exists() && !text.contains("#![forbid(unsafe_code)]") {
                complaints.push(format!("{} must say #![forbid(unsafe_code)]", relative(&path)));
            }
        }
    }
    conclude(complaints);
}
