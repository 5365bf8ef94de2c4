//! Which streams were slower than what fed them.

use looplab_probe::{Event, Log};
use std::collections::BTreeMap;

/// A line for each stream that made its writer wait, the slowest first.
pub(super) fn slow_ends(log: &Log) -> Vec<String> {
    let mut full: BTreeMap<u32, (String, u32)> = BTreeMap::new();
    for record in log.records() {
        if let Event::StreamFull { number, label, .. } = record.event {
            full.entry(number).or_insert_with(|| (log.str(label).to_owned(), 0)).1 += 1;
        }
    }
    let mut list: Vec<_> = full.into_iter().collect();
    list.sort_by_key(|(number, (_, times))| (std::cmp::Reverse(*times), *number));
    let line = |(number, (label, times)): (u32, (String, u32))| {
        let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
        format!("{label} (stream {number}) was slower than what fed it: it was full {times}")
    };
    list.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::slow_ends;
    use looplab_probe::{Event, Log, Pos};

    #[test]
    fn the_slowest_comes_first() {
        let mut log = Log::default();
        let (sink, copy) = (log.intern("Writable"), log.intern("PassThrough"));
        for (number, label) in [(2, copy), (1, sink), (1, sink)] {
            log.push(0, Event::StreamFull { number, label, length: 4, mark: 4, pos: Pos::NONE });
        }
        assert_eq!(
            slow_ends(&log),
            [
                "Writable (stream 1) was slower than what fed it: it was full 2 times",
                "PassThrough (stream 2) was slower than what fed it: it was full once",
            ]
        );
        assert!(slow_ends(&Log::default()).is_empty());
    }
}
