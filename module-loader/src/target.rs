//! `exports` and `imports`: from a subpath to a target, by the rules on Node's "Modules: Packages" page.

use serde_json::{Map, Value};

use crate::{
    error::ResolveError,
    explain::{Step, Trace},
    fs::FileSystem,
    package::PackageJson,
    resolver::Resolver,
    url::{FileUrl, ModuleUrl, file_url_to_path},
};

/// The importing module, for messages: its URL and, when that is a file, the path.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub url: String,
    pub path: String,
}

impl Base {
    pub(crate) fn from_url(url: &str) -> Base {
        Base { path: file_url_to_path(url).unwrap_or_else(|_| url.to_owned()), url: url.to_owned() }
    }

    pub(crate) fn from_path(path: &str) -> Base {
        Base { url: crate::url::path_to_file_url(path), path: path.to_owned() }
    }
}

/// What a target comes to.
enum Outcome {
    /// Nothing here; try the next condition or array item.
    Undefined,
    /// Explicitly nothing: the subpath is blocked.
    Null,
    Url(ModuleUrl),
}

/// Everything that stays the same while one map is resolved.
struct Lookup<'a> {
    package: &'a PackageJson,
    package_url: FileUrl,
    /// The key that matched, for messages.
    key: &'a str,
    /// What the star of the key stands for; `None` for an exact match.
    star: Option<&'a str>,
    internal: bool,
    /// The request ends in a slash (a deprecated form that mutes the other deprecation).
    folder_request: bool,
    base: Option<&'a Base>,
    conditions: &'a [String],
}

impl Lookup<'_> {
    fn invalid(&self, target: &str) -> ResolveError {
        ResolveError::InvalidPackageTarget {
            package: self.package.folder().to_owned(),
            key: self.key.to_owned(),
            target: target.to_owned(),
            internal: self.internal,
            base: self.base.map(|base| base.path.clone()),
        }
    }

    /// The request as the user wrote it: the key with its star filled in.
    fn request(&self) -> String {
        self.star.map_or_else(|| self.key.to_owned(), |star| self.key.replacen('*', star, 1))
    }

    fn filled(&self, target: &str) -> String {
        self.star.map_or_else(|| target.to_owned(), |star| target.replace('*', star))
    }
}

impl<F: FileSystem> Resolver<F> {
    /// PACKAGE_EXPORTS_RESOLVE: `subpath` is `.` or `./…`.
    pub(crate) fn package_exports(
        &self,
        package: &PackageJson,
        exports: &Value,
        subpath: &str,
        base: Option<&Base>,
        conditions: &[String],
        trace: &mut Trace<'_>,
    ) -> Result<ModuleUrl, ResolveError> {
        note_field(package, "exports", exports, trace);
        let wrapped;
        let map = if is_main_sugar(package, exports, base)? {
            wrapped = Map::from_iter([(".".to_owned(), exports.clone())]);
            &wrapped
        } else {
            match exports {
                Value::Object(map) => map,
                _ => return Err(not_exported(package, subpath, base)),
            }
        };
        let found = self.resolve_in_map(package, map, subpath, false, base, conditions, trace)?;
        found.ok_or_else(|| not_exported(package, subpath, base))
    }

    /// The map part of PACKAGE_IMPORTS_RESOLVE: `None` if the name is not defined there.
    pub(crate) fn package_imports(
        &self,
        package: &PackageJson,
        name: &str,
        base: &Base,
        conditions: &[String],
        trace: &mut Trace<'_>,
    ) -> Result<Option<ModuleUrl>, ResolveError> {
        let Some(imports) = &package.imports else { return Ok(None) };
        note_field(package, "imports", imports, trace);
        let Value::Object(map) = imports else { return Ok(None) };
        self.resolve_in_map(package, map, name, true, Some(base), conditions, trace)
    }

    /// PACKAGE_IMPORTS_EXPORTS_RESOLVE: the exact key, else the most specific pattern.
    #[expect(
        clippy::too_many_arguments,
        reason = "the specification's own parameters, gathered into Lookup right here"
    )]
    fn resolve_in_map(
        &self,
        package: &PackageJson,
        map: &Map<String, Value>,
        subpath: &str,
        internal: bool,
        base: Option<&Base>,
        conditions: &[String],
        trace: &mut Trace<'_>,
    ) -> Result<Option<ModuleUrl>, ResolveError> {
        let folder_request = !internal && subpath.ends_with('/');
        let exact = map.get_key_value(subpath).filter(|_| !subpath.contains('*') && !folder_request);
        let (key, target, star) = match exact {
            Some((key, target)) => (key.as_str(), target, None),
            None => match best_pattern(map, subpath) {
                Some((key, target, star)) => (key, target, Some(star)),
                None => {
                    trace.note(|| Step::NoKeyMatched { subpath: subpath.to_owned() });
                    return Ok(None);
                }
            },
        };
        trace.note(|| Step::KeyMatched { key: key.to_owned(), star: star.map(str::to_owned) });
        if folder_request {
            self.deprecate("DEP0155", folder_mapping_text(package, subpath, base), trace);
        }
        let package_url = FileUrl::from_path(&package.path);
        let lookup = Lookup { package, package_url, key, star, internal, folder_request, base, conditions };
        Ok(match self.target(&lookup, target, trace)? {
            Outcome::Url(url) => Some(url),
            Outcome::Undefined | Outcome::Null => None,
        })
    }

    /// PACKAGE_TARGET_RESOLVE. Recursion is bounded by the JSON parser's depth limit.
    fn target(
        &self,
        lookup: &Lookup<'_>,
        target: &Value,
        trace: &mut Trace<'_>,
    ) -> Result<Outcome, ResolveError> {
        match target {
            Value::String(text) => {
                let result = self.string_target(lookup, text, trace);
                match &result {
                    Ok(url) => {
                        trace.note(|| Step::Target { target: text.clone(), resolved: url.to_string() })
                    }
                    Err(error) => {
                        trace.note(|| Step::TargetRejected {
                            target: target.to_string(),
                            reason: error.message(),
                        });
                    }
                }
                result.map(Outcome::Url)
            }
            Value::Array(items) => self.array_target(lookup, items, trace),
            Value::Object(map) => self.conditional_target(lookup, map, trace),
            Value::Null => {
                trace.note(|| Step::TargetRejected {
                    target: "null".into(),
                    reason: "the subpath is blocked".into(),
                });
                Ok(Outcome::Null)
            }
            Value::Bool(_) | Value::Number(_) => Err(lookup.invalid(&target.to_string())),
        }
    }

    /// The first item that is a valid target and not undefined decides.
    fn array_target(
        &self,
        lookup: &Lookup<'_>,
        items: &[Value],
        trace: &mut Trace<'_>,
    ) -> Result<Outcome, ResolveError> {
        let mut last = if items.is_empty() { Ok(Outcome::Null) } else { Ok(Outcome::Undefined) };
        for item in items {
            match self.target(lookup, item, trace) {
                Ok(Outcome::Url(url)) => return Ok(Outcome::Url(url)),
                Ok(Outcome::Undefined) => {}
                Ok(Outcome::Null) => last = Ok(Outcome::Null),
                Err(error @ ResolveError::InvalidPackageTarget { .. }) => last = Err(error),
                Err(error) => return Err(error),
            }
        }
        last
    }

    /// The first condition that holds and leads somewhere decides.
    fn conditional_target(
        &self,
        lookup: &Lookup<'_>,
        map: &Map<String, Value>,
        trace: &mut Trace<'_>,
    ) -> Result<Outcome, ResolveError> {
        if map.keys().any(|key| is_array_index(key)) {
            return Err(ResolveError::InvalidPackageConfig {
                path: lookup.package.path.clone(),
                importing: lookup.base.map(|base| base.url.clone()),
                message: Some("\"exports\" cannot contain numeric property keys.".to_owned()),
            });
        }
        for (condition, target) in map {
            let accepted = condition == "default" || lookup.conditions.contains(condition);
            trace.note(|| Step::Condition { name: condition.clone(), accepted });
            if !accepted {
                continue;
            }
            match self.target(lookup, target, trace)? {
                Outcome::Undefined => {}
                decided => return Ok(decided),
            }
        }
        Ok(Outcome::Undefined)
    }

    fn string_target(
        &self,
        lookup: &Lookup<'_>,
        target: &str,
        trace: &mut Trace<'_>,
    ) -> Result<ModuleUrl, ResolveError> {
        let Some(relative) = target.strip_prefix("./") else {
            let elsewhere = lookup.internal
                && !target.starts_with('/')
                && !target.starts_with("../")
                && ModuleUrl::parse(target).is_none();
            if !elsewhere {
                return Err(lookup.invalid(target));
            }
            let base = Base::from_path(&lookup.package.path);
            return self.package_resolve(&lookup.filled(target), &base, lookup.conditions, trace);
        };
        match worst_segment(relative) {
            Segment::Forbidden => return Err(lookup.invalid(target)),
            Segment::Empty if !lookup.folder_request => self.deprecate_segment(lookup, target, true, trace),
            _ => {}
        }
        let resolved = lookup.package_url.join(target);
        let folder = lookup.package_url.join("./");
        if !resolved.path.starts_with(&folder.path) {
            return Err(lookup.invalid(target));
        }
        let Some(star) = lookup.star.filter(|star| !star.is_empty()) else {
            return Ok(ModuleUrl::File(resolved));
        };
        match worst_segment(star) {
            Segment::Forbidden => return Err(self.bad_star(lookup)),
            Segment::Empty if !lookup.folder_request => self.deprecate_segment(lookup, target, false, trace),
            _ => {}
        }
        let filled = resolved.to_string().replace('*', star);
        ModuleUrl::parse(&filled).ok_or_else(|| lookup.invalid(target))
    }

    fn bad_star(&self, lookup: &Lookup<'_>) -> ResolveError {
        ResolveError::InvalidModuleSpecifier {
            request: lookup.request(),
            reason: format!(
                "request is not a valid match in pattern \"{}\" for the \"{}\" resolution of {}",
                lookup.key,
                if lookup.internal { "imports" } else { "exports" },
                lookup.package.path
            ),
            base: lookup.base.map(|base| base.path.clone()),
        }
    }

    fn deprecate_segment(&self, lookup: &Lookup<'_>, target: &str, in_target: bool, trace: &mut Trace<'_>) {
        let (resolved, request) = (lookup.filled(target), lookup.request());
        let judged = if in_target { &resolved } else { &request };
        let double = judged.as_bytes().windows(2).any(|w| w.iter().all(|b| matches!(b, b'/' | b'\\')));
        let kind = if double { "double slash" } else { "leading or trailing slash matching" };
        let matched =
            if request == lookup.key { String::new() } else { format!("matched to \"{}\" ", lookup.key) };
        let field = if lookup.internal { "imports" } else { "exports" };
        let from = lookup.base.map(|base| format!(" imported from {}", base.path)).unwrap_or_default();
        let message = format!(
            "Use of deprecated {kind} resolving \"{resolved}\" for module request \"{request}\" {matched}in the \
             \"{field}\" field module resolution of the package at {}{from}.",
            lookup.package.path
        );
        self.deprecate("DEP0166", message, trace);
    }
}

fn folder_mapping_text(package: &PackageJson, subpath: &str, base: Option<&Base>) -> String {
    let from = base.map(|base| format!(" imported from {}", base.path)).unwrap_or_default();
    format!(
        "Use of deprecated trailing slash pattern mapping \"{subpath}\" in the \"exports\" field module resolution of \
         the package at {}{from}. Mapping specifiers ending in \"/\" is no longer supported.",
        package.path
    )
}

fn not_exported(package: &PackageJson, subpath: &str, base: Option<&Base>) -> ResolveError {
    ResolveError::PackagePathNotExported {
        package: package.folder().to_owned(),
        subpath: subpath.to_owned(),
        base: base.map(|base| base.path.clone()),
    }
}

fn note_field(package: &PackageJson, field: &str, value: &Value, trace: &mut Trace<'_>) {
    trace.note(|| Step::Field {
        path: package.path.clone(),
        field: field.to_owned(),
        value: Some(match value {
            Value::Object(map) => {
                format!("an object with {}", map.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
            other => other.to_string(),
        }),
    });
}

/// Whether `exports` is the target of `.` itself, rather than a map of subpaths.
fn is_main_sugar(package: &PackageJson, exports: &Value, base: Option<&Base>) -> Result<bool, ResolveError> {
    let Value::Object(map) = exports else { return Ok(true) };
    let mut sugar = map.keys().map(|key| !key.starts_with('.'));
    let first = sugar.next().unwrap_or(false);
    if sugar.all(|next| next == first) {
        return Ok(first);
    }
    Err(ResolveError::InvalidPackageConfig {
        path: package.path.clone(),
        importing: base.map(|base| base.url.clone()),
        message: Some(
            "\"exports\" cannot contain some keys starting with '.' and some not. The exports object must either be an \
             object of package subpath keys or an object of main entry condition name keys only."
                .to_owned(),
        ),
    })
}

/// The pattern key with the longest part before its star (then the longest of all) that fits, and what the star takes.
fn best_pattern<'m, 's>(
    map: &'m Map<String, Value>,
    subpath: &'s str,
) -> Option<(&'m str, &'m Value, &'s str)> {
    let mut best: Option<(&str, &Value, &str)> = None;
    for (key, target) in map {
        let Some((before, after)) = key.split_once('*') else { continue };
        // Two stars are no pattern, and the star must stand for something.
        let fits = !after.contains('*')
            && subpath.len() >= key.len()
            && subpath.starts_with(before)
            && subpath.ends_with(after);
        let better = best.is_none_or(|(other, ..)| {
            let other_before = other.find('*').unwrap_or(other.len());
            (before.len(), key.len()) > (other_before, other.len())
        });
        if fits && better {
            best = Some((key, target, &subpath[before.len()..subpath.len() - after.len()]));
        }
    }
    best
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Fine,
    /// Two slashes in a row, or one at an end: deprecated.
    Empty,
    /// `.`, `..` or `node_modules`, also percent-encoded.
    Forbidden,
}

fn worst_segment(path: &str) -> Segment {
    let judge = |segment: &str| match percent_decoded(segment).to_ascii_lowercase().as_str() {
        "" => Segment::Empty,
        "." | ".." | "node_modules" => Segment::Forbidden,
        _ => Segment::Fine,
    };
    path.split(['/', '\\']).map(judge).max().unwrap_or(Segment::Fine)
}

/// Decodes ASCII escapes, leaving anything else as it is.
fn percent_decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let code =
            rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(u8::is_ascii);
        match code {
            Some(code) => {
                out.push(char::from(code));
                rest = &rest[at + 3..];
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out + rest
}

/// Whether an object key would be an array index in JavaScript.
fn is_array_index(key: &str) -> bool {
    key.parse::<u32>().is_ok_and(|n| n != u32::MAX && n.to_string() == key)
}
