//! The real world's clock, for instruments that measure from outside.

use looplab_event_loop::{BoxJob, RealOptions, RealWorld, World as _};
use std::io;
use std::time::Duration;

/// Time since it was made.
pub type Clock = Box<dyn Fn() -> Duration>;

/// A clock of one's own, for this thread.
///
/// # Errors
/// The system's, such as having no descriptors left.
pub fn new() -> io::Result<Clock> {
    let world = RealWorld::<BoxJob<()>>::new(RealOptions::default())?;
    let time = world.time_source();
    Ok(Box::new(move || Duration::from_nanos(time())))
}
