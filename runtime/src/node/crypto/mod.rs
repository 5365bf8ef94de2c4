//! `crypto`: randomness, hashes, MACs, key derivation and AES, from the RustCrypto crates. Argument checks, classes and forms are in
//! `runtime/js/crypto*.js`; they hand bytes over as typed arrays.

mod cipher;
mod digest;

use self::digest::{AnyMac, Hasher};
use crate::continuation;
use crate::node::buffer::{bytes_of, new_buffer};
use crate::rt::{Rt, text_arg};
use crate::ticks;
use looplab_engine::{Args, Class, Completion, HostData, Local, NativeFn, Scope, Visitor};
use looplab_event_loop::{JobClass, JobInfo, World};

/// The object that `crypto.js` works with.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("randomFill", 3, random_fill),
        ("hash", 3, hash_new),
        ("hashUpdate", 2, hash_update),
        ("hashDigest", 1, hash_digest),
        ("hashCopy", 2, hash_copy),
        ("hmac", 2, hmac_new),
        ("hmacUpdate", 2, hmac_update),
        ("hmacDigest", 1, hmac_digest),
        ("outputSize", 1, output_size),
        ("equal", 2, equal),
        ("derive", 3, derive),
        ("cipher", 5, cipher::new),
        ("cipherUpdate", 2, cipher::update),
        ("cipherFinal", 1, cipher::finish),
        ("cipherAad", 2, cipher::aad),
        ("cipherTag", 2, cipher::tag),
        ("cipherPadding", 2, cipher::padding),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    o
}

fn bytes<'s>(s: &mut Scope<'s>, args: &Args<'s>, i: usize) -> Vec<u8> {
    view_bytes(s, args.get(i))
}

/// The bytes of any view or buffer.
fn view_bytes(s: &Scope<'_>, v: Local<'_>) -> Vec<u8> {
    if let Some(b) = bytes_of(s, v) {
        return b;
    }
    s.view_bytes(v).or(s.buffer_bytes(v)).map(<[u8]>::to_vec).unwrap_or_default()
}

/// Random bytes: the system's in a real run, the world's in a simulated one (same seed, same run).
fn random_bytes(rt: &Rt, out: &mut [u8]) -> std::io::Result<()> {
    if rt.options.simulated {
        for chunk in out.chunks_mut(8) {
            let n = rt.with_loop(|lp| lp.world_mut().random()).to_le_bytes();
            chunk.copy_from_slice(&n[..chunk.len()]);
        }
        return Ok(());
    }
    let mut at = 0;
    while at < out.len() {
        at += rustix::rand::getrandom(&mut out[at..], rustix::rand::GetRandomFlags::empty())?;
    }
    Ok(())
}

/// `randomFill(view, offset, size)`
fn random_fill<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let v = args.get(0);
    let from = s.to_number(args.get(1))? as usize;
    let n = s.to_number(args.get(2))? as usize;
    let mut fresh = vec![0; n];
    if let Err(e) = random_bytes(&rt, &mut fresh) {
        return Err(crate::node::sys::throw(s, &e, "getrandom", None, None));
    }
    let whole = if v.is_class(Class::ArrayBuffer) || v.is_class(Class::SharedArrayBuffer) {
        s.buffer_bytes_mut(v)
    } else {
        s.view_bytes_mut(v)
    };
    if let Some(target) = whole.and_then(|b| b.get_mut(from..from + n)) {
        target.copy_from_slice(&fresh);
    }
    Ok(v)
}

struct HashBox(Option<Hasher>);
impl HostData for HashBox {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

struct MacBox(Option<Box<dyn AnyMac>>);
impl HostData for MacBox {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

fn host<'s>(s: &mut Scope<'s>, data: Box<dyn HostData>) -> Local<'s> {
    let null = s.null();
    let o = s.new_object_of(Class::Host, null);
    s.set_host_data(o, data);
    o
}

fn length_arg<'s>(args: &Args<'s>, i: usize) -> Option<usize> {
    args.get(i).as_number().map(|n| n as usize)
}

/// `hash(name, length)`: a handle; undefined for an unknown name, false for an impossible length.
fn hash_new<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = text_arg(s, args, 0);
    Ok(match Hasher::new(&name, length_arg(args, 1)) {
        None => s.undefined(),
        Some(Err(())) => s.bool(false),
        Some(Ok(h)) => host(s, Box::new(HashBox(Some(h)))),
    })
}

fn hash_update<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let data = bytes(s, args, 1);
    if let Some(HashBox(Some(h))) = s.host_data_mut::<HashBox>(args.get(0)) {
        h.update(&data);
    }
    Ok(s.undefined())
}

fn hash_digest<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let h = s.host_data_mut::<HashBox>(args.get(0)).and_then(|b| b.0.take());
    let out = h.map(Hasher::finish).unwrap_or_default();
    new_buffer(s, out)
}

fn hash_copy<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let length = length_arg(args, 1);
    let copy = match s.host_data::<HashBox>(args.get(0)) {
        Some(HashBox(Some(h))) => h.copy(length),
        _ => None,
    };
    Ok(match copy {
        Some(h) => host(s, Box::new(HashBox(Some(h)))),
        None => s.bool(false),
    })
}

/// `hmac(name, key)`: a handle, or undefined for an unknown name.
fn hmac_new<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = text_arg(s, args, 0);
    let key = bytes(s, args, 1);
    Ok(match digest::hmac(&name, &key) {
        Some(m) => host(s, Box::new(MacBox(Some(m)))),
        None => s.undefined(),
    })
}

fn hmac_update<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let data = bytes(s, args, 1);
    if let Some(MacBox(Some(m))) = s.host_data_mut::<MacBox>(args.get(0)) {
        m.update(&data);
    }
    Ok(s.undefined())
}

fn hmac_digest<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = s.host_data_mut::<MacBox>(args.get(0)).and_then(|b| b.0.take());
    let out = m.map(AnyMac::finish).unwrap_or_default();
    new_buffer(s, out)
}

fn output_size<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = text_arg(s, args, 0);
    Ok(match digest::output_size(&name) {
        Some(n) => s.num(n as f64),
        None => s.undefined(),
    })
}

/// Compares bytes of equal number without telling by its time where they differ.
fn equal<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    use subtle::ConstantTimeEq;
    let (a, b) = (bytes(s, args, 0), bytes(s, args, 1));
    let same: bool = a.ct_eq(&b).into();
    Ok(s.bool(same))
}

/// A key derivation, ready to run on any thread.
enum Derivation {
    Pbkdf2 { name: String, password: Vec<u8>, salt: Vec<u8>, rounds: u32, n: usize },
    Scrypt { password: Vec<u8>, salt: Vec<u8>, params: scrypt::Params, n: usize },
    Hkdf { name: String, key: Vec<u8>, salt: Vec<u8>, info: Vec<u8>, n: usize },
}

impl Derivation {
    fn run(self) -> Option<Vec<u8>> {
        match self {
            Derivation::Pbkdf2 { name, password, salt, rounds, n } => {
                let mut out = vec![0; n];
                digest::pbkdf2(&name, &password, &salt, rounds, &mut out).then_some(out)
            }
            Derivation::Scrypt { password, salt, params, n } => {
                let mut out = vec![0; n];
                scrypt::scrypt(&password, &salt, &params, &mut out).ok().map(|()| out)
            }
            Derivation::Hkdf { name, key, salt, info, n } => {
                let mut out = vec![0; n];
                digest::hkdf(&name, &key, &salt, &info, &mut out)?.then_some(out)
            }
        }
    }

    fn label(&self) -> &'static str {
        match self {
            Derivation::Pbkdf2 { .. } => "pbkdf2",
            Derivation::Scrypt { .. } => "scrypt",
            Derivation::Hkdf { .. } => "hkdf",
        }
    }
}

/// `derive(kind, [arguments], callback)`: bytes (undefined if that failed), or through the pool with a callback.
fn derive<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let kind = text_arg(s, args, 0);
    let list = s.list_from_array_like(args.get(1))?;
    let item = |i: usize| list.get(i).copied();
    let blob = |i: usize| item(i).map(|v| view_bytes(s, v)).unwrap_or_default();
    let (a, b, c) = (blob(0), blob(1), blob(2));
    let number = |i: usize| item(i).and_then(Local::as_number).unwrap_or(0.0);
    let n = number(3) as usize;
    let name = item(4).filter(|v| v.is_string()).map(|v| s.to_utf8_lossy(v)).unwrap_or_default();
    let work = match kind.as_str() {
        "pbkdf2" => Derivation::Pbkdf2 { name, password: a, salt: b, rounds: number(5) as u32, n },
        "hkdf" => Derivation::Hkdf { name, key: a, salt: b, info: c, n },
        _ => {
            let log_n = (number(5) as u64).checked_ilog2().unwrap_or(0) as u8;
            match scrypt::Params::new(log_n, number(6) as u32, number(7) as u32) {
                Ok(params) => Derivation::Scrypt { password: a, salt: b, params, n },
                Err(_) => return Ok(s.undefined()),
            }
        }
    };
    let f = args.get(2);
    let rt = Rt::of(s);
    if !f.is_callable() {
        rt.charge(JobInfo::new(JobClass::Compute, work.label()));
        return match work.run() {
            Some(out) => new_buffer(s, out),
            None => Ok(s.undefined()),
        };
    }
    let pos = rt.here(s);
    let context = continuation::capture(s, &rt, "DERIVEBITSREQUEST", None);
    let (context, f) = (s.global(context), s.global(f));
    rt.submit_from(
        JobInfo::new(JobClass::Compute, work.label()),
        pos,
        move || work.run(),
        move |s, rt, cb, out| {
            s.nested(|s| {
                let (c, callback) = (s.open(context), s.open(f));
                s.release(context);
                s.release(f);
                let result = match out {
                    Ok(Some(bytes)) => match new_buffer(s, bytes) {
                        Ok(v) => v,
                        Err(t) => {
                            s.caught(t);
                            s.undefined()
                        }
                    },
                    _ => s.undefined(),
                };
                let u = s.undefined();
                continuation::within(s, rt, c, true, |s| ticks::call(s, rt, cb, callback, u, &[result]));
            });
        },
    );
    Ok(s.undefined())
}
