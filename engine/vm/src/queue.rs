//! The queue of jobs, packed: a program may queue a million of them, and most have one or two values.

use crate::heap::Heap;
use crate::job::{Job, JobKind};
use crate::value::Value;
use std::collections::VecDeque;

/// Jobs in the order in which they were queued. Each is a head word and those of its values (a, b, c, context) that it has.
#[derive(Default)]
pub(crate) struct JobQueue {
    words: VecDeque<Value>,
    jobs: usize,
}

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
        let mut head =
            code(job.kind) | (job.id as usize) << ID_SHIFT | if job.rejected { REJECTED } else { 0 };
        let rest = [(job.b, HAS_B), (job.c, HAS_C), (job.context, HAS_CONTEXT)];
        for (v, flag) in rest {
            head |= if v.is_undefined() { 0 } else { flag };
        }
        self.words.push_back(Value::raw(head));
        self.words.push_back(job.a);
        for (v, _) in rest {
            if !v.is_undefined() {
                self.words.push_back(v);
            }
        }
        self.jobs += 1;
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Job> {
        let head = self.words.pop_front()?.as_raw();
        self.jobs -= 1;
        let mut next = |flag| match head & flag {
            0 => Value::UNDEFINED,
            _ => self.words.pop_front().unwrap_or(Value::UNDEFINED),
        };
        Some(Job {
            kind: [JobKind::Reaction, JobKind::Thenable, JobKind::Resume, JobKind::Callback][head & KIND],
            rejected: head & REJECTED != 0,
            id: (head >> ID_SHIFT) as u32,
            a: next(!0),
            b: next(HAS_B),
            c: next(HAS_C),
            context: next(HAS_CONTEXT),
        })
    }

    /// Every value that the jobs hold, and words between them that refer to nothing.
    pub(crate) fn values(&self) -> impl Iterator<Item = Value> {
        self.words.iter().copied()
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
