//! The waiting line: FIFO, with a capped side line for slow jobs and O(1) cancel. The simulated world stands in the same line.

use crate::JobId;
use std::collections::VecDeque;

/// A job in the line.
#[derive(Debug)]
pub struct Waiting<J> {
    /// What the submitter named it by.
    pub token: u64,
    /// The job.
    pub job: J,
    /// When it entered the line.
    pub queued_at: u64,
    /// Whether it counts against the cap on slow jobs.
    pub slow: bool,
    /// Its place among all jobs, whichever line they stand in.
    order: u64,
}

/// One line. Cancelled jobs leave a gap, so that a job's index stays its place: cancel needs no search.
#[derive(Debug)]
struct Line<J> {
    jobs: VecDeque<Option<Waiting<J>>>,
    /// The index of the front.
    front: u64,
}

impl<J> Line<J> {
    fn new() -> Self {
        Line { jobs: VecDeque::new(), front: 0 }
    }

    fn push(&mut self, job: Waiting<J>) -> u64 {
        self.jobs.push_back(Some(job));
        self.front + self.jobs.len() as u64 - 1
    }

    /// Drops the gaps at the front, so that the front is a job or the line is empty.
    fn close_gaps(&mut self) {
        while let Some(None) = self.jobs.front() {
            self.jobs.pop_front();
            self.front += 1;
        }
    }

    fn order(&self) -> Option<u64> {
        self.jobs.front().and_then(|job| job.as_ref()).map(|job| job.order)
    }

    fn pop(&mut self) -> Option<Waiting<J>> {
        let job = self.jobs.pop_front()?;
        self.front += 1;
        self.close_gaps();
        job
    }

    fn take(&mut self, index: u64) -> Option<Waiting<J>> {
        let at = usize::try_from(index.checked_sub(self.front)?).ok()?;
        let job = self.jobs.get_mut(at)?.take();
        self.close_gaps();
        job
    }
}

/// Both lines, and the cap on slow jobs.
#[derive(Debug)]
pub struct Queue<J> {
    normal: Line<J>,
    slow: Line<J>,
    slow_running: usize,
    slow_cap: usize,
    waiting: usize,
    next_order: u64,
}

impl<J> Queue<J> {
    /// An empty queue for so many workers; slow jobs may hold half of them, rounded up.
    pub fn new(workers: usize) -> Self {
        Queue {
            normal: Line::new(),
            slow: Line::new(),
            slow_running: 0,
            slow_cap: workers.div_ceil(2),
            waiting: 0,
            next_order: 0,
        }
    }

    /// Jobs that wait.
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether no job waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Puts a job at the end.
    pub fn push(&mut self, token: u64, job: J, queued_at: u64, slow: bool) -> JobId {
        let waiting = Waiting { token, job, queued_at, slow, order: self.next_order };
        self.next_order += 1;
        self.waiting += 1;
        let line = if slow { &mut self.slow } else { &mut self.normal };
        JobId { slow, index: line.push(waiting) }
    }

    /// Takes the oldest job that may start now. A slow one must be given back with [`Queue::slow_done`].
    pub fn pop(&mut self) -> Option<Waiting<J>> {
        let slow = self.slow.order().filter(|_| self.slow_running < self.slow_cap);
        let job = match (self.normal.order(), slow) {
            (Some(normal), Some(slow)) if slow < normal => self.slow.pop(),
            (None, Some(_)) => self.slow.pop(),
            (Some(_), _) => self.normal.pop(),
            (None, None) => None,
        }?;
        self.waiting -= 1;
        self.slow_running += usize::from(job.slow);
        Some(job)
    }

    /// A slow job's worker is free again.
    pub fn slow_done(&mut self) {
        self.slow_running -= 1;
    }

    /// Takes a waiting job out. `None` if it has started (or was cancelled) already.
    pub fn cancel(&mut self, id: JobId) -> Option<Waiting<J>> {
        let line = if id.slow { &mut self.slow } else { &mut self.normal };
        let job = line.take(id.index)?;
        self.waiting -= 1;
        Some(job)
    }

    /// Drops every waiting job and returns them.
    pub fn clear(&mut self) -> Vec<Waiting<J>> {
        self.waiting = 0;
        let lines = self.normal.jobs.drain(..).chain(self.slow.jobs.drain(..));
        lines.flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(queue: &mut Queue<()>) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop()).map(|w| w.token).collect()
    }

    #[test]
    fn first_in_first_out_with_gaps() {
        let mut queue = Queue::new(4);
        let ids: Vec<_> = (0..6).map(|n| queue.push(n, (), 0, false)).collect();
        assert_eq!(queue.cancel(ids[0]).map(|w| w.token), Some(0));
        assert_eq!(queue.cancel(ids[3]).map(|w| w.token), Some(3));
        assert!(queue.cancel(ids[3]).is_none());
        assert_eq!(queue.len(), 4);
        assert_eq!(queue.pop().map(|w| w.token), Some(1));
        assert!(queue.cancel(ids[1]).is_none(), "it has started");
        assert_eq!(order(&mut queue), [2, 4, 5]);
    }

    #[test]
    fn slow_jobs_hold_half_the_workers_at_most() {
        let mut queue = Queue::new(4);
        for token in 0..3 {
            queue.push(token, (), 0, true);
        }
        queue.push(9, (), 0, false);
        assert_eq!(order(&mut queue), [0, 1, 9], "the third slow job waits, the fast one passes it");
        queue.slow_done();
        assert_eq!(order(&mut queue), [2]);
    }
}
