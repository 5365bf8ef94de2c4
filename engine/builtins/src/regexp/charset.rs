//! Sets of code points, and the case rules of regular expressions (Canonicalize, 22.2.2.7.3).

use std::cell::OnceCell;

/// The largest code point.
pub const MAX_CODE_POINT: u32 = 0x10_FFFF;

/// A set of code points while it is being put together: ranges, both ends included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CharSet {
    ranges: Vec<(u32, u32)>,
}

impl CharSet {
    /// The set of one code point.
    pub fn one(c: u32) -> CharSet {
        CharSet { ranges: vec![(c, c)] }
    }

    /// The set of these ranges.
    pub fn of(ranges: &[(u32, u32)]) -> CharSet {
        let mut s = CharSet { ranges: ranges.to_vec() };
        s.normalize();
        s
    }

    /// Adds a range.
    pub fn add(&mut self, lo: u32, hi: u32) {
        self.ranges.push((lo, hi));
    }

    /// Adds another set.
    pub fn add_set(&mut self, o: &CharSet) {
        self.ranges.extend_from_slice(&o.ranges);
    }

    /// Sorts and merges; needed before questions.
    pub fn normalize(&mut self) {
        self.ranges.sort_unstable();
        let mut out: Vec<(u32, u32)> = Vec::with_capacity(self.ranges.len());
        for &(lo, hi) in &self.ranges {
            match out.last_mut() {
                Some(last) if lo <= last.1.saturating_add(1) => last.1 = last.1.max(hi),
                _ => out.push((lo, hi)),
            }
        }
        self.ranges = out;
    }

    /// Everything else.
    pub fn inverted(&self) -> CharSet {
        let mut out = Vec::new();
        let mut next = 0;
        for &(lo, hi) in &self.ranges {
            if lo > next {
                out.push((next, lo - 1));
            }
            next = hi + 1;
        }
        if next <= MAX_CODE_POINT {
            out.push((next, MAX_CODE_POINT));
        }
        CharSet { ranges: out }
    }

    /// Membership, by binary search; the set is normalized.
    pub fn contains(&self, c: u32) -> bool {
        let i = self.ranges.partition_point(|r| r.1 < c);
        self.ranges.get(i).is_some_and(|r| r.0 <= c)
    }

    /// The only member, if there is exactly one.
    pub fn single(&self) -> Option<u32> {
        match self.ranges[..] {
            [(a, b)] if a == b => Some(a),
            _ => None,
        }
    }

    /// Whether every code point is in it.
    pub fn is_everything(&self) -> bool {
        self.ranges == [(0, MAX_CODE_POINT)]
    }

    /// With everything that is the same as a member but for case.
    pub fn close_case(&mut self, unicode: bool) {
        self.normalize();
        let ascii = self.ranges.last().is_none_or(|r| r.1 < 128);
        if ascii && !unicode {
            let letters: Vec<u32> = (65..91).filter(|&c| self.contains(c) || self.contains(c | 32)).collect();
            for c in letters {
                self.ranges.extend([(c, c), (c | 32, c | 32)]);
            }
            return self.normalize();
        }
        let mut more = Vec::new();
        with_classes(unicode, |classes| {
            for class in classes {
                if class.iter().any(|&c| self.contains(c)) {
                    more.extend(class.iter().map(|&c| (c, c)));
                }
            }
        });
        self.ranges.extend(more);
        self.normalize();
    }

    /// Ready for matching.
    pub fn compile(&self) -> Matcher {
        let mut low = [0u64; 4];
        for &(lo, hi) in &self.ranges {
            for c in lo..=hi.min(255) {
                low[c as usize >> 6] |= 1 << (c & 63);
            }
        }
        let ranges = self.ranges.iter().filter(|r| r.1 > 255).copied().collect();
        Matcher { low, ranges }
    }
}

/// A set for matching: a bitmap for Latin-1, ranges for the rest.
#[derive(Clone, Debug)]
pub struct Matcher {
    low: [u64; 4],
    ranges: Box<[(u32, u32)]>,
}

impl Matcher {
    /// Membership.
    #[inline(always)]
    pub fn contains(&self, c: u32) -> bool {
        if c < 256 {
            return self.low[c as usize >> 6] >> (c & 63) & 1 != 0;
        }
        self.contains_wide(c)
    }

    fn contains_wide(&self, c: u32) -> bool {
        // Most sets have one range there, or none.
        match &*self.ranges {
            [] => false,
            [(lo, hi)] => *lo <= c && c <= *hi,
            r => {
                let i = r.partition_point(|r| r.1 < c);
                r.get(i).is_some_and(|r| r.0 <= c)
            }
        }
    }
}

fn only(mut it: impl Iterator<Item = char>) -> Option<char> {
    let c = it.next()?;
    it.next().is_none().then_some(c)
}

/// Canonicalize: upper case without `u`, simple case folding with it. Mappings to several characters do not count.
pub fn canonicalize(c: u32, unicode: bool) -> u32 {
    if c < 128 {
        let b = c as u8;
        let r = if unicode { b.to_ascii_lowercase() } else { b.to_ascii_uppercase() };
        return u32::from(r);
    }
    let Some(ch) = char::from_u32(c) else { return c };
    if unicode {
        return fold(ch);
    }
    match only(ch.to_uppercase()) {
        Some(u) if (u as u32) >= 128 => u as u32,
        _ => c,
    }
}

/// Simple case folding, by way of upper and lower case; the table's exceptions by name.
fn fold(c: char) -> u32 {
    match c {
        // Dotted and dotless i fold to themselves outside Turkic.
        '\u{130}' | '\u{131}' => return c as u32,
        '\u{1FD3}' => return 0x390,
        '\u{1FE3}' => return 0x3B0,
        '\u{FB05}' => return 0xFB06,
        _ => {}
    }
    let up = only(c.to_uppercase()).unwrap_or(c);
    only(up.to_lowercase()).map_or(up as u32, |l| l as u32)
}

thread_local! {
    static CLASSES: [OnceCell<Vec<Vec<u32>>>; 2] = const { [OnceCell::new(), OnceCell::new()] };
}

/// The sets of characters that differ only in case.
fn with_classes(unicode: bool, f: impl FnOnce(&[Vec<u32>])) {
    CLASSES.with(|c| f(c[usize::from(unicode)].get_or_init(|| build_classes(unicode))));
}

fn build_classes(unicode: bool) -> Vec<Vec<u32>> {
    // No script with cases lies behind Adlam.
    let limit = if unicode { 0x1E944 } else { 0x10000 };
    let mut pairs: Vec<(u32, u32)> = (0..limit)
        .filter_map(|c| {
            let k = canonicalize(c, unicode);
            (k != c).then_some((k, c))
        })
        .collect();
    pairs.sort_unstable();
    let mut out: Vec<Vec<u32>> = Vec::new();
    let mut key = u32::MAX;
    for (k, c) in pairs {
        if k != key {
            out.push(vec![k]);
            key = k;
        }
        if let Some(class) = out.last_mut() {
            class.push(c);
        }
    }
    out
}

/// `\d`
pub const DIGITS: &[(u32, u32)] = &[(48, 57)];
/// `\w`
pub const WORD: &[(u32, u32)] = &[(48, 57), (65, 90), (95, 95), (97, 122)];
/// `\s`
pub const SPACE: &[(u32, u32)] = &[
    (9, 13),
    (32, 32),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
];
/// Line terminators.
pub const NEWLINES: &[(u32, u32)] = &[(10, 10), (13, 13), (0x2028, 0x2029)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_cases() {
        let mut s = CharSet::of(&[(98, 99), (97, 97)]);
        assert_eq!(s.inverted().inverted(), s);
        s.close_case(false);
        assert!(s.contains(65) && s.contains(67) && !s.contains(68));
        let mut k = CharSet::one(0x6B);
        k.close_case(true);
        assert!(k.contains(0x212A) && k.contains(0x4B));
        let mut k = CharSet::one(0x6B);
        k.close_case(false);
        assert!(!k.contains(0x212A));
    }
}
