//! JavaScript source to bytecode: oxc parses, our scope pass and code generator do the rest.
