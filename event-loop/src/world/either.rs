//! The real or the simulated world, decided at run time: for programs that don't want to be compiled twice.

use super::{Arrivals, Choice, JobInfo, Network, Output, Polled, RealWorld, SimWorld, Wakeup, World};
use looplab_probe::{ChoiceKind, TimeSource};
use looplab_threadpool::{Job, JobId, SubmitError};
use mio::Interest;
use mio::event::Source;
use std::io;

/// One of the two worlds. Each call costs a branch more than with the world itself.
#[derive(Debug)]
pub enum EitherWorld<J: Job> {
    /// The real world.
    Real(RealWorld<J>),
    /// The simulated one.
    Sim(SimWorld<J>),
}

macro_rules! either {
    ($self:expr, $world:ident => $call:expr) => {
        match $self {
            EitherWorld::Real($world) => $call,
            EitherWorld::Sim($world) => $call,
        }
    };
}

impl<J: Job> World for EitherWorld<J> {
    type Job = J;

    fn is_simulated(&self) -> bool {
        matches!(self, EitherWorld::Sim(_))
    }

    fn now(&self) -> u64 {
        either!(self, world => world.now())
    }

    fn hrtime(&mut self) -> u64 {
        either!(self, world => world.hrtime())
    }

    fn wall(&mut self) -> u64 {
        either!(self, world => world.wall())
    }

    fn random(&mut self) -> u64 {
        either!(self, world => world.random())
    }

    fn choose(&mut self, kind: ChoiceKind, options: u32) -> u32 {
        either!(self, world => world.choose(kind, options))
    }

    fn take_choices(&mut self) -> Vec<Choice> {
        either!(self, world => world.take_choices())
    }

    fn settle(&mut self, due: u64, competes: bool) {
        either!(self, world => world.settle(due, competes))
    }

    fn timer_starts(&mut self, delay: u64) {
        either!(self, world => world.timer_starts(delay))
    }

    fn timer_ends(&mut self, due: u64, delay: u64) {
        either!(self, world => world.timer_ends(due, delay))
    }

    fn explores(&self) -> bool {
        either!(self, world => world.explores())
    }

    fn charge(&mut self, info: JobInfo) {
        either!(self, world => world.charge(info))
    }

    fn spend(&mut self, nanos: u64) {
        either!(self, world => world.spend(nanos));
    }

    fn submit(&mut self, token: u64, job: J, info: JobInfo) -> Result<JobId, SubmitError> {
        either!(self, world => world.submit(token, job, info))
    }

    fn cancel(&mut self, id: JobId) -> bool {
        either!(self, world => world.cancel(id))
    }

    fn pool_waiting(&self) -> usize {
        either!(self, world => world.pool_waiting())
    }

    fn pool_stats(&self) -> looplab_threadpool::Stats {
        either!(self, world => world.pool_stats())
    }

    fn register(&mut self, source: &mut dyn Source, token: usize, interest: Interest) -> io::Result<()> {
        either!(self, world => world.register(source, token, interest))
    }

    fn reregister(&mut self, source: &mut dyn Source, token: usize, interest: Interest) -> io::Result<()> {
        either!(self, world => world.reregister(source, token, interest))
    }

    fn deregister(&mut self, source: &mut dyn Source) -> io::Result<()> {
        either!(self, world => world.deregister(source))
    }

    fn network(&mut self) -> &mut dyn Network {
        either!(self, world => world.network())
    }

    fn fault(&mut self, label: &str) -> Option<i32> {
        either!(self, world => world.fault(label))
    }

    fn wakeup(&self) -> Wakeup {
        either!(self, world => world.wakeup())
    }

    fn poll(&mut self, timeout: Option<u64>, out: &mut Arrivals<Output<Self>>) -> io::Result<Polled> {
        either!(self, world => world.poll(timeout, out))
    }

    fn block(&mut self, nanos: Option<u64>) {
        either!(self, world => world.block(nanos))
    }

    fn time_source(&self) -> TimeSource {
        either!(self, world => world.time_source())
    }
}
