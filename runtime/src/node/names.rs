//! What embedded JavaScript is called in stack frames: Node's name for the file that does the same work there, so that a stack says what
//! people know. What has no counterpart is called after itself.

/// Internal files and their counterparts.
const NAMES: &[(&str, &str)] = &[
    ("abort", "internal/abort_controller"),
    ("assertion_error", "internal/assert/assertion_error"),
    ("blob", "internal/blob"),
    ("child_process_core", "internal/child_process"),
    ("console", "internal/console/constructor"),
    ("crypto_cipher", "internal/crypto/cipher"),
    ("crypto_hash", "internal/crypto/hash"),
    ("crypto_kdf", "internal/crypto/pbkdf2"),
    ("crypto_keys", "internal/crypto/keys"),
    ("crypto_random", "internal/crypto/random"),
    ("deep_equal", "internal/util/comparisons"),
    ("diff", "internal/assert/myers_diff"),
    ("dom_exception", "internal/per_context/domexception"),
    ("errors", "internal/errors"),
    ("event_source", "internal/deps/undici/undici"),
    ("event_target", "internal/event_target"),
    ("fetch", "internal/deps/undici/undici"),
    ("fetch_body", "internal/deps/undici/undici"),
    ("fetch_headers", "internal/deps/undici/undici"),
    ("format", "internal/util/inspect"),
    ("fs_cp", "internal/fs/cp/cp"),
    ("fs_glob", "internal/fs/glob"),
    ("fs_streams", "internal/fs/streams"),
    ("fs_watch", "internal/fs/watchers"),
    ("histogram", "internal/histogram"),
    ("inspect", "internal/util/inspect"),
    ("inspect_error", "internal/util/inspect"),
    ("messaging", "internal/worker/io"),
    ("mime", "internal/mime"),
    ("navigator", "internal/navigator"),
    ("parse_args", "internal/util/parse_args/parse_args"),
    ("performance_observer", "internal/perf/observe"),
    ("process", "internal/process/per_thread"),
    ("process_report", "internal/process/report"),
    ("readline_cursor", "internal/readline/callbacks"),
    ("readline_interface", "internal/readline/interface"),
    ("readline_keys", "internal/readline/utils"),
    ("repl", "repl"),
    ("stdio_streams", "internal/bootstrap/switches/is_main_thread"),
    ("stream_operators", "internal/streams/operators"),
    ("stream_pipeline", "internal/streams/pipeline"),
    ("test", "internal/test_runner/test"),
    ("test_mock", "internal/test_runner/mock/mock"),
    ("text", "internal/util/inspect"),
    ("tty_colors", "internal/tty"),
    ("tty_streams", "tty"),
    ("url_search_params", "internal/url"),
    ("url_whatwg", "internal/url"),
    ("util_types", "internal/util/types"),
    ("validators", "internal/validators"),
    ("webcrypto", "internal/crypto/webcrypto"),
    ("websocket", "internal/deps/undici/undici"),
    ("webstreams_adapters", "internal/webstreams/adapters"),
    ("webstreams_readable", "internal/webstreams/readablestream"),
    ("webstreams_transform", "internal/webstreams/transformstream"),
    ("webstreams_writable", "internal/webstreams/writablestream"),
    ("worker", "internal/worker"),
];

/// The name of an embedded file in stacks; internal ones have a slash at the front.
pub(crate) fn shown(name: &str) -> String {
    match name.strip_prefix('/') {
        None => format!("node:{name}"),
        Some(inner) => match NAMES.binary_search_by_key(&inner, |(ours, _)| ours) {
            Ok(i) => format!("node:{}", NAMES[i].1),
            Err(_) => format!("node:internal/{inner}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_files_have_nodes_names() {
        assert!(NAMES.is_sorted_by_key(|(ours, _)| *ours));
        assert_eq!(shown("/event_target"), "node:internal/event_target");
        assert_eq!(shown("events"), "node:events");
        assert_eq!(shown("/no_such_file"), "node:internal/no_such_file");
    }
}
