//! What the pool promises: order, cancel, panics, lanes, wake-ups, and a clean end.

use looplab_threadpool::{BoxJob, Completion, Config, JobError, Pool, SubmitError};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

type TestPool = Pool<BoxJob<usize>>;

struct Bench {
    pool: TestPool,
    woken: mpsc::Receiver<()>,
}

impl Bench {
    fn new(config: Config) -> Bench {
        let (tell, woken) = mpsc::channel();
        Bench { pool: Pool::new(config, move || tell.send(()).unwrap_or(())), woken }
    }

    fn collect(&mut self, count: usize) -> Vec<Completion<usize>> {
        let mut out = Vec::new();
        while out.len() < count {
            self.woken.recv_timeout(Duration::from_secs(20)).expect("a completion in time");
            self.pool.drain(&mut out);
        }
        out
    }
}

fn workers(workers: usize) -> Config {
    Config { workers, ..Config::default() }
}

#[test]
fn one_worker_keeps_the_order() {
    let mut bench = Bench::new(workers(1));
    for n in 0..1000 {
        bench.pool.submit(n as u64, Box::new(move || n * 2), false).unwrap();
    }
    let done = bench.collect(1000);
    assert!(done.iter().enumerate().all(|(n, c)| c.token == n as u64 && c.result == Ok(n * 2)));
    assert_eq!(bench.pool.unfinished(), 0);
    assert_eq!(bench.pool.stats().threads, 1);
}

#[test]
fn all_workers_run_at_once_and_no_more_are_started() {
    let mut bench = Bench::new(workers(4));
    assert_eq!(bench.pool.stats().threads, 0, "threads are started by the first jobs");
    let meet = Arc::new(Barrier::new(4));
    for n in 0..8 {
        let meet = meet.clone();
        let job = move || {
            meet.wait();
            n
        };
        bench.pool.submit(n as u64, Box::new(job), false).unwrap();
    }
    let mut lanes: Vec<_> = bench.collect(8).iter().map(|c| c.worker.unwrap()).collect();
    lanes.sort_unstable();
    lanes.dedup();
    assert_eq!(lanes, [0, 1, 2, 3]);
    assert_eq!(bench.pool.stats().threads, 4);
}

#[test]
fn waiting_jobs_can_be_cancelled_running_ones_cannot() {
    let mut bench = Bench::new(workers(1));
    let (started, go) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (s, g) = (started.clone(), go.clone());
    let running = bench
        .pool
        .submit(
            1,
            Box::new(move || {
                s.wait();
                g.wait();
                1
            }),
            false,
        )
        .unwrap();
    let waiting = bench.pool.submit(2, Box::new(|| panic!("must not run")), false).unwrap();
    bench.pool.submit(3, Box::new(|| 3), false).unwrap();
    started.wait();
    assert!(!bench.pool.cancel(running));
    assert!(bench.pool.cancel(waiting));
    assert!(!bench.pool.cancel(waiting), "only once");
    go.wait();
    let done = bench.collect(3);
    let results: Vec<_> = done.into_iter().map(|c| (c.token, c.worker, c.result)).collect();
    assert_eq!(results, [(2, None, Err(JobError::Cancelled)), (1, Some(0), Ok(1)), (3, Some(0), Ok(3))]);
}

#[test]
fn a_panic_is_an_error_and_the_worker_lives() {
    let mut bench = Bench::new(workers(1));
    bench.pool.submit(1, Box::new(|| panic!("no such luck")), false).unwrap();
    bench.pool.submit(2, Box::new(|| panic!("{} lucks", 2)), false).unwrap();
    bench.pool.submit(3, Box::new(|| 3), false).unwrap();
    let results: Vec<_> = bench.collect(3).into_iter().map(|c| c.result).collect();
    let panicked = |text: &str| Err(JobError::Panicked(text.into()));
    assert_eq!(results, [panicked("no such luck"), panicked("2 lucks"), Ok(3)]);
}

#[test]
fn stamps_are_in_order_and_add_up() {
    let ticks = Arc::new(AtomicUsize::new(0));
    let clock = {
        let ticks = ticks.clone();
        Arc::new(move || ticks.fetch_add(1, Ordering::SeqCst) as u64)
    };
    let mut bench = Bench::new(Config { clock, ..workers(2) });
    for n in 0..50 {
        bench.pool.submit(n, Box::new(|| 0), n % 3 == 0).unwrap();
    }
    let done = bench.collect(50);
    assert!(done.iter().all(|c| c.queued_at < c.started_at && c.started_at < c.finished_at));
    let run: u64 = done.iter().map(|c| c.finished_at - c.started_at).sum();
    let stats = bench.pool.stats();
    assert_eq!((stats.finished, stats.run, stats.waiting, stats.unfinished), (50, run, 0, 0));
}

#[test]
fn a_full_queue_refuses() {
    let mut bench = Bench::new(Config { max_waiting: 1, ..workers(1) });
    let go = Arc::new(Barrier::new(2));
    let (started, g) = (Arc::new(Barrier::new(2)), go.clone());
    let s = started.clone();
    bench
        .pool
        .submit(
            0,
            Box::new(move || {
                s.wait();
                g.wait();
                0
            }),
            false,
        )
        .unwrap();
    started.wait();
    bench.pool.submit(1, Box::new(|| 1), false).unwrap();
    assert!(matches!(bench.pool.submit(2, Box::new(|| 2), false), Err(SubmitError::Full(1))));
    go.wait();
    assert_eq!(bench.collect(2).len(), 2);
}

#[test]
fn completions_share_a_wake_up() {
    let mut bench = Bench::new(workers(1));
    for n in 0..500 {
        bench.pool.submit(n, Box::new(|| 0), false).unwrap();
    }
    while bench.pool.stats().finished < 500 {
        std::thread::yield_now();
    }
    // All came before the first drain, so they were announced once.
    let mut out = Vec::new();
    bench.woken.recv_timeout(Duration::from_secs(20)).unwrap();
    while out.len() < 500 {
        bench.pool.drain(&mut out);
    }
    assert!(bench.woken.try_iter().count() <= 1);
}

#[test]
fn shutting_down_drops_what_waits_and_finishes_what_runs() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let (dropped, ran) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut bench = Bench::new(workers(2));
    let started = Arc::new(Barrier::new(3));
    for n in 0..100 {
        let (held, ran, started) = (Counted(dropped.clone()), ran.clone(), started.clone());
        let job = move || {
            let _held = held;
            if n < 2 {
                started.wait();
                std::thread::sleep(Duration::from_millis(20));
            }
            ran.fetch_add(1, Ordering::SeqCst)
        };
        bench.pool.submit(n, Box::new(job), false).unwrap();
    }
    started.wait();
    drop(bench);
    assert_eq!(dropped.load(Ordering::SeqCst), 100, "every job's own data is gone");
    assert!(ran.load(Ordering::SeqCst) >= 2);
}

#[test]
fn a_hundred_thousand_requests_can_wait() {
    let mut bench = Bench::new(Config { spin: 1000, ..workers(4) });
    for n in 0..100_000 {
        bench.pool.submit(n, Box::new(|| 1), n % 7 == 0).unwrap();
    }
    assert_eq!(bench.collect(100_000).len(), 100_000);
}
