//! A child process: its output as it comes, its input, its end, and one that is killed.

use looplab_event_loop::EventLoop;
use looplab_event_loop::mio::Interest;
use looplab_event_loop::system::Chunk;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

fn main() -> std::io::Result<()> {
    let mut lp = EventLoop::real()?;
    let mut sort = Command::new("sort");
    sort.stdin(Stdio::piped()).stdout(Stdio::piped());
    let (_, pipes) = lp.spawn_child(sort, |_, status| {
        println!("sort: {}", status.map_or_else(|error| error.to_string(), |status| status.to_string()));
    })?;
    if let Some(stdout) = pipes.stdout {
        lp.pipe_open(stdout, Interest::READABLE, |_, _, chunk| match chunk {
            Chunk::Data(bytes) => print!("{}", String::from_utf8_lossy(bytes)),
            Chunk::End => {}
            Chunk::Failed(error) => eprintln!("{error}"),
        })?;
    }
    if let Some(stdin) = pipes.stdin {
        let stdin = lp.pipe_open(stdin, Interest::WRITABLE, |_, _, _| {})?;
        lp.pipe_write(&stdin, b"pear\napple\nquince\n")?;
        lp.pipe_end(&stdin);
    }
    lp.run()?;

    let mut sleep = Command::new("sleep");
    sleep.arg("1000");
    let (child, _) = lp.spawn_child(sleep, |_, status| {
        println!("sleep: ended by signal {:?}", status.ok().and_then(|status| status.signal()));
    })?;
    lp.set_timeout(10, move |_| println!("killed: {}", child.kill(15).unwrap_or(false)));
    lp.run()?;
    Ok(())
}
