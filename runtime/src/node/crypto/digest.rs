//! Hashes and MACs by name, over the RustCrypto crates.

use digest::{DynDigest, ExtendableOutput, KeyInit, Mac, Update, XofReader};
use hmac::SimpleHmac;

/// A hash under way.
pub(super) enum Hasher {
    Fixed(Box<dyn DynDigest>),
    Shake128(sha3::Shake128, usize),
    Shake256(sha3::Shake256, usize),
}

/// Runs `$body` with `$D` as the type of the hash named `$name`; `None` when there is no such hash.
macro_rules! with_digest {
    ($name:expr, $D:ident => $body:expr) => {{
        macro_rules! run {
            ($t:ty) => {{
                type $D = $t;
                Some($body)
            }};
        }
        match canonical($name).as_str() {
            "md5" => run!(md5::Md5),
            "sha1" => run!(sha1::Sha1),
            "sha224" => run!(sha2::Sha224),
            "sha256" => run!(sha2::Sha256),
            "sha384" => run!(sha2::Sha384),
            "sha512" => run!(sha2::Sha512),
            "sha512-224" => run!(sha2::Sha512_224),
            "sha512-256" => run!(sha2::Sha512_256),
            "sha3-224" => run!(sha3::Sha3_224),
            "sha3-256" => run!(sha3::Sha3_256),
            "sha3-384" => run!(sha3::Sha3_384),
            "sha3-512" => run!(sha3::Sha3_512),
            "blake2b512" => run!(blake2::Blake2b512),
            "blake2s256" => run!(blake2::Blake2s256),
            "ripemd160" => run!(ripemd::Ripemd160),
            _ => None,
        }
    }};
}
pub(super) use with_digest;

/// OpenSSL's many names for one hash, brought to one.
pub(super) fn canonical(name: &str) -> String {
    let n = name.to_ascii_lowercase();
    let n = n.strip_prefix("rsa-").unwrap_or(&n);
    match n {
        "sha-1" | "ssl3-sha1" | "sha1withrsaencryption" => "sha1".into(),
        "sha-224" | "sha2-224" | "sha224withrsaencryption" => "sha224".into(),
        "sha-256" | "sha2-256" | "sha256withrsaencryption" => "sha256".into(),
        "sha-384" | "sha2-384" | "sha384withrsaencryption" => "sha384".into(),
        "sha-512" | "sha2-512" | "sha512withrsaencryption" => "sha512".into(),
        "sha512/224" | "sha-512/224" | "sha2-512/224" | "sha512-224withrsaencryption" => "sha512-224".into(),
        "sha512/256" | "sha-512/256" | "sha2-512/256" | "sha512-256withrsaencryption" => "sha512-256".into(),
        "ssl3-md5" | "md5withrsaencryption" => "md5".into(),
        "rmd160" | "ripemd" | "ripemd-160" | "ripemd160withrsa" => "ripemd160".into(),
        "blake2b-512" => "blake2b512".into(),
        "blake2s-256" => "blake2s256".into(),
        "shake-128" => "shake128".into(),
        "shake-256" => "shake256".into(),
        n => n.into(),
    }
}

impl Hasher {
    /// A new hash; `None` if the name is unknown, `Some(Err)` if it cannot give `length` bytes.
    pub(super) fn new(name: &str, length: Option<usize>) -> Option<Result<Hasher, ()>> {
        match canonical(name).as_str() {
            "shake128" => return Some(Ok(Hasher::Shake128(Default::default(), length.unwrap_or(16)))),
            "shake256" => return Some(Ok(Hasher::Shake256(Default::default(), length.unwrap_or(32)))),
            _ => {}
        }
        let d: Box<dyn DynDigest> = with_digest!(name, D => Box::<D>::default() as Box<dyn DynDigest>)?;
        Some(if length.is_some_and(|n| n != d.output_size()) { Err(()) } else { Ok(Hasher::Fixed(d)) })
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Fixed(d) => d.update(bytes),
            Hasher::Shake128(d, _) => Update::update(d, bytes),
            Hasher::Shake256(d, _) => Update::update(d, bytes),
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        fn read(mut r: impl XofReader, n: usize) -> Vec<u8> {
            let mut out = vec![0; n];
            r.read(&mut out);
            out
        }
        match self {
            Hasher::Fixed(d) => d.finalize().into_vec(),
            Hasher::Shake128(d, n) => read(d.finalize_xof(), n),
            Hasher::Shake256(d, n) => read(d.finalize_xof(), n),
        }
    }

    /// The same state, giving `length` bytes; `None` where that is impossible.
    pub(super) fn copy(&self, length: Option<usize>) -> Option<Hasher> {
        match self {
            Hasher::Fixed(d) => {
                length.is_none_or(|n| n == d.output_size()).then(|| Hasher::Fixed(d.box_clone()))
            }
            Hasher::Shake128(d, n) => Some(Hasher::Shake128(d.clone(), length.unwrap_or(*n))),
            Hasher::Shake256(d, n) => Some(Hasher::Shake256(d.clone(), length.unwrap_or(*n))),
        }
    }
}

/// A MAC under way.
pub(super) trait AnyMac {
    fn update(&mut self, bytes: &[u8]);
    fn finish(self: Box<Self>) -> Vec<u8>;
}

struct Hm<M>(M);

impl<M: Mac> AnyMac for Hm<M> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().into_bytes().to_vec()
    }
}

/// HMAC over the named hash.
pub(super) fn hmac(name: &str, key: &[u8]) -> Option<Box<dyn AnyMac>> {
    with_digest!(name, D => {
        // HMAC takes keys of any length.
        let m = <SimpleHmac<D> as KeyInit>::new_from_slice(key).expect("HMAC takes any key");
        Box::new(Hm(m)) as Box<dyn AnyMac>
    })
}

/// PBKDF2; false when the hash is unknown.
pub(super) fn pbkdf2(name: &str, password: &[u8], salt: &[u8], rounds: u32, out: &mut [u8]) -> bool {
    with_digest!(name, D => {
        pbkdf2::pbkdf2::<SimpleHmac<D>>(password, salt, rounds, out).expect("HMAC takes any key")
    })
    .is_some()
}

/// HKDF; `None` when the hash is unknown, `Some(false)` when it cannot give that many bytes.
pub(super) fn hkdf(name: &str, key: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) -> Option<bool> {
    with_digest!(name, D => hkdf::SimpleHkdf::<D>::new(Some(salt), key).expand(info, out).is_ok())
}

/// Size of a hash's result in bytes.
pub(super) fn output_size(name: &str) -> Option<usize> {
    with_digest!(name, D => <D as digest::Digest>::output_size())
}
