//! `looplab resolve`, and the flags that change how a program is found and loaded.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    for (file, text) in files {
        let path = dir.join(file);
        std::fs::create_dir_all(path.parent().expect("files stand in folders"))
            .expect("a folder for the test");
        std::fs::write(path, text).expect("a file for the test");
    }
    dir.canonicalize().expect("the folder was just made")
}

fn looplab(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_looplab"))
        .args(args)
        .current_dir(dir)
        .env_remove("NODE_OPTIONS")
        .env_remove("NODE_PATH")
        .output()
        .expect("looplab runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const PACKAGE: &str =
    r#"{ "name": "p", "exports": { ".": { "dev": "./dev.js", "import": "./m.mjs", "default": "./d.js" } } }"#;

fn package() -> PathBuf {
    folder(
        "resolve",
        &[
            ("node_modules/p/package.json", PACKAGE),
            ("node_modules/p/dev.js", "module.exports = 'dev'"),
            ("node_modules/p/d.js", "module.exports = 'default'"),
            ("node_modules/p/m.mjs", "export default 'module'"),
            ("a.js", "console.log(require('p'))"),
            ("pre.mjs", "await null; console.log('before')"),
            ("broken.js", "let = = 1"),
        ],
    )
}

#[test]
fn resolve_tells_every_step_and_the_answer() {
    let dir = package();
    let answer = |args: &[&str]| text(&looplab(&dir, args).stdout);
    let told = answer(&["resolve", "p", "--from", "a.js"]);
    for word in ["node_modules/p/package.json", "dev", "import", "./d.js"] {
        assert!(told.contains(word), "{word} is not told:\n{told}");
    }
    assert!(answer(&["resolve", "p", "--from", "a.js", "-q"]).ends_with("/node_modules/p/d.js\n"));
    assert!(answer(&["resolve", "p", "--import", "-q"]).ends_with("/node_modules/p/m.mjs\n"));
    assert!(answer(&["resolve", "p", "-C", "dev", "-q"]).ends_with("/node_modules/p/dev.js\n"));
    assert_eq!(answer(&["resolve", "fs", "-q"]), "node:fs\n");
    let missing = looplab(&dir, &["resolve", "nowhere", "--json"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stdout).contains("MODULE_NOT_FOUND"));
}

#[test]
fn flags_change_what_is_loaded() {
    let dir = package();
    let out = |args: &[&str]| text(&looplab(&dir, args).stdout);
    assert_eq!(out(&["a.js"]), "default\n");
    assert_eq!(out(&["--conditions=dev", "a.js"]), "dev\n");
    assert_eq!(out(&["--import", "./pre.mjs", "a.js"]), "before\ndefault\n");
    assert_eq!(
        out(&["--input-type=module", "-e", "console.log(import.meta.url.slice(0, 5), typeof require)"]),
        "file: undefined\n"
    );
    assert_eq!(out(&["-e", "import fs from 'fs'; console.log(typeof fs.readFile)"]), "function\n");
    assert_eq!(out(&["--check", "a.js"]), "");
    let broken = looplab(&dir, &["--check", "broken.js"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(text(&broken.stderr).contains("SyntaxError"));
}
