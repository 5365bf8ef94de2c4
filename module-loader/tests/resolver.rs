//! The resolver's other faces: explain mode, formats, caches, options, bad input. Over files in memory.

use looplab_module_loader::{
    Format, MemoryFileSystem, Options, Referrer, Required, ResolveError, Resolver, Scope, Step, global_paths,
    node_module_paths, url::ModuleUrl,
};

fn files(list: &[(&str, &str)]) -> MemoryFileSystem {
    let mut fs = MemoryFileSystem::new();
    for (path, text) in list {
        fs.file(path, text);
    }
    fs
}

fn resolver(list: &[(&str, &str)]) -> Resolver<MemoryFileSystem> {
    Resolver::new(files(list), Options::new("/app"))
}

fn file(path: &str) -> Result<Required, ResolveError> {
    Ok(Required::File(path.to_owned()))
}

#[test]
fn explain_tells_each_look_and_what_decided() {
    let r = resolver(&[
        (
            "/app/node_modules/p/package.json",
            r#"{"exports": {"./f/*": {"browser": "./b/*", "node": {"import": "./m/*.mjs", "default": "./c/*.js"}}}}"#,
        ),
        ("/app/node_modules/p/c/x.js", ""),
    ]);
    let mut lines = Vec::new();
    let from = Referrer::file("/app/src/main.js");
    let found = r.explain_require("p/f/x", &from, &mut |step| lines.push(step.to_string()));
    assert_eq!(found, file("/app/node_modules/p/c/x.js"));
    let want = [
        "require \"p/f/x\" from /app/src/main.js (conditions: require, node, node-addons, module-sync)",
        "no /app/src/package.json",
        "no /app/package.json",
        "will search: /app/src/node_modules, /app/node_modules, /node_modules",
        "no folder /app/src/node_modules",
        "read /app/node_modules/p/package.json",
        "/app/node_modules/p/package.json: \"exports\" is an object with ./f/*",
        "key \"./f/*\" matches with * = \"x\"",
        "condition \"browser\" doesn't hold",
        "condition \"node\" holds",
        "condition \"import\" doesn't hold",
        "condition \"default\" holds",
        "target \"./c/*.js\" leads to file:///app/node_modules/p/c/x.js",
        "tried /app/node_modules/p/c/x.js: a file",
        "found /app/node_modules/p/c/x.js",
    ];
    assert_eq!(lines, want);
    // Explained again, it looks again.
    let mut again = 0;
    r.explain_require("p/f/x", &from, &mut |_| again += 1).unwrap();
    assert_eq!(again, want.len());
}

#[test]
fn explain_import_and_steps_as_json() {
    let r = resolver(&[("/app/a.mjs", "")]);
    let mut steps: Vec<Step> = Vec::new();
    r.explain_import("./b", Some("file:///app/a.mjs"), &mut |step| steps.push(step)).unwrap_err();
    let json = serde_json::to_value(&steps).unwrap();
    assert_eq!(json[0]["step"], "start");
    assert_eq!(json[0]["system"], "import");
    assert_eq!(json[1], serde_json::json!({"step": "tried", "path": "/app/b", "found": false, "dir": false}));
    assert_eq!(json[2]["code"], "ERR_MODULE_NOT_FOUND");
}

#[test]
fn formats_follow_extension_and_nearest_type() {
    let r = resolver(&[
        ("/m/package.json", r#"{"type": "module"}"#),
        ("/m/node_modules/q/x.js", ""),
        ("/c/package.json", r#"{"type": "commonjs"}"#),
        ("/broken/package.json", "{"),
    ]);
    let cases = [
        ("/m/a.js", Format::Module),
        ("/m/deep/er/a.js", Format::Module),
        ("/m/a.cjs", Format::CommonJs),
        ("/m/a.ts", Format::ModuleTypescript),
        ("/m/node_modules/q/x.js", Format::Ambiguous),
        ("/c/a.js", Format::CommonJs),
        ("/c/a.mjs", Format::Module),
        ("/c/a.cts", Format::CommonJsTypescript),
        ("/x/a.js", Format::Ambiguous),
        ("/x/a.ts", Format::AmbiguousTypescript),
        ("/x/a.json", Format::Json),
        ("/x/a.node", Format::Addon),
    ];
    for (path, want) in cases {
        assert_eq!(r.format_of_import(path), Ok(want), "import {path}");
        assert_eq!(r.format_of_require(path), Ok(want), "require {path}");
    }
    assert_eq!(r.format_of_import("/m/noext"), Ok(Format::Module));
    assert_eq!(r.format_of_require("/m/a.txt"), Ok(Format::Ambiguous));
    let unknown = r.format_of_import("/m/a.txt").unwrap_err();
    assert_eq!(unknown.message(), "Unknown file extension \".txt\" for /m/a.txt");
    let broken = r.format_of_require("/broken/a.js").unwrap_err();
    assert_eq!(broken.message(), "Invalid package config /broken/package.json.");
    for (url, want) in [
        ("data:text/javascript;charset=utf-8,1", Some(Format::Module)),
        ("data:application/json,{}", Some(Format::Json)),
        ("node:fs", Some(Format::Builtin)),
        ("blob:x", None),
    ] {
        assert_eq!(r.format_of_url(&ModuleUrl::parse(url).unwrap()), Ok(want), "{url}");
    }
}

#[test]
fn search_paths() {
    assert_eq!(
        node_module_paths("/a/node_modules/b"),
        ["/a/node_modules/b/node_modules", "/a/node_modules", "/node_modules"]
    );
    assert_eq!(node_module_paths("/"), ["/node_modules"]);
    assert_eq!(
        global_paths(Some(":/x::/y"), Some("/home/u"), "/usr/bin/node"),
        ["/x", "/y", "/home/u/.node_modules", "/home/u/.node_libraries", "/usr/lib/node"]
    );
    let r = resolver(&[]);
    let from = Referrer::file("/app/x/main.js");
    assert_eq!(r.lookup_paths("./a", &from), Some(vec!["/app/x".to_owned()]));
    assert_eq!(r.lookup_paths("fs", &from), None);
    assert_eq!(r.lookup_paths("a", &from).unwrap().len(), 3);
    assert_eq!(r.lookup_paths("./a", &Referrer::eval("/app")), Some(vec!["/app".to_owned()]));
}

#[test]
fn require_resolve_with_paths_main_and_eval() {
    let r = resolver(&[
        ("/other/node_modules/p/index.js", ""),
        ("/other/rel.js", ""),
        ("/app/main/index.js", ""),
        (
            "/app/package.json",
            r##"{"name": "me", "exports": "./main/index.js", "imports": {"#m": "./main/index.js"}}"##,
        ),
    ]);
    let from = Referrer::file("/app/main.js");
    let paths = ["/other".to_owned()];
    assert_eq!(r.require_resolve("p", &from, Some(&paths)), file("/other/node_modules/p/index.js"));
    assert_eq!(r.require_resolve("./rel", &from, Some(&paths)), file("/other/rel.js"));
    assert_eq!(r.resolve_main("/app/main").as_deref(), Ok("/app/main/index.js"));
    assert_eq!(r.resolve_main("/app/nothing").unwrap_err().message(), "Cannot find module '/app/nothing'");
    assert_eq!(r.require("./main", &Referrer::eval("/app")), file("/app/main/index.js"));
    assert!(r.require("me", &Referrer::eval("/app")).is_err(), "-e is in no package");
    assert_eq!(r.require("me", &Referrer::repl("/app")), file("/app/main/index.js"));
    assert_eq!(r.require("#m", &Referrer::repl("/app")), file("/app/main/index.js"));
    assert_eq!(r.import("./main/index.js", None).unwrap().url, "file:///app/main/index.js");
    assert_eq!(
        r.find_package_json("./main/index.js", "file:///app/x.js"),
        Ok(Some("/app/package.json".to_owned()))
    );
}

#[test]
fn answers_are_remembered_and_failures_are_not() {
    let fs = std::cell::RefCell::new(files(&[("/app/a.js", "")]));
    struct Shared<'a>(&'a std::cell::RefCell<MemoryFileSystem>);
    impl looplab_module_loader::FileSystem for Shared<'_> {
        fn kind(&self, path: &str) -> Option<looplab_module_loader::FileKind> {
            self.0.borrow().kind(path)
        }
        fn read_to_string(&self, path: &str) -> std::io::Result<String> {
            self.0.borrow().read_to_string(path)
        }
        fn realpath(&self, path: &str) -> std::io::Result<String> {
            self.0.borrow().realpath(path)
        }
    }
    let r = Resolver::new(Shared(&fs), Options::new("/app"));
    let from = Referrer::file("/app/main.js");
    assert!(r.require("./b", &from).is_err());
    fs.borrow_mut().file("/app/b.js", "");
    assert_eq!(r.require("./b", &from), file("/app/b.js"));
    fs.borrow_mut().remove("/app/b.js");
    assert_eq!(r.require("./b", &from), file("/app/b.js"));
    r.clear();
    assert!(r.require("./b", &from).is_err());
}

#[test]
fn conditions_extensions_and_deprecations() {
    let list = [
        ("/app/node_modules/p/package.json", r#"{"exports": {"dev": "./dev.js", "default": "./prod.js"}}"#),
        ("/app/node_modules/p/dev.js", ""),
        ("/app/node_modules/p/prod.js", ""),
        ("/app/node_modules/old/package.json", r#"{"main": "gone.js"}"#),
        ("/app/node_modules/old/index.js", ""),
        ("/app/x.coffee", ""),
    ];
    let mut options = Options::new("/app");
    options.add_condition("dev");
    let mut r = Resolver::new(files(&list), options);
    let from = Referrer::file("/app/main.js");
    assert_eq!(r.require("p", &from), file("/app/node_modules/p/dev.js"));
    assert_eq!(r.import("p", Some("file:///app/m.mjs")).unwrap().url, "file:///app/node_modules/p/dev.js");
    assert!(r.require("./x", &from).is_err());
    r.options_mut().extensions.push(".coffee".to_owned());
    assert_eq!(r.require("./x", &from), file("/app/x.coffee"));

    r.require("old", &from).unwrap();
    let told = r.take_deprecations();
    assert_eq!((told.len(), told[0].code), (1, "DEP0128"));
    assert_eq!(
        told[0].message,
        "Invalid 'main' field in '/app/node_modules/old/package.json' of 'gone.js'. \
         Please either fix that or report it to the module author"
    );
    r.clear();
    r.require("old", &from).unwrap();
    assert!(r.take_deprecations().is_empty(), "each once");
}

#[test]
fn bad_input_is_an_error_and_nothing_worse() {
    let deep = format!("{{\"exports\": {}1{}}}", "{\"a\":".repeat(5000), "}".repeat(5000));
    let mut fs = files(&[
        ("/app/node_modules/deep/package.json", &deep),
        ("/app/node_modules/nul/package.json", "{\"main\": \"a\\u0000b\"}"),
        ("/app/node_modules/bom/package.json", "\u{feff}{\"main\": \"x.js\"}"),
        ("/app/node_modules/bom/x.js", ""),
    ]);
    fs.link("/app/l1", "/app/l2").link("/app/l2", "/app/l1");
    let r = Resolver::new(fs, Options::new("/app"));
    let from = Referrer::file("/app/main.js");
    assert_eq!(r.require("deep", &from).unwrap_err().code(), Some("ERR_INVALID_PACKAGE_CONFIG"));
    assert_eq!(r.require("nul", &from).unwrap_err().code(), Some("MODULE_NOT_FOUND"));
    assert_eq!(r.require("bom", &from), file("/app/node_modules/bom/x.js"));
    assert_eq!(r.require("./l1/x", &from).unwrap_err().code(), Some("MODULE_NOT_FOUND"));
    for odd in [
        "",
        "/",
        "//",
        "\0",
        "%",
        "%2",
        "@",
        "@/",
        "#",
        "\u{1F600}",
        "a\\b",
        "node:",
        ":",
        "..a",
        "...",
        "x/../..",
        "é",
    ] {
        let _ = r.require(odd, &from);
        let _ = r.import(odd, Some("file:///app/m.mjs"));
        let _ = r.import(odd, Some("data:text/javascript,"));
        let _ = r.import(odd, None);
        let _ = ModuleUrl::parse(odd);
    }
    let error = r.import("./x", Some("data:text/javascript,1")).unwrap_err();
    assert_eq!(
        error.message(),
        "Failed to resolve module specifier \"./x\" from \"data:text/javascript,1\": \
         Invalid relative URL or base scheme is not hierarchical."
    );
    let error = r
        .require("./none", &from)
        .unwrap_err()
        .with_require_stack(vec!["/app/main.js".into(), "/app/z.js".into()]);
    assert_eq!(error.message(), "Cannot find module './none'\nRequire stack:\n- /app/main.js\n- /app/z.js");
}

#[test]
fn nearest_package_stops_at_node_modules_and_the_root_is_for_import_only() {
    let r = resolver(&[("/package.json", "{}"), ("/a/package.json", "{}"), ("/a/node_modules/x/i.js", "")]);
    let near = |file: &str, scope| r.nearest_package(file, scope).unwrap().map(|p| p.path.clone());
    assert_eq!(near("/a/b/c.js", Scope::Require).as_deref(), Some("/a/package.json"));
    assert_eq!(near("/a/node_modules/x/i.js", Scope::Require), None);
    assert_eq!(near("/z/c.js", Scope::Require), None);
    assert_eq!(near("/z/c.js", Scope::Import).as_deref(), Some("/package.json"));
}
