//! The `looplab` binary: arguments in, exit code out.

fn main() {}
