//! Argument checks of `fs`, with Node's codes and words.

use super::fail::Fail;
use crate::errors;
use crate::node::buffer::encoding::Encoding;
use crate::node::buffer::get;
use looplab_engine::{Class, Key, Local, Scope, Thrown};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// A path as the script gave it.
#[derive(Debug, Clone)]
pub(crate) struct FsPath(pub(super) PathBuf);

impl FsPath {
    /// For the system.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// For messages.
    pub(super) fn shown(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }

    /// A path below this one.
    pub(super) fn join(&self, name: impl AsRef<Path>) -> FsPath {
        FsPath(self.0.join(name))
    }
}

/// The arguments of an operation, without the callback.
pub(super) struct In<'a, 's> {
    pub(super) list: &'a [Local<'s>],
    pub(super) form: Form,
    pub(super) none: Local<'s>,
}

/// Which of the three interfaces was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Sync,
    Callback,
    Promise,
}

impl<'s> In<'_, 's> {
    /// Argument `i`, or undefined.
    pub(super) fn get(&self, i: usize) -> Local<'s> {
        self.list.get(i).copied().unwrap_or(self.none)
    }
}

/// validateInteger: a whole number from `min` to `max`.
pub(crate) fn integer(
    s: &mut Scope<'_>,
    v: Local<'_>,
    name: &str,
    min: f64,
    max: f64,
) -> Result<f64, Thrown> {
    let Some(n) = v.as_number() else {
        return Err(errors::invalid_arg_type(s, name, "of type number", v));
    };
    if n.fract() != 0.0 || !n.is_finite() {
        return Err(errors::out_of_range(s, name, "an integer", v));
    }
    if n < min || n > max {
        return Err(errors::out_of_range(s, name, &format!(">= {min} && <= {max}"), v));
    }
    Ok(n)
}

/// A file descriptor.
pub(super) fn fd(s: &mut Scope<'_>, v: Local<'_>) -> Result<i32, Thrown> {
    integer(s, v, "fd", 0.0, f64::from(i32::MAX)).map(|n| n as i32)
}

/// A path: a string, a Buffer, or a `file:` URL.
pub(super) fn path<'s>(s: &mut Scope<'s>, v: Local<'s>, name: &str) -> Result<FsPath, Thrown> {
    let bytes = if v.is_string() {
        s.to_utf8_lossy(v).into_bytes()
    } else if let Some(b) = crate::node::buffer::bytes_of(s, v) {
        b
    } else if let Some(p) = url_path(s, v)? {
        p
    } else {
        let what = "of type string or an instance of Buffer or URL";
        return Err(errors::invalid_arg_type(s, name, what, v));
    };
    if bytes.contains(&0) {
        let shown = String::from_utf8_lossy(&bytes).replace('\0', "\\x00");
        let m = format!(
            "The argument '{name}' must be a string, Uint8Array, or URL without null bytes. Received '{shown}'"
        );
        return Err(errors::throw(s, errors::Kind::Type, "ERR_INVALID_ARG_VALUE", &m));
    }
    let path = FsPath(OsString::from_vec(bytes).into());
    let rt = crate::rt::Rt::of(s);
    if rt.injects() {
        rt.asked_paths.borrow_mut().push(path.shown());
    }
    Ok(path)
}

/// The path of a URL object; `None` when it is none.
fn url_path<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Option<Vec<u8>>, Thrown> {
    if !v.is_object() || v.is_callable() {
        return Ok(None);
    }
    let (href, protocol) = (get(s, v, "href")?, get(s, v, "protocol")?);
    if !href.is_string() || !protocol.is_string() {
        return Ok(None);
    }
    if s.to_utf8_lossy(protocol) != "file:" {
        let m = "The URL must be of scheme file";
        return Err(errors::throw(s, errors::Kind::Type, "ERR_INVALID_URL_SCHEME", m));
    }
    let href = s.to_utf8_lossy(href);
    match looplab_module_loader::url::file_url_to_path(&href) {
        Ok(p) => Ok(Some(p.into_bytes())),
        Err(e) => match e.code() {
            Some(code) => Err(errors::throw(s, errors::Kind::Type, code, &e.to_string())),
            None => Err(s.throw_error(looplab_engine::Intrinsic::URIErrorPrototype, &e.to_string())),
        },
    }
}

/// A path or a descriptor.
pub(super) enum Target {
    Path(FsPath),
    Fd(i32),
}

/// What readFile and writeFile take: a descriptor when it is one.
pub(super) fn target<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Target, Thrown> {
    if v.as_number().is_some_and(|n| f64::from(n as i32) == n) {
        return fd(s, v).map(Target::Fd);
    }
    if let Some(fd) = super::handle::descriptor(s, v)? {
        return Ok(Target::Fd(fd));
    }
    path(s, v, "path").map(Target::Path)
}

/// The `signal` option of operations that are made of several requests: an AbortError when it has been aborted already.
pub(super) fn check_signal<'s>(s: &mut Scope<'s>, options: &Options<'s>) -> Result<(), Thrown> {
    let signal = options.get(s, "signal")?;
    if signal.is_undefined() {
        return Ok(());
    }
    if !signal.is_object() {
        return Err(errors::invalid_arg_type(s, "options.signal", "an instance of AbortSignal", signal));
    }
    let aborted = get(s, signal, "aborted")?;
    if !s.to_boolean(aborted) {
        return Ok(());
    }
    let e = super::fail::coded(s, "ABORT_ERR", "The operation was aborted");
    let (k, v): (Key<'s>, _) = (s.atoms().name.into(), s.str("AbortError"));
    s.define_with(e, k, v, looplab_engine::ALL);
    let k: Key<'s> = s.atoms().cause.into();
    let reason = get(s, signal, "reason")?;
    s.define_hidden(e, k, reason);
    Err(s.throw(e))
}

/// parseFileMode: a number or an octal string.
pub(super) fn mode<'s>(
    s: &mut Scope<'s>,
    v: Local<'s>,
    name: &str,
    default: Option<u32>,
) -> Result<u32, Thrown> {
    if let (true, Some(d)) = (v.is_nullish(), default) {
        return Ok(d);
    }
    if v.is_string() {
        let t = s.to_utf8_lossy(v);
        return match u32::from_str_radix(&t, 8) {
            Ok(n) if !t.starts_with('+') => Ok(n),
            _ => {
                let why = "must be a 32-bit unsigned integer or an octal string";
                Err(errors::invalid_arg_value(s, name, v, why))
            }
        };
    }
    integer(s, v, name, 0.0, f64::from(u32::MAX)).map(|n| n as u32)
}

const FLAGS: &[(&str, u32)] = &[
    ("r", 0),
    ("rs", 0o4010000),
    ("sr", 0o4010000),
    ("r+", 2),
    ("rs+", 2 | 0o4010000),
    ("sr+", 2 | 0o4010000),
    ("w", 0o1101),
    ("wx", 0o1301),
    ("xw", 0o1301),
    ("w+", 0o1102),
    ("wx+", 0o1302),
    ("xw+", 0o1302),
    ("a", 0o2101),
    ("ax", 0o2301),
    ("xa", 0o2301),
    ("as", 0o4012101),
    ("sa", 0o4012101),
    ("a+", 0o2102),
    ("ax+", 0o2302),
    ("xa+", 0o2302),
    ("as+", 0o4012102),
    ("sa+", 0o4012102),
];

/// stringToFlags: a name such as 'r+' or the number itself.
pub(super) fn flags<'s>(s: &mut Scope<'s>, v: Local<'s>, default: &str) -> Result<u32, Thrown> {
    if v.is_number() {
        return integer(s, v, "flags", f64::from(i32::MIN), f64::from(i32::MAX)).map(|n| n as i32 as u32);
    }
    let name = match v {
        v if v.is_nullish() => default.to_owned(),
        v if v.is_string() => s.to_utf8_lossy(v),
        _ => String::new(),
    };
    match FLAGS.iter().find(|f| f.0 == name) {
        Some(f) => Ok(f.1),
        None => Err(errors::invalid_arg_value(s, "flags", v, "is invalid")),
    }
}

/// Options as an object: a string stands for `{ encoding }`. ERR_INVALID_ARG_TYPE for other primitives.
pub(super) struct Options<'s>(Local<'s>);

impl<'s> Options<'s> {
    pub(super) fn of(s: &mut Scope<'s>, v: Local<'s>) -> Result<Options<'s>, Thrown> {
        if !v.is_nullish() && !v.is_string() && (!v.is_object() || v.is_callable()) {
            if v.is_callable() {
                return Ok(Options(s.undefined()));
            }
            return Err(errors::invalid_arg_type(s, "options", "one of type string or object", v));
        }
        Ok(Options(v))
    }

    /// The option `name`; undefined when there is none.
    pub(super) fn get(&self, s: &mut Scope<'s>, name: &str) -> Result<Local<'s>, Thrown> {
        if self.0.is_object() { get(s, self.0, name) } else { Ok(s.undefined()) }
    }

    /// Whether the option is true.
    pub(super) fn is_set(&self, s: &mut Scope<'s>, name: &str) -> Result<bool, Thrown> {
        let v = self.get(s, name)?;
        Ok(s.to_boolean(v))
    }

    /// A boolean option: anything but a boolean is an error.
    pub(super) fn flag(&self, s: &mut Scope<'s>, name: &str) -> Result<bool, Thrown> {
        let v = self.get(s, name)?;
        if v.is_undefined() {
            return Ok(false);
        }
        match v.as_bool() {
            Some(b) => Ok(b),
            None => Err(errors::invalid_arg_type(s, &format!("options.{name}"), "of type boolean", v)),
        }
    }

    /// The encoding option: `None` when absent or 'buffer'.
    pub(super) fn encoding(&self, s: &mut Scope<'s>) -> Result<Choice, Thrown> {
        let v = if self.0.is_string() { self.0 } else { self.get(s, "encoding")? };
        if v.is_nullish() || !s.to_boolean(v) {
            return Ok(Choice::Default);
        }
        let name = s.to_text(v)?;
        if name == "buffer" {
            return Ok(Choice::Buffer);
        }
        match Encoding::parse(&name) {
            Some(e) => Ok(Choice::Text(e)),
            None => Err(errors::invalid_arg_value(s, "encoding", v, "is invalid encoding")),
        }
    }
}

/// An encoding option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    /// Not given.
    Default,
    /// 'buffer'.
    Buffer,
    Text(Encoding),
}

/// Data to write: a string in `encoding` or the bytes of a view.
pub(super) fn data<'s>(
    s: &mut Scope<'s>,
    v: Local<'s>,
    encoding: Choice,
    name: &str,
) -> Result<Vec<u8>, Thrown> {
    if v.is_string() {
        let e = if let Choice::Text(e) = encoding { e } else { Encoding::Utf8 };
        return Ok(crate::node::buffer::encoding::encode(s.chars(v), e));
    }
    if let Some(b) = s.view_bytes(v) {
        return Ok(b.to_vec());
    }
    let what = "of type string or an instance of Buffer, TypedArray, or DataView";
    Err(errors::invalid_arg_type(s, name, what, v))
}

/// A buffer to read into or write from.
pub(super) fn view(s: &mut Scope<'_>, v: Local<'_>) -> Result<usize, Thrown> {
    match s.view_bytes(v) {
        Some(b) => Ok(b.len()),
        None => {
            let what = "an instance of Buffer, TypedArray, or DataView";
            Err(errors::invalid_arg_type(s, "buffer", what, v))
        }
    }
}

/// A list of buffers (`readv`, `writev`).
pub(super) fn views<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Vec<Local<'s>>, Thrown> {
    let ok = s.is_array(v)?;
    let list = if ok { s.list_from_array_like(v)? } else { Vec::new() };
    if !ok || list.iter().any(|&b| s.view_bytes(b).is_none()) {
        return Err(errors::invalid_arg_type(s, "buffers", "an ArrayBufferView[]", v));
    }
    Ok(list)
}

/// A position in a file: `None` is where the file stands.
pub(super) fn position(s: &mut Scope<'_>, v: Local<'_>) -> Result<Option<u64>, Thrown> {
    if v.is_nullish() {
        return Ok(None);
    }
    if v.is_bigint() {
        let n = s.nested(|s| {
            let v = s.adopt(v);
            s.as_bigint(v).and_then(|n| i64::try_from(&n).ok())
        });
        return match n {
            Some(n) if n >= -1 => Ok(u64::try_from(n).ok()),
            _ => Err(errors::out_of_range(s, "position", ">= -1 && <= 9223372036854775807", v)),
        };
    }
    if !v.is_number() {
        return Err(errors::invalid_arg_type(s, "position", "of type bigint or integer", v));
    }
    let n = integer(s, v, "position", -1.0, crate::node::buffer::MAX_SAFE)?;
    Ok((n >= 0.0).then_some(n as u64))
}

/// A time for `utimes`, in nanoseconds: seconds as a number or numeric string, or a Date. Negative numbers stand for now.
pub(super) fn time<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<i128, Thrown> {
    let seconds = if v.is_class(Class::Date) {
        let k: Key<'s> = s.atoms().value_of.into();
        let ms = s.invoke(v, k, &[])?;
        return Ok((s.to_number(ms)? * 1e6) as i128);
    } else if v.is_string() {
        s.to_number(v)?
    } else {
        v.as_number().unwrap_or(f64::NAN)
    };
    if !seconds.is_finite() {
        let what = "an instance of Date or an Time in seconds";
        return Err(errors::invalid_arg_type(s, "time", what, v));
    }
    let seconds = if seconds < 0.0 && v.is_number() { s.now_ms() / 1000.0 } else { seconds };
    Ok((seconds * 1e9) as i128)
}

/// The mode of access and copyFile: three bits, checked where Node's own code does, in its words.
pub(super) fn bits(s: &mut Scope<'_>, v: Local<'_>) -> Result<u32, Thrown> {
    if v.is_nullish() {
        return Ok(0);
    }
    let (kind, code, message) = match v.as_number() {
        Some(n) if (0.0..=7.0).contains(&n) && n.fract() == 0.0 => return Ok(n as u32),
        Some(n) if f64::from(n as i32) == n => {
            (errors::Kind::Range, "ERR_OUT_OF_RANGE", "mode is out of range: >= 0 && <= 7")
        }
        _ => (errors::Kind::Type, "ERR_INVALID_ARG_TYPE", "mode must be int32 or null/undefined"),
    };
    Err(errors::throw(s, kind, code, message))
}

/// A user or group id.
pub(super) fn id(s: &mut Scope<'_>, v: Local<'_>, name: &str) -> Result<u32, Thrown> {
    integer(s, v, name, -1.0, f64::from(u32::MAX)).map(|n| n as i64 as u32)
}

/// The callback and where it stands: the first function in place of a parameter that may be left out, or the last parameter.
pub(super) fn callback<'s>(
    args: &[Local<'s>],
    none: Local<'s>,
    params: usize,
    optional: usize,
) -> (usize, Local<'s>) {
    let last = params - 1;
    // read and write: whatever stands in the last place is taken for it.
    let full = optional >= 3 && args.get(last).is_some_and(|v| v.is_callable());
    let early =
        (last - optional..last).filter(|_| !full).find(|&i| args.get(i).is_some_and(|v| v.is_callable()));
    let at = early.unwrap_or(last);
    (at, args.get(at).copied().unwrap_or(none))
}

/// A callback must be a function.
pub(super) fn check_callback(s: &mut Scope<'_>, cb: Local<'_>) -> Result<(), Thrown> {
    if cb.is_callable() { Ok(()) } else { Err(errors::invalid_arg_type(s, "cb", "of type function", cb)) }
}

/// For conversions that can't fail any more.
pub(super) fn too_large(size: u64) -> Fail {
    Fail::Coded {
        kind: errors::Kind::Range,
        code: "ERR_FS_FILE_TOO_LARGE",
        message: format!("File size ({size}) is greater than 2 GiB"),
    }
}
