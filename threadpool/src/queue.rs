//! The waiting line: FIFO lanes by priority, with a capped side line for slow jobs and O(1) cancel. The simulated world stands in the
//! same line.

use crate::{JobId, Priority};
use std::collections::VecDeque;

/// How many jobs of the next lower priority a job passes at most. Ageing without a clock: a job's place is its number plus this for
/// each step its priority is below the highest, and the smallest place goes first.
pub const HEAD_START: u64 = 64;

/// Where the slow jobs stand, behind the lanes of the three priorities.
const SLOW: usize = 3;

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
    place: u64,
}

/// One line. Cancelled jobs leave a gap, so that a job's index stays its place: cancel needs no search.
#[derive(Debug)]
struct Line<J> {
    jobs: VecDeque<Option<Waiting<J>>>,
    /// The index of the front.
    front: u64,
    /// Jobs in it, without the gaps.
    waiting: usize,
}

impl<J> Line<J> {
    fn new() -> Self {
        Line { jobs: VecDeque::new(), front: 0, waiting: 0 }
    }

    fn push(&mut self, job: Waiting<J>) -> u64 {
        self.jobs.push_back(Some(job));
        self.waiting += 1;
        self.front + self.jobs.len() as u64 - 1
    }

    /// Drops the gaps at the front, so that the front is a job or the line is empty.
    fn close_gaps(&mut self) {
        while let Some(None) = self.jobs.front() {
            self.jobs.pop_front();
            self.front += 1;
        }
    }

    fn place(&self) -> Option<u64> {
        self.jobs.front().and_then(|job| job.as_ref()).map(|job| job.place)
    }

    fn pop(&mut self) -> Option<Waiting<J>> {
        let job = self.jobs.pop_front()?;
        self.front += 1;
        self.waiting -= usize::from(job.is_some());
        self.close_gaps();
        job
    }

    /// Everything, gaps as well; indices go on from here.
    fn clear(&mut self) -> VecDeque<Option<Waiting<J>>> {
        self.front += self.jobs.len() as u64;
        self.waiting = 0;
        std::mem::take(&mut self.jobs)
    }

    fn take(&mut self, index: u64) -> Option<Waiting<J>> {
        let at = usize::try_from(index.checked_sub(self.front)?).ok()?;
        let job = self.jobs.get_mut(at)?.take();
        self.waiting -= usize::from(job.is_some());
        self.close_gaps();
        job
    }
}

/// All lines, and the cap on slow jobs.
#[derive(Debug)]
pub struct Queue<J> {
    lines: [Line<J>; 4],
    slow_running: usize,
    slow_cap: usize,
    waiting: usize,
    next_number: u64,
}

impl<J> Queue<J> {
    /// An empty queue for so many workers; slow jobs may hold half of them, rounded up.
    pub fn new(workers: usize) -> Self {
        Queue {
            lines: std::array::from_fn(|_| Line::new()),
            slow_running: 0,
            slow_cap: workers.div_ceil(2),
            waiting: 0,
            next_number: 0,
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
        self.push_with(token, job, queued_at, slow, Priority::Normal)
    }

    /// Puts a job at the end of those of its priority.
    pub fn push_with(&mut self, token: u64, job: J, queued_at: u64, slow: bool, priority: Priority) -> JobId {
        // Of slow jobs only the order of submission counts: within a line places ascend.
        let (line, priority) = if slow { (SLOW, Priority::Normal) } else { (priority as usize, priority) };
        let place = self.next_number + HEAD_START * priority as u64;
        self.next_number += 1;
        self.waiting += 1;
        JobId::new(line, self.lines[line].push(Waiting { token, job, queued_at, slow, place }))
    }

    /// Takes the next job that may start now. A slow one must be given back with [`Queue::slow_done`].
    pub fn pop(&mut self) -> Option<Waiting<J>> {
        // Nearly always there is nothing but ordinary work.
        let normal = &mut self.lines[Priority::Normal as usize];
        if normal.waiting == self.waiting {
            let job = normal.pop()?;
            self.waiting -= 1;
            return Some(job);
        }
        let lines = if self.slow_running < self.slow_cap { SLOW + 1 } else { SLOW };
        let places = self.lines[..lines].iter().enumerate().filter_map(|(i, line)| Some((line.place()?, i)));
        let (_, line) = places.min()?;
        let job = self.lines[line].pop()?;
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
        let job = self.lines[id.line()].take(id.index())?;
        self.waiting -= 1;
        Some(job)
    }

    /// Drops every waiting job and returns them.
    pub fn clear(&mut self) -> Vec<Waiting<J>> {
        self.waiting = 0;
        self.lines.iter_mut().flat_map(Line::clear).flatten().collect()
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

    #[test]
    fn urgent_jobs_go_first() {
        let mut queue = Queue::new(4);
        for (token, priority) in
            [(0, Priority::Low), (1, Priority::Normal), (2, Priority::High), (3, Priority::High)]
        {
            queue.push_with(token, (), 0, false, priority);
        }
        assert_eq!(order(&mut queue), [2, 3, 1, 0]);
    }

    #[test]
    fn nothing_starves() {
        let mut queue = Queue::new(4);
        queue.push_with(u64::MAX, (), 0, false, Priority::Low);
        for token in 0..1000 {
            queue.push_with(token, (), 0, false, Priority::High);
        }
        let passed = order(&mut queue).iter().position(|token| *token == u64::MAX);
        assert_eq!(passed, Some(2 * HEAD_START as usize), "two lanes' head start, no more");
    }

    #[test]
    fn cancel_finds_its_lane() {
        let mut queue = Queue::new(4);
        let low = queue.push_with(1, (), 0, false, Priority::Low);
        let slow = queue.push_with(2, (), 0, true, Priority::High);
        queue.push(3, (), 0, false);
        assert_eq!(queue.cancel(low).map(|w| w.token), Some(1));
        assert_eq!(queue.cancel(slow).map(|w| w.token), Some(2));
        assert!(queue.cancel(low).is_none());
        assert_eq!(order(&mut queue), [3]);
    }
}
