//! Node's modules on the loop and the engine: the only place where the two meet.
