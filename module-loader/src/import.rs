//! ES module resolution: what `import` does with a specifier.

use crate::{
    builtins::builtin_name,
    error::ResolveError,
    explain::{Step, System, Trace},
    format::Format,
    fs::{FileKind, FileSystem},
    package::{PackageJson, Scope},
    path,
    require::{Referrer, Required, conclude, has_encoded_separator, main_field, node_module_paths, start},
    resolver::Resolver,
    target::Base,
    url::{FileUrl, ModuleUrl, file_url_to_path, path_to_file_url},
};

/// What an `import` leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The module's URL: the key of the module map.
    pub url: String,
    /// Its format, where the URL alone tells; `None` where loading has to complain
    /// (see [`Resolver::format_of_url`], which says how).
    pub format: Option<Format>,
}

impl<F: FileSystem> Resolver<F> {
    /// What `import(specifier)` in the module at `parent` loads; no `parent` for the entry point.
    ///
    /// # Errors
    /// Every [`ResolveError`] of ES module resolution, with Node's code and message.
    pub fn import(&self, specifier: &str, parent: Option<&str>) -> Result<Imported, ResolveError> {
        self.import_with(specifier, parent, &self.options.import_conditions)
    }

    /// [`import`](Self::import) under other conditions.
    ///
    /// # Errors
    /// The same.
    pub fn import_with(
        &self,
        specifier: &str,
        parent: Option<&str>,
        conditions: &[String],
    ) -> Result<Imported, ResolveError> {
        self.default_resolve(specifier, parent, conditions, &mut Trace::off())
    }

    /// [`import`](Self::import), reporting every step to `sink`.
    ///
    /// # Errors
    /// The same.
    pub fn explain_import(
        &self,
        specifier: &str,
        parent: Option<&str>,
        sink: &mut dyn FnMut(Step),
    ) -> Result<Imported, ResolveError> {
        let mut trace = Trace::to(sink);
        let conditions = &self.options.import_conditions;
        trace.note(|| start(specifier, parent.unwrap_or(&self.options.cwd), System::Import, conditions));
        let result = self.default_resolve(specifier, parent, conditions, &mut trace);
        conclude(result.as_ref().map(|found| found.url.clone()), &mut trace);
        result
    }

    /// `module.findPackageJSON(specifier, base)`: the package.json of a bare specifier's package, or the one that governs the
    /// file another specifier leads to. `base` is a URL.
    ///
    /// # Errors
    /// Those of resolving the specifier.
    pub fn find_package_json(&self, specifier: &str, base: &str) -> Result<Option<String>, ResolveError> {
        if !specifier.starts_with(['.', '/']) && ModuleUrl::parse(specifier).is_none() {
            let (path, _) = self.package_json_of(specifier, &Base::from_url(base), &mut Trace::off())?;
            return Ok(Some(path));
        }
        let url = match self.import(specifier, Some(base)) {
            Ok(found) => found.url,
            Err(ResolveError::UnsupportedDirImport { url, .. }) => url,
            Err(error) => return Err(error),
        };
        let file = file_url_to_path(&url)?;
        Ok(self.nearest_package(&file, Scope::Require)?.map(|package| package.path.clone()))
    }

    fn default_resolve(
        &self,
        specifier: &str,
        parent: Option<&str>,
        conditions: &[String],
        trace: &mut Trace<'_>,
    ) -> Result<Imported, ResolveError> {
        let absolute = if is_path_like(specifier) { None } else { ModuleUrl::parse(specifier) };
        match &absolute {
            Some(url) if url.scheme() == "data" => {
                return Ok(Imported { format: self.format_of_url(url).ok().flatten(), url: url.to_string() });
            }
            Some(url) if url.scheme() == "node" => {
                return Ok(Imported { url: specifier.to_owned(), format: Some(Format::Builtin) });
            }
            _ => {}
        }
        let cwd = format!("{}/", self.options.cwd.trim_end_matches('/'));
        let base = parent.map_or_else(|| Base::from_path(&cwd), Base::from_url);
        match self.module_resolve(specifier, absolute, &base, conditions, parent.is_none(), trace) {
            Ok(url) => Ok(Imported { format: self.format_of_url(&url).ok().flatten(), url: url.to_string() }),
            Err(mut error) => {
                if matches!(error.code(), Some("ERR_MODULE_NOT_FOUND" | "ERR_UNSUPPORTED_DIR_IMPORT"))
                    && let Some(hint) = self.common_js_hint(specifier, &base)
                {
                    error.set_hint(hint);
                }
                Err(error)
            }
        }
    }

    /// ESM_RESOLVE.
    fn module_resolve(
        &self,
        specifier: &str,
        absolute: Option<ModuleUrl>,
        base: &Base,
        conditions: &[String],
        is_main: bool,
        trace: &mut Trace<'_>,
    ) -> Result<ModuleUrl, ResolveError> {
        let unsupported = || ResolveError::UnsupportedResolveRequest {
            specifier: specifier.to_owned(),
            base: base.url.clone(),
        };
        let base_url = ModuleUrl::parse(&base.url);
        let resolved = match (&base_url, absolute) {
            (Some(ModuleUrl::File(file)), _) if is_path_like(specifier) => {
                ModuleUrl::File(file.join(specifier))
            }
            (Some(ModuleUrl::Other { scheme, .. }), _) if is_path_like(specifier) => {
                // Only hierarchical bases have relatives; of those, none but file: can be loaded.
                return Err(if matches!(scheme.as_str(), "http" | "https") {
                    ResolveError::UnsupportedScheme { scheme: scheme.clone() }
                } else {
                    unsupported()
                });
            }
            (Some(ModuleUrl::File(_)), _) if specifier.starts_with('#') => {
                self.imports_resolve(specifier, base, conditions, trace)?
            }
            (_, Some(url)) => url,
            (Some(ModuleUrl::File(_)), None) => self.package_resolve(specifier, base, conditions, trace)?,
            (_, None) if builtin_name(specifier).is_some() => builtin_url(specifier, trace),
            (_, None) => return Err(unsupported()),
        };
        match resolved {
            ModuleUrl::File(url) => self.finalize(url, base, is_main, trace).map(ModuleUrl::File),
            other => Ok(other),
        }
    }

    /// The file must be there, be a file, and be written without tricks; then links are followed.
    fn finalize(
        &self,
        resolved: FileUrl,
        base: &Base,
        is_main: bool,
        trace: &mut Trace<'_>,
    ) -> Result<FileUrl, ResolveError> {
        if has_encoded_separator(&resolved.path) {
            return Err(ResolveError::InvalidModuleSpecifier {
                request: resolved.path,
                reason: "must not include encoded \"/\" or \"\\\" characters".to_owned(),
                base: Some(base.path.clone()),
            });
        }
        let path = resolved.to_path()?;
        match self.look(&path, trace) {
            Some(FileKind::Dir) => Err(ResolveError::UnsupportedDirImport {
                path,
                base: base.path.clone(),
                url: resolved.to_string(),
                hint: None,
            }),
            None => Err(ResolveError::EsmModuleNotFound {
                path,
                base: base.path.clone(),
                url: resolved.to_string(),
                hint: None,
            }),
            Some(FileKind::File) => {
                if if is_main { self.options.preserve_symlinks_main } else { self.options.preserve_symlinks }
                {
                    return Ok(resolved);
                }
                let settled = FileUrl::from_path(&self.settle(&path, is_main, trace));
                Ok(FileUrl { search: resolved.search, hash: resolved.hash, ..settled })
            }
        }
    }

    /// PACKAGE_IMPORTS_RESOLVE.
    pub(crate) fn imports_resolve(
        &self,
        name: &str,
        base: &Base,
        conditions: &[String],
        trace: &mut Trace<'_>,
    ) -> Result<ModuleUrl, ResolveError> {
        if name == "#" || name.ends_with('/') {
            return Err(ResolveError::InvalidModuleSpecifier {
                request: name.to_owned(),
                reason: "is not a valid internal imports specifier name".to_owned(),
                base: Some(base.path.clone()),
            });
        }
        let package = self.packages.nearest(&self.fs, &base.path, Scope::Import, trace)?;
        if let Some(package) = &package
            && let Some(url) = self.package_imports(package, name, base, conditions, trace)?
        {
            return Ok(url);
        }
        Err(ResolveError::PackageImportNotDefined {
            specifier: name.to_owned(),
            package: package.map(|package| package.folder().to_owned()),
            base: base.path.clone(),
        })
    }

    /// PACKAGE_RESOLVE: a bare specifier.
    pub(crate) fn package_resolve(
        &self,
        specifier: &str,
        base: &Base,
        conditions: &[String],
        trace: &mut Trace<'_>,
    ) -> Result<ModuleUrl, ResolveError> {
        if builtin_name(specifier).is_some() {
            return Ok(builtin_url(specifier, trace));
        }
        let (package_json, subpath) = self.package_json_of(specifier, base, trace)?;
        let package = self.packages.read(&self.fs, &package_json, trace).map_err(|error| match error {
            ResolveError::InvalidPackageConfig { path, message, .. } => ResolveError::InvalidPackageConfig {
                importing: Some(format!("\"{specifier}\" from {}", base.path)),
                path,
                message,
            },
            other => other,
        })?;
        if let Some(package) = &package
            && let Some(exports) = &package.exports
        {
            return self.package_exports(package, exports, &subpath, Some(base), conditions, trace);
        }
        if subpath == "." {
            return self.legacy_main(&package_json, package.as_deref(), base, trace);
        }
        Ok(ModuleUrl::File(FileUrl::from_path(&package_json).join(&subpath)))
    }

    /// The package.json that a bare specifier means, which need not exist, and the subpath in its package.
    fn package_json_of(
        &self,
        specifier: &str,
        base: &Base,
        trace: &mut Trace<'_>,
    ) -> Result<(String, String), ResolveError> {
        let (name, rest) = package_name(specifier).ok_or_else(|| ResolveError::InvalidModuleSpecifier {
            request: specifier.to_owned(),
            reason: "is not a valid package name".to_owned(),
            base: Some(base.path.clone()),
        })?;
        let subpath = format!(".{rest}");
        if let Some(around) = self.packages.nearest(&self.fs, &base.path, Scope::Import, trace)?
            && around.exports.is_some()
            && around.name.as_deref() == Some(name)
        {
            return Ok((around.path.clone(), subpath));
        }
        let from = if base.path.ends_with('/') {
            base.path.trim_end_matches('/')
        } else {
            path::dirname(&base.path)
        };
        let mut dir = if from.is_empty() { "/" } else { from };
        loop {
            let folder = format!("{}/node_modules/{name}", dir.trim_end_matches('/'));
            if self.look(&folder, trace) == Some(FileKind::Dir) {
                return Ok((format!("{folder}/package.json"), subpath));
            }
            if dir == "/" {
                return Err(ResolveError::EsmPackageNotFound {
                    name: name.to_owned(),
                    base: base.path.clone(),
                    hint: None,
                });
            }
            dir = path::dirname(dir);
        }
    }

    /// A package without `exports`: `main` with the extensions of old, else the index.
    fn legacy_main(
        &self,
        package_json: &str,
        package: Option<&PackageJson>,
        base: &Base,
        trace: &mut Trace<'_>,
    ) -> Result<ModuleUrl, ResolveError> {
        const BY_MAIN: [&str; 7] = ["", ".js", ".json", ".node", "/index.js", "/index.json", "/index.node"];
        const BY_INDEX: [&str; 3] = ["index.js", "index.json", "index.node"];
        let folder = path::dirname(package_json);
        let main = package.and_then(|package| package.main.as_deref());
        if let Some(package) = package {
            trace.note(|| main_field(package));
        }
        let by_main =
            main.map(|main| BY_MAIN.map(|suffix| path::resolve(folder, &format!("{main}{suffix}"))));
        let by_index = BY_INDEX.map(|index| path::resolve(folder, index));
        let found = by_main
            .iter()
            .flatten()
            .chain(&by_index)
            .find(|candidate| self.look(candidate, trace) == Some(FileKind::File));
        let Some(found) = found else {
            let tried = main.map_or_else(|| by_index[0].clone(), |main| path::resolve(folder, main));
            return Err(ResolveError::EsmPackageNotFound {
                name: tried,
                base: base.path.clone(),
                hint: None,
            });
        };
        let url = ModuleUrl::File(FileUrl::from_path(found));
        self.deprecate_legacy_main(&url, found, folder, main, base, trace);
        Ok(url)
    }

    /// DEP0151: an ES module found by guessing the rest of its name.
    fn deprecate_legacy_main(
        &self,
        url: &ModuleUrl,
        found: &str,
        folder: &str,
        main: Option<&str>,
        base: &Base,
        trace: &mut Trace<'_>,
    ) {
        if !matches!(self.format_of_url(url), Ok(Some(Format::Module))) {
            return;
        }
        let (rest, base) = (&found[(folder.len() + 1).min(found.len())..], &base.path);
        let message = match main {
            None => format!(
                "No \"main\" or \"exports\" field defined in the package.json for {folder}/ resolving the main entry \
                 point \"{rest}\", imported from {base}.\nDefault \"index\" lookups for the main are deprecated for ES modules."
            ),
            Some(main) if path::resolve(folder, main) != found => format!(
                "Package {folder}/ has a \"main\" field set to \"{main}\", excluding the full filename and extension to \
                 the resolved file at \"{rest}\", imported from {base}.\n Automatic extension resolution of the \"main\" \
                 field is deprecated for ES modules."
            ),
            Some(_) => return,
        };
        self.deprecate("DEP0151", message, trace);
    }

    /// What the user may have meant: the file `require` would have found, in the form to write it in.
    fn common_js_hint(&self, specifier: &str, base: &Base) -> Option<String> {
        let specifier = &match specifier.starts_with("file://") {
            true => file_url_to_path(specifier).ok()?,
            false => specifier.to_owned(),
        };
        // Node asks on behalf of a module without a file: relative specifiers are tried from the working directory, and the
        // first node_modules is one inside the importing file, which can't exist.
        let referrer = Referrer { filename: None, paths: node_module_paths(&base.path), scope: None };
        let found = self.require_resolve(specifier, &referrer, None);
        let Ok(Required::File(found)) = found else { return None };
        let hint = if path::is_relative(specifier) {
            relative_url(&base.url, &path_to_file_url(&found))
        } else if !specifier.starts_with('/') {
            bare_hint(specifier, &found)
        } else {
            found
        };
        (hint != *specifier).then_some(hint)
    }
}

/// The built-in's URL, for a name without prefix.
fn builtin_url(name: &str, trace: &mut Trace<'_>) -> ModuleUrl {
    trace.note(|| Step::Builtin { name: name.to_owned() });
    ModuleUrl::Other { scheme: "node".to_owned(), href: format!("node:{name}") }
}

/// Whether a specifier is resolved against its importer: `/…`, `.`, `..`, `./…`, `../…`.
fn is_path_like(specifier: &str) -> bool {
    specifier.starts_with('/') || path::is_relative(specifier)
}

/// `name` or `@scope/name`, and the rest with its slash. `None` if that is no valid package name.
fn package_name(specifier: &str) -> Option<(&str, &str)> {
    let mut end = specifier.find('/');
    if specifier.starts_with('@') {
        let slash = end?;
        end = specifier[slash + 1..].find('/').map(|at| slash + 1 + at);
    }
    let (name, rest) = specifier.split_at(end.unwrap_or(specifier.len()));
    (!name.starts_with('.') && !name.contains(['%', '\\'])).then_some((name, rest))
}

/// The path from one file URL's folder to another file, as a relative specifier.
fn relative_url(base: &str, target: &str) -> String {
    let from: Vec<&str> = base.trim_start_matches("file://").split('/').collect();
    let to: Vec<&str> = target.trim_start_matches("file://").split('/').collect();
    let from = &from[..from.len() - 1];
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = "../".repeat(from.len() - common);
    let down = to[common..].join("/");
    if up.is_empty() { format!("./{down}") } else { format!("{up}{down}") }
}

/// `name/file` if the file is in that package's folder, else its URL.
fn bare_hint(specifier: &str, found: &str) -> String {
    let package = specifier.split('/').next().unwrap_or_default();
    let needle = format!("/node_modules/{package}/");
    match found.rfind(&needle) {
        Some(at) => {
            let inside =
                found[at + needle.len()..].split('/').map(encode_component).collect::<Vec<_>>().join("/");
            format!("{package}/{inside}")
        }
        None => path_to_file_url(found),
    }
}

/// `encodeURIComponent`.
fn encode_component(text: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&b);
    text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
