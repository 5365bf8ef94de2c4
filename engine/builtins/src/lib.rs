//! The JavaScript standard library, written against rooted handles only.
