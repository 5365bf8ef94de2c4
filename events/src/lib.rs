//! EventEmitter core and event-driven building blocks.
