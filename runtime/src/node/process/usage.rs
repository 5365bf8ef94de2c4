//! What the process uses: memory, processor time, and the limits it runs under.

use looplab_engine::{Args, Completion, Key, Local, Scope, Thrown};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;

fn micros(t: TimeVal) -> f64 {
    t.tv_sec() as f64 * 1e6 + t.tv_usec() as f64
}

fn usage(s: &mut Scope<'_>, who: UsageWho) -> Result<Usage, Thrown> {
    getrusage(who).map_err(|e| s.throw_type(&format!("getrusage: {e}")))
}

fn numbers<'s>(s: &mut Scope<'s>, list: &[f64]) -> Local<'s> {
    let list: Vec<Local<'s>> = list.iter().map(|&n| s.num(n)).collect();
    s.new_array(&list)
}

/// `[user, system]` microseconds of the process.
pub(crate) fn cpu<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let u = usage(s, UsageWho::RUSAGE_SELF)?;
    Ok(numbers(s, &[micros(u.user_time()), micros(u.system_time())]))
}

/// `[user, system]` microseconds of this thread.
pub(crate) fn thread_cpu<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let u = usage(s, UsageWho::RUSAGE_THREAD)?;
    Ok(numbers(s, &[micros(u.user_time()), micros(u.system_time())]))
}

/// The fields of `process.resourceUsage()` in their order.
pub(crate) fn resources<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let u = usage(s, UsageWho::RUSAGE_SELF)?;
    let list = [
        micros(u.user_time()),
        micros(u.system_time()),
        u.max_rss() as f64,
        u.shared_integral() as f64,
        u.unshared_data_integral() as f64,
        u.unshared_stack_integral() as f64,
        u.minor_page_faults() as f64,
        u.major_page_faults() as f64,
        u.full_swaps() as f64,
        u.block_reads() as f64,
        u.block_writes() as f64,
        u.ipc_sends() as f64,
        u.ipc_receives() as f64,
        u.signals() as f64,
        u.voluntary_context_switches() as f64,
        u.involuntary_context_switches() as f64,
    ];
    Ok(numbers(s, &list))
}

/// A number of bytes in a file of the control group; `max` is infinity.
fn group_file(path: &str) -> Option<f64> {
    let text = std::fs::read_to_string(path).ok()?;
    match text.trim() {
        "max" => Some(u64::MAX as f64),
        n => n.parse().ok(),
    }
}

/// The control group's folder in the unified hierarchy.
fn unified_group() -> Option<String> {
    let text = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = text.lines().find_map(|l| l.strip_prefix("0::"))?;
    Some(format!("/sys/fs/cgroup{}", group.trim_end_matches('/')))
}

/// Bytes the system lets the process use: 0 where there is no such thing as a limit, a huge number where it is not set.
fn constrained() -> f64 {
    if let Some(folder) = unified_group() {
        let low = group_file(&format!("{folder}/memory.high"));
        let max = group_file(&format!("{folder}/memory.max"));
        if let Some(n) = [low, max].into_iter().flatten().reduce(f64::min) {
            return n;
        }
        // The root of the hierarchy has no limits of its own.
        if std::path::Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
            return u64::MAX as f64;
        }
    }
    group_file("/sys/fs/cgroup/memory/memory.limit_in_bytes").unwrap_or(0.0)
}

/// A field of /proc/meminfo in bytes.
fn meminfo(field: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix(field)).unwrap_or("");
    let kib: f64 =
        line.trim_start_matches(':').split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0.0);
    kib * 1024.0
}

pub(crate) fn constrained_memory<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Ok(s.num(constrained()))
}

pub(crate) fn available_memory<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let limit = constrained();
    let free = meminfo("MemAvailable");
    if limit == 0.0 || limit > meminfo("MemTotal") {
        return Ok(s.num(free));
    }
    let used = unified_group().and_then(|folder| group_file(&format!("{folder}/memory.current")));
    Ok(s.num((limit - used.unwrap_or(0.0)).max(0.0)))
}

/// `[[name, soft, hard], …]` of the resource limits, `unlimited` where there is none.
pub(crate) fn limits<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    use nix::sys::resource::{Resource, getrlimit};
    let table = [
        ("core_file_size_blocks", Resource::RLIMIT_CORE),
        ("data_seg_size_bytes", Resource::RLIMIT_DATA),
        ("file_size_blocks", Resource::RLIMIT_FSIZE),
        ("max_locked_memory_bytes", Resource::RLIMIT_MEMLOCK),
        ("max_memory_size_bytes", Resource::RLIMIT_RSS),
        ("open_files", Resource::RLIMIT_NOFILE),
        ("stack_size_bytes", Resource::RLIMIT_STACK),
        ("cpu_time_seconds", Resource::RLIMIT_CPU),
        ("max_user_processes", Resource::RLIMIT_NPROC),
        ("virtual_memory_bytes", Resource::RLIMIT_AS),
    ];
    let mut rows = Vec::new();
    for (name, which) in table {
        let Ok((soft, hard)) = getrlimit(which) else { continue };
        let mut row = vec![s.str(name)];
        for n in [soft, hard] {
            row.push(if n == u64::MAX { s.str("unlimited") } else { s.num(n as f64) });
        }
        rows.push(s.new_array(&row));
    }
    Ok(s.new_array(&rows))
}

/// Resident bytes.
pub(crate) fn rss() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = text.split_whitespace().nth(1).and_then(|p| p.parse().ok()).unwrap_or(0.0);
    pages * rustix::param::page_size() as f64
}

/// `process.memoryUsage()`
pub(crate) fn memory<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let h = s.vm().heap_stats();
    let o = s.new_object();
    for (k, v) in [
        ("rss", rss()),
        ("heapTotal", (h.committed + h.external) as f64),
        ("heapUsed", h.used as f64),
        ("external", h.external as f64),
        ("arrayBuffers", h.external as f64),
    ] {
        let (k, v): (Key<'s>, _) = (s.key(k), s.num(v));
        s.define_with(o, k, v, looplab_engine::ALL);
    }
    Ok(o)
}
