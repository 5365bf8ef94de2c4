//! Some ninety resolutions over a generated folder tree, compared with what Node 24 answered (recorded), and with what the
//! Node on this machine answers when it is a 24 or newer.
//!
//! `LOOPLAB_NODE=/path/to/node` names the Node to ask; `LOOPLAB_RECORD=1` rewrites the recording from its answers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use looplab_module_loader::{Options, Referrer, Required, ResolveError, Resolver, StdFileSystem};
use serde_json::{Value, json};

/// The tree. Every folder that a case starts from also gets an `ask.cjs` and an `ask.mjs`.
const FILES: &[(&str, &str)] = &[
    ("app/main.js", ""),
    ("app/a.js", ""),
    ("app/a.json", "{}"),
    ("app/b.json", "{}"),
    ("app/c.mjs", ""),
    ("app/d.txt", ""),
    ("app/noext", ""),
    ("app/two.dots.js", ""),
    ("app/sp ace#q?.js", ""),
    ("app/both.js", ""),
    ("app/both/index.js", ""),
    ("app/dir/index.js", ""),
    ("app/dirjson/index.json", "{}"),
    ("app/empty/x.txt", ""),
    ("app/pkgmain/package.json", r#"{"main": "./lib/start"}"#),
    ("app/pkgmain/lib/start.js", ""),
    ("app/pkgmaindir/package.json", r#"{"main": "lib"}"#),
    ("app/pkgmaindir/lib/index.js", ""),
    ("app/badmain/package.json", r#"{"main": "nowhere.js"}"#),
    ("app/badmainidx/package.json", r#"{"main": "nowhere.js"}"#),
    ("app/badmainidx/index.js", ""),
    ("app/broken/package.json", r#"{"main": "x"#),
    ("app/broken/index.js", ""),
    ("app/nulmain/package.json", r#"{"main": null, "exports": null}"#),
    ("app/nulmain/index.js", ""),
    (
        "app/package.json",
        r##"{"name": "self", "type": "commonjs",
        "exports": {".": "./a.js", "./sub": "./b.json", "./gone": "./gone.js"},
        "imports": {"#a": "./a.js", "#dep": "plain", "#depsub/*": "plain/lib/*", "#fs": "fs", "#nodefs": "node:fs",
            "#cond": {"import": "./c.mjs", "require": "./a.js"}, "#null": null, "#gone": "./gone.js", "#nopkg": "nopkg",
            "#up": "../x.js", "#pat/*.js": "./dir/*.js", "#dirmap/*": "./dir/*"}}"##,
    ),
    ("app/deep/er/x.js", ""),
    ("app/node_modules/plain/package.json", r#"{"main": "./lib/main.js"}"#),
    ("app/node_modules/plain/lib/main.js", ""),
    ("app/node_modules/plain/lib/extra.js", ""),
    ("app/node_modules/nomain/index.js", ""),
    ("app/node_modules/single.js", ""),
    ("app/node_modules/emptypkg/package.json", "{}"),
    ("app/node_modules/badm/package.json", r#"{"main": "zip.js"}"#),
    ("app/node_modules/jsonbroken/package.json", "{\"exports\": "),
    ("app/node_modules/jsonarray/package.json", "[]"),
    ("app/node_modules/fs/index.js", ""),
    ("app/node_modules/@s/p/package.json", r#"{"exports": {"./x": "./x.js", ".": "./index.js"}}"#),
    ("app/node_modules/@s/p/x.js", ""),
    ("app/node_modules/@s/p/index.js", ""),
    (
        "app/node_modules/exp/package.json",
        r##"{"name": "exp", "exports": {
        ".": {"browser": "./b.js", "import": "./m.mjs", "require": "./c.cjs", "default": "./d.js"},
        "./feature/*": "./src/*.js", "./feature/private/*": null, "./feature/deep/*.js": "./src/deep/*.js",
        "./data": ["not-relative", {"nothing": "./no.js"}, "./d.js"], "./arr": [], "./badarr": ["nope", "nope2"],
        "./up": "../plain/lib/main.js", "./esc": "./src/../../plain/index.js", "./nm": "./node_modules/x.js",
        "./bare": "plain", "./num": 5, "./false": false, "./gone": "./gone.js", "./dir": "./src", "./noext": "./src/one",
        "./enc": "./src%2fone.js", "./nodecond": {"node": "./d.js"}, "./nested": {"node": {"import": "./m.mjs"}, "default": "./d.js"},
        "./sync": {"module-sync": "./m.mjs", "default": "./d.js"}, "./dbl//x": "./d.js", "./none": {"browser": "./b.js"},
        "./slash/": "./src/", "./a*b*c": "./d.js", "./package.json": "./package.json", "./space": "./sp ace.js",
        "./folder/*": "./src/*"}}"##,
    ),
    ("app/node_modules/exp/m.mjs", ""),
    ("app/node_modules/exp/c.cjs", ""),
    ("app/node_modules/exp/d.js", ""),
    ("app/node_modules/exp/sp ace.js", ""),
    ("app/node_modules/exp/src/one.js", ""),
    ("app/node_modules/exp/src/deep/two.js", ""),
    ("app/node_modules/exp/node_modules/x.js", ""),
    ("app/node_modules/mixed/package.json", r#"{"exports": {".": "./a.js", "import": "./b.js"}}"#),
    ("app/node_modules/numkey/package.json", r#"{"exports": {".": {"0": "./a.js", "default": "./a.js"}}}"#),
    ("app/node_modules/strexp/package.json", r#"{"exports": "./x.js"}"#),
    ("app/node_modules/strexp/x.js", ""),
    ("app/node_modules/badexp/package.json", r#"{"exports": "x.js"}"#),
    ("app/node_modules/sugar/package.json", r#"{"exports": {"import": "./m.mjs", "default": "./d.js"}}"#),
    ("app/node_modules/sugar/m.mjs", ""),
    ("app/node_modules/sugar/d.js", ""),
    ("app/node_modules/tm/package.json", r#"{"type": "module", "main": "lib"}"#),
    ("app/node_modules/tm/lib.js", ""),
    ("app/esm/package.json", r#"{"type": "module"}"#),
    ("app/esm/x.js", ""),
    ("app/weird/package.json", r#"{"type": "something"}"#),
    ("app/weird/x.js", ""),
    ("node_modules/upper/index.js", ""),
    ("loose/x.js", ""),
    ("global/fromglobal/index.js", ""),
    ("linked/real.js", ""),
    ("lib.js", ""),
    ("folder/index.js", ""),
    ("linked/node_modules/nearlink/index.js", ""),
];

const LINKS: &[(&str, &str)] = &[
    ("app/link.js", "../linked/real.js"),
    ("app/linkdir", "../linked"),
    ("app/node_modules/linkpkg", "../../linkedpkg"),
    ("app/loop.js", "loop.js"),
    ("linkedpkg/package.json", "../app/pkgmain/package.json"),
    ("linkedpkg/lib", "../app/pkgmain/lib"),
];

/// Where from, and what: each is asked of `require` and of `import`.
const CASES: &[(&str, &str)] = &[
    ("app", "./lib"),
    ("app", "./folder"),
    ("app", "./a"),
    ("app", "./a.js"),
    ("app", "./a.json"),
    ("app", "./b"),
    ("app", "./c"),
    ("app", "./c.mjs"),
    ("app", "./d.txt"),
    ("app", "./noext"),
    ("app", "./two.dots"),
    ("app", "./two.dots.js"),
    ("app", "./sp ace#q?.js"),
    ("app", "./sp%20ace%23q%3F.js"),
    ("app", "./a.js?query#hash"),
    ("app", "./both"),
    ("app", "./both/"),
    ("app", "./dir"),
    ("app", "./dir/"),
    ("app", "./dir/."),
    ("app", "."),
    ("app", "./"),
    ("app", ".."),
    ("app/dir", ".."),
    ("app/dir", "../a"),
    ("app/dir", "./../a.js"),
    ("app", "./dirjson"),
    ("app", "./empty"),
    ("app", "./pkgmain"),
    ("app", "./pkgmaindir"),
    ("app", "./badmain"),
    ("app", "./badmainidx"),
    ("app", "./broken"),
    ("app", "./nulmain"),
    ("app", "./missing"),
    ("app", "./missing.js"),
    ("app", "./a%2fb.js"),
    ("app", "./a%5Cb.js"),
    ("app", "./%zz.js"),
    ("app", "ROOT/app/a"),
    ("app", "ROOT/app/a.js"),
    ("app", "file://ROOT/app/a.js"),
    ("app", "file://ROOT/app/missing.js"),
    ("app", "file://host/x.js"),
    ("app", "//host/x.js"),
    ("app", "fs"),
    ("app", "node:fs"),
    ("app", "node:fs/promises"),
    ("app", "node:nope"),
    ("app", "test"),
    ("app", "node:test"),
    ("app", "http://example.com/x.js"),
    ("app", "https://example.com/x.js"),
    ("app", "ws://example.com/x.js"),
    ("app", "data:text/javascript,1"),
    ("app", "data:text/plain,1"),
    ("app", "data:nothing"),
    ("app", "plain"),
    ("app", "plain/"),
    ("app", "plain/lib/extra"),
    ("app", "plain/lib/extra.js"),
    ("app", "plain/lib"),
    ("app", "nomain"),
    ("app", "single"),
    ("app", "emptypkg"),
    ("app", "badm"),
    ("app", "jsonbroken"),
    ("app", "jsonbroken/x"),
    ("app", "jsonarray"),
    ("app", "nopkg"),
    ("app", "nopkg/x.js"),
    ("app", "upper"),
    ("app/deep/er", "upper"),
    ("app/deep/er", "plain"),
    ("loose", "plain"),
    ("app", "fromglobal"),
    ("app", "@s/p"),
    ("app", "@s/p/x"),
    ("app", "@s/p/y"),
    ("app", "@s"),
    ("app", "@s/"),
    ("app", ".hidden"),
    ("app", "pct%20name"),
    ("app", "back\\slash"),
    ("app", "exp"),
    ("app", "exp/"),
    ("app", "exp/feature/one"),
    ("app", "exp/feature/deep/two.js"),
    ("app", "exp/feature/private/x"),
    ("app", "exp/feature/../one"),
    ("app", "exp/feature/nope"),
    ("app", "exp/data"),
    ("app", "exp/arr"),
    ("app", "exp/badarr"),
    ("app", "exp/up"),
    ("app", "exp/esc"),
    ("app", "exp/nm"),
    ("app", "exp/bare"),
    ("app", "exp/num"),
    ("app", "exp/false"),
    ("app", "exp/gone"),
    ("app", "exp/dir"),
    ("app", "exp/noext"),
    ("app", "exp/enc"),
    ("app", "exp/nodecond"),
    ("app", "exp/nested"),
    ("app", "exp/sync"),
    ("app", "exp/none"),
    ("app", "exp/dbl//x"),
    ("app", "exp/slash/one.js"),
    ("app", "exp/slash/"),
    ("app", "exp/folder/one.js"),
    ("app", "exp/folder/"),
    ("app", "exp/folder/deep//two.js"),
    ("app", "exp/folder/node_modules/x"),
    ("app", "exp/a1b2c"),
    ("app", "exp/missing"),
    ("app", "exp/package.json"),
    ("app", "exp/space"),
    ("app/node_modules/exp", "exp/data"),
    ("app/node_modules/exp", "exp"),
    ("app", "mixed"),
    ("app", "numkey"),
    ("app", "strexp"),
    ("app", "strexp/x.js"),
    ("app", "badexp"),
    ("app", "sugar"),
    ("app", "tm"),
    ("app", "self"),
    ("app", "self/sub"),
    ("app", "self/gone"),
    ("app", "self/nope"),
    ("app/dir", "self/sub"),
    ("app", "#a"),
    ("app", "#dep"),
    ("app", "#depsub/extra.js"),
    ("app", "#depsub/gone.js"),
    ("app", "#fs"),
    ("app", "#nodefs"),
    ("app", "#cond"),
    ("app", "#null"),
    ("app", "#gone"),
    ("app", "#nopkg"),
    ("app", "#up"),
    ("app", "#undefined"),
    ("app", "#"),
    ("app", "#x/"),
    ("app", "#pat/index.js"),
    ("app", "#dirmap/index.js"),
    ("loose", "#a"),
    ("loose", "./x"),
    ("app", "./link.js"),
    ("app", "./link"),
    ("app", "./linkdir/real.js"),
    ("app", "linkpkg"),
    ("app", "./loop.js"),
    ("app", "./esm/x.js"),
    ("app/esm", "./x"),
    ("app", "./weird/x.js"),
    ("linked", "nearlink"),
];

/// Answers each case in Node: a folder's two `ask` files do the asking from there.
const DRIVER: &str = r#"
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
const [root, file] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const resolution = new Set(['ERR_UNKNOWN_FILE_EXTENSION', 'ERR_UNSUPPORTED_ESM_URL_SCHEME', 'ERR_UNKNOWN_BUILTIN_MODULE',
  'ERR_UNKNOWN_MODULE_FORMAT', 'ERR_MODULE_NOT_FOUND', 'ERR_UNSUPPORTED_DIR_IMPORT', 'ERR_INVALID_PACKAGE_CONFIG',
  'ERR_INVALID_FILE_URL_HOST', 'ERR_INVALID_FILE_URL_PATH',
  'ERR_INVALID_URL']);
const tell = (e) => ({ name: e.name, code: e.code ?? null, message: e.message, requireStack: e.requireStack ?? null,
  path: e.path ?? null, requestPath: e.requestPath ?? null, url: e.url ?? null });
const answers = [];
for (const [from, specifier] of JSON.parse(readFileSync(file, 'utf8'))) {
  const ask = require(`${root}/${from}/ask.cjs`);
  const { resolve, load } = await import(`${root}/${from}/ask.mjs`);
  let required, imported;
  try {
    if (specifier.startsWith('node:') || specifier === '') ask(specifier);
    required = { ok: ask.resolve(specifier) };
  } catch (e) { required = tell(e); }
  try { await load(specifier); imported = { ok: resolve(specifier) }; }
  catch (e) {
    if (resolution.has(e.code)) imported = tell(e);
    else try { imported = { ok: resolve(specifier) }; } catch (e) { imported = tell(e); }
  }
  answers.push([from, specifier, required, imported]);
}
process.stdout.write(JSON.stringify(answers));
"#;

struct Tree(PathBuf);

impl Tree {
    fn new(name: &str) -> Tree {
        let root = std::env::temp_dir().join(format!("looplab-{name}-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let root = root.canonicalize().unwrap();
        for (path, text) in FILES {
            write(&root.join(path), text);
        }
        for (path, target) in LINKS {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, path).unwrap();
        }
        for (from, _) in CASES {
            write(&root.join(from).join("ask.cjs"), "module.exports = require;");
            let ask =
                "export const resolve = (s) => import.meta.resolve(s); export const load = (s) => import(s);";
            write(&root.join(from).join("ask.mjs"), ask);
        }
        Tree(root)
    }

    fn root(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn resolver(&self, preserve_symlinks: bool) -> Resolver<StdFileSystem> {
        let mut options = Options::new(self.root());
        options.global_paths = vec![format!("{}/global", self.root())];
        options.preserve_symlinks = preserve_symlinks;
        Resolver::new(StdFileSystem::new(), options)
    }

    /// What Node answers, with the root's path replaced.
    fn node(&self, node: &Path, flags: &[&str]) -> Value {
        let cases: Vec<_> = CASES.iter().map(|(from, s)| (*from, s.replace("ROOT", self.root()))).collect();
        write(&self.0.join("driver.mjs"), DRIVER);
        write(&self.0.join("cases.json"), &json!(cases).to_string());
        let output = Command::new(node)
            .args(flags)
            .arg(self.0.join("driver.mjs"))
            .args([self.root(), self.0.join("cases.json").to_str().unwrap()])
            .current_dir(&self.0)
            .env("NODE_PATH", self.0.join("global"))
            .env("HOME", &self.0)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&text.replace(self.root(), "ROOT")).unwrap()
    }

    /// What this crate answers, in the same form.
    fn ours(&self, preserve_symlinks: bool) -> Value {
        let resolver = self.resolver(preserve_symlinks);
        let answers: Vec<Value> = CASES
            .iter()
            .map(|(from, specifier)| {
                let specifier = specifier.replace("ROOT", self.root());
                let required = self.require(&resolver, from, &specifier);
                let imported = self.import(&resolver, from, &specifier);
                json!([from, specifier, required, imported])
            })
            .collect();
        serde_json::from_str(&Value::from(answers).to_string().replace(self.root(), "ROOT")).unwrap()
    }

    fn require(&self, resolver: &Resolver<StdFileSystem>, from: &str, specifier: &str) -> Value {
        let file = format!("{}/{from}/ask.cjs", self.root());
        match resolver.require(specifier, &Referrer::file(&file)) {
            Ok(Required::Builtin(_)) => json!({ "ok": specifier }),
            Ok(Required::File(path)) => json!({ "ok": path }),
            Err(error) => tell(&error.with_require_stack(vec![file, format!("{}/driver.mjs", self.root())])),
        }
    }

    fn import(&self, resolver: &Resolver<StdFileSystem>, from: &str, specifier: &str) -> Value {
        let parent = format!("file://{}/{from}/ask.mjs", self.root());
        let found = resolver.import(specifier, Some(&parent));
        match found.and_then(|found| resolver.format_to_load(&found.url).map(|_| found)) {
            Ok(found) => json!({ "ok": found.url }),
            Err(error) => tell(&error),
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn tell(error: &ResolveError) -> Value {
    use looplab_module_loader::ErrorClass as C;
    let name = match error.class() {
        C::Error => "Error",
        C::TypeError => "TypeError",
        C::RangeError => "RangeError",
        C::UriError => "URIError",
    };
    json!({ "name": name, "code": error.code(), "message": error.message(), "requireStack": error.require_stack(),
            "path": error.path(), "requestPath": error.request_path(), "url": error.url() })
}

/// Every difference, so that one run shows them all.
fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let mut out = Vec::new();
    for (our, their) in ours.as_array().unwrap().iter().zip(theirs.as_array().unwrap()) {
        assert_eq!(
            (&our[0], &our[1]),
            (&their[0], &their[1]),
            "the recording is of other cases; record anew"
        );
        for (at, system) in [(2, "require"), (3, "import")] {
            if our[at] != their[at] {
                out.push(format!(
                    "{system} {} from {}\n  node: {}\n  ours: {}",
                    our[1], our[0], their[at], our[at]
                ));
            }
        }
    }
    assert_eq!(ours.as_array().unwrap().len(), theirs.as_array().unwrap().len());
    out
}

fn recording(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(name)
}

/// A Node of at least version 24, if there is one.
fn node24() -> Option<PathBuf> {
    let node = std::env::var_os("LOOPLAB_NODE").map_or_else(|| PathBuf::from("node"), PathBuf::from);
    let version = Command::new(&node).arg("--version").output().ok()?;
    let version = String::from_utf8(version.stdout).ok()?;
    let major: u32 = version.trim().trim_start_matches('v').split('.').next()?.parse().ok()?;
    (major >= 24).then_some(node)
}

fn check(name: &str, flags: &[&str], preserve_symlinks: bool) {
    let tree = Tree::new(name);
    let ours = tree.ours(preserve_symlinks);
    let file = recording(&format!("{name}.json"));
    if let Some(node) = node24() {
        let live = tree.node(&node, flags);
        if std::env::var_os("LOOPLAB_RECORD").is_some() {
            let lines: Vec<String> = live.as_array().unwrap().iter().map(Value::to_string).collect();
            write(&file, &format!("[\n{}\n]\n", lines.join(",\n")));
        }
        let wrong = differences(&ours, &live);
        assert!(wrong.is_empty(), "{} differences from the live node\n{}", wrong.len(), wrong.join("\n"));
    } else {
        println!("skipped the live comparison: no node of version 24 or newer (LOOPLAB_NODE names one)");
    }
    let recorded = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let wrong = differences(&ours, &recorded);
    assert!(wrong.is_empty(), "{} differences from the recording\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_case_resolves_as_in_node_24() {
    check("resolution", &[], false);
}

#[test]
fn symlinks_can_be_preserved_as_in_node_24() {
    check("preserve-symlinks", &["--preserve-symlinks"], true);
}
