//! Copies a file on the pool, a piece a job, and tells how far it has come. The loop stays free for other things.

use looplab_event_loop::{EventLoop, JobClass, JobInfo};
use std::fs::File;
use std::io::{Read, Write};

const PIECE: u64 = 256 << 10;

/// Copies the next piece, and goes on until there is none.
fn copy(lp: &mut EventLoop, from: File, mut to: File, done: u64, size: u64) {
    let piece = move || -> std::io::Result<(File, File, u64)> {
        let mut bytes = Vec::new();
        (&from).take(PIECE).read_to_end(&mut bytes)?;
        to.write_all(&bytes)?;
        Ok((from, to, bytes.len() as u64))
    };
    let info = JobInfo::new(JobClass::Disk, "copy").moving(PIECE);
    let job = lp.spawn_as(info, piece, move |lp, result| match result {
        Ok(Ok((_, _, 0))) => println!("done"),
        Ok(Ok((from, to, n))) => {
            println!("{:3} %", (done + n) * 100 / size.max(1));
            copy(lp, from, to, done + n, size);
        }
        Ok(Err(error)) => eprintln!("can't copy: {error}"),
        Err(error) => eprintln!("{error}"),
    });
    job.map(drop).unwrap_or_else(|error| eprintln!("{error}"));
}

fn main() -> std::io::Result<()> {
    let folder = std::env::temp_dir().join(format!("looplab-copy-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (from, to) = (folder.join("from"), folder.join("to"));
    std::fs::write(&from, vec![7; 1 << 20])?;
    let mut lp = EventLoop::real()?;
    copy(&mut lp, File::open(&from)?, File::create(&to)?, 0, 1 << 20);
    lp.run()?;
    println!("the same: {}", std::fs::read(&from)? == std::fs::read(&to)?);
    std::fs::remove_dir_all(folder)
}
