//! The queue of jobs, packed: a program may queue a million of them, and most have one or two values.

use crate::heap::Heap;
use crate::job::{Job, JobKind};
use crate::value::Value;
use std::collections::VecDeque;

/// Jobs in the order in which they were queued. Each is a head word and those of its values (a, b, c, context) that it has, in
/// blocks of words; a job never lies across two of them.
#[derive(Default)]
pub(crate) struct JobQueue {
    blocks: VecDeque<Box<Block>>,
    /// Where the oldest job starts in the first block.
    front: usize,
    /// Where the next job starts in the last block.
    back: usize,
    jobs: usize,
    /// An emptied block, kept for the next one that is needed.
    spare: Option<Box<Block>>,
}

type Block = [Value; BLOCK];
const BLOCK: usize = 1024;
/// A job starts where this many words are left in the block, and in the next block where they are not: more than any job needs.
const WINDOW: usize = 8;

/// Parts of the head word: the kind, whether it is a rejection, which values follow, and from here on the log's number.
const KIND: usize = 0b11;
const REJECTED: usize = 0b100;
const HAS_B: usize = 0b1000;
const HAS_C: usize = 0b1_0000;
const HAS_CONTEXT: usize = 0b10_0000;
const ID_SHIFT: u32 = 8;

const fn code(kind: JobKind) -> usize {
    match kind {
        JobKind::Reaction => 0,
        JobKind::Thenable => 1,
        JobKind::Resume => 2,
        JobKind::Callback => 3,
    }
}

impl JobQueue {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs
    }

    #[inline]
    pub(crate) fn push(&mut self, job: Job) {
        if self.blocks.is_empty() || self.back + WINDOW > BLOCK {
            self.add_block();
        }
        let block = self.blocks.back_mut().expect("there is a block");
        let window: &mut [Value; WINDOW] = block[self.back..].first_chunk_mut().expect("room for a job");
        let head = code(job.kind) | (job.id as usize) << ID_SHIFT | if job.rejected { REJECTED } else { 0 };
        let rest = [(job.b, HAS_B), (job.c, HAS_C), (job.context, HAS_CONTEXT)];
        let (mut flags, mut n) = (0, 2);
        for (v, flag) in rest {
            // Written in any case, and overwritten by the next one where it is undefined: no branch to mispredict.
            window[n % WINDOW] = v;
            let there = !v.is_undefined();
            n += usize::from(there);
            flags |= if there { flag } else { 0 };
        }
        window[0] = Value::raw(head | flags);
        window[1] = job.a;
        self.back += n;
        self.jobs += 1;
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Job> {
        if self.jobs == 0 {
            return None;
        }
        if self.front + WINDOW > BLOCK {
            self.spare = self.blocks.pop_front();
            self.front = 0;
        }
        let window: &[Value; WINDOW] = self.blocks.front()?[self.front..].first_chunk()?;
        let head = window[0].as_raw();
        let mut n = 2;
        let mut next = |flag| {
            let there = head & flag != 0;
            let v = if there { window[n % WINDOW] } else { Value::UNDEFINED };
            n += usize::from(there);
            v
        };
        let job = Job {
            kind: [JobKind::Reaction, JobKind::Thenable, JobKind::Resume, JobKind::Callback][head & KIND],
            rejected: head & REJECTED != 0,
            id: (head >> ID_SHIFT) as u32,
            a: window[1],
            b: next(HAS_B),
            c: next(HAS_C),
            context: next(HAS_CONTEXT),
        };
        self.front += n;
        self.jobs -= 1;
        if self.jobs == 0 {
            // The same few words again and again, for a program that queues one job at a time.
            (self.front, self.back) = (0, 0);
        }
        Some(job)
    }

    #[cold]
    fn add_block(&mut self) {
        if let Some(last) = self.blocks.back_mut() {
            // What is left of it is looked at as values.
            last[self.back..].fill(Value::UNDEFINED);
        }
        let block = self.spare.take().unwrap_or_else(|| Box::new([Value::UNDEFINED; BLOCK]));
        self.blocks.push_back(block);
        self.back = 0;
    }

    /// Every value that the jobs hold, and words between them that refer to nothing.
    pub(crate) fn values(&self) -> impl Iterator<Item = Value> {
        let last = self.blocks.len().saturating_sub(1);
        self.blocks.iter().enumerate().flat_map(move |(i, block)| {
            let from = if i == 0 { self.front } else { 0 };
            let to = if i == last { self.back } else { BLOCK };
            // After the last job of the first block `front` may be past what the block's jobs took.
            block[from.min(to)..to].iter().copied()
        })
    }

    pub(crate) fn trace(&self, heap: &mut Heap) {
        self.values().for_each(|v| heap.mark_value(v));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(kind: JobKind, rejected: bool, id: u32, v: [Value; 4]) -> Job {
        let [a, b, c, context] = v;
        Job { kind, rejected, id, a, b, c, context }
    }

    #[test]
    fn many_jobs_lie_in_several_blocks() {
        let mut q = JobQueue::default();
        let (mut next_in, mut next_out) = (0u32, 0u32);
        for (puts, takes) in [(1, 1), (5000, 100), (3, 4000), (2000, 2903), (1, 1), (700, 700)] {
            for _ in 0..puts {
                let v = |bit| if next_in & bit == 0 { Value::UNDEFINED } else { Value::int(next_in as i32) };
                q.push(job(JobKind::Resume, false, next_in, [Value::int(next_in as i32), v(1), v(2), v(4)]));
                next_in += 1;
            }
            let held = q.values().filter(|v| v.is_int()).count();
            assert!(held >= q.len(), "{held} values of {} jobs", q.len());
            for _ in 0..takes {
                let j = q.pop().expect("as many as went in");
                let v = |bit| if next_out & bit == 0 { Value::UNDEFINED } else { Value::int(next_out as i32) };
                assert!(j.id == next_out && [j.b, j.c, j.context] == [v(1), v(2), v(4)]);
                next_out += 1;
            }
        }
        assert!(q.is_empty() && q.values().next().is_none());
        assert!(q.blocks.len() == 1, "emptied blocks are given back");
    }

    #[test]
    fn jobs_come_out_as_they_went_in() {
        let (u, t) = (Value::UNDEFINED, Value::TRUE);
        let all = || {
            let mut out = Vec::new();
            for kind in [JobKind::Reaction, JobKind::Thenable, JobKind::Resume, JobKind::Callback] {
                for bits in 0..16 {
                    let v = |bit: i32, v| if bits & bit == 0 { u } else { v };
                    let values = [v(8, t), v(1, Value::int(7)), v(2, Value::NULL), v(4, Value::int(-1))];
                    out.push(job(kind, bits % 3 == 0, u32::MAX - bits as u32, values));
                }
            }
            out
        };
        let mut q = JobQueue::default();
        all().into_iter().for_each(|j| q.push(j));
        assert_eq!(q.len(), 64);
        for want in all() {
            let got = q.pop().expect("as many as went in");
            assert!(got.kind == want.kind && got.rejected == want.rejected && got.id == want.id);
            let values = |j: &Job| [j.a, j.b, j.c, j.context];
            assert!(values(&got) == values(&want));
        }
        assert!(q.is_empty() && q.pop().is_none());
    }
}
