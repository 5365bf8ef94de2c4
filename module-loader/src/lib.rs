//! Node's module resolution, package.json, cache and graph, as pure algorithms.
//!
//! Nothing in this crate runs JavaScript, and files are reached only through the [`FileSystem`] given by the caller. The
//! parts, in the order in which a runtime meets them:
//!
//! 1. [`Resolver`]: from a specifier to a file ([`require`](Resolver::require)) or a URL ([`import`](Resolver::import)), with
//!    Node 24's results, error codes and messages; `explain_require` and `explain_import` report each [`Step`].
//! 2. [`Resolver::format_of_require`] and [`Resolver::format_of_import`]: which [`Format`] the file has.
//! 3. [`cjs_exports::scan`]: the names a CommonJS module exports, found without running it.
//! 4. [`registry::Registry`]: the modules there are, who imports whom, cycles, load order, DOT and JSON.
//! 5. [`evaluation::Evaluator`]: the order in which ES modules run, top-level await included.
//!
//! Paths are posix paths in UTF-8; a file whose path is not valid UTF-8 can't be resolved.
#![forbid(unsafe_code)]

pub mod builtins;
pub mod cjs_exports;
mod error;
pub mod evaluation;
mod explain;
mod format;
mod fs;
mod import;
mod package;
pub mod path;
pub mod registry;
mod require;
mod resolver;
mod target;
pub mod url;
pub mod wrapper;

pub use builtins::{BUILTIN_MODULES, OWN_MODULES, PREFIX_ONLY_MODULES, builtin_name, is_builtin};
pub use error::{ErrorClass, ResolveError};
pub use explain::{Step, System};
pub use format::Format;
pub use fs::{FileKind, FileSystem, MemoryFileSystem, StdFileSystem};
pub use import::Imported;
pub use package::{PackageJson, PackageType, Scope};
pub use require::{Referrer, Required, node_module_paths};
pub use resolver::{Deprecation, Options, Resolver, global_paths};
