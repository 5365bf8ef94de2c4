//! CommonJS resolution: what `require` and `require.resolve` do with a specifier.

use crate::{
    builtins::builtin_name,
    error::ResolveError,
    explain::{Step, System, Trace},
    fs::{FileKind, FileSystem},
    package::{PackageJson, Scope},
    path,
    resolver::Resolver,
    target::Base,
    url::ModuleUrl,
};

/// Who asks: the requiring module, as far as resolution cares.
///
/// A runtime makes one per module and keeps it; programs that assign to `module.paths` change [`paths`](Self::paths).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrer {
    /// The requiring file; `None` for code that isn't in one (`-e`, the REPL).
    pub filename: Option<String>,
    /// `module.paths`: where bare specifiers are looked for, before the global paths.
    pub paths: Vec<String>,
    /// The place that counts for `#imports` and self-reference: the file, or the working directory with a slash for the REPL.
    pub scope: Option<String>,
}

impl Referrer {
    /// A module in a file, given by its absolute path.
    pub fn file(filename: &str) -> Self {
        Referrer {
            filename: Some(filename.to_owned()),
            paths: node_module_paths(path::dirname(filename)),
            scope: Some(filename.to_owned()),
        }
    }

    /// Code given with `-e` or on stdin.
    pub fn eval(cwd: &str) -> Self {
        Referrer { filename: None, paths: node_module_paths(cwd), scope: None }
    }

    /// The REPL: like [`eval`](Self::eval), but part of the package around the working directory.
    pub fn repl(cwd: &str) -> Self {
        Referrer { scope: Some(format!("{}/", cwd.trim_end_matches('/'))), ..Self::eval(cwd) }
    }

    fn label<'a>(&'a self, cwd: &'a str) -> &'a str {
        self.filename.as_deref().unwrap_or(cwd)
    }
}

/// What a `require` leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Required {
    /// A built-in module, named without `node:`. (`require.resolve` gives back the specifier as written.)
    Builtin(String),
    /// A file: the key of the module cache.
    File(String),
}

/// `Module._nodeModulePaths(from)`: the `node_modules` folders of a folder and those above it, nearest first, without
/// `node_modules/node_modules`.
pub fn node_module_paths(from: &str) -> Vec<String> {
    let from = path::resolve("/", from);
    let mut paths = Vec::new();
    let mut dir = from.as_str();
    while dir != "/" {
        if path::basename(dir) != "node_modules" {
            paths.push(format!("{dir}/node_modules"));
        }
        dir = path::dirname(dir);
    }
    paths.push("/node_modules".to_owned());
    paths
}

/// The keys and conditions of one question, passed down through the steps.
struct Question<'a> {
    request: &'a str,
    is_main: bool,
    conditions: &'a [String],
}

impl<F: FileSystem> Resolver<F> {
    /// What `require(request)` loads. The error lacks its require stack; see [`ResolveError::with_require_stack`].
    ///
    /// # Errors
    /// Every [`ResolveError`] of CommonJS resolution, with Node's code and message.
    pub fn require(&self, request: &str, from: &Referrer) -> Result<Required, ResolveError> {
        self.require_traced(request, from, &mut Trace::off())
    }

    /// [`require`](Self::require), reporting every step to `sink`. Remembered answers are worked out afresh.
    ///
    /// # Errors
    /// The same.
    pub fn explain_require(
        &self,
        request: &str,
        from: &Referrer,
        sink: &mut dyn FnMut(Step),
    ) -> Result<Required, ResolveError> {
        let mut trace = Trace::to(sink);
        let conditions = &self.options.require_conditions;
        trace.note(|| start(request, from.label(&self.options.cwd), System::Require, conditions));
        let result = self.require_traced(request, from, &mut trace);
        let answer = result.as_ref().map(|found| match found {
            Required::Builtin(name) => format!("node:{name}"),
            Required::File(path) => path.clone(),
        });
        conclude(answer, &mut trace);
        result
    }

    fn require_traced(
        &self,
        request: &str,
        from: &Referrer,
        trace: &mut Trace<'_>,
    ) -> Result<Required, ResolveError> {
        if request.is_empty() {
            return Err(ResolveError::EmptyRequest);
        }
        if request.starts_with("node:") && builtin_name(request).is_none() {
            return Err(ResolveError::UnknownBuiltin { specifier: request.to_owned() });
        }
        self.filename_of(request, from, (None, &self.options.require_conditions), trace)
    }

    /// [`require`](Self::require) under other conditions, in other folders if there are any.
    ///
    /// # Errors
    /// The same.
    pub fn require_with(
        &self,
        request: &str,
        from: &Referrer,
        paths: Option<&[String]>,
        conditions: &[String],
    ) -> Result<Required, ResolveError> {
        self.filename_of(request, from, (paths, conditions), &mut Trace::off())
    }

    /// What `require.resolve(request, { paths })` finds.
    ///
    /// # Errors
    /// Those of [`require`](Self::require), except that an unknown `node:` name and an empty one are just not found.
    pub fn require_resolve(
        &self,
        request: &str,
        from: &Referrer,
        paths: Option<&[String]>,
    ) -> Result<Required, ResolveError> {
        self.filename_of(request, from, (paths, &self.options.require_conditions), &mut Trace::off())
    }

    /// The entry point: an absolute path, completed with extensions and index files as `require` would.
    ///
    /// # Errors
    /// [`ResolveError::ModuleNotFound`] and the errors of package.json files on the way.
    pub fn resolve_main(&self, path: &str) -> Result<String, ResolveError> {
        let question =
            Question { request: path, is_main: true, conditions: &self.options.require_conditions };
        let found = self.find_path(&question, &[], &mut Trace::off())?;
        found.ok_or_else(|| not_found(path))
    }

    /// `require.resolve.paths(request)`: where the search would look; `None` for a built-in module.
    pub fn lookup_paths(&self, request: &str, from: &Referrer) -> Option<Vec<String>> {
        if builtin_name(request).is_some() {
            return None;
        }
        if !path::is_relative(request) {
            return Some(from.paths.iter().chain(&self.options.global_paths).cloned().collect());
        }
        Some(vec![match &from.filename {
            Some(filename) => path::dirname(filename).to_owned(),
            None => self.options.cwd.clone(),
        }])
    }

    /// `Module._resolveFilename`.
    fn filename_of(
        &self,
        request: &str,
        from: &Referrer,
        (given_paths, conditions): (Option<&[String]>, &[String]),
        trace: &mut Trace<'_>,
    ) -> Result<Required, ResolveError> {
        if let Some(name) = builtin_name(request) {
            trace.note(|| Step::Builtin { name: name.to_owned() });
            return Ok(Required::Builtin(name.to_owned()));
        }
        let question = Question { request, is_main: false, conditions };
        if request.starts_with('#')
            && let Some(scope) = &from.scope
            && let Some(found) = self.require_import(&question, scope, trace)?
        {
            return Ok(Required::File(found));
        }
        if !request.starts_with(['.', '/'])
            && let Some(scope) = &from.scope
            && let Some(found) = self.require_self(&question, scope, trace)?
        {
            return Ok(Required::File(found));
        }
        let paths = match given_paths {
            None => self.lookup_paths(request, from).unwrap_or_default(),
            Some(given) if path::is_relative(request) => given.to_vec(),
            Some(given) => self.lookup_paths_from(request, given),
        };
        match self.find_path(&question, &paths, trace)? {
            Some(found) => Ok(Required::File(found)),
            None => Err(not_found(request)),
        }
    }

    /// Where a bare specifier is looked for from several starting points.
    fn lookup_paths_from(&self, request: &str, starts: &[String]) -> Vec<String> {
        let mut paths = Vec::new();
        for start in starts {
            let referrer = Referrer::eval(&path::resolve(&self.options.cwd, start));
            for path in self.lookup_paths(request, &referrer).unwrap_or_default() {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
        }
        paths
    }

    /// `#name`: `None` if the package around has no `imports` at all.
    fn require_import(
        &self,
        question: &Question<'_>,
        scope: &str,
        trace: &mut Trace<'_>,
    ) -> Result<Option<String>, ResolveError> {
        let Some(package) = self.packages.nearest(&self.fs, scope, Scope::Require, trace)? else {
            return Ok(None);
        };
        if package.imports.is_none() {
            return Ok(None);
        }
        let base = Base::from_path(scope);
        let resolved = match self.imports_resolve(question.request, &base, question.conditions, trace) {
            Err(error) if error.code() == Some("ERR_MODULE_NOT_FOUND") => {
                return Err(ResolveError::TargetNotFound {
                    request: question.request.to_owned(),
                    path: None,
                });
            }
            other => other?,
        };
        self.finish(resolved, Some(scope), &package.path, trace).map(Some)
    }

    /// A package requiring itself by name: `None` if that isn't what this is.
    fn require_self(
        &self,
        question: &Question<'_>,
        scope: &str,
        trace: &mut Trace<'_>,
    ) -> Result<Option<String>, ResolveError> {
        let Some(package) = self.packages.nearest(&self.fs, scope, Scope::Require, trace)? else {
            return Ok(None);
        };
        let (Some(exports), Some(name)) = (&package.exports, &package.name) else { return Ok(None) };
        let rest = match question.request.strip_prefix(name.as_str()) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
            _ => return Ok(None),
        };
        let base = Base::from_path(scope);
        let subpath = format!(".{rest}");
        let folder = path::dirname(&package.path).to_owned();
        match self.package_exports(&package, exports, &subpath, Some(&base), question.conditions, trace) {
            Err(error) if error.code() == Some("ERR_MODULE_NOT_FOUND") => {
                Err(ResolveError::TargetNotFound { request: subpath, path: Some(folder) })
            }
            Err(error) => Err(error),
            Ok(resolved) => self.finish(resolved, Some(scope), &folder, trace).map(Some),
        }
    }

    /// `Module._findPath`. An absolute request needs no `paths`.
    fn find_path(
        &self,
        question: &Question<'_>,
        paths: &[String],
        trace: &mut Trace<'_>,
    ) -> Result<Option<String>, ResolveError> {
        let request = question.request;
        let absolute = request.starts_with('/');
        if !absolute {
            trace.note(|| Step::SearchPath { dirs: paths.to_vec() });
        }
        let mut key = format!("{request}\0{}", paths.join("\0"));
        if question.conditions != self.options.require_conditions {
            key.push_str("\0\0");
            key.push_str(&question.conditions.join("\0"));
        }
        if !trace.is_on()
            && let Some(known) = self.found.borrow().get(&key)
        {
            return Ok(Some(known.clone()));
        }
        let mut found = None;
        if absolute {
            found = self.try_candidate(question, &path::resolve("/", request), trace)?;
        } else {
            // A request that climbs out of the folder may succeed even where the folder doesn't exist.
            let inside = !(path::is_relative(request) && path::leads_outside(request));
            for dir in paths {
                if inside && !self.fs.is_dir(dir) {
                    trace.note(|| Step::NoSuchDir { path: dir.clone() });
                    continue;
                }
                found = self.require_exports(question, dir, trace)?;
                if found.is_none() {
                    let candidate = path::resolve(&path::resolve(&self.options.cwd, dir), request);
                    found = self.try_candidate(question, &candidate, trace)?;
                }
                if found.is_some() {
                    break;
                }
            }
        }
        if let Some(found) = &found {
            self.found.borrow_mut().insert(key, found.clone());
        }
        Ok(found)
    }

    /// The file itself, the file with an extension, or the folder as a package.
    fn try_candidate(
        &self,
        question: &Question<'_>,
        candidate: &str,
        trace: &mut Trace<'_>,
    ) -> Result<Option<String>, ResolveError> {
        let kind = self.look(candidate, trace);
        if !names_a_folder(question.request) {
            if kind == Some(FileKind::File) {
                return Ok(Some(self.settle(candidate, question.is_main, trace)));
            }
            if let Some(found) = self.try_extensions(candidate, question.is_main, trace) {
                return Ok(Some(found));
            }
        }
        if kind == Some(FileKind::Dir) {
            return self.try_package(question, candidate, trace);
        }
        Ok(None)
    }

    fn try_file(&self, path: &str, is_main: bool, trace: &mut Trace<'_>) -> Option<String> {
        (self.look(path, trace) == Some(FileKind::File)).then(|| self.settle(path, is_main, trace))
    }

    fn try_extensions(&self, base: &str, is_main: bool, trace: &mut Trace<'_>) -> Option<String> {
        self.options
            .extensions
            .iter()
            .find_map(|extension| self.try_file(&format!("{base}{extension}"), is_main, trace))
    }

    /// A folder: its package.json's `main`, else its index.
    fn try_package(
        &self,
        question: &Question<'_>,
        folder: &str,
        trace: &mut Trace<'_>,
    ) -> Result<Option<String>, ResolveError> {
        let is_main = question.is_main;
        let index = path::resolve(folder, "index");
        let package = self.packages.read(&self.fs, &path::resolve(folder, "package.json"), trace)?;
        let Some(package) = package else { return Ok(self.try_extensions(&index, is_main, trace)) };
        trace.note(|| main_field(&package));
        let Some(main) = package.main.as_deref().filter(|main| !main.is_empty()) else {
            return Ok(self.try_extensions(&index, is_main, trace));
        };
        let filename = path::resolve(folder, main);
        let by_main = self
            .try_file(&filename, is_main, trace)
            .or_else(|| self.try_extensions(&filename, is_main, trace))
            .or_else(|| self.try_extensions(&path::resolve(&filename, "index"), is_main, trace));
        if by_main.is_some() {
            return Ok(by_main);
        }
        let Some(found) = self.try_extensions(&index, is_main, trace) else {
            return Err(ResolveError::InvalidMain {
                filename,
                package_json: package.path.clone(),
                request: question.request.to_owned(),
            });
        };
        let message = format!(
            "Invalid 'main' field in '{}' of '{main}'. Please either fix that or report it to the module author",
            package.path
        );
        self.deprecate("DEP0128", message, trace);
        Ok(Some(found))
    }

    /// `name/sub` in a search folder whose package has `exports`; `None` if it has none, or this is no such request.
    fn require_exports(
        &self,
        question: &Question<'_>,
        dir: &str,
        trace: &mut Trace<'_>,
    ) -> Result<Option<String>, ResolveError> {
        let Some((name, rest)) = split_package_name(question.request) else { return Ok(None) };
        let folder = path::resolve(&path::resolve(&self.options.cwd, dir), name);
        let package = self.packages.read(&self.fs, &format!("{folder}/package.json"), trace)?;
        let Some(package) = package else { return Ok(None) };
        let Some(exports) = &package.exports else { return Ok(None) };
        let subpath = format!(".{rest}");
        let resolved =
            match self.package_exports(&package, exports, &subpath, None, question.conditions, trace) {
                Err(error) if error.code() == Some("ERR_MODULE_NOT_FOUND") => {
                    let request = question.request.to_owned();
                    return Err(ResolveError::TargetNotFound { request, path: Some(package.path.clone()) });
                }
                other => other?,
            };
        self.finish(resolved, None, &folder, trace).map(Some)
    }

    /// The end of a way through `exports` or `imports`: the target must be a file, exactly as written.
    fn finish(
        &self,
        resolved: ModuleUrl,
        parent: Option<&str>,
        package: &str,
        trace: &mut Trace<'_>,
    ) -> Result<String, ResolveError> {
        let href = resolved.to_string();
        if has_encoded_separator(&href) {
            return Err(ResolveError::InvalidModuleSpecifier {
                request: href,
                reason: "must not include encoded \"/\" or \"\\\" characters".to_owned(),
                base: parent.map(str::to_owned),
            });
        }
        let ModuleUrl::File(url) = resolved else {
            return Err(ResolveError::FileUrl(crate::url::FileUrlError::Scheme));
        };
        let filename = url.to_path()?;
        self.try_file(&filename, false, trace)
            .ok_or(ResolveError::TargetNotFound { request: filename, path: Some(package.to_owned()) })
    }
}

pub(crate) fn start(specifier: &str, from: &str, system: System, conditions: &[String]) -> Step {
    let (specifier, from) = (specifier.to_owned(), from.to_owned());
    Step::Start { specifier, from, system, conditions: conditions.to_vec() }
}

pub(crate) fn conclude(answer: Result<String, &ResolveError>, trace: &mut Trace<'_>) {
    trace.note(|| match answer {
        Ok(result) => Step::Found { result },
        Err(error) => {
            Step::Failed { code: error.code().unwrap_or("URIError").to_owned(), message: error.message() }
        }
    });
}

pub(crate) fn main_field(package: &PackageJson) -> Step {
    Step::Field {
        path: package.path.clone(),
        field: "main".to_owned(),
        value: package.main.as_ref().map(|main| format!("\"{main}\"")),
    }
}

fn not_found(request: &str) -> ResolveError {
    ResolveError::ModuleNotFound { request: request.to_owned(), require_stack: Vec::new() }
}

/// `./x/`, `.`, `..`, `x/.` and `x/..` can only mean a folder.
fn names_a_folder(request: &str) -> bool {
    matches!(request, "." | "..")
        || request.ends_with('/')
        || request.ends_with("/.")
        || request.ends_with("/..")
}

/// `name/rest` or `@scope/name/rest`, if the request has that form.
fn split_package_name(request: &str) -> Option<(&str, &str)> {
    let bad = |part: &str| part.is_empty() || part.contains(['\\', '%']);
    let first = request.split('/').next()?;
    let mut end = first.len();
    if first.len() > 1 && first.starts_with('@') && !bad(&first[1..]) {
        let second = request.get(end + 1..).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        if !bad(second) && !second.starts_with('.') {
            end += 1 + second.len();
        }
    }
    let (name, rest) = request.split_at(end);
    (!bad(name) && !name.starts_with('.')).then_some((name, rest))
}

pub(crate) fn has_encoded_separator(text: &str) -> bool {
    text.as_bytes().windows(3).any(|w| w.eq_ignore_ascii_case(b"%2f") || w.eq_ignore_ascii_case(b"%5c"))
}
