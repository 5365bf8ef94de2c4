//! The resolver: a file system, options, and the caches between them. `require` and `import` each have their own file.

use std::{cell::RefCell, rc::Rc};

use rustc_hash::FxHashMap;

use crate::{
    error::ResolveError,
    explain::{Step, Trace},
    fs::{FileKind, FileSystem},
    package::{PackageCache, PackageJson, Scope},
    path,
};

/// What resolution depends on besides the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The conditions that hold for `require`, besides `default`.
    pub require_conditions: Vec<String>,
    /// The conditions that hold for `import`, besides `default`.
    pub import_conditions: Vec<String>,
    /// `--preserve-symlinks`: a module is where its link is, not where it leads.
    pub preserve_symlinks: bool,
    /// `--preserve-symlinks-main`: the same for the entry point.
    pub preserve_symlinks_main: bool,
    /// Folders searched after every `node_modules` (see [`global_paths`]).
    pub global_paths: Vec<String>,
    /// What `require` appends to a specifier, in order: the keys of `require.extensions`.
    pub extensions: Vec<String>,
    /// Whether `.ts`, `.mts` and `.cts` have a format (`--strip-types`, on by default in Node 24).
    pub strip_types: bool,
    /// The working directory, for specifiers that come from no file. Absolute.
    pub cwd: String,
}

impl Options {
    /// Node 24's defaults.
    pub fn new(cwd: &str) -> Self {
        let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        Options {
            require_conditions: owned(&["require", "node", "node-addons", "module-sync"]),
            import_conditions: owned(&["node", "import", "module-sync", "node-addons"]),
            preserve_symlinks: false,
            preserve_symlinks_main: false,
            global_paths: Vec::new(),
            extensions: owned(&[".js", ".json", ".node"]),
            strip_types: true,
            cwd: cwd.to_owned(),
        }
    }

    /// `--conditions NAME`: holds for both module systems.
    pub fn add_condition(&mut self, name: &str) {
        self.require_conditions.push(name.to_owned());
        self.import_conditions.push(name.to_owned());
    }
}

/// `module.globalPaths`: the entries of NODE_PATH, then `~/.node_modules` and `~/.node_libraries`, then `lib/node` of the
/// installation. `exec_path` is the running binary; empty variables count as unset.
pub fn global_paths(node_path: Option<&str>, home: Option<&str>, exec_path: &str) -> Vec<String> {
    let mut paths: Vec<String> = node_path
        .unwrap_or_default()
        .split(':')
        .filter(|entry| !entry.is_empty())
        .map(str::to_owned)
        .collect();
    if let Some(home) = home.filter(|home| !home.is_empty()) {
        paths.push(path::resolve(home, ".node_modules"));
        paths.push(path::resolve(home, ".node_libraries"));
    }
    let prefix = path::dirname(path::dirname(exec_path));
    paths.push(path::resolve(prefix, "lib/node"));
    paths
}

/// A deprecation met while resolving, to be emitted as a process warning. Each is recorded once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecation {
    /// `DEP0128`, `DEP0151`, `DEP0155` or `DEP0166`.
    pub code: &'static str,
    /// Node's text.
    pub message: String,
}

/// Node's module resolution over a file system.
///
/// Answers are remembered, as in Node: a file that was found once is not looked for again, even if it has gone. A failure
/// is not remembered. [`clear`](Self::clear) forgets everything.
///
/// ```
/// use looplab_module_loader::{MemoryFileSystem, Options, Referrer, Required, Resolver};
///
/// let mut fs = MemoryFileSystem::new();
/// fs.file("/app/main.js", "").file("/app/node_modules/tool/lib/index.js", "");
/// fs.file("/app/node_modules/tool/package.json", r#"{"main": "lib"}"#);
///
/// let resolver = Resolver::new(fs, Options::new("/app"));
/// let from = Referrer::file("/app/main.js");
/// assert_eq!(resolver.require("tool", &from), Ok(Required::File("/app/node_modules/tool/lib/index.js".into())));
/// assert_eq!(resolver.require("node:fs", &from), Ok(Required::Builtin("fs".into())));
/// assert_eq!(resolver.import("tool", Some("file:///app/x.mjs")).unwrap().url,
///            "file:///app/node_modules/tool/lib/index.js");
/// ```
#[derive(Debug)]
pub struct Resolver<F> {
    pub(crate) fs: F,
    pub(crate) options: Options,
    pub(crate) packages: PackageCache,
    pub(crate) found: RefCell<FxHashMap<String, String>>,
    deprecations: RefCell<(Vec<Deprecation>, usize)>,
}

impl<F: FileSystem> Resolver<F> {
    /// A resolver with nothing remembered.
    pub fn new(fs: F, options: Options) -> Self {
        Resolver {
            fs,
            options,
            packages: PackageCache::default(),
            found: RefCell::default(),
            deprecations: RefCell::default(),
        }
    }

    /// The file system it looks at.
    pub fn fs(&self) -> &F {
        &self.fs
    }

    /// The options in force.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Changes the options (a program adding to `require.extensions`, say). Forgets remembered answers.
    pub fn options_mut(&mut self) -> &mut Options {
        self.found.get_mut().clear();
        &mut self.options
    }

    /// Forgets every answer and every package.json.
    pub fn clear(&self) {
        self.found.borrow_mut().clear();
        self.packages.clear();
    }

    /// The deprecations met since the last call.
    pub fn take_deprecations(&self) -> Vec<Deprecation> {
        let (all, told) = &mut *self.deprecations.borrow_mut();
        let new = all[*told..].to_vec();
        *told = all.len();
        new
    }

    /// The package.json that governs a file, by the rules of one module system.
    ///
    /// # Errors
    /// [`ResolveError::InvalidPackageConfig`] if it can't be parsed.
    pub fn nearest_package(&self, file: &str, scope: Scope) -> Result<Option<Rc<PackageJson>>, ResolveError> {
        self.packages.nearest(&self.fs, file, scope, &mut Trace::off())
    }

    pub(crate) fn deprecate(&self, code: &'static str, message: String, trace: &mut Trace<'_>) {
        trace.note(|| Step::Deprecated { code: code.to_owned(), message: message.clone() });
        let deprecation = Deprecation { code, message };
        let (all, _) = &mut *self.deprecations.borrow_mut();
        if !all.contains(&deprecation) {
            all.push(deprecation);
        }
    }

    pub(crate) fn look(&self, path: &str, trace: &mut Trace<'_>) -> Option<FileKind> {
        let kind = self.fs.kind(path);
        trace.tried(path, kind);
        kind
    }

    /// The path a module at `path` goes by: links followed unless they are to be preserved.
    pub(crate) fn settle(&self, path: &str, is_main: bool, trace: &mut Trace<'_>) -> String {
        let preserve =
            if is_main { self.options.preserve_symlinks_main } else { self.options.preserve_symlinks };
        if preserve {
            return path::resolve("/", path);
        }
        // The file was there a moment ago. If it has gone since, loading it will say so.
        let real = self.fs.realpath(path).unwrap_or_else(|_| path.to_owned());
        if real != path {
            trace.note(|| Step::RealPath { from: path.to_owned(), to: real.clone() });
        }
        real
    }
}
