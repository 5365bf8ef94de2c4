//! What the simulated network is like: delays, bandwidth, losses, and what happens to it when.

use crate::world::latency::{Latency, bytes, nanos};

/// What the network of a simulated world is like. By default that of one machine: what is sent has arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct NetModel {
    /// How long a packet is under way, one way. Default none.
    pub latency: Latency,
    /// Bytes per second in each direction of a connection. Default no limit.
    pub bandwidth: Option<u64>,
    /// Packets lost of a million. TCP sends them again, datagrams are gone. Default none.
    pub loss: u32,
    /// Bytes that one direction of a connection holds, from the sender's buffer to the receiver's. Default 256 KiB.
    pub buffer: usize,
    /// What a call of the system costs the program, in nanoseconds. Default 2 µs.
    pub call: u64,
    /// When nothing gets through: from and until, in nanoseconds.
    pub partitions: Vec<(u64, u64)>,
    /// Connections (1 is the first one accepted) that are lost at a time in nanoseconds: both ends see a reset.
    pub cuts: Vec<(u32, u64)>,
    /// Connections that are half-open from a time on: nothing gets through any more, and nobody is told.
    pub silences: Vec<(u32, u64)>,
}

impl Default for NetModel {
    fn default() -> Self {
        NetModel {
            latency: Latency::Fixed(0),
            bandwidth: None,
            loss: 0,
            buffer: 256 << 10,
            call: 2_000,
            partitions: Vec::new(),
            cuts: Vec::new(),
            silences: Vec::new(),
        }
    }
}

impl NetModel {
    /// Declares one property: `net` (a time, or `loopback`, `lan`, `wan`), `net.bandwidth`, `net.loss`, `net.buffer`, `net.call`,
    /// `net.partition=FROM..UNTIL`, `net.cut=N@WHEN`, `net.silence=N@WHEN`. False: there is no such thing.
    ///
    /// # Errors
    /// What is wrong with the value, in words for the person who typed it.
    pub fn declare(&mut self, key: &str, value: &str) -> Result<bool, String> {
        match (key, value) {
            ("net", "loopback") => self.latency = Latency::Fixed(0),
            ("net", "lan") => {
                self.latency = Latency::Uniform(100_000, 300_000);
                self.bandwidth = Some(125_000_000);
            }
            ("net", "wan") => {
                self.latency = Latency::LogNormal { median: 40_000_000, sigma: 0.2 };
                self.bandwidth = Some(12_500_000);
            }
            ("net", value) => {
                self.latency = value
                    .parse()
                    .map_err(|wrong| format!("{wrong}; or a kind of network: loopback, lan, wan"))?;
            }
            ("net.bandwidth", value) => self.bandwidth = Some(per_second(value)?),
            ("net.loss", value) => self.loss = percent(value)?,
            ("net.buffer", value) => self.buffer = bytes(value)?.clamp(1, 1 << 30) as usize,
            ("net.call", value) => self.call = nanos(value)?,
            ("net.partition", value) => self.partitions.push(span(value)?),
            ("net.cut", value) => self.cuts.push(event(value)?),
            ("net.silence", value) => self.silences.push(event(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// When the partition that stands at a moment is over.
    pub(super) fn partitioned_until(&self, at: u64) -> Option<u64> {
        self.partitions.iter().filter(|(from, until)| (*from..*until).contains(&at)).map(|span| span.1).max()
    }
}

/// `10MB/s`
fn per_second(value: &str) -> Result<u64, String> {
    let wrong = || format!("'{value}' is no bandwidth: try 10MB/s");
    let size = value.strip_suffix("/s").ok_or_else(wrong)?;
    bytes(size).ok().filter(|n| *n > 0).ok_or_else(wrong)
}

/// `1.5%`, as parts of a million.
fn percent(value: &str) -> Result<u32, String> {
    let number: Option<f64> = value.strip_suffix('%').and_then(|number| number.parse().ok());
    let number = number.filter(|n| (0.0..100.0).contains(n));
    number
        .map(|n| (n * 10_000.0) as u32)
        .ok_or_else(|| format!("'{value}' is no share of packets: try 1%, from 0% to less than 100%"))
}

/// `5s..8s`
fn span(value: &str) -> Result<(u64, u64), String> {
    let wrong = || format!("'{value}' is no stretch of time: try 5s..8s");
    let (from, until) = value.split_once("..").ok_or_else(wrong)?;
    let (from, until) = (nanos(from)?, nanos(until)?);
    if from < until { Ok((from, until)) } else { Err(wrong()) }
}

/// `2@5s`: the second connection, after five seconds.
fn event(value: &str) -> Result<(u32, u64), String> {
    let wrong = || format!("'{value}' names no connection and time: try 2@5s (the second one, after 5 s)");
    let (number, at) = value.split_once('@').ok_or_else(wrong)?;
    let number = number.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
    Ok((number, nanos(at)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations() {
        let mut model = NetModel::default();
        for (key, value) in [
            ("net", "lan"),
            ("net.bandwidth", "10MB/s"),
            ("net.loss", "1.5%"),
            ("net.buffer", "64KiB"),
            ("net.partition", "5s..8s"),
            ("net.cut", "2@5s"),
        ] {
            assert_eq!(model.declare(key, value), Ok(true), "{key}={value}");
        }
        assert_eq!((model.bandwidth, model.loss, model.buffer), (Some(10_000_000), 15_000, 65_536));
        assert_eq!(
            (model.partitions[0], model.cuts[0]),
            ((5_000_000_000, 8_000_000_000), (2, 5_000_000_000))
        );
        assert_eq!(model.partitioned_until(6_000_000_000), Some(8_000_000_000));
        assert_eq!(model.partitioned_until(8_000_000_000), None);
        assert_eq!(model.declare("net.colour", "blue"), Ok(false));
        for (key, value) in [
            ("net", "near"),
            ("net.bandwidth", "10MB"),
            ("net.bandwidth", "0B/s"),
            ("net.loss", "100%"),
            ("net.loss", "1"),
            ("net.partition", "8s..5s"),
            ("net.cut", "0@5s"),
            ("net.silence", "x"),
        ] {
            assert!(model.declare(key, value).is_err(), "{key}={value}");
        }
    }
}
