//! The JavaScript engine: source text in, values and jobs out.
