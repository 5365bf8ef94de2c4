//! Node's builtin modules. One file or folder each, under the name a user knows; pure convenience is JavaScript in `runtime/js`,
//! embedded and compiled when first required.

pub(crate) mod binding;
mod broadcast;
pub(crate) mod buffer;
pub(crate) mod child;
pub(crate) mod clone;
pub(crate) mod console;
pub(crate) mod crypto;
pub(crate) mod events;
pub(crate) mod fs;
pub(crate) mod http;
pub(crate) mod messaging;
pub(crate) mod names;
pub(crate) mod net;
pub(crate) mod os;
pub(crate) mod performance;
pub(crate) mod process;
mod repl;
pub(crate) mod stacks;
pub(crate) mod stdio;
pub(crate) mod stdio_native;
pub(crate) mod stream;
pub(crate) mod sys;
pub(crate) mod url;
pub(crate) mod v8;
mod vm;
pub(crate) mod worker;
pub(crate) mod zlib;

use crate::modules::{self, builtin};
use crate::rt::Rt;
use looplab_engine::{Args, CompileGoal, Completion, Local, Scope, Thrown};
use std::rc::Rc;

/// Builtins written in JavaScript: name and text. Names with a slash at the front are internal.
const JS: &[(&str, &str)] = &[
    ("/errors", include_str!("../../js/errors.js")),
    ("/validators", include_str!("../../js/validators.js")),
    ("/event_target", include_str!("../../js/event_target.js")),
    ("/dom_exception", include_str!("../../js/dom_exception.js")),
    ("/abort", include_str!("../../js/abort.js")),
    ("/messaging", include_str!("../../js/messaging.js")),
    ("/url_search_params", include_str!("../../js/url_search_params.js")),
    ("/url_whatwg", include_str!("../../js/url_whatwg.js")),
    ("url", include_str!("../../js/url.js")),
    ("/blob", include_str!("../../js/blob.js")),
    ("/navigator", include_str!("../../js/navigator.js")),
    ("perf_hooks", include_str!("../../js/perf_hooks.js")),
    ("/performance_observer", include_str!("../../js/performance_observer.js")),
    ("/histogram", include_str!("../../js/histogram.js")),
    ("/process", include_str!("../../js/process.js")),
    ("/process_report", include_str!("../../js/process_report.js")),
    ("/events_extra", include_str!("../../js/events_extra.js")),
    ("/text", include_str!("../../js/text.js")),
    ("/inspect", include_str!("../../js/inspect.js")),
    ("/inspect_error", include_str!("../../js/inspect_error.js")),
    ("/format", include_str!("../../js/format.js")),
    ("/util_types", include_str!("../../js/util_types.js")),
    ("/mime", include_str!("../../js/mime.js")),
    ("/parse_args", include_str!("../../js/parse_args.js")),
    ("/diff", include_str!("../../js/diff.js")),
    ("/deep_equal", include_str!("../../js/deep_equal.js")),
    ("/assertion_error", include_str!("../../js/assertion_error.js")),
    ("/console", include_str!("../../js/console.js")),
    ("stream", include_str!("../../js/stream.js")),
    ("/stream_util", include_str!("../../js/stream_util.js")),
    ("/stream_pipeline", include_str!("../../js/stream_pipeline.js")),
    ("/stream_extra", include_str!("../../js/stream_extra.js")),
    ("/stream_operators", include_str!("../../js/stream_operators.js")),
    ("stream/promises", include_str!("../../js/stream_promises.js")),
    ("/fs_streams", include_str!("../../js/fs_streams.js")),
    ("stream/web", include_str!("../../js/stream_web.js")),
    ("/webstreams_util", include_str!("../../js/webstreams_util.js")),
    ("/webstreams_strategies", include_str!("../../js/webstreams_strategies.js")),
    ("/webstreams_readable", include_str!("../../js/webstreams_readable.js")),
    ("/webstreams_bytes", include_str!("../../js/webstreams_bytes.js")),
    ("/webstreams_pipe", include_str!("../../js/webstreams_pipe.js")),
    ("/webstreams_writable", include_str!("../../js/webstreams_writable.js")),
    ("/webstreams_transform", include_str!("../../js/webstreams_transform.js")),
    ("/webstreams_adapters", include_str!("../../js/webstreams_adapters.js")),
    ("/stdio_streams", include_str!("../../js/stdio_streams.js")),
    ("stream/consumers", include_str!("../../js/stream_consumers.js")),
    ("timers/promises", include_str!("../../js/timers_promises.js")),
    ("/timer_inspect", include_str!("../../js/timer_inspect.js")),
    ("util", include_str!("../../js/util.js")),
    ("/v8_serdes", include_str!("../../js/v8_serdes.js")),
    ("/child_process_wire", include_str!("../../js/child_process_wire.js")),
    ("/child_process_core", include_str!("../../js/child_process_core.js")),
    ("child_process", include_str!("../../js/child_process.js")),
    ("/fs_cp", include_str!("../../js/fs_cp.js")),
    ("/fs_extra", include_str!("../../js/fs_extra.js")),
    ("/fs_glob", include_str!("../../js/fs_glob.js")),
    ("/fs_watch", include_str!("../../js/fs_watch.js")),
    ("/glob", include_str!("../../js/glob.js")),
    ("path", include_str!("../../js/path.js")),
    ("assert", include_str!("../../js/assert.js")),
    ("net", include_str!("../../js/net.js")),
    ("/net_address", include_str!("../../js/net_address.js")),
    ("dns", include_str!("../../js/dns.js")),
    ("dgram", include_str!("../../js/dgram.js")),
    ("http", include_str!("../../js/http.js")),
    ("_http_common", include_str!("../../js/http_common.js")),
    ("_http_incoming", include_str!("../../js/http_incoming.js")),
    ("_http_outgoing", include_str!("../../js/http_outgoing.js")),
    ("_http_server", include_str!("../../js/http_server.js")),
    ("_http_client", include_str!("../../js/http_client.js")),
    ("_http_agent", include_str!("../../js/http_agent.js")),
    ("https", include_str!("../../js/https.js")),
    ("tls", include_str!("../../js/tls.js")),
    ("/fetch", include_str!("../../js/fetch.js")),
    ("/fetch_body", include_str!("../../js/fetch_body.js")),
    ("/fetch_headers", include_str!("../../js/fetch_headers.js")),
    ("/websocket", include_str!("../../js/websocket.js")),
    ("/event_source", include_str!("../../js/event_source.js")),
    ("/system_error", include_str!("../../js/system_error.js")),
    ("/constants_table", include_str!("../../js/constants_table.js")),
    ("constants", include_str!("../../js/constants.js")),
    ("os", include_str!("../../js/os.js")),
    ("sys", include_str!("../../js/sys.js")),
    ("punycode", include_str!("../../js/punycode.js")),
    ("querystring", include_str!("../../js/querystring.js")),
    ("async_hooks", include_str!("../../js/async_hooks.js")),
    ("/readline_keys", include_str!("../../js/readline_keys.js")),
    ("/readline_cursor", include_str!("../../js/readline_cursor.js")),
    ("/readline_interface", include_str!("../../js/readline_interface.js")),
    ("/crypto_hash", include_str!("../../js/crypto_hash.js")),
    ("/crypto_keys", include_str!("../../js/crypto_keys.js")),
    ("/crypto_random", include_str!("../../js/crypto_random.js")),
    ("/crypto_kdf", include_str!("../../js/crypto_kdf.js")),
    ("/crypto_cipher", include_str!("../../js/crypto_cipher.js")),
    ("/webcrypto", include_str!("../../js/webcrypto.js")),
    ("crypto", include_str!("../../js/crypto.js")),
    ("tty", include_str!("../../js/tty.js")),
    ("/tty_streams", include_str!("../../js/tty_streams.js")),
    ("/tty_colors", include_str!("../../js/tty_colors.js")),
    ("worker_threads", include_str!("../../js/worker_threads.js")),
    ("/preload", include_str!("../../js/preload.js")),
    ("/worker", include_str!("../../js/worker.js")),
    ("looplab", include_str!("../../js/looplab.js")),
    ("/worker_shared", include_str!("../../js/worker_shared.js")),
    ("/worker_thread", include_str!("../../js/worker_thread.js")),
    ("v8", include_str!("../../js/v8.js")),
    ("vm", include_str!("../../js/vm.js")),
    ("zlib", include_str!("../../js/zlib.js")),
    ("test", include_str!("../../js/test.js")),
    ("/test_mock", include_str!("../../js/test_mock.js")),
    ("/test_reporters", include_str!("../../js/test_reporters.js")),
    ("module", include_str!("../../js/module.js")),
    ("/module_cycles", include_str!("../../js/module_cycles.js")),
    ("repl", include_str!("../../js/repl.js")),
    ("/repl_complete", include_str!("../../js/repl_complete.js")),
    ("/repl_main", include_str!("../../js/repl_main.js")),
    ("readline", include_str!("../../js/readline.js")),
    ("readline/promises", include_str!("../../js/readline_promises.js")),
    ("diagnostics_channel", include_str!("../../js/diagnostics_channel.js")),
];

/// Makes the exports of a builtin; `None`: not here (yet).
pub(crate) fn load<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, name: &str) -> Result<Option<Local<'s>>, Thrown> {
    Ok(Some(match name {
        "process" => rt.process(s),
        "timers" => {
            let o = s.new_object();
            crate::timers::install(s, o);
            if let Some(p) = builtin(s, rt, "timers/promises")? {
                let k = s.key("promises");
                s.define_with(o, k, p, looplab_engine::ALL);
            }
            o
        }
        "/timers_native" => {
            let o = s.new_object();
            crate::timers::install(s, o);
            o
        }
        "console" => console::object(s, rt)?,
        "events" => events::load(s, rt)?,
        "buffer" => buffer::load(s)?,
        "string_decoder" => buffer::load_string_decoder(s)?,
        "/encoding" => {
            let o = s.new_object();
            buffer::install_text(s, o);
            o
        }
        "fs" => fs::load(s)?,
        "/child_native" => child::load(s)?,
        "/fs_native" => fs::native::load(s)?,
        "fs/promises" => fs::load_promises(s)?,
        "/url_native" => url::load(s)?,
        "/performance_native" => performance::load(s)?,
        "/process_native" => process::native::load(s)?,
        "/net_native" => net::load(s)?,
        "/http_native" => http::load(s)?,
        "/stream_native" => stream::load(s)?,
        "dns/promises" => return part(s, rt, "dns", "promises"),
        "/messaging_native" => {
            let o = s.new_object();
            messaging::install(s, o);
            o
        }
        "/os_native" => os::load(s),
        "/crypto_native" => crypto::load(s),
        "/v8_native" => v8::load(s),
        "/vm_native" => vm::load(s),
        "/zlib_native" => zlib::load(s),
        "/worker_native" => worker::load(s)?,
        "/offload_native" => worker::offload::load(s)?,
        "/repl_native" => repl::load(s),
        "/async_native" => crate::continuation::load(s),
        "/module_native" => modules::cjs_module::native(s),
        "/fs_stream_native" => fs::stream_io::load(s)?,
        "/stdio_native" => stdio_native::load(s)?,
        "path/posix" => return part(s, rt, "path", "posix"),
        "path/win32" => return part(s, rt, "path", "win32"),
        "util/types" => return part(s, rt, "util", "types"),
        "assert/strict" => return part(s, rt, "assert", "strict"),
        _ => return load_js(s, rt, name),
    }))
}

/// A builtin that is a property of another.
fn part<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, whole: &str, name: &str) -> Result<Option<Local<'s>>, Thrown> {
    let Some(m) = builtin(s, rt, whole)? else { return Ok(None) };
    let k = s.key(name);
    s.get(m, k).map(Some)
}

/// The text of a JavaScript builtin. A debug build takes it from the folder `LOOPLAB_JS_DIR`, if that is set, so that builtins can be
/// worked on without building anew.
fn js_text(name: &str) -> Option<std::borrow::Cow<'static, str>> {
    #[cfg(debug_assertions)]
    if let Some(folder) = std::env::var_os("LOOPLAB_JS_DIR") {
        let file = name.trim_start_matches('/').replace('/', "_");
        if let Ok(text) = std::fs::read_to_string(std::path::Path::new(&folder).join(file + ".js")) {
            return Some(text.into());
        }
    }
    JS.iter().find(|(n, _)| *n == name).map(|(_, text)| (*text).into())
}

/// Runs an embedded JavaScript builtin.
fn load_js<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, name: &str) -> Result<Option<Local<'s>>, Thrown> {
    let Some(text) = js_text(name) else { return Ok(None) };
    let text = &*text;
    let params = ["exports", "require", "module", "binding"];
    let file = names::shown(name);
    let t = modules::compile(s, rt, &file, text, CompileGoal::Body(&params))?;
    let f = s.function_from(t);
    let (module, exports) = (s.new_object(), s.new_object());
    let k = s.key("exports");
    s.define_with(module, k, exports, looplab_engine::ALL);
    let rk = s.key("require");
    let require = s.function(rk, 1, internal_require);
    let binding = binding::object(s)?;
    let u = s.undefined();
    s.call(f, u, &[exports, require, module, binding])?;
    s.get(module, k).map(Some)
}

/// `require` as embedded builtins see it: builtins only, internal ones included.
fn internal_require<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = s.to_text(args.get(0))?;
    let rt = Rt::of(s);
    let plain = name.strip_prefix("node:").or(name.strip_prefix('.')).unwrap_or(&name).to_owned();
    modules::cjs::require_builtin(s, &rt, &plain)
}

/// Globals that come from builtin modules: name, module, whether it is enumerable.
const GLOBALS: &[(&str, &str, bool)] = &[
    ("Buffer", "buffer", false),
    ("atob", "buffer", true),
    ("btoa", "buffer", true),
    ("TextEncoder", "/encoding", false),
    ("TextDecoder", "/encoding", false),
    ("ReadableStream", "stream/web", false),
    ("ReadableStreamDefaultReader", "stream/web", false),
    ("ReadableStreamBYOBReader", "stream/web", false),
    ("ReadableStreamBYOBRequest", "stream/web", false),
    ("ReadableByteStreamController", "stream/web", false),
    ("ReadableStreamDefaultController", "stream/web", false),
    ("TransformStream", "stream/web", false),
    ("TransformStreamDefaultController", "stream/web", false),
    ("WritableStream", "stream/web", false),
    ("WritableStreamDefaultWriter", "stream/web", false),
    ("WritableStreamDefaultController", "stream/web", false),
    ("ByteLengthQueuingStrategy", "stream/web", false),
    ("CountQueuingStrategy", "stream/web", false),
    ("TextEncoderStream", "stream/web", false),
    ("TextDecoderStream", "stream/web", false),
    ("Crypto", "/webcrypto", false),
    ("SubtleCrypto", "/webcrypto", false),
    ("crypto", "/webcrypto", true),
    ("DOMException", "/dom_exception", false),
    ("AbortController", "/abort", false),
    ("AbortSignal", "/abort", false),
    ("Event", "/event_target", false),
    ("EventTarget", "/event_target", false),
    ("CustomEvent", "/event_target", false),
    ("structuredClone", "/messaging_native", true),
    ("MessageChannel", "/messaging", false),
    ("MessagePort", "/messaging", false),
    ("MessageEvent", "/messaging", false),
    ("BroadcastChannel", "/messaging", false),
    ("URL", "/url_whatwg", false),
    ("URLSearchParams", "/url_search_params", false),
    ("Blob", "/blob", false),
    ("File", "/blob", false),
    ("navigator", "/navigator", true),
    ("Navigator", "/navigator", false),
    ("performance", "perf_hooks", true),
    ("Performance", "perf_hooks", false),
    ("PerformanceEntry", "perf_hooks", false),
    ("PerformanceMark", "perf_hooks", false),
    ("PerformanceMeasure", "perf_hooks", false),
    ("PerformanceObserver", "perf_hooks", false),
    ("PerformanceObserverEntryList", "perf_hooks", false),
    ("PerformanceResourceTiming", "perf_hooks", false),
    ("fetch", "/fetch", true),
    ("Headers", "/fetch_headers", false),
    ("Request", "/fetch", false),
    ("Response", "/fetch", false),
    ("FormData", "/fetch_body", false),
    ("WebSocket", "/websocket", false),
    ("CloseEvent", "/websocket", false),
    ("EventSource", "/event_source", false),
];

/// Makes these globals accessors that load the module when first touched and then become plain properties.
pub(crate) fn install_globals(s: &mut Scope<'_>, rt: &Rc<Rt>) -> Result<(), Thrown> {
    s.nested(|s| {
        let g = s.global_object();
        for (i, &(name, _, enumerable)) in GLOBALS.iter().enumerate() {
            if name == "EventSource" && !rt.options.node.event_source {
                continue;
            }
            let (k, data) = (s.key(name), s.int(i as i32));
            let get = s.function_with_data(k, 0, global_get, data);
            let set = s.function_with_data(k, 1, global_set, data);
            let shown = if enumerable { looplab_engine::ENUMERABLE } else { 0 };
            s.define_accessor(g, k, get, set, looplab_engine::CONFIGURABLE | shown);
        }
    });
    Ok(())
}

fn lazy_global(args: &Args<'_>) -> &'static (&'static str, &'static str, bool) {
    &GLOBALS[args.data().as_int().unwrap_or(0) as usize]
}

fn replace_global<'s>(s: &mut Scope<'s>, name: &str, enumerable: bool, v: Local<'s>) {
    let (g, k) = (s.global_object(), s.key(name));
    let attrs = if enumerable { looplab_engine::ALL } else { looplab_engine::HIDDEN };
    s.define_with(g, k, v, attrs);
}

fn global_get<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let &(name, module, enumerable) = lazy_global(args);
    let rt = Rt::of(s);
    let m = modules::cjs::require_builtin(s, &rt, module)?;
    let k = s.key(name);
    let v = s.get(m, k)?;
    replace_global(s, name, enumerable, v);
    Ok(v)
}

fn global_set<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let &(name, _, enumerable) = lazy_global(args);
    replace_global(s, name, enumerable, args.get(0));
    Ok(s.undefined())
}

/// `util.inspect(v)` as text; a plain rendering when that fails.
pub(crate) fn inspect_text<'s>(s: &mut Scope<'s>, v: Local<'s>) -> String {
    let rt = Rt::of(s);
    let r = match builtin(s, &rt, "/inspect") {
        Ok(Some(module)) => {
            let k = s.key("inspect");
            s.invoke(module, k, &[v]).and_then(|t| s.to_text(t))
        }
        Ok(None) => Ok(s.describe_value(v)),
        Err(t) => Err(t),
    };
    match r {
        Ok(t) => t,
        Err(t) => {
            s.caught(t);
            s.describe_value(v)
        }
    }
}

/// Decodes base64 (and base64url), skipping what is neither.
pub(crate) fn base64_decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut acc, mut bits) = (0u32, 0);
    for &b in text {
        let v = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        acc = acc << 6 | u32::from(v);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((acc >> bits) as u8);
        }
    }
    out
}
