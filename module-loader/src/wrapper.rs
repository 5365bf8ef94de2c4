//! The function every CommonJS module is the body of.

/// The names of the wrapper's parameters, in order.
pub const PARAMETERS: [&str; 5] = ["exports", "require", "module", "__filename", "__dirname"];

/// `module.wrapper[0]`: the text before the source. Engines that compile a body with parameters should use [`PARAMETERS`]
/// instead, which keeps the positions of the source as they are.
pub const PREFIX: &str = "(function (exports, require, module, __filename, __dirname) { ";

/// `module.wrapper[1]`: the text after the source.
pub const SUFFIX: &str = "\n});";

/// `module.wrap(source)`.
pub fn wrap(source: &str) -> String {
    format!("{PREFIX}{source}{SUFFIX}")
}

/// Removes a byte order mark, as Node does before compiling or parsing a module.
pub fn strip_bom(source: &str) -> &str {
    source.strip_prefix('\u{feff}').unwrap_or(source)
}
