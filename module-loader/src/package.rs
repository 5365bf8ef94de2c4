//! package.json: the fields that resolution reads, where the nearest one is, and a cache of both.

use std::{cell::RefCell, rc::Rc};

use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::{
    error::ResolveError,
    explain::{Step, Trace},
    fs::FileSystem,
    path,
    wrapper::strip_bom,
};

/// The `type` field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PackageType {
    /// Absent, or a value Node doesn't know.
    #[default]
    None,
    /// `"commonjs"`
    CommonJs,
    /// `"module"`
    Module,
}

/// What resolution needs of a package.json. A field of the wrong JSON type counts as absent, as in Node.
#[derive(Clone, Debug, PartialEq)]
pub struct PackageJson {
    /// The file's path.
    pub path: String,
    /// `name`
    pub name: Option<String>,
    /// `main`
    pub main: Option<String>,
    /// `type`
    pub package_type: PackageType,
    /// `exports`: a string, an array or an object.
    pub exports: Option<Value>,
    /// `imports`: an object.
    pub imports: Option<Value>,
}

impl PackageJson {
    /// Reads the fields out of a package.json's text.
    ///
    /// # Errors
    /// [`ResolveError::InvalidPackageConfig`] naming `path` if the text isn't a JSON object.
    pub fn parse(path: &str, text: &str) -> Result<PackageJson, ResolveError> {
        let invalid =
            || ResolveError::InvalidPackageConfig { path: path.to_owned(), importing: None, message: None };
        let Ok(Value::Object(mut fields)) = serde_json::from_str(strip_bom(text)) else {
            return Err(invalid());
        };
        let mut text_field = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (name, main) = (text_field("name"), text_field("main"));
        let package_type = match text_field("type").as_deref() {
            Some("module") => PackageType::Module,
            Some("commonjs") => PackageType::CommonJs,
            _ => PackageType::None,
        };
        let mut map_field = |name: &str| {
            fields
                .remove(name)
                .filter(|value| matches!(value, Value::Object(_) | Value::Array(_) | Value::String(_)))
        };
        let (exports, imports) = (map_field("exports"), map_field("imports"));
        Ok(PackageJson { path: path.to_owned(), name, main, package_type, exports, imports })
    }

    /// The package's folder, with a slash at the end, as Node's messages show it.
    pub fn folder(&self) -> &str {
        &self.path[..self.path.len() - "package.json".len()]
    }
}

/// Where a search for the nearest package.json ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `require`'s search, which leaves out `/package.json`.
    Require,
    /// `import`'s search, which includes it.
    Import,
}

/// Every package.json read so far, by path, and the nearest one of each folder asked about.
///
/// That a particular package.json is absent is not remembered: it may come. That none governs a folder is, for `require`, as
/// in Node: a thousand modules outside any package would walk to the root a thousand times.
#[derive(Debug, Default)]
pub struct PackageCache {
    read: RefCell<FxHashMap<String, Rc<PackageJson>>>,
    /// One map for each [`Scope`].
    nearest: [RefCell<FxHashMap<String, Option<Rc<PackageJson>>>>; 2],
}

impl PackageCache {
    /// Forgets everything.
    pub fn clear(&self) {
        self.read.borrow_mut().clear();
        self.nearest.iter().for_each(|map| map.borrow_mut().clear());
    }

    /// Reads a package.json; `None` if there is none.
    pub(crate) fn read<F: FileSystem>(
        &self,
        fs: &F,
        path: &str,
        trace: &mut Trace<'_>,
    ) -> Result<Option<Rc<PackageJson>>, ResolveError> {
        if let Some(known) = self.read.borrow().get(path) {
            trace.note(|| Step::PackageJson { path: path.to_owned(), found: true });
            return Ok(Some(Rc::clone(known)));
        }
        // To Node a package.json that can't be read, for whatever reason, is one that isn't there.
        let Ok(text) = fs.read_to_string(path) else {
            trace.note(|| Step::PackageJson { path: path.to_owned(), found: false });
            return Ok(None);
        };
        trace.note(|| Step::PackageJson { path: path.to_owned(), found: true });
        let package = Rc::new(PackageJson::parse(path, &text)?);
        self.read.borrow_mut().insert(path.to_owned(), Rc::clone(&package));
        Ok(Some(package))
    }

    /// The package.json that governs a file: in its folder or the nearest above, but never across a `node_modules` boundary.
    pub(crate) fn nearest<F: FileSystem>(
        &self,
        fs: &F,
        file: &str,
        scope: Scope,
        trace: &mut Trace<'_>,
    ) -> Result<Option<Rc<PackageJson>>, ResolveError> {
        let start = if file.len() > 1 { file.strip_suffix('/').unwrap_or(path::dirname(file)) } else { "/" };
        let known = &self.nearest[scope as usize];
        if !trace.is_on()
            && let Some(known) = known.borrow().get(start)
        {
            return Ok(known.clone());
        }
        let found = self.search_upwards(fs, start, scope, trace)?;
        if found.is_some() || scope == Scope::Require {
            known.borrow_mut().insert(start.to_owned(), found.clone());
        }
        Ok(found)
    }

    fn search_upwards<F: FileSystem>(
        &self,
        fs: &F,
        start: &str,
        scope: Scope,
        trace: &mut Trace<'_>,
    ) -> Result<Option<Rc<PackageJson>>, ResolveError> {
        let mut dir = start;
        loop {
            if dir.ends_with("/node_modules") || (dir == "/" && scope == Scope::Require) {
                return Ok(None);
            }
            let found = self.read(fs, &format!("{}/package.json", dir.trim_end_matches('/')), trace)?;
            if found.is_some() || dir == "/" {
                return Ok(found);
            }
            dir = path::dirname(dir);
        }
    }
}
