//! A hand-built event loop: phases, timers, ticks and microtasks, handles, reactor, clock.
