//! The instruction table, function templates, disassembler and verifier: plain data, no heap.
