//! Express, Koa and ws themselves, beside a Node: what their programs print is the same, heads in their order, error pages and all.
//! What they need of the runtime is also tested without them (`runtime/tests/js/http-framework.js`, `http-upgrade.js`).
//!
//! `NODE=/path/to/node cargo test -p looplab-cli --test frameworks -- --ignored` fetches the packages with npm into a scratch folder.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::Subject;

const PACKAGES: &[&str] = &["express@4", "koa@2", "ws@8"];

/// A folder that has the packages, and the programs beside them.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("frameworks");
    std::fs::create_dir_all(&folder).expect("a scratch folder");
    std::fs::write(folder.join("package.json"), "{\"private\":true}\n").expect("a manifest");
    let installed = PACKAGES
        .iter()
        .all(|p| folder.join("node_modules").join(p.split('@').next().unwrap_or_default()).exists());
    if !installed {
        let status = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--loglevel=error"])
            .args(PACKAGES)
            .current_dir(&folder)
            .status()
            .expect("npm can be started");
        assert!(status.success(), "npm install failed");
    }
    folder
}

#[test]
#[ignore = "needs a Node and the packages"]
fn frameworks_behave_as_on_node() {
    let node = Subject::node().expect("a Node to compare with");
    let folder = folder();
    let programs = support::root().join("cli/tests/frameworks");
    for name in ["express.js", "koa.js", "ws.js", "ws-native.js"] {
        std::fs::copy(programs.join(name), folder.join(name)).expect("the program is copied");
        let theirs = node.run(&folder, name);
        let ours = Subject::looplab().run(&folder, name);
        assert_eq!(ours.stdout, theirs.stdout, "{name}");
        assert_eq!(ours.exit, theirs.exit, "{name}: exit code");
    }
}
