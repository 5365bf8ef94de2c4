//! A job's result to come, as a value: ask for it, wait for it, have something called with it, `await` it, or give it up.

use crate::event_loop::{AnyJob, EventLoop};
use crate::world::{JobInfo, RealWorld, World};
use looplab_probe::{EndReason, JobClass, Off, Probe, RunMode};
use looplab_threadpool::{JobError, SubmitError};
use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// How far the job is. A worker and whoever cancels race for the first step away from [`WAITING`].
const WAITING: u8 = 0;
const STARTED: u8 = 1;
const CANCELLED: u8 = 2;

type Then<R, W, P> = Box<dyn FnOnce(&mut EventLoop<W, P>, Result<R, JobError>)>;

struct State<R, W: World, P: Probe> {
    result: Option<Result<R, JobError>>,
    /// The result has been taken (or was called with).
    taken: bool,
    waker: Option<Waker>,
    then: Option<Then<R, W, P>>,
}

impl<R, W: World, P: Probe> State<R, W, P> {
    fn settle(&mut self, result: Result<R, JobError>) {
        self.result = Some(result);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A job that was asked for, and its result to come. Made by [`EventLoop::request`].
///
/// It is a [`Future`], but needs no runtime for such: [`Request::then`] has a closure called on the loop, [`Request::try_take`] asks
/// whether the result is there, [`EventLoop::block_on`] runs the loop until it is. Dropping it doesn't stop the job, whose result is then
/// dropped, too; [`Request::cancel`] does, as long as no worker has begun it.
///
/// ```
/// use looplab_event_loop::{EventLoop, JobError};
/// let mut lp = EventLoop::real().unwrap();
/// let (a, b) = (lp.request(|| 6).unwrap(), lp.request(|| 7).unwrap());
/// let product = lp.block_on(async { Ok::<_, JobError>(a.await? * b.await?) }).unwrap();
/// assert_eq!(product, Some(Ok(42)));
/// lp.request(|| "done").unwrap().then(&mut lp, |_, word| assert_eq!(word, Ok("done")));
/// lp.run().unwrap();
/// ```
pub struct Request<R, W: World = RealWorld<AnyJob>, P: Probe = Off> {
    state: Rc<RefCell<State<R, W, P>>>,
    progress: Arc<AtomicU8>,
}

impl<R, W: World, P: Probe> Request<R, W, P> {
    /// Whether the result is there (or has been taken).
    pub fn is_done(&self) -> bool {
        let state = self.state.borrow();
        state.taken || state.result.is_some()
    }

    /// The result, once, if it is there.
    pub fn try_take(&mut self) -> Option<Result<R, JobError>> {
        let mut state = self.state.borrow_mut();
        let result = state.result.take();
        state.taken |= result.is_some();
        result
    }

    /// Gives the job up. True if no worker had begun it: it never runs, and the result is [`JobError::Cancelled`].
    pub fn cancel(&self) -> bool {
        let won =
            self.progress.compare_exchange(WAITING, CANCELLED, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if won {
            self.state.borrow_mut().settle(Err(JobError::Cancelled));
        }
        won
    }
}

impl<R: 'static, W: World, P: Probe> Request<R, W, P> {
    /// Has `f` called on the loop with the result: in the poll phase in which it arrives, or in a tick if it is there already. Never
    /// called if the result has been taken.
    pub fn then(
        mut self,
        lp: &mut EventLoop<W, P>,
        f: impl FnOnce(&mut EventLoop<W, P>, Result<R, JobError>) + 'static,
    ) {
        match self.try_take() {
            Some(result) => lp.next_tick(move |lp| f(lp, result)),
            None => self.state.borrow_mut().then = Some(Box::new(f)),
        }
    }
}

impl<R, W: World, P: Probe> Future for Request<R, W, P> {
    type Output = Result<R, JobError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(result) = self.try_take() {
            return Poll::Ready(result);
        }
        self.state.borrow_mut().waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl<R, W: World, P: Probe> std::fmt::Debug for Request<R, W, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = match self.progress.load(Ordering::SeqCst) {
            WAITING => "waits or runs",
            STARTED if self.is_done() => "done",
            STARTED => "runs",
            _ => "cancelled",
        };
        write!(f, "Request({how})")
    }
}

/// Wakes a loop that runs a future.
struct WakeLoop {
    due: AtomicBool,
    loop_waker: crate::Waker,
}

impl Wake for WakeLoop {
    fn wake(self: Arc<Self>) {
        self.due.store(true, Ordering::SeqCst);
        self.loop_waker.wake();
    }
}

impl<W: World<Job = AnyJob>, P: Probe> EventLoop<W, P> {
    /// Runs `job` on a pool worker; the result comes as a [`Request`].
    ///
    /// # Errors
    /// The pool's queue is full, or it has no thread and can't start one.
    pub fn request<R: Send + 'static>(
        &mut self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<Request<R, W, P>, SubmitError> {
        self.request_as(JobInfo::new(JobClass::Compute, "request"), job)
    }

    /// [`EventLoop::request`], saying what sort of work it is, and how urgent.
    ///
    /// # Errors
    /// The pool's queue is full, or it has no thread and can't start one.
    pub fn request_as<R: Send + 'static>(
        &mut self,
        info: JobInfo,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<Request<R, W, P>, SubmitError> {
        let state = Rc::new(RefCell::new(State { result: None, taken: false, waker: None, then: None }));
        let progress = Arc::new(AtomicU8::new(WAITING));
        let (own, begun) = (state.clone(), progress.clone());
        let begin = move || {
            begun.compare_exchange(WAITING, STARTED, Ordering::SeqCst, Ordering::SeqCst).is_ok().then(job)
        };
        self.spawn_as(info, begin, move |lp, result| {
            // A job that was given up has its result already.
            let result = result.and_then(|done| done.ok_or(JobError::Cancelled));
            let mut state = own.borrow_mut();
            match state.then.take() {
                Some(then) => {
                    state.taken = true;
                    drop(state);
                    then(lp, result);
                }
                None if !state.taken && state.result.is_none() => state.settle(result),
                None => {}
            }
        })?;
        Ok(Request { state, progress })
    }
}

impl<W: World, P: Probe> EventLoop<W, P> {
    /// Runs the loop until the future is done. `None`: the loop has come to its end before, as nothing keeps it alive or it was stopped.
    ///
    /// # Errors
    /// The system's, from the poll phase.
    pub fn block_on<F: Future>(&mut self, future: F) -> io::Result<Option<F::Output>> {
        let (handle, loop_waker) = self.on_wake(|_| {});
        self.unref_handle(handle);
        let wake = Arc::new(WakeLoop { due: AtomicBool::new(true), loop_waker });
        let waker = Waker::from(wake.clone());
        let (mut context, mut future) = (Context::from_waker(&waker), pin!(future));
        let outcome = loop {
            if wake.due.swap(false, Ordering::SeqCst)
                && let Poll::Ready(output) = future.as_mut().poll(&mut context)
            {
                break Ok(Some(output));
            }
            if !wake.due.load(Ordering::SeqCst) && !self.is_alive() {
                break Ok(None);
            }
            match self.run_mode(RunMode::Once) {
                Ok(ended) if matches!(ended.reason, EndReason::OneTurn | EndReason::NothingAlive) => {}
                Ok(_) => break Ok(None),
                Err(error) => break Err(error),
            }
        };
        self.close(handle, None);
        outcome
    }
}
