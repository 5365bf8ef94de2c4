//! A transform that cuts text into lines, between a source of ragged chunks and a sink that numbers what it gets.
//!
//! `cargo run -p looplab-streams --example lines`

use looplab_streams::api::{Options, Readable, Ticks, Transform, Writable, pipeline};
use std::cell::RefCell;
use std::rc::Rc;

/// The numbered lines of these chunks.
pub fn run(chunks: Vec<Vec<u8>>) -> Vec<String> {
    let ticks = Ticks::new();
    let source = Readable::from_iter(&ticks, Options::objects(), chunks);
    let mut rest = Vec::new();
    let lines = Transform::new(&ticks, Options::objects(), move |chunk: Option<Vec<u8>>| {
        let Some(chunk) = chunk else {
            // The end: what has no line end is a line all the same.
            let last = std::mem::take(&mut rest);
            return if last.is_empty() { Vec::new() } else { vec![last] };
        };
        rest.extend_from_slice(&chunk);
        let mut out: Vec<Vec<u8>> = rest.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        rest = out.pop().unwrap_or_default();
        out
    });
    let seen = Rc::new(RefCell::new(Vec::new()));
    let numbered = seen.clone();
    let sink = Writable::new(&ticks, Options::objects(), move |line: Vec<u8>, done| {
        let mut list = numbered.borrow_mut();
        let n = list.len() + 1;
        list.push(format!("{n}: {}", String::from_utf8_lossy(&line)));
        drop(list);
        done.ok();
    });
    pipeline(&source, &[&lines], &sink, |e| assert!(e.is_none(), "{e:?}"));
    ticks.run();
    seen.take()
}

fn main() {
    for line in run(vec![b"one\ntw".to_vec(), b"o\nthr".to_vec(), b"ee".to_vec()]) {
        println!("{line}");
    }
}
