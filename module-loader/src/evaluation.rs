//! Placeholder while the rest compiles.
