//! The names of Node 24's built-in modules.

/// The modules that can be required without a prefix, as `module.builtinModules` of Node 24 lists them (sorted).
pub const BUILTIN_MODULES: &[&str] = &[
    "_http_agent",
    "_http_client",
    "_http_common",
    "_http_incoming",
    "_http_outgoing",
    "_http_server",
    "_stream_duplex",
    "_stream_passthrough",
    "_stream_readable",
    "_stream_transform",
    "_stream_wrap",
    "_stream_writable",
    "_tls_common",
    "_tls_wrap",
    "assert",
    "assert/strict",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "dns/promises",
    "domain",
    "events",
    "fs",
    "fs/promises",
    "http",
    "http2",
    "https",
    "inspector",
    "inspector/promises",
    "module",
    "net",
    "os",
    "path",
    "path/posix",
    "path/win32",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "readline/promises",
    "repl",
    "stream",
    "stream/consumers",
    "stream/promises",
    "stream/web",
    "string_decoder",
    "sys",
    "timers",
    "timers/promises",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "util/types",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// The modules that exist only with the `node:` prefix, written with it as `module.builtinModules` does; they end that list.
pub const PREFIX_ONLY_MODULES: &[&str] = &["node:sea", "node:sqlite", "node:test", "node:test/reporters"];

/// What looplab has beside Node's modules. Only with the prefix, so that it stands in nobody's way; not in `module.builtinModules`, which
/// programs compare with Node's.
pub const OWN_MODULES: &[&str] = &["node:looplab"];

/// `module.isBuiltin(specifier)`: with or without `node:`, as the module allows.
pub fn is_builtin(specifier: &str) -> bool {
    builtin_name(specifier).is_some()
}

/// The name of the built-in module that a specifier means, without `node:`; `None` if it means none.
///
/// ```
/// # use looplab_module_loader::builtin_name;
/// assert_eq!(builtin_name("fs"), Some("fs"));
/// assert_eq!(builtin_name("node:fs/promises"), Some("fs/promises"));
/// assert_eq!(builtin_name("node:test"), Some("test"));
/// assert_eq!(builtin_name("test"), None);
/// ```
pub fn builtin_name(specifier: &str) -> Option<&str> {
    let bare = specifier.strip_prefix("node:");
    if bare.is_some()
        && (PREFIX_ONLY_MODULES.binary_search(&specifier).is_ok() || OWN_MODULES.contains(&specifier))
    {
        return bare;
    }
    let name = bare.unwrap_or(specifier);
    BUILTIN_MODULES.binary_search(&name).is_ok().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_for_the_search() {
        assert!(BUILTIN_MODULES.is_sorted());
        assert!(PREFIX_ONLY_MODULES.is_sorted());
    }

    #[test]
    fn is_builtin_knows_the_prefix_rules() {
        for yes in [
            "fs",
            "node:fs",
            "node:test",
            "node:sqlite",
            "sys",
            "util/types",
            "node:test/reporters",
            "node:looplab",
        ] {
            assert!(is_builtin(yes), "{yes}");
        }
        for no in [
            "test",
            "sqlite",
            "node:foo",
            "",
            "node:",
            "fs/",
            "node:node:fs",
            "FS",
            "test/reporters",
            "looplab",
        ] {
            assert!(!is_builtin(no), "{no}");
        }
    }
}
