//! A job's result as a value: awaited without any async runtime, given up, or handed to a closure.

use looplab_event_loop::{EventLoop, JobError, Request};

fn sum_of_squares(up_to: u64) -> u64 {
    (1..=up_to).map(|n| n * n).sum()
}

fn main() -> std::io::Result<()> {
    let mut lp = EventLoop::real()?;
    let mut ask = |up_to| lp.request(move || sum_of_squares(up_to)).map_err(std::io::Error::other);
    let (small, large): (Request<u64>, Request<u64>) = (ask(10)?, ask(1_000)?);
    // The loop runs, with its timers and sockets, until both are there.
    let both = lp.block_on(async { Ok::<_, JobError>((small.await?, large.await?)) })?;
    println!("both: {both:?}");

    // More than there are workers: the last one still waits when it is given up.
    let mut jobs: Vec<Request<u64>> = Vec::new();
    for _ in 0..64 {
        jobs.push(lp.request(|| sum_of_squares(1_000_000)).map_err(std::io::Error::other)?);
    }
    let last = jobs.pop();
    println!("given up: {:?}", last.as_ref().map(Request::cancel));
    if let Some(mut last) = last {
        println!("its result: {:?}", last.try_take());
    }
    if let Some(first) = jobs.pop() {
        first.then(&mut lp, |_, result| println!("then: {result:?}"));
    }
    lp.run()?;
    println!("the others: {} of {} done", jobs.iter().filter(|job| job.is_done()).count(), jobs.len());
    Ok(())
}
