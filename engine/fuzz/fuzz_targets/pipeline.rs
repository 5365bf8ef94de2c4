//! `cargo +nightly fuzz run pipeline` in `engine/fuzz`: any text in, no crash and no hang out.
#![no_main]

#[path = "../pipeline.rs"]
mod pipeline;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| pipeline::run(text));
