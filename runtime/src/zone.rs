//! The local time zone of dates: `TZ`, or the system's setting, read from the system's own zone files when a date first asks.

use std::path::{Path, PathBuf};
use tz::TimeZone;

/// Where zone files are.
const FOLDERS: [&str; 4] = ["/usr/share/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo", "/usr/lib/zoneinfo"];

/// English names as ICU has them: `standard|summer|zones`, one group a line.
const NAMES: &str = include_str!("../data/time-zone-names.txt");

/// A time zone.
pub(crate) struct Zone {
    rules: TimeZone,
    /// As in the zone database; empty for others.
    name: String,
}

impl Zone {
    /// What `TZ` says; without it the system's zone (or, where nothing of the machine may show, UTC).
    pub(crate) fn local(tz: Option<&str>, use_system: bool) -> Zone {
        match tz {
            Some(tz) => Zone::named(tz.strip_prefix(':').unwrap_or(tz)).unwrap_or_else(Zone::unknown),
            None if use_system => Zone::system().unwrap_or_else(Zone::utc),
            None => Zone::utc(),
        }
    }

    fn utc() -> Zone {
        Zone { rules: TimeZone::utc(), name: "Etc/UTC".into() }
    }

    fn unknown() -> Zone {
        Zone { rules: TimeZone::utc(), name: String::new() }
    }

    /// A zone of the database, a file, or rules as POSIX writes them (`EST5EDT,M3.2.0,M11.1.0`).
    fn named(name: &str) -> Option<Zone> {
        if name.is_empty() {
            return None;
        }
        let file = if name.starts_with('/') { Some(PathBuf::from(name)) } else { database_file(name) };
        if let Some(rules) = file.and_then(|f| read(&f)) {
            let name =
                FOLDERS.iter().find_map(|f| name.strip_prefix(f)).map_or(name, |n| n.trim_start_matches('/'));
            return Some(Zone { rules, name: name.to_owned() });
        }
        let rules = TimeZone::from_posix_tz(name).ok()?;
        Some(Zone { rules, name: String::new() })
    }

    fn system() -> Option<Zone> {
        let link = Path::new("/etc/localtime");
        let rules = read(link)?;
        let target = std::fs::canonicalize(link).ok()?;
        let target = target.to_string_lossy();
        let name = target.rsplit_once("/zoneinfo/").map_or("", |(_, name)| name);
        let name = if name.is_empty() {
            std::fs::read_to_string("/etc/timezone").map(|t| t.trim().to_owned()).unwrap_or_default()
        } else {
            name.to_owned()
        };
        Some(Zone { rules, name })
    }

    /// Milliseconds that local time is ahead of UTC at a moment in UTC milliseconds; and whether it is summer time.
    fn at(&self, t: f64) -> (f64, bool) {
        // Beyond what the rules can reach the last known ones hold.
        let seconds = (t / 1000.0).floor().clamp(-67_768_040_609_740_800.0, 67_767_976_233_532_799.0);
        match self.rules.find_local_time_type(seconds as i64) {
            Ok(kind) => (f64::from(kind.ut_offset()) * 1000.0, kind.is_dst()),
            Err(_) => (0.0, false),
        }
    }

    /// The offset in milliseconds at `t`, which is UTC or, `is_utc` false, local time. Of a local time that comes twice the first
    /// counts; one that is left out is read with the offset before the gap.
    pub(crate) fn offset(&self, t: f64, is_utc: bool) -> f64 {
        if !t.is_finite() {
            return 0.0;
        }
        if is_utc {
            return self.at(t).0;
        }
        const DAY: f64 = 86_400_000.0;
        let (before, after) = (self.at(t - DAY).0, self.at(t + DAY).0);
        if before == after || self.at(t - before).0 == before {
            return before;
        }
        if self.at(t - after).0 == after { after } else { before }
    }

    /// The long English name at a moment.
    pub(crate) fn name(&self, t: f64) -> String {
        let (offset, summer) = self.at(if t.is_finite() { t } else { 0.0 });
        let line = NAMES
            .lines()
            .find(|l| l.rsplit('|').next().is_some_and(|zones| zones.split(' ').any(|z| z == self.name)));
        if let Some(line) = line.filter(|_| !self.name.is_empty()) {
            let mut parts = line.split('|');
            let (standard, dst) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            let name = if summer && !dst.is_empty() { dst } else { standard };
            if !name.is_empty() {
                return name.to_owned();
            }
        }
        let minutes = (offset / 60_000.0) as i64;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("GMT{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }
}

fn database_file(name: &str) -> Option<PathBuf> {
    // Nothing outside the database.
    if name.split('/').any(|part| part == "..") {
        return None;
    }
    FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|file| file.is_file())
}

fn read(file: &Path) -> Option<TimeZone> {
    TimeZone::from_tz_data(&std::fs::read(file).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::Zone;

    const HOUR: f64 = 3_600_000.0;

    #[test]
    fn rules_and_names() {
        let zone = Zone::local(Some("CET-1CEST,M3.5.0,M10.5.0/3"), false);
        // 2024-03-31 01:00 UTC is the change.
        let change = 1_711_846_800_000.0;
        assert_eq!(zone.offset(change - 1.0, true), HOUR);
        assert_eq!(zone.offset(change, true), 2.0 * HOUR);
        // 02:30 local time is left out, 03:30 is not.
        assert_eq!(zone.offset(change + 1.5 * HOUR, false), HOUR);
        assert_eq!(zone.offset(change + 2.5 * HOUR, false), 2.0 * HOUR);
        // 2024-10-27 02:30 comes twice: the first is still summer time.
        let back = 1_729_990_800_000.0;
        assert_eq!(zone.offset(back + 1.5 * HOUR, false), 2.0 * HOUR);
        assert_eq!(zone.name(change), "GMT+02:00");
    }

    #[test]
    fn without_a_zone_it_is_utc() {
        assert_eq!(Zone::local(None, false).name(0.0), "Coordinated Universal Time");
        assert_eq!(Zone::local(Some("No/Such"), false).name(0.0), "GMT+00:00");
        assert_eq!(Zone::local(Some("No/Such"), false).offset(f64::NAN, true), 0.0);
    }
}
