//! Workers for blocking jobs; completions are posted through a waker and a queue.
