//! `zlib`: gzip, deflate and brotli from the flate2 and brotli crates. Options, classes and forms are in `runtime/js/zlib.js`.

use crate::continuation;
use crate::node::buffer::{bytes_of, new_buffer};
use crate::rt::{Rt, text_arg};
use crate::ticks;
use flate2::{Compression, write};
use looplab_engine::{Args, Class, Completion, HostData, Local, NativeFn, Scope, Visitor};
use looplab_event_loop::{JobClass, JobInfo};
use std::io::{self, Write};

/// The object that `zlib.js` works with.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] =
        &[("open", 3, open), ("write", 4, write), ("crc32", 2, crc32), ("reset", 1, reset)];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    o
}

/// What a coder is made of, so that it can be made again.
#[derive(Clone)]
struct Plan {
    kind: String,
    level: u32,
    window: u32,
}

/// A stream that codes what is written to it.
enum Coder {
    Gzip(write::GzEncoder<Vec<u8>>),
    Deflate(write::ZlibEncoder<Vec<u8>>),
    DeflateRaw(write::DeflateEncoder<Vec<u8>>),
    Gunzip(write::MultiGzDecoder<Vec<u8>>, bool),
    Inflate(write::ZlibDecoder<Vec<u8>>),
    InflateRaw(write::DeflateDecoder<Vec<u8>>),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Unbrotli(Box<brotli::DecompressorWriter<Vec<u8>>>),
    /// The first bytes tell which: gzip or deflate.
    Unzip(Vec<u8>),
    /// Finished: what has come out last.
    Done,
}

/// Why coding failed: zlib's code and text.
type Fail = (&'static str, i32, &'static str);
const BAD_HEADER: Fail = ("Z_DATA_ERROR", -3, "incorrect header check");
const BAD_DATA: Fail = ("Z_DATA_ERROR", -3, "invalid block type");
const BAD_SUM: Fail = ("Z_DATA_ERROR", -3, "incorrect data check");
const SHORT: Fail = ("Z_BUF_ERROR", -5, "unexpected end of file");
const BAD_BROTLI: Fail = ("ERR__ERROR_FORMAT_RESERVED", -2, "Decompression failed");

/// How a write ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// More comes.
    None,
    /// All that has gone in comes out.
    Flush,
    /// The stream ends.
    Finish,
}

impl Coder {
    fn new(p: &Plan) -> Coder {
        let level = Compression::new(p.level.min(9));
        match p.kind.as_str() {
            "gzip" => Coder::Gzip(write::GzEncoder::new(Vec::new(), level)),
            "deflate" => Coder::Deflate(write::ZlibEncoder::new(Vec::new(), level)),
            "deflateRaw" => Coder::DeflateRaw(write::DeflateEncoder::new(Vec::new(), level)),
            "gunzip" => Coder::Gunzip(write::MultiGzDecoder::new(Vec::new()), true),
            "inflate" => Coder::Inflate(write::ZlibDecoder::new(Vec::new())),
            "inflateRaw" => Coder::InflateRaw(write::DeflateDecoder::new(Vec::new())),
            "brotliCompress" => {
                Coder::Brotli(Box::new(brotli::CompressorWriter::new(Vec::new(), 4096, p.level, p.window)))
            }
            "brotliDecompress" => {
                Coder::Unbrotli(Box::new(brotli::DecompressorWriter::new(Vec::new(), 4096)))
            }
            _ => Coder::Unzip(Vec::new()),
        }
    }

    fn is_brotli(&self) -> bool {
        matches!(self, Coder::Brotli(_) | Coder::Unbrotli(_))
    }

    /// Takes bytes in; what comes out, and how many went in.
    fn write(&mut self, bytes: &[u8], end: End) -> Result<(Vec<u8>, usize), Fail> {
        if let Coder::Unzip(head) = self {
            head.extend_from_slice(bytes);
            if head.len() < 2 && end != End::Finish {
                return Ok((Vec::new(), bytes.len()));
            }
            let all = std::mem::take(head);
            let kind = if all.starts_with(&[0x1f, 0x8b]) { "gunzip" } else { "inflate" };
            *self = Coder::new(&Plan { kind: kind.into(), level: 6, window: 22 });
            return self.write(&all, end).map(|(out, _)| (out, bytes.len()));
        }
        self.check_header(bytes)?;
        let brotli = self.is_brotli();
        let wrong = |e: &io::Error| match (brotli, e.to_string()) {
            (true, _) => BAD_BROTLI,
            (_, text) if text.contains("checksum") => BAD_SUM,
            _ => BAD_DATA,
        };
        // At the end the only thing that can be wrong besides a sum is that there was too little.
        let short = |e: &io::Error| match wrong(e) {
            BAD_DATA => SHORT,
            other => other,
        };
        let used = self.feed(bytes).map_err(|e| wrong(&e))?;
        match end {
            End::None => {}
            End::Flush => self.flush().map_err(|e| wrong(&e))?,
            End::Finish => return self.finish().map(|out| (out, used)).map_err(|e| short(&e)),
        }
        Ok((self.take(), used))
    }

    /// Looks at the first bytes of a gzip or zlib stream, which say what it is.
    fn check_header(&self, bytes: &[u8]) -> Result<(), Fail> {
        let [a, b, ..] = *bytes else { return Ok(()) };
        match self {
            Coder::Gunzip(_, true) if [a, b] != [0x1f, 0x8b] => Err(BAD_HEADER),
            Coder::Inflate(w) if w.total_in() == 0 => {
                if !(u32::from(a) * 256 + u32::from(b)).is_multiple_of(31) {
                    return Err(BAD_HEADER);
                }
                if a & 15 == 8 { Ok(()) } else { Err(("Z_DATA_ERROR", -3, "unknown compression method")) }
            }
            _ => Ok(()),
        }
    }

    fn feed(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let w: &mut dyn Write = match self {
            Coder::Gzip(w) => w,
            Coder::Deflate(w) => w,
            Coder::DeflateRaw(w) => w,
            Coder::Gunzip(w, fresh) => {
                *fresh &= bytes.is_empty();
                w
            }
            Coder::Inflate(w) => w,
            Coder::InflateRaw(w) => w,
            Coder::Brotli(w) => w,
            Coder::Unbrotli(w) => w,
            Coder::Unzip(_) | Coder::Done => return Ok(0),
        };
        let mut used = 0;
        while used < bytes.len() {
            match w.write(&bytes[used..])? {
                // The stream has ended: what follows is not part of it.
                0 => break,
                n => used += n,
            }
        }
        Ok(used)
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Coder::Gzip(w) => w.flush(),
            Coder::Deflate(w) => w.flush(),
            Coder::DeflateRaw(w) => w.flush(),
            Coder::Gunzip(w, _) => w.flush(),
            Coder::Inflate(w) => w.flush(),
            Coder::InflateRaw(w) => w.flush(),
            Coder::Brotli(w) => w.flush(),
            Coder::Unbrotli(w) => w.flush(),
            Coder::Unzip(_) | Coder::Done => Ok(()),
        }
    }

    fn take(&mut self) -> Vec<u8> {
        match self {
            Coder::Gzip(w) => std::mem::take(w.get_mut()),
            Coder::Deflate(w) => std::mem::take(w.get_mut()),
            Coder::DeflateRaw(w) => std::mem::take(w.get_mut()),
            Coder::Gunzip(w, _) => std::mem::take(w.get_mut()),
            Coder::Inflate(w) => std::mem::take(w.get_mut()),
            Coder::InflateRaw(w) => std::mem::take(w.get_mut()),
            Coder::Brotli(w) => std::mem::take(w.get_mut()),
            Coder::Unbrotli(w) => std::mem::take(w.get_mut()),
            Coder::Unzip(_) | Coder::Done => Vec::new(),
        }
    }

    fn finish(&mut self) -> io::Result<Vec<u8>> {
        match std::mem::replace(self, Coder::Done) {
            Coder::Gzip(w) => w.finish(),
            Coder::Deflate(w) => w.finish(),
            Coder::DeflateRaw(w) => w.finish(),
            Coder::Gunzip(w, _) => w.finish(),
            Coder::Inflate(w) => w.finish(),
            Coder::InflateRaw(w) => w.finish(),
            Coder::Brotli(w) => Ok(w.into_inner()),
            Coder::Unbrotli(mut w) => {
                w.close()?;
                w.into_inner().map_err(|_| io::Error::other("unexpected end"))
            }
            Coder::Unzip(_) | Coder::Done => Ok(Vec::new()),
        }
    }
}

/// A coder in a JavaScript object; away while a pool job works with it.
struct Handle {
    plan: Plan,
    coder: Option<Coder>,
}

impl HostData for Handle {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

/// `open(kind, level, window)`: a handle.
fn open<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let kind = text_arg(s, args, 0);
    let level = s.to_number(args.get(1))? as u32;
    let window = s.to_number(args.get(2))? as u32;
    let plan = Plan { kind, level, window };
    let null = s.null();
    let o = s.new_object_of(Class::Host, null);
    let coder = Some(Coder::new(&plan));
    s.set_host_data(o, Box::new(Handle { plan, coder }));
    Ok(o)
}

/// `reset(handle)`
fn reset<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if let Some(h) = s.host_data_mut::<Handle>(args.get(0)) {
        h.coder = Some(Coder::new(&h.plan));
    }
    Ok(s.undefined())
}

/// What a write gives: `[bytes, used]`, or `[code, errno, message]`.
fn answer<'s>(s: &mut Scope<'s>, r: Result<(Vec<u8>, usize), Fail>) -> Completion<'s> {
    match r {
        Ok((out, used)) => {
            let out = new_buffer(s, out)?;
            let used = s.num(used as f64);
            Ok(s.new_array(&[out, used]))
        }
        Err((code, errno, text)) => {
            let items = [s.str(code), s.int(errno), s.str(text)];
            Ok(s.new_array(&items))
        }
    }
}

/// `write(handle, bytes, end, callback)`: at once, or on the pool with a callback. `end`: 0 more comes, 1 flush, 2 finish.
fn write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.get(0);
    let bytes = bytes_of(s, args.get(1))
        .or_else(|| s.view_bytes(args.get(1)).or(s.buffer_bytes(args.get(1))).map(<[u8]>::to_vec))
        .unwrap_or_default();
    let end = match args.get(2).as_int() {
        Some(1) => End::Flush,
        Some(2) => End::Finish,
        _ => End::None,
    };
    let rt = Rt::of(s);
    let Some(mut coder) = s.host_data_mut::<Handle>(o).and_then(|h| h.coder.take()) else {
        return Err(s.throw_error(looplab_engine::Intrinsic::ErrorPrototype, "write already in progress"));
    };
    let f = args.get(3);
    if !f.is_callable() {
        rt.charge(JobInfo::new(JobClass::Compute, "zlib").moving(bytes.len() as u64));
        let r = coder.write(&bytes, end);
        if let Some(h) = s.host_data_mut::<Handle>(o) {
            h.coder = Some(coder);
        }
        return answer(s, r);
    }
    let pos = rt.here(s);
    let context = continuation::capture(s, &rt, "ZLIB", None);
    let (context, f, handle) = (s.global(context), s.global(f), s.global(o));
    let info = JobInfo::new(JobClass::Compute, "zlib").moving(bytes.len() as u64);
    let work = move || {
        let r = coder.write(&bytes, end);
        (coder, r)
    };
    rt.submit_from(info, pos, work, move |s, rt, cb, out| {
        s.nested(|s| {
            let (c, callback, o) = (s.open(context), s.open(f), s.open(handle));
            for g in [context, f, handle] {
                s.release(g);
            }
            let r = match out {
                Ok((coder, r)) => {
                    if let Some(h) = s.host_data_mut::<Handle>(o) {
                        h.coder = Some(coder);
                    }
                    r
                }
                Err(_) => Err(("Z_MEM_ERROR", -4, "the pool's queue is full")),
            };
            let v = match answer(s, r) {
                Ok(v) => v,
                Err(t) => s.caught(t),
            };
            let u = s.undefined();
            continuation::within(s, rt, c, true, |s| ticks::call(s, rt, cb, callback, u, &[v]));
        });
    });
    Ok(s.undefined())
}

/// `crc32(bytes, value)`
fn crc32<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let bytes = if v.is_string() {
        s.to_utf8_lossy(v).into_bytes()
    } else {
        s.view_bytes(v).map(<[u8]>::to_vec).unwrap_or_default()
    };
    let start = s.to_uint32(args.get(1))?;
    let mut h = crc32fast::Hasher::new_with_initial(start);
    h.update(&bytes);
    Ok(s.num(f64::from(h.finalize())))
}
