//! A job on a worker of the pool: the loop goes on meanwhile, and the result comes back in a poll phase.

use looplab_event_loop::EventLoop;

fn primes_below(limit: u32) -> usize {
    (2..limit).filter(|n| (2..).take_while(|d| d * d <= *n).all(|d| n % d != 0)).count()
}

fn main() -> std::io::Result<()> {
    let mut lp = EventLoop::real()?;
    let job = lp.spawn(
        || primes_below(200_000),
        |_, result| match result {
            Ok(count) => println!("worker: {count} primes below 200000"),
            Err(error) => println!("worker: {error}"),
        },
    );
    job.map_err(std::io::Error::other)?;
    lp.spawn(|| -> u32 { panic!("no luck") }, |_, result| println!("worker: {}", result.unwrap_err()))
        .map_err(std::io::Error::other)?;
    lp.set_immediate(|_| println!("the loop isn't blocked"));
    lp.run()?;
    Ok(())
}
