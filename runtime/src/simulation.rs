//! The simulated world as its user declares it: one `KEY=VALUE` after the other, each checked when it is typed.

use looplab_event_loop::{Fault, Latencies, NetModel, Seeded, SimOptions, SimWorld};
use looplab_threadpool::Job;

/// What runs under a name of its own in the pool, or on the spot in its synchronous form: what latencies can be declared for.
pub const OPERATIONS: &[&str] = &[
    "fs.access",
    "fs.chmod",
    "fs.chown",
    "fs.close",
    "fs.closedir",
    "fs.copyFile",
    "fs.fchmod",
    "fs.fchown",
    "fs.fdatasync",
    "fs.fstat",
    "fs.fsync",
    "fs.ftruncate",
    "fs.futimes",
    "fs.lchown",
    "fs.link",
    "fs.lstat",
    "fs.lutimes",
    "fs.mkdir",
    "fs.mkdtemp",
    "fs.open",
    "fs.opendir",
    "fs.read",
    "fs.readdir",
    "fs.readlink",
    "fs.readv",
    "fs.realpath",
    "fs.rename",
    "fs.rmdir",
    "fs.stat",
    "fs.statfs",
    "fs.symlink",
    "fs.unlink",
    "fs.utimes",
    "fs.write",
    "fs.writev",
    "dns.lookup",
];

/// Calls on sockets: what can be made to fail beside the file operations.
const CALLS: &[&str] = &[
    "net.accept",
    "net.bind",
    "net.connect",
    "net.listen",
    "net.read",
    "net.receive",
    "net.send",
    "net.write",
];

/// The simulated world, as declared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Simulation {
    /// How long things take.
    pub latencies: Latencies,
    /// The network.
    pub net: NetModel,
    /// Calls that are to fail.
    pub faults: Vec<Fault>,
    /// What a statement of the program takes, in nanoseconds. By default nothing: only what is declared to take time does.
    pub cpu: u64,
    /// With a seed, random numbers, latencies and whatever a real machine could do in another order follow from it. Without one
    /// every order is the plainest.
    pub seed: Option<u64>,
}

impl Simulation {
    /// Declares one thing, or several with commas between: `disk=hdd`, `fs.read=2ms±1ms`, `net=wan`, `cpu=1us/stmt`,
    /// `fail=fs.read:3:EIO`.
    ///
    /// # Errors
    /// What is wrong with it, in words for the person who typed it.
    pub fn declare(&mut self, text: &str) -> Result<(), String> {
        text.split(',').map(str::trim).try_for_each(|one| self.declare_one(one))
    }

    fn declare_one(&mut self, text: &str) -> Result<(), String> {
        let Some((key, value)) = text.split_once('=') else {
            return Err(format!("'{text}' declares nothing: try disk=hdd, net=wan or fs.read=2ms±1ms"));
        };
        match key {
            "cpu" => self.cpu = cpu(value)?,
            "fail" => self.faults.push(fault(value)?),
            key if key == "net" || (key.starts_with("net.") && !CALLS.contains(&key)) => {
                if !self.net.declare(key, value)? {
                    return Err(format!(
                        "'{key}' is nothing of the network: there are net, net.bandwidth, net.loss, net.buffer, net.call, \
                         net.partition, net.cut and net.silence"
                    ));
                }
            }
            key if key.contains('.') && !OPERATIONS.contains(&key) => {
                return Err(match CALLS.contains(&key) {
                    true => format!("'{key}' has no time of its own: there are net and net.call"),
                    false => format!("'{key}' is no operation{}", nearest(key, OPERATIONS)),
                });
            }
            key => {
                if !self.latencies.declare(key, value)? {
                    return Err(format!(
                        "'{key}' can't be declared: there are disk, dns, compute, other, clock, poll, cpu, net, fail, and \
                         operations such as fs.read"
                    ));
                }
            }
        }
        Ok(())
    }

    /// The world.
    pub(crate) fn world<J: Job>(&self, workers: usize) -> SimWorld<J> {
        let plain = SimOptions::default();
        let world = SimWorld::new(SimOptions {
            workers,
            seed: self.seed.unwrap_or(plain.seed),
            latencies: self.latencies.clone(),
            net: self.net.clone(),
            faults: self.faults.clone(),
            ..plain
        });
        match self.seed {
            Some(seed) => world.with_chooser(Seeded::new(seed)),
            None => world,
        }
    }
}

/// `1us/stmt`
fn cpu(value: &str) -> Result<u64, String> {
    let wrong = || format!("'{value}' is no speed: try 1us/stmt (a microsecond for each statement)");
    let time = value.strip_suffix("/stmt").ok_or_else(wrong)?;
    looplab_event_loop::world::latency::nanos(time).map_err(|_| wrong())
}

fn fault(value: &str) -> Result<Fault, String> {
    let fault: Fault = value.parse()?;
    let label = fault.label.as_str();
    if label == "dns.lookup" {
        return Err("look-ups can't be made to fail: their errors are none of the system's".into());
    }
    if OPERATIONS.contains(&label) || CALLS.contains(&label) {
        return Ok(fault);
    }
    let known: Vec<_> = OPERATIONS.iter().chain(CALLS).copied().collect();
    Err(format!("'{label}' is no operation that can fail{}", nearest(label, &known)))
}

/// A hint at what may have been meant: the name with the most letters in common at both ends, if they are half of it.
fn nearest(typed: &str, known: &[&str]) -> String {
    let common = |name: &str| {
        let front = name.bytes().zip(typed.bytes()).take_while(|(a, b)| a == b).count();
        let back = name.bytes().rev().zip(typed.bytes().rev()).take_while(|(a, b)| a == b).count();
        front + back
    };
    let best = known.iter().max_by_key(|name| (common(name), std::cmp::Reverse(name.len())));
    match best.filter(|name| common(name) * 2 >= name.len().max(typed.len())) {
        Some(name) => format!("; did you mean {name}?"),
        None => ", such as fs.read or fs.open".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_add_up() {
        let mut world = Simulation::default();
        world.declare("disk=hdd,fs.read=2ms±1ms, cpu=1us/stmt").unwrap();
        world.declare("net=wan").unwrap();
        world.declare("net.loss=1%").unwrap();
        world.declare("fail=fs.read:3:EIO,fail=net.accept:1:EMFILE").unwrap();
        assert_eq!((world.cpu, world.net.loss, world.faults.len()), (1_000, 10_000, 2));
        assert!(world.latencies.by_label.contains_key("fs.read"));
    }

    #[test]
    fn wrong_declarations_are_explained() {
        for (text, says) in [
            ("disk", "'disk' declares nothing"),
            ("disk=floppy", "ssd, hdd, nfs"),
            ("warp=9", "'warp' can't be declared"),
            ("fs.raed=2ms", "'fs.raed' is no operation; did you mean fs.read?"),
            ("fs.everything=2ms", "'fs.everything' is no operation, such as"),
            ("fs.read=fast", "'fast' is no time"),
            ("net=near", "loopback, lan, wan"),
            ("net.color=red", "'net.color' is nothing of the network"),
            ("net.read=1ms", "'net.read' has no time of its own"),
            ("cpu=1us", "1us/stmt"),
            ("fail=fs.read", "'fs.read' is no fault"),
            ("fail=fs.read:1:EWHAT", "'EWHAT' is no error"),
            ("fail=fs.opne:1:EIO", "did you mean fs.open?"),
            ("fail=dns.lookup:1:EIO", "look-ups can't be made to fail"),
            ("disk=ssd,", "'' declares nothing"),
        ] {
            let wrong = Simulation::default().declare(text).unwrap_err();
            assert!(wrong.contains(says), "{text}: {wrong}");
        }
    }
}
