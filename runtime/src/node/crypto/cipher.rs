//! AES in CBC, CTR, ECB and GCM mode.

use super::{bytes, host};
use crate::node::buffer::new_buffer;
use crate::rt::text_arg;
use aes::{Aes128, Aes192, Aes256};
use cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use looplab_engine::{Args, Completion, HostData, Scope, Visitor};

/// One block.
type Block = [u8; 16];

/// The block cipher with any of its key sizes.
enum Aes {
    K128(Box<Aes128>),
    K192(Box<Aes192>),
    K256(Box<Aes256>),
}

impl Aes {
    fn new(key: &[u8]) -> Option<Aes> {
        Some(match key.len() {
            16 => Aes::K128(Box::new(Aes128::new_from_slice(key).ok()?)),
            24 => Aes::K192(Box::new(Aes192::new_from_slice(key).ok()?)),
            32 => Aes::K256(Box::new(Aes256::new_from_slice(key).ok()?)),
            _ => return None,
        })
    }

    fn encrypt(&self, b: Block) -> Block {
        let mut a = Array::from(b);
        match self {
            Aes::K128(c) => c.encrypt_block(&mut a),
            Aes::K192(c) => c.encrypt_block(&mut a),
            Aes::K256(c) => c.encrypt_block(&mut a),
        }
        a.into()
    }

    fn decrypt(&self, b: Block) -> Block {
        let mut a = Array::from(b);
        match self {
            Aes::K128(c) => c.decrypt_block(&mut a),
            Aes::K192(c) => c.decrypt_block(&mut a),
            Aes::K256(c) => c.decrypt_block(&mut a),
        }
        a.into()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Ecb,
    Cbc,
    Ctr,
    Gcm,
}

/// A cipher under way.
struct Cipher {
    aes: Aes,
    mode: Mode,
    encrypting: bool,
    padding: bool,
    /// CBC: the block before; CTR and GCM: the counter.
    chain: Block,
    /// What has not made a block yet.
    rest: Vec<u8>,
    /// CTR and GCM: key stream not used yet.
    stream: Vec<u8>,
    ghash: Option<Ghash>,
    /// GCM: what the tag is encrypted with.
    tag_mask: Block,
    tag: Option<Vec<u8>>,
}

/// GCM's authentication.
struct Ghash {
    state: ghash::GHash,
    aad: u64,
    text: u64,
    pending: Vec<u8>,
}

impl Ghash {
    fn feed(&mut self, b: &[u8]) {
        use ghash::universal_hash::UniversalHash;
        self.pending.extend_from_slice(b);
        let whole = self.pending.len() / 16 * 16;
        let done: Vec<u8> = self.pending.drain(..whole).collect();
        self.state.update_padded(&done);
    }

    fn pad(&mut self) {
        use ghash::universal_hash::UniversalHash;
        let rest = std::mem::take(&mut self.pending);
        self.state.update_padded(&rest);
    }
}

impl HostData for Cipher {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

fn xor(a: Block, b: Block) -> Block {
    std::array::from_fn(|i| a[i] ^ b[i])
}

/// Adds one to a counter; GCM counts in the last four bytes only.
fn increment(b: &mut Block, from: usize) {
    for byte in b[from..].iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            return;
        }
    }
}

impl Cipher {
    fn new(mode: Mode, key: &[u8], iv: &[u8], encrypting: bool) -> Option<Cipher> {
        use ghash::universal_hash::UniversalHash;
        let aes = Aes::new(key)?;
        let mut chain = [0; 16];
        let (mut ghash, mut tag_mask) = (None, [0; 16]);
        if mode == Mode::Gcm {
            let h = aes.encrypt([0; 16]);
            let key = Array::from(h);
            if iv.len() == 12 {
                chain[..12].copy_from_slice(iv);
                chain[15] = 1;
            } else {
                let mut g = ghash::GHash::new(&key);
                g.update_padded(iv);
                let mut sizes = [0; 16];
                sizes[8..].copy_from_slice(&(iv.len() as u64 * 8).to_be_bytes());
                g.update(&[Array::from(sizes)]);
                chain = g.finalize().into();
            }
            tag_mask = aes.encrypt(chain);
            increment(&mut chain, 12);
            ghash = Some(Ghash { state: ghash::GHash::new(&key), aad: 0, text: 0, pending: Vec::new() });
        } else if mode != Mode::Ecb {
            chain.copy_from_slice(iv.get(..16)?);
        }
        Some(Cipher {
            aes,
            mode,
            encrypting,
            padding: true,
            chain,
            rest: Vec::new(),
            stream: Vec::new(),
            ghash,
            tag_mask,
            tag: None,
        })
    }

    fn block(&mut self, b: Block) -> Block {
        match (self.mode, self.encrypting) {
            (Mode::Ecb, true) => self.aes.encrypt(b),
            (Mode::Ecb, false) => self.aes.decrypt(b),
            (_, true) => {
                self.chain = self.aes.encrypt(xor(b, self.chain));
                self.chain
            }
            (_, false) => {
                let out = xor(self.aes.decrypt(b), self.chain);
                self.chain = b;
                out
            }
        }
    }

    fn key_stream(&mut self, data: &[u8]) -> Vec<u8> {
        let from = if self.mode == Mode::Gcm { 12 } else { 0 };
        let mut out = Vec::with_capacity(data.len());
        for &b in data {
            if self.stream.is_empty() {
                self.stream = self.aes.encrypt(self.chain).to_vec();
                self.stream.reverse();
                increment(&mut self.chain, from);
            }
            out.push(b ^ self.stream.pop().unwrap_or(0));
        }
        out
    }

    fn update(&mut self, data: &[u8]) -> Vec<u8> {
        if matches!(self.mode, Mode::Ctr | Mode::Gcm) {
            let out = self.key_stream(data);
            let cipher_text = if self.encrypting { &out[..] } else { data };
            if let Some(g) = &mut self.ghash {
                if g.text == 0 {
                    g.pad();
                }
                g.text += cipher_text.len() as u64;
                g.feed(cipher_text);
            }
            return out;
        }
        self.rest.extend_from_slice(data);
        let mut whole = self.rest.len() / 16;
        // The last block of a padded text may be padding: it waits for the end.
        if !self.encrypting && self.padding && self.rest.len().is_multiple_of(16) && whole > 0 {
            whole -= 1;
        }
        let blocks: Vec<u8> = self.rest.drain(..whole * 16).collect();
        let mut out = Vec::with_capacity(blocks.len());
        for b in blocks.chunks_exact(16) {
            let b: Block = b.try_into().expect("chunks of sixteen");
            out.extend_from_slice(&self.block(b));
        }
        out
    }

    fn finish(&mut self) -> Result<Vec<u8>, &'static str> {
        if let Some(mut g) = self.ghash.take() {
            use ghash::universal_hash::UniversalHash;
            g.pad();
            let mut sizes = [0; 16];
            sizes[..8].copy_from_slice(&(g.aad * 8).to_be_bytes());
            sizes[8..].copy_from_slice(&(g.text * 8).to_be_bytes());
            g.state.update(&[Array::from(sizes)]);
            let tag = xor(g.state.finalize().into(), self.tag_mask);
            if self.encrypting {
                self.tag = Some(tag.to_vec());
                return Ok(Vec::new());
            }
            let given = self.tag.take().unwrap_or_default();
            let same: bool = subtle::ConstantTimeEq::ct_eq(&given[..], &tag[..given.len().min(16)]).into();
            return if same && !given.is_empty() { Ok(Vec::new()) } else { Err("auth") };
        }
        if matches!(self.mode, Mode::Ctr) {
            return Ok(Vec::new());
        }
        let mut rest = std::mem::take(&mut self.rest);
        if self.encrypting {
            if !self.padding {
                return if rest.is_empty() { Ok(rest) } else { Err("wrong final block length") };
            }
            let n = 16 - rest.len();
            rest.resize(16, n as u8);
            let b: Block = rest.try_into().expect("padded to sixteen");
            return Ok(self.block(b).to_vec());
        }
        if !self.padding {
            return if rest.is_empty() { Ok(rest) } else { Err("wrong final block length") };
        }
        let Ok(b) = Block::try_from(rest) else { return Err("wrong final block length") };
        let out = self.block(b);
        let n = usize::from(out[15]);
        if n == 0 || n > 16 || out[16 - n..].iter().any(|&x| usize::from(x) != n) {
            return Err("bad decrypt");
        }
        Ok(out[..16 - n].to_vec())
    }
}

/// `cipher(mode, key, iv, encrypting)`: a handle, or undefined if the key or iv has a wrong size.
pub(super) fn new<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mode = match text_arg(s, args, 0).as_str() {
        "ecb" => Mode::Ecb,
        "cbc" => Mode::Cbc,
        "ctr" => Mode::Ctr,
        _ => Mode::Gcm,
    };
    let (key, iv) = (bytes(s, args, 1), bytes(s, args, 2));
    Ok(match Cipher::new(mode, &key, &iv, args.get(3).is_true()) {
        Some(c) => host(s, Box::new(c)),
        None => s.undefined(),
    })
}

pub(super) fn update<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let data = bytes(s, args, 1);
    let out = s.host_data_mut::<Cipher>(args.get(0)).map(|c| c.update(&data)).unwrap_or_default();
    new_buffer(s, out)
}

/// The rest, or the reason as a string.
pub(super) fn finish<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    match s.host_data_mut::<Cipher>(args.get(0)).map(Cipher::finish) {
        Some(Ok(out)) => new_buffer(s, out),
        Some(Err(why)) => Ok(s.str(why)),
        None => Ok(s.undefined()),
    }
}

pub(super) fn aad<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let data = bytes(s, args, 1);
    if let Some(g) = s.host_data_mut::<Cipher>(args.get(0)).and_then(|c| c.ghash.as_mut()) {
        g.aad += data.len() as u64;
        g.feed(&data);
    }
    Ok(s.undefined())
}

/// Sets the tag to be checked, or gives the one that was made.
pub(super) fn tag<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.len() > 1 {
        let data = bytes(s, args, 1);
        if let Some(c) = s.host_data_mut::<Cipher>(args.get(0)) {
            c.tag = Some(data);
        }
        return Ok(s.undefined());
    }
    match s.host_data::<Cipher>(args.get(0)).and_then(|c| c.tag.clone()) {
        Some(t) => new_buffer(s, t),
        None => Ok(s.undefined()),
    }
}

pub(super) fn padding<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let on = s.to_boolean(args.get(1));
    if let Some(c) = s.host_data_mut::<Cipher>(args.get(0)) {
        c.padding = on;
    }
    Ok(s.undefined())
}
