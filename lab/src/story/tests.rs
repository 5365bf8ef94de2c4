//! The fold: nesting, ordinals, facts, and logs that are cut or damaged.
