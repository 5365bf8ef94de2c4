//! How much stack the parser will need: a cheap scan that estimates nesting before anything recurses.

use crate::error::{ErrorKind, SyntaxError};
use looplab_bytecode::Span;

/// Stack that one level of brackets may take in the parser and its checker.
const PER_BRACKET: usize = if cfg!(debug_assertions) { 24 * 1024 } else { 8 * 1024 };
/// Stack that one operator or keyword in a row may take.
const PER_OPERATOR: usize = if cfg!(debug_assertions) { 6 * 1024 } else { 3 * 1024 };
/// Deepest bracket nesting that is parsed at all.
const MAX_BRACKETS: usize = 20_000;
/// Longest run of `await await …` or of labels (`a: b: …`): the parser takes quadratic time for them.
const MAX_RUN: usize = 8_000;
/// Most stack that is ever asked for.
const MAX_STACK: usize = 2 << 30;
/// Stack that every thread has to spare.
const FREE: usize = 256 * 1024;

/// Bytes of stack to provide; 0: the present stack will do.
pub(crate) fn stack_need(text: &str) -> Result<usize, SyntaxError> {
    let (brackets, operators, at) = estimate(text.as_bytes());
    let need = brackets * PER_BRACKET + operators * PER_OPERATOR;
    if brackets > MAX_BRACKETS || need > MAX_STACK || longest_run(text.as_bytes()) > MAX_RUN {
        return Err(SyntaxError {
            message: "Maximum call stack size exceeded".into(),
            span: Span { start: at, end: at },
            kind: ErrorKind::Range,
        });
    }
    Ok(if need < FREE { 0 } else { need + FREE })
}

/// The deepest nesting of brackets, the longest run of operators along open brackets, and where the brackets were deepest.
fn estimate(b: &[u8]) -> (usize, usize, u32) {
    // Operators seen at each open level since the last separator, and their sum.
    let mut levels: Vec<u32> = vec![0];
    let (mut sum, mut max_sum, mut max_depth, mut deepest) = (0usize, 0usize, 0usize, 0u32);
    let mut i = 0;
    // Whether a slash here would be a division.
    let mut operand = false;
    while i < b.len() {
        let c = b[i];
        match c {
            b'"' | b'\'' => {
                i = skip_string(b, i);
                operand = true;
                continue;
            }
            b'/' if b.get(i + 1) == Some(&b'/') => {
                while i < b.len() && b[i] != b'\n' && b[i] != b'\r' {
                    i += 1;
                }
                continue;
            }
            b'/' if b.get(i + 1) == Some(&b'*') => {
                i += 2;
                while i < b.len() && !(b[i] == b'*' && b.get(i + 1) == Some(&b'/')) {
                    i += 1;
                }
                i += 2;
                continue;
            }
            b'/' if !operand => {
                i = skip_regexp(b, i);
                operand = true;
                continue;
            }
            b'(' | b'[' | b'{' => {
                levels.push(0);
                if levels.len() > max_depth {
                    max_depth = levels.len();
                    deepest = i as u32;
                }
                operand = false;
            }
            b')' | b']' | b'}' => {
                let own = levels.pop().unwrap_or(0);
                if levels.is_empty() {
                    levels.push(0);
                }
                sum = sum.saturating_sub(own as usize);
                // A call or index continues a left-deep chain; a block ends a statement unless `else` follows.
                operand = c != b'}';
                bump(&mut levels, &mut sum);
            }
            b';' => {
                let own = levels.last_mut().map_or(0, std::mem::take);
                sum = sum.saturating_sub(own as usize);
                operand = false;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | 0x80.. => {
                let start = i;
                while i < b.len()
                    && (b[i].is_ascii_alphanumeric() || b[i] >= 0x80 || matches!(b[i], b'_' | b'$'))
                {
                    i += 1;
                }
                operand = true;
                if is_operator_word(&b[start..i]) {
                    operand = false;
                    bump(&mut levels, &mut sum);
                    max_sum = max_sum.max(sum);
                }
                continue;
            }
            b'0'..=b'9' => operand = true,
            b'.' | b'`' | b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'!' | b'~' | b'<'
            | b'>' | b'=' | b'?' | b':' | b'@' => {
                operand = c == b'`';
                bump(&mut levels, &mut sum);
            }
            b',' => operand = false,
            _ => {}
        }
        max_sum = max_sum.max(sum);
        i += 1;
    }
    (max_depth.saturating_sub(1), max_sum, deepest)
}

/// The longest run of `await` words, or of words each followed by a colon. Strings and comments count as breaks, and texts that
/// are too short to matter are not looked at.
fn longest_run(b: &[u8]) -> usize {
    if b.len() < MAX_RUN * 2 {
        return 0;
    }
    let (mut run, mut longest, mut i) = (0usize, 0, 0);
    // The previous token: a word that may be a label.
    let mut word = false;
    while i < b.len() {
        match b[i] {
            c if c.is_ascii_whitespace() => i += 1,
            c if c.is_ascii_alphabetic() || matches!(c, b'_' | b'$') || c >= 0x80 => {
                let start = i;
                while i < b.len()
                    && (b[i].is_ascii_alphanumeric() || b[i] >= 0x80 || matches!(b[i], b'_' | b'$'))
                {
                    i += 1;
                }
                let awaits = &b[start..i] == b"await";
                run = if awaits {
                    run + 1
                } else if word {
                    0
                } else {
                    run
                };
                word = !awaits;
            }
            b':' if word => {
                run += 1;
                word = false;
                i += 1;
            }
            _ => {
                (run, word) = (0, false);
                i += 1;
            }
        }
        longest = longest.max(run);
    }
    longest
}

fn bump(levels: &mut [u32], sum: &mut usize) {
    if let Some(l) = levels.last_mut() {
        *l += 1;
        *sum += 1;
    }
}

fn skip_string(b: &[u8], start: usize) -> usize {
    let mut i = start + 1;
    while i < b.len() && b[i] != b[start] && b[i] != b'\n' {
        i += if b[i] == b'\\' { 2 } else { 1 };
    }
    i + 1
}

fn skip_regexp(b: &[u8], start: usize) -> usize {
    let mut i = start + 1;
    let mut class = false;
    while i < b.len() && b[i] != b'\n' && (class || b[i] != b'/') {
        match b[i] {
            b'\\' => i += 1,
            b'[' => class = true,
            b']' => class = false,
            _ => {}
        }
        i += 1;
    }
    i + 1
}

/// Words that nest what follows them.
fn is_operator_word(w: &[u8]) -> bool {
    matches!(
        w,
        b"else"
            | b"if"
            | b"typeof"
            | b"void"
            | b"delete"
            | b"await"
            | b"yield"
            | b"new"
            | b"in"
            | b"instanceof"
            | b"return"
            | b"throw"
            | b"do"
            | b"while"
            | b"for"
            | b"case"
            | b"of"
            | b"extends"
            | b"async"
    )
}
