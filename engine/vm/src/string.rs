//! Strings on the heap: flat (Latin-1 or UTF-16, bytes inline), ropes, and slices; and the table of interned ones.
//!
//! A rope becomes flat the first time its characters are looked at: it turns into a slice of a fresh flat string. Interned
//! strings serve as property keys and are compared by pointer.

use crate::heap::{CellKind, Header, Heap};
use crate::value::{PropKey, Value};
use looplab_bytecode::Text;

pub(crate) const LATIN1: u8 = 1;
pub(crate) const ROPE: u8 = 2;
pub(crate) const SLICE: u8 = 4;
pub(crate) const INTERNED: u8 = 8;
/// An interned string that is the text of an array index.
const INDEX: u8 = 16;

/// The key of an interned string that is no array index.
#[inline(always)]
pub(crate) fn ready_key(v: Value) -> Option<PropKey> {
    if !v.is_string() {
        return None;
    }
    let s: *const JsString = v.ptr();
    // SAFETY: string values point to live strings.
    let flags = unsafe { (*s).h.flags };
    (flags & (INTERNED | INDEX) == INTERNED).then_some(PropKey(v))
}

/// The longest string: V8's limit on 64-bit machines, 2^29 − 24 code units.
pub const MAX_LENGTH: usize = (1 << 29) - 24;

/// A string cell. The characters (flat) or two words (rope: left, right; slice: parent, offset) follow.
#[repr(C)]
pub(crate) struct JsString {
    pub(crate) h: Header,
    /// 0: not computed yet.
    hash: u32,
    _pad: u32,
}
const DATA: usize = std::mem::size_of::<JsString>();

/// The characters of a flat string.
#[derive(Clone, Copy)]
pub enum Chars<'a> {
    /// One byte a code unit.
    Latin1(&'a [u8]),
    /// Two bytes a code unit.
    Utf16(&'a [u16]),
}

impl<'a> Chars<'a> {
    /// Number of code units.
    #[inline(always)]
    pub fn len(&self) -> usize {
        match self {
            Chars::Latin1(b) => b.len(),
            Chars::Utf16(u) => u.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Code unit `i`; panics out of range.
    #[inline(always)]
    pub fn at(&self, i: usize) -> u16 {
        match self {
            Chars::Latin1(b) => u16::from(b[i]),
            Chars::Utf16(u) => u[i],
        }
    }

    /// The part from `from` to `to`.
    #[inline]
    pub fn slice(&self, from: usize, to: usize) -> Chars<'a> {
        match self {
            Chars::Latin1(b) => Chars::Latin1(&b[from..to]),
            Chars::Utf16(u) => Chars::Utf16(&u[from..to]),
        }
    }

    /// All code units, widened.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = u16> + 'a {
        let n = self.len();
        (0..n).map(move |i| self.at(i))
    }

    /// All code units in a vector.
    pub fn to_units(self) -> Vec<u16> {
        match self {
            Chars::Latin1(b) => b.iter().map(|&b| u16::from(b)).collect(),
            Chars::Utf16(u) => u.to_vec(),
        }
    }

    /// UTF-8, with U+FFFD for lone surrogates.
    pub fn to_utf8(self) -> String {
        match self {
            Chars::Latin1(b) => match std::str::from_utf8(b) {
                Ok(s) if b.is_ascii() => s.to_owned(),
                _ => b.iter().map(|&b| b as char).collect(),
            },
            Chars::Utf16(u) => String::from_utf16_lossy(u),
        }
    }

    /// Equality by code units, whatever the width.
    pub fn equals(self, o: Chars<'_>) -> bool {
        match (self, o) {
            (Chars::Latin1(a), Chars::Latin1(b)) => a == b,
            (Chars::Utf16(a), Chars::Utf16(b)) => a == b,
            (Chars::Latin1(a), Chars::Utf16(b)) | (Chars::Utf16(b), Chars::Latin1(a)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(&x, &y)| u16::from(x) == y)
            }
        }
    }

    /// Order by code units.
    pub fn compare(self, o: Chars<'_>) -> std::cmp::Ordering {
        match (self, o) {
            (Chars::Latin1(a), Chars::Latin1(b)) => a.cmp(b),
            (Chars::Utf16(a), Chars::Utf16(b)) => a.cmp(b),
            (a, b) => a.iter().cmp(b.iter()),
        }
    }

    /// Where `needle` first stands at or behind `from`.
    pub fn find(self, needle: Chars<'_>, from: usize) -> Option<usize> {
        let (n, m) = (self.len(), needle.len());
        if m == 0 {
            return (from <= n).then_some(from);
        }
        if from >= n || m > n - from {
            return None;
        }
        match (self, needle) {
            (Chars::Latin1(h), Chars::Latin1(nd)) => find_bytes(&h[from..], nd).map(|i| i + from),
            (h, nd) => (from..=n - m).find(|&i| h.at(i) == nd.at(0) && h.slice(i, i + m).equals(nd)),
        }
    }

    fn hash(self) -> u32 {
        let mut h: u32 = 0x811C_9DC5;
        let mut step = |u: u16| h = (h ^ u32::from(u)).wrapping_mul(0x0100_0193);
        match self {
            Chars::Latin1(b) => b.iter().for_each(|&b| step(u16::from(b))),
            Chars::Utf16(u) => u.iter().for_each(|&u| step(u)),
        }
        let h = h ^ (h >> 15);
        if h == 0 { 1 } else { h }
    }

    /// The array index this string is the canonical form of.
    pub(crate) fn array_index(self) -> Option<u32> {
        let n = self.len();
        if n == 0 || n > 10 {
            return None;
        }
        let first = self.at(0);
        if !(48..58).contains(&first) || (first == 48 && n > 1) {
            return None;
        }
        let mut v: u64 = 0;
        for u in self.iter() {
            if !(48..58).contains(&u) {
                return None;
            }
            v = v * 10 + u64::from(u - 48);
        }
        (v < u64::from(u32::MAX)).then_some(v as u32)
    }
}

fn find_bytes(h: &[u8], needle: &[u8]) -> Option<usize> {
    let first = needle[0];
    let last = h.len() - needle.len();
    let mut i = 0;
    while i <= last {
        match h[i..=last].iter().position(|&b| b == first) {
            None => return None,
            Some(p) => {
                i += p;
                if &h[i..i + needle.len()] == needle {
                    return Some(i);
                }
                i += 1;
            }
        }
    }
    None
}

impl JsString {
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.h.extra as usize
    }

    #[inline(always)]
    fn word(&self, i: usize) -> *mut usize {
        // SAFETY: ropes and slices have two words behind the fixed part.
        unsafe { (self as *const JsString as *mut u8).add(DATA).cast::<usize>().add(i) }
    }

    /// The characters of a string that is known to be no rope.
    #[inline(always)]
    pub(crate) fn chars(&self) -> Chars<'_> {
        debug_assert!(self.h.flags & ROPE == 0);
        let mut data = self as *const JsString as *const u8;
        let mut from = 0;
        if self.h.flags & SLICE != 0 {
            // SAFETY: a slice's words are its flat parent and an offset within it.
            unsafe {
                data = *self.word(0) as *const u8;
                from = *self.word(1);
            }
        }
        // SAFETY: flat data follows the fixed part of the (parent) cell; `from + len` is within it.
        unsafe {
            let data = data.add(DATA);
            if self.h.flags & LATIN1 != 0 {
                Chars::Latin1(std::slice::from_raw_parts(data.add(from), self.len()))
            } else {
                Chars::Utf16(std::slice::from_raw_parts(data.cast::<u16>().add(from), self.len()))
            }
        }
    }

    pub(crate) fn is_rope(&self) -> bool {
        self.h.flags & ROPE != 0
    }

    pub(crate) fn is_interned(&self) -> bool {
        self.h.flags & INTERNED != 0
    }

    fn hash(&mut self) -> u32 {
        if self.hash == 0 {
            self.hash = self.chars().hash();
        }
        self.hash
    }
}

/// The content hash of a live string, computed once.
pub(crate) fn hash_of(heap: &mut Heap, s: *mut JsString) -> u32 {
    flatten(heap, s);
    // SAFETY: s is a live string, flat now; the reference ends with the statement.
    unsafe { (*s).hash() }
}

/// # Safety
/// `p` points to a live string cell, and the heap is not collected while the reference lives.
#[inline(always)]
pub(crate) unsafe fn deref<'a>(p: *const JsString) -> &'a JsString {
    // SAFETY: promised by the caller.
    unsafe { &*p }
}

fn raw_flat(heap: &mut Heap, len: usize, latin1: bool) -> *mut JsString {
    let bytes = DATA + if latin1 { len } else { len * 2 };
    let p = heap.alloc(bytes.max(DATA + 16), CellKind::String).cast::<JsString>();
    // SAFETY: fresh cell.
    unsafe {
        (*p).h.flags = if latin1 { LATIN1 } else { 0 };
        (*p).h.extra = len as u32;
        (*p).hash = 0;
        (*p)._pad = 0;
    }
    p
}

/// A flat string with these bytes.
pub(crate) fn new_latin1(heap: &mut Heap, b: &[u8]) -> *mut JsString {
    let p = raw_flat(heap, b.len(), true);
    // SAFETY: raw_flat made room for len bytes.
    unsafe { std::ptr::copy_nonoverlapping(b.as_ptr(), p.cast::<u8>().add(DATA), b.len()) };
    p
}

/// A flat string with these units; narrowed where possible.
pub(crate) fn new_utf16(heap: &mut Heap, u: &[u16]) -> *mut JsString {
    if u.iter().all(|&c| c < 256) {
        let p = raw_flat(heap, u.len(), true);
        // SAFETY: raw_flat made room for len bytes.
        unsafe {
            let d = p.cast::<u8>().add(DATA);
            for (i, &c) in u.iter().enumerate() {
                *d.add(i) = c as u8;
            }
        }
        return p;
    }
    let p = raw_flat(heap, u.len(), false);
    // SAFETY: raw_flat made room for len units.
    unsafe { std::ptr::copy_nonoverlapping(u.as_ptr(), p.cast::<u8>().add(DATA).cast::<u16>(), u.len()) };
    p
}

/// A flat string from UTF-8.
pub(crate) fn new_utf8(heap: &mut Heap, s: &str) -> *mut JsString {
    if s.is_ascii() {
        return new_latin1(heap, s.as_bytes());
    }
    new_utf16(heap, &s.encode_utf16().collect::<Vec<_>>())
}

pub(crate) fn new_text(heap: &mut Heap, t: &Text) -> *mut JsString {
    match t {
        Text::Latin1(b) => new_latin1(heap, b),
        Text::Utf16(u) => new_utf16(heap, u),
    }
}

/// `a + b`; the caller has checked the length limit. Short results are copied, long ones become ropes.
pub(crate) fn concat(heap: &mut Heap, a: *mut JsString, b: *mut JsString) -> *mut JsString {
    // SAFETY: both are live strings; no collection happens in here.
    unsafe {
        let (n, m) = ((*a).len(), (*b).len());
        if n == 0 {
            return b;
        }
        if m == 0 {
            return a;
        }
        let latin1 = (*a).h.flags & (*b).h.flags & LATIN1 != 0;
        if n + m <= 24 && ((*a).h.flags | (*b).h.flags) & ROPE == 0 {
            let p = raw_flat(heap, n + m, latin1);
            let d = p.cast::<u8>().add(DATA);
            copy_into(d, 0, latin1, (*a).chars());
            copy_into(d, n, latin1, (*b).chars());
            return p;
        }
        // A rope whose right end is short takes more there: `s += c` in a loop makes one node per ~32 characters.
        if (*a).is_rope() && m <= 16 {
            let right = *(*a).word(1) as *mut JsString;
            if (*right).len() + m <= 32 && !(*right).is_rope() && !(*b).is_rope() {
                let tail_latin1 = (*right).h.flags & (*b).h.flags & LATIN1 != 0;
                let k = (*right).len();
                let tail = raw_flat(heap, k + m, tail_latin1);
                let d = tail.cast::<u8>().add(DATA);
                copy_into(d, 0, tail_latin1, (*right).chars());
                copy_into(d, k, tail_latin1, (*b).chars());
                return rope(heap, *(*a).word(0) as *mut JsString, tail, n + m, latin1);
            }
        }
        rope(heap, a, b, n + m, latin1)
    }
}

fn rope(heap: &mut Heap, a: *mut JsString, b: *mut JsString, len: usize, latin1: bool) -> *mut JsString {
    let p = heap.alloc(DATA + 16, CellKind::String).cast::<JsString>();
    // SAFETY: fresh cell with two words.
    unsafe {
        (*p).h.flags = ROPE | if latin1 { LATIN1 } else { 0 };
        (*p).h.extra = len as u32;
        (*p).hash = 0;
        (*p)._pad = 0;
        *(*p).word(0) = a as usize;
        *(*p).word(1) = b as usize;
    }
    p
}

/// # Safety
/// `d` has room for `at + c.len()` units of the given width.
unsafe fn copy_into(d: *mut u8, at: usize, latin1: bool, c: Chars<'_>) {
    // SAFETY: promised by the caller; a Latin-1 destination is only used for Latin-1 sources.
    unsafe {
        match c {
            Chars::Latin1(b) if latin1 => std::ptr::copy_nonoverlapping(b.as_ptr(), d.add(at), b.len()),
            Chars::Latin1(b) => {
                let d = d.cast::<u16>().add(at);
                for (i, &x) in b.iter().enumerate() {
                    *d.add(i) = u16::from(x);
                }
            }
            Chars::Utf16(u) => {
                std::ptr::copy_nonoverlapping(u.as_ptr(), d.cast::<u16>().add(at), u.len());
            }
        }
    }
}

/// The part `from..to` of a flat string: copied when short, otherwise a slice of it.
pub(crate) fn substring(heap: &mut Heap, s: *mut JsString, from: usize, to: usize) -> *mut JsString {
    // SAFETY: s is a live flat string; no collection happens in here.
    unsafe {
        let n = to - from;
        if n == (*s).len() {
            return s;
        }
        if n <= 24 {
            return match (*s).chars().slice(from, to) {
                Chars::Latin1(b) => {
                    let p = raw_flat(heap, n, true);
                    std::ptr::copy_nonoverlapping(b.as_ptr(), p.cast::<u8>().add(DATA), n);
                    p
                }
                Chars::Utf16(u) => new_utf16(heap, u),
            };
        }
        let (parent, base) =
            if (*s).h.flags & SLICE != 0 { (*(*s).word(0), *(*s).word(1)) } else { (s as usize, 0) };
        let p = heap.alloc(DATA + 16, CellKind::String).cast::<JsString>();
        (*p).h.flags = SLICE | (*s).h.flags & LATIN1;
        (*p).h.extra = n as u32;
        (*p).hash = 0;
        (*p)._pad = 0;
        *(*p).word(0) = parent;
        *(*p).word(1) = base + from;
        p
    }
}

/// Makes sure `s` is no rope.
#[inline(always)]
pub(crate) fn flatten(heap: &mut Heap, s: *mut JsString) {
    // SAFETY: s is a live string.
    if unsafe { (*s).is_rope() } {
        flatten_rope(heap, s);
    }
}

#[cold]
fn flatten_rope(heap: &mut Heap, s: *mut JsString) {
    // SAFETY: s and everything below it are live; no collection happens in here. The pieces are written from the end, so
    // that left-deep ropes (the usual ones) need no stack.
    unsafe {
        let latin1 = (*s).h.flags & LATIN1 != 0;
        let flat = raw_flat(heap, (*s).len(), latin1);
        let d = flat.cast::<u8>().add(DATA);
        let mut end = (*s).len();
        let mut stack = vec![s];
        while let Some(p) = stack.pop() {
            if (*p).is_rope() {
                stack.push(*(*p).word(0) as *mut JsString);
                stack.push(*(*p).word(1) as *mut JsString);
            } else {
                end -= (*p).len();
                copy_into(d, end, latin1, (*p).chars());
            }
        }
        debug_assert_eq!(end, 0);
        (*s).h.flags = (*s).h.flags & !ROPE | SLICE;
        *(*s).word(0) = flat as usize;
        *(*s).word(1) = 0;
    }
}

/// Up to `limit` code units of a string's beginning, without changing it, and true. Of a rope whose beginning lies too deep to look
/// for it: of its end, and false.
pub(crate) fn peek(s: *const JsString, limit: usize) -> (Vec<u16>, bool) {
    const DEEPEST: usize = 48;
    let mut out = Vec::new();
    let mut pieces = vec![s];
    // SAFETY: s and everything below it are live strings; nothing is allocated on the heap in here.
    unsafe {
        for _ in 0..DEEPEST {
            let Some(p) = pieces.pop().filter(|_| out.len() < limit) else { return (out, true) };
            if (*p).is_rope() {
                pieces.push(*(*p).word(1) as *const JsString);
                pieces.push(*(*p).word(0) as *const JsString);
            } else {
                out.extend((*p).chars().iter().take(limit - out.len()));
            }
        }
        if !out.is_empty() {
            return (out, true);
        }
        let mut p = s;
        while (*p).is_rope() {
            p = *(*p).word(1) as *const JsString;
        }
        let chars = (*p).chars();
        (chars.slice(chars.len().saturating_sub(limit), chars.len()).to_units(), false)
    }
}

/// Marks what a string refers to.
pub(crate) fn trace(heap: &mut Heap, s: *mut JsString) {
    // SAFETY: s is live, and so is what it refers to.
    unsafe {
        let f = (*s).h.flags;
        if f & (ROPE | SLICE) != 0 {
            heap.mark_cell(*(*s).word(0) as *mut Header);
            if f & ROPE != 0 {
                heap.mark_cell(*(*s).word(1) as *mut Header);
            }
        }
    }
}

/// What a rope is made of, or the string that a slice is a part of.
pub(crate) fn parts(s: *const JsString) -> [Option<*const Header>; 2] {
    // SAFETY: s is live, and so is what it refers to.
    unsafe {
        let f = (*s).h.flags;
        let part = |on: bool, i| on.then(|| *(*s).word(i) as *const Header);
        [part(f & (ROPE | SLICE) != 0, 0), part(f & ROPE != 0, 1)]
    }
}

/// The interned strings: open addressing, weak (dead ones are dropped by `retain_marked`).
pub(crate) struct Interner {
    slots: Vec<*mut JsString>,
    count: usize,
}

impl Interner {
    pub(crate) fn new() -> Interner {
        Interner { slots: vec![std::ptr::null_mut(); 4096], count: 0 }
    }

    fn find(&self, c: Chars<'_>, hash: u32) -> Result<*mut JsString, usize> {
        let mask = self.slots.len() - 1;
        let mut i = hash as usize & mask;
        loop {
            let p = self.slots[i];
            if p.is_null() {
                return Err(i);
            }
            // SAFETY: the table only holds live flat strings.
            let s = unsafe { deref(p) };
            if s.hash == hash && s.chars().equals(c) {
                return Ok(p);
            }
            i = (i + 1) & mask;
        }
    }

    fn insert(&mut self, at: usize, s: *mut JsString) {
        self.slots[at] = s;
        self.count += 1;
        if self.count * 2 > self.slots.len() {
            self.rebuild(self.slots.len() * 2, |_| true);
        }
    }

    fn rebuild(&mut self, size: usize, keep: impl Fn(*mut JsString) -> bool) {
        let old = std::mem::replace(&mut self.slots, vec![std::ptr::null_mut(); size]);
        self.count = 0;
        for p in old.into_iter().filter(|p| !p.is_null()) {
            if keep(p) {
                // SAFETY: kept strings are live.
                let mut i = unsafe { deref(p) }.hash as usize & (size - 1);
                while !self.slots[i].is_null() {
                    i = (i + 1) & (size - 1);
                }
                self.slots[i] = p;
                self.count += 1;
            }
        }
    }

    /// Forgets strings that the collection did not reach.
    pub(crate) fn retain_marked(&mut self, heap: &Heap) {
        self.rebuild(self.slots.len(), |p| heap.is_marked(p.cast()));
    }

    /// The interned string with these bytes.
    pub(crate) fn latin1(&mut self, heap: &mut Heap, b: &[u8]) -> *mut JsString {
        let hash = Chars::Latin1(b).hash();
        match self.find(Chars::Latin1(b), hash) {
            Ok(p) => p,
            Err(at) => {
                let p = new_latin1(heap, b);
                let index = Chars::Latin1(b).array_index().is_some();
                // SAFETY: fresh cell.
                unsafe {
                    (*p).hash = hash;
                    (*p).h.flags |= if index { INTERNED | INDEX } else { INTERNED };
                }
                self.insert(at, p);
                p
            }
        }
    }

    /// The interned string equal to `s`.
    pub(crate) fn intern(&mut self, heap: &mut Heap, s: *mut JsString) -> *mut JsString {
        flatten(heap, s);
        // SAFETY: s is live and flat now.
        unsafe {
            if (*s).is_interned() {
                return s;
            }
            let hash = (*s).hash();
            match self.find((*s).chars(), hash) {
                Ok(p) => p,
                Err(at) => {
                    // A slice would keep its whole parent alive: intern a copy.
                    let p = if (*s).h.flags & SLICE != 0 {
                        match (*s).chars() {
                            Chars::Latin1(b) => new_latin1(heap, b),
                            Chars::Utf16(u) => new_utf16(heap, u),
                        }
                    } else {
                        s
                    };
                    (*p).hash = hash;
                    let index = (*p).chars().array_index().is_some();
                    (*p).h.flags |= if index { INTERNED | INDEX } else { INTERNED };
                    self.insert(at, p);
                    p
                }
            }
        }
    }

    /// The property key a string stands for.
    pub(crate) fn key(&mut self, heap: &mut Heap, s: *mut JsString) -> PropKey {
        // SAFETY: s is live.
        unsafe {
            if !(*s).is_interned() {
                flatten(heap, s);
                if let Some(i) = (*s).chars().array_index() {
                    return PropKey::index(i);
                }
                return PropKey(Value::string(self.intern(heap, s)));
            }
            // Interned strings that are indices are rare but possible (a constant "0").
            if (*s).h.flags & INDEX != 0
                && let Some(i) = (*s).chars().array_index()
            {
                return PropKey::index(i);
            }
            PropKey(Value::string(s))
        }
    }
}
