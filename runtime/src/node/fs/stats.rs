//! Stats, BigIntStats and Dirent objects.

use super::args::FsPath;
use crate::modules::{register_value, registered};
use crate::node::buffer::{get, put};
use crate::rt::Rt;
use looplab_engine::{
    ALL, Args, Completion, Element, ElementType, Global, Intrinsic, Key, Local, Name, Scope, Thrown,
};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::UNIX_EPOCH;

/// The numbers behind a Stats object.
#[derive(Debug, Clone, Default)]
pub(super) struct StatData {
    /// dev, mode, nlink, uid, gid, rdev, blksize, ino, size, blocks
    numbers: [u64; 10],
    /// Seconds and nanoseconds of atime, mtime, ctime, birthtime.
    times: [(i64, u32); 4],
}

const NUMBERS: [&str; 10] =
    ["dev", "mode", "nlink", "uid", "gid", "rdev", "blksize", "ino", "size", "blocks"];
const TIMES: [&str; 4] = ["atime", "mtime", "ctime", "birthtime"];

impl StatData {
    pub(super) fn new(m: &Metadata) -> StatData {
        let birth = m.created().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        let ctime = (m.ctime(), m.ctime_nsec() as u32);
        StatData {
            numbers: [
                m.dev(),
                u64::from(m.mode()),
                m.nlink(),
                u64::from(m.uid()),
                u64::from(m.gid()),
                m.rdev(),
                m.blksize(),
                m.ino(),
                m.size(),
                m.blocks(),
            ],
            times: [
                (m.atime(), m.atime_nsec() as u32),
                (m.mtime(), m.mtime_nsec() as u32),
                ctime,
                // File systems that don't keep it: the kernel reports the start of 1970, and so does Node.
                birth.map_or((0, 0), |d| (d.as_secs() as i64, d.subsec_nanos())),
            ],
        }
    }
}

/// What a directory holds.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    /// libuv's UV_DIRENT_ number.
    pub(super) kind: i32,
    /// The folder it is in.
    pub(super) parent: FsPath,
}

/// libuv's number of a file type.
pub(super) fn dirent_kind(t: std::fs::FileType) -> i32 {
    use std::os::unix::fs::FileTypeExt;
    match t {
        t if t.is_file() => 1,
        t if t.is_dir() => 2,
        t if t.is_symlink() => 3,
        t if t.is_fifo() => 4,
        t if t.is_socket() => 5,
        t if t.is_char_device() => 6,
        t if t.is_block_device() => 7,
        _ => 0,
    }
}

/// Method name, S_IFMT value, UV_DIRENT_ number.
const KINDS: &[(&str, u32, i32)] = &[
    ("isDirectory", 0o040000, 2),
    ("isFile", 0o100000, 1),
    ("isBlockDevice", 0o060000, 7),
    ("isCharacterDevice", 0o020000, 6),
    ("isSymbolicLink", 0o120000, 3),
    ("isFIFO", 0o010000, 4),
    ("isSocket", 0o140000, 5),
];

/// Makes the classes, once; Stats and Dirent are exported.
pub(super) fn classes<'s>(s: &mut Scope<'s>) -> Result<(Local<'s>, Local<'s>), Thrown> {
    let known = registered(s, "fs.Stats");
    if known.is_object() {
        return Ok((known, registered(s, "fs.Dirent")));
    }
    let base = s.new_object();
    s.constructor("StatsBase", 10, |s, _| Ok(s.undefined()), base);
    let proto = s.new_object_with_proto(base);
    let stats = s.constructor("Stats", 14, stats_constructor, proto);
    let big = s.new_object_with_proto(base);
    s.constructor("BigIntStats", 18, |s, _| Ok(s.undefined()), big);
    for (i, &(name, _, _)) in KINDS.iter().enumerate() {
        let k = s.key(name);
        let data = s.int(i as i32);
        let f = s.function_with_data(k, 0, stats_is, data);
        s.define_hidden(base, k, f);
    }
    for name in TIMES {
        let k = s.key(name);
        let data = s.str(name);
        let gk = s.key("get");
        let g = s.function_with_data(gk, 0, time_get, data);
        let sk = s.key("set");
        let set = s.function_with_data(sk, 1, time_set, data);
        for p in [proto, big] {
            s.define_accessor(p, k, g, set, looplab_engine::ENUMERABLE | looplab_engine::CONFIGURABLE);
        }
    }
    let dirent_proto = s.new_object();
    let dirent = s.constructor("Dirent", 3, dirent_constructor, dirent_proto);
    for (i, &(name, _, _)) in KINDS.iter().enumerate() {
        let k = s.key(name);
        let data = s.int(i as i32);
        let f = s.function_with_data(k, 0, dirent_is, data);
        s.define_hidden(dirent_proto, k, f);
    }
    let description = s.str("type");
    let symbol = s.symbol(description);
    for (name, v) in [
        ("fs.Stats", stats),
        ("fs.Stats.prototype", proto),
        ("fs.BigIntStats.prototype", big),
        ("fs.Dirent", dirent),
        ("fs.Dirent.prototype", dirent_proto),
        ("fs.Dirent.type", symbol),
    ] {
        register_value(s, name, v);
    }
    Ok((stats, dirent))
}

fn stats_constructor<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if !registered(s, "fs.Stats.warned").is_true() {
        let yes = s.bool(true);
        register_value(s, "fs.Stats.warned", yes);
        let text = "fs.Stats constructor is deprecated.";
        crate::node::process::emit_warning(s, text, "DeprecationWarning", Some("DEP0180"))?;
    }
    let proto = registered(s, "fs.Stats.prototype");
    let o = s.new_object_with_proto(proto);
    let names = NUMBERS.into_iter().map(str::to_owned).chain(TIMES.iter().map(|t| format!("{t}Ms")));
    for (i, name) in names.enumerate() {
        put(s, o, &name, args.get(i));
    }
    Ok(o)
}

fn number_of<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<f64, Thrown> {
    if v.is_bigint() {
        let t = s.to_text(v)?;
        return Ok(t.parse().unwrap_or(f64::NAN));
    }
    s.to_number(v)
}

fn stats_is<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let i = args.data().as_int().unwrap_or(0) as usize;
    if !args.this().is_object() {
        return Ok(s.bool(false));
    }
    let mode = get(s, args.this(), "mode")?;
    let mode = number_of(s, mode)? as u32;
    Ok(s.bool(mode & 0o170000 == KINDS[i].1))
}

fn time_get<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = s.to_text(args.data())?;
    if !args.this().is_object() {
        return Ok(s.undefined());
    }
    let ms = get(s, args.this(), &format!("{name}Ms"))?;
    let ms = number_of(s, ms)?;
    let class = s.intrinsic(Intrinsic::Date);
    let ms = s.num((ms + 0.5).floor());
    let date = s.construct(class, &[ms], class)?;
    put(s, args.this(), &name, date);
    Ok(date)
}

fn time_set<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = s.to_text(args.data())?;
    if args.this().is_object() {
        put(s, args.this(), &name, args.get(0));
    }
    Ok(s.undefined())
}

fn big<'s>(s: &mut Scope<'s>, n: i64) -> Local<'s> {
    s.element(ElementType::BigInt64, Element::Big(n as u64))
}

const MS: [&str; 4] = ["atimeMs", "mtimeMs", "ctimeMs", "birthtimeMs"];
const NS: [&str; 4] = ["atimeNs", "mtimeNs", "ctimeNs", "birthtimeNs"];

/// The keys and prototypes of Stats objects, looked up once: a program may ask for many.
pub(crate) struct Parts {
    /// The numbers, the times in milliseconds, the times in nanoseconds.
    keys: [Name; 18],
    stats: Global,
    bigint: Global,
    /// A Stats object with all its properties, of which the others are copies. No program ever sees it.
    model: Global,
}

fn parts<'a>(s: &mut Scope<'_>, rt: &'a Rt) -> Result<&'a Parts, Thrown> {
    if let Some(parts) = rt.stats.get() {
        return Ok(parts);
    }
    let made = s.nested(|s| {
        classes(s)?;
        let mut names = NUMBERS.iter().chain(&MS).chain(&NS);
        let keys: [Name; 18] = std::array::from_fn(|_| {
            let k = s.key(names.next().copied().unwrap_or_default());
            s.permanent_key(k)
        });
        let (stats, bigint) =
            (registered(s, "fs.Stats.prototype"), registered(s, "fs.BigIntStats.prototype"));
        let model = s.new_object_with_proto(stats);
        let zero = s.int(0);
        for &k in &keys[..NUMBERS.len() + MS.len()] {
            s.define_with(model, k, zero, ALL);
        }
        Ok(Parts { keys, stats: s.global(stats), bigint: s.global(bigint), model: s.global(model) })
    })?;
    Ok(rt.stats.get_or_init(|| Box::new(made)))
}

/// A Stats (or BigIntStats) object.
pub(super) fn new<'s>(s: &mut Scope<'s>, rt: &Rt, st: &StatData, bigint: bool) -> Completion<'s> {
    let parts = parts(s, rt)?;
    if !bigint && let Some(o) = copy(s, parts, st) {
        return Ok(o);
    }
    let proto = s.open(if bigint { parts.bigint } else { parts.stats });
    let o = s.new_object_with_proto(proto);
    let mut keys = parts.keys.iter();
    let mut put = |s: &mut Scope<'s>, v: Local<'s>| {
        if let Some(&k) = keys.next() {
            s.define_with(o, k, v, ALL);
        }
    };
    for n in st.numbers {
        let v = if bigint { big(s, n as i64) } else { s.num(n as f64) };
        put(s, v);
    }
    for (sec, nano) in st.times {
        let v = match bigint {
            true => big(s, sec * 1000 + i64::from(nano / 1_000_000)),
            false => s.num(sec as f64 * 1000.0 + f64::from(nano) / 1e6),
        };
        put(s, v);
    }
    if bigint {
        for (sec, nano) in st.times {
            let v = big(s, sec * 1_000_000_000 + i64::from(nano));
            put(s, v);
        }
    }
    Ok(o)
}

/// A copy of the model with these numbers: its slots are in the order of the properties.
fn copy<'s>(s: &mut Scope<'s>, parts: &Parts, st: &StatData) -> Option<Local<'s>> {
    let model = s.open(parts.model);
    let o = s.copy_of_plain(model)?;
    let millis = st.times.iter().map(|&(sec, nano)| sec as f64 * 1000.0 + f64::from(nano) / 1e6);
    for (slot, n) in st.numbers.iter().map(|&n| n as f64).chain(millis).enumerate() {
        let v = s.num(n);
        s.put_slot(o, slot as u32, v);
    }
    Some(o)
}

/// A StatFs object: type, bsize, frsize, blocks, bfree, bavail, files, ffree.
pub(super) fn new_statfs<'s>(s: &mut Scope<'s>, f: &[u64; 8], bigint: bool) -> Completion<'s> {
    let mut proto = registered(s, "fs.StatFs.prototype");
    if !proto.is_object() {
        proto = s.new_object();
        s.constructor("StatFs", 8, |s, _| Ok(s.undefined()), proto);
        register_value(s, "fs.StatFs.prototype", proto);
    }
    let o = s.new_object_with_proto(proto);
    for (name, &n) in
        ["type", "bsize", "frsize", "blocks", "bfree", "bavail", "files", "ffree"].into_iter().zip(f)
    {
        let v = if bigint { big(s, n as i64) } else { s.num(n as f64) };
        put(s, o, name, v);
    }
    Ok(o)
}

fn dirent_constructor<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    make_dirent(s, args.get(0), args.get(1), args.get(2))
}

fn make_dirent<'s>(s: &mut Scope<'s>, name: Local<'s>, kind: Local<'s>, parent: Local<'s>) -> Completion<'s> {
    classes(s)?;
    let proto = registered(s, "fs.Dirent.prototype");
    let o = s.new_object_with_proto(proto);
    put(s, o, "name", name);
    put(s, o, "parentPath", parent);
    let symbol = registered(s, "fs.Dirent.type");
    let k = s.to_key(symbol)?;
    s.define_with(o, k, kind, ALL);
    Ok(o)
}

/// A Dirent object.
pub(super) fn new_dirent<'s>(
    s: &mut Scope<'s>,
    name: Local<'s>,
    kind: i32,
    parent: &FsPath,
) -> Completion<'s> {
    let (kind, parent) = (s.int(kind), s.str(&parent.shown()));
    make_dirent(s, name, kind, parent)
}

fn dirent_is<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let i = args.data().as_int().unwrap_or(0) as usize;
    let symbol = registered(s, "fs.Dirent.type");
    let k: Key<'s> = s.to_key(symbol)?;
    let kind = if args.this().is_object() { s.get(args.this(), k)? } else { s.undefined() };
    Ok(s.bool(kind.as_int() == Some(KINDS[i].2)))
}
