//! The log in a compact form for the page: a stream of variable-length numbers, and the schema that says what they mean.

use looplab_probe::event::TABLE;
use looplab_probe::words::VOCABULARIES;
use looplab_probe::{Log, codec};
use serde_json::{Value, json};

/// The event table and the vocabularies, as the page's decoder needs them.
pub fn schema() -> Value {
    let events: Vec<Value> = TABLE
        .iter()
        .map(|event| {
            let fields: Vec<[&str; 2]> = event.fields.iter().map(|field| [field.name, field.ty]).collect();
            json!({ "name": event.name, "fields": fields })
        })
        .collect();
    let words = |vocabulary: &looplab_probe::words::Vocabulary| {
        let words: Vec<&str> = vocabulary.words.iter().map(|word| word.name).collect();
        (vocabulary.name.to_owned(), json!(words))
    };
    let vocabularies: serde_json::Map<String, Value> = VOCABULARIES.iter().map(words).collect();
    json!({ "version": codec::VERSION, "events": events, "words": vocabularies })
}

/// The events: for each its row in the table, its time and its `in` as differences, then its fields.
pub fn events(log: &Log) -> Vec<u8> {
    let mut out = Vec::with_capacity(log.records().len() * 12);
    let mut numbers = Vec::new();
    let mut before = 0;
    for (index, record) in log.records().iter().enumerate() {
        varint(record.event.row() as u64, &mut out);
        let step = record.t as i64 - before;
        before = record.t as i64;
        varint(((step << 1) ^ (step >> 63)) as u64, &mut out);
        varint(record.within.index().map_or(0, |within| index.saturating_sub(within) as u64 + 1), &mut out);
        numbers.clear();
        record.event.numbers(&mut numbers);
        numbers.iter().for_each(|number| varint(*number, &mut out));
    }
    out
}

/// Seven bits a byte, the low ones first; the high bit says that more follow.
fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// RFC 4648, with padding.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().enumerate().fold(0u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (text, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        let written = |number| {
            let mut out = Vec::new();
            varint(number, &mut out);
            out
        };
        assert_eq!(written(0), [0]);
        assert_eq!(written(300), [0xac, 2]);
        assert_eq!(written(u64::MAX).len(), 10);
    }
}
