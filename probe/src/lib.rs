//! The event table, the append-only log, and the Probe trait everything reports through.
