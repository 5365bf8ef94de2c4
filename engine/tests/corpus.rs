//! The fuzz corpus, and small damages to it, through the whole pipeline without a fuzzer.

#[path = "../fuzz/pipeline.rs"]
mod pipeline;

use std::fs;
use std::path::PathBuf;

fn corpus() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/pipeline");
    let mut files: Vec<_> = fs::read_dir(folder).expect("the corpus").flatten().map(|e| e.path()).collect();
    files.sort();
    files.iter().map(|p| fs::read_to_string(p).expect("text")).collect()
}

/// Test threads have small stacks; the engine takes the process's limit for granted.
fn on_a_large_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(work).expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn the_corpus_runs() {
    on_a_large_stack(|| corpus().iter().for_each(|t| pipeline::run(t)));
}

#[test]
fn damaged_texts_are_refused_or_run() {
    on_a_large_stack(|| {
        let texts = corpus();
        for (n, t) in texts.iter().enumerate().filter(|(_, t)| !t.contains("for (;;)")) {
            let tokens: Vec<&str> = t.split_inclusive([' ', '(', ')', '{', '}', ';']).collect();
            for cut in (0..tokens.len()).step_by(7) {
                // Without one piece, and with a piece of another text in its place.
                let other = &texts[(n + 1) % texts.len()];
                let piece = other.split(' ').nth(cut % 11).unwrap_or("");
                for middle in ["", piece] {
                    let damaged = [&tokens[..cut], &[middle], &tokens[cut + 1..]].concat().concat();
                    pipeline::run(&damaged);
                }
            }
        }
    });
}
