//! `os`: what the machine says of itself. The argument checks and shapes are in `runtime/js/os.js`.

use crate::rt::Rt;
use looplab_engine::{ALL, Args, Completion, Local, NativeFn, Scope};
use nix::sys::socket::{AddressFamily, SockaddrLike, SockaddrStorage};
use rustix::process::Pid;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The object that `os.js` works with.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("uname", 0, uname),
        ("loadavg", 0, loadavg),
        ("uptime", 0, uptime),
        ("memory", 0, memory),
        ("cpus", 0, cpus),
        ("availableParallelism", 0, available_parallelism),
        ("interfaces", 0, interfaces),
        ("user", 1, user),
        ("getPriority", 1, get_priority),
        ("setPriority", 2, set_priority),
        ("isatty", 1, isatty),
        ("windowSize", 1, window_size),
        ("setRawMode", 2, set_raw_mode),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    o
}

fn put<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str, v: Local<'s>) {
    let k = s.key(name);
    s.define_with(o, k, v, ALL);
}

/// `[sysname, nodename, release, version, machine]`
fn uname<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let u = rustix::system::uname();
    let parts = [u.sysname(), u.nodename(), u.release(), u.version(), u.machine()];
    let parts: Vec<Local<'s>> = parts.iter().map(|p| s.str(&p.to_string_lossy())).collect();
    Ok(s.new_array(&parts))
}

/// The first words of a file of numbers; fewer than asked for when it cannot be read.
fn numbers(path: &str, n: usize) -> Vec<f64> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().take(n).filter_map(|w| w.parse().ok()).collect()
}

fn loadavg<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let mut list = numbers("/proc/loadavg", 3);
    list.resize(3, 0.0);
    let list: Vec<Local<'s>> = list.into_iter().map(|n| s.num(n)).collect();
    Ok(s.new_array(&list))
}

/// Seconds since the machine began.
fn uptime<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let n = numbers("/proc/uptime", 1).first().copied().unwrap_or(0.0);
    Ok(s.num(n))
}

/// `[free, total]` in bytes.
fn memory<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let of = |name: &str| -> f64 {
        let line = text.lines().find(|l| l.starts_with(name));
        let kib: f64 = line.and_then(|l| l.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0.0);
        kib * 1024.0
    };
    let list = [s.num(of("MemAvailable:")), s.num(of("MemTotal:"))];
    Ok(s.new_array(&list))
}

/// `[model, MHz, user, nice, sys, idle, irq, …]`, six values a processor; times in milliseconds.
fn cpus<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value = |name: &str| -> Vec<&str> {
        let lines = info.lines().filter(|l| l.starts_with(name));
        lines.filter_map(|l| l.split_once(':')).map(|(_, v)| v.trim()).collect()
    };
    let (models, speeds) = (value("model name"), value("cpu MHz"));
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let mut out = Vec::new();
    for (i, line) in stat.lines().filter(|l| l.starts_with("cpu") && !l.starts_with("cpu ")).enumerate() {
        let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|w| w.parse().ok()).collect();
        // The kernel counts in hundredths of a second.
        let ms = |k: usize| ticks.get(k).copied().unwrap_or(0.0) * 10.0;
        let o = s.new_object();
        let model = s.str(models.get(i).or(models.last()).unwrap_or(&"unknown"));
        put(s, o, "model", model);
        let speed: f64 = speeds.get(i).and_then(|v| v.parse().ok()).unwrap_or(0.0);
        let speed = s.num(speed.trunc());
        put(s, o, "speed", speed);
        let times = s.new_object();
        for (name, k) in [("user", 0), ("nice", 1), ("sys", 2), ("idle", 3), ("irq", 5)] {
            let v = s.num(ms(k));
            put(s, times, name, v);
        }
        put(s, o, "times", times);
        out.push(o);
    }
    Ok(s.new_array(&out))
}

fn available_parallelism<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let n = std::thread::available_parallelism().map_or(1, |n| n.get());
    Ok(s.num(n as f64))
}

/// One address of an interface, or its hardware address (family 0).
struct Address {
    name: String,
    address: String,
    netmask: String,
    /// Length of the network's prefix.
    prefix: u32,
    v6: bool,
    internal: bool,
    scope: u32,
}

/// `[[name, address, netmask, prefix, isV6, mac, internal, scopeid], …]` of interfaces that are up.
fn interfaces<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    use nix::net::if_::InterfaceFlags;
    let mut macs: Vec<(String, String)> = Vec::new();
    let mut found = Vec::new();
    let list = match nix::ifaddrs::getifaddrs() {
        Ok(l) => l,
        Err(e) => {
            return Err(super::sys::throw(s, &std::io::Error::from(e), "uv_interface_addresses", None, None));
        }
    };
    for i in list {
        if !i.flags.contains(InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING) {
            continue;
        }
        let Some(a) = i.address else { continue };
        let internal = i.flags.contains(InterfaceFlags::IFF_LOOPBACK);
        if a.family() == Some(AddressFamily::Packet) {
            if let Some(mac) = a.as_link_addr().and_then(|l| l.addr()) {
                let text: Vec<String> = mac.iter().map(|b| format!("{b:02x}")).collect();
                macs.push((i.interface_name, text.join(":")));
            }
            continue;
        }
        if let Some(found_one) = ip_address(i.interface_name, a, i.netmask, internal) {
            found.push(found_one);
        }
    }
    let mut out = Vec::new();
    for a in found {
        let mac = macs.iter().find(|m| m.0 == a.name).map_or("00:00:00:00:00:00", |m| &m.1);
        let items = [
            s.str(&a.name),
            s.str(&a.address),
            s.str(&a.netmask),
            s.num(f64::from(a.prefix)),
            s.bool(a.v6),
            s.str(mac),
            s.bool(a.internal),
            s.num(f64::from(a.scope)),
        ];
        out.push(s.new_array(&items));
    }
    Ok(s.new_array(&out))
}

fn ip_address(
    name: String,
    a: SockaddrStorage,
    mask: Option<SockaddrStorage>,
    internal: bool,
) -> Option<Address> {
    if let Some(v4) = a.as_sockaddr_in() {
        let mask = mask.and_then(|m| m.as_sockaddr_in().map(|m| m.ip())).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let prefix = mask.to_bits().count_ones();
        let (address, netmask) = (v4.ip().to_string(), mask.to_string());
        return Some(Address { name, address, netmask, prefix, v6: false, internal, scope: 0 });
    }
    let v6 = a.as_sockaddr_in6()?;
    let mask = mask.and_then(|m| m.as_sockaddr_in6().map(|m| m.ip())).unwrap_or(Ipv6Addr::UNSPECIFIED);
    let prefix = mask.to_bits().count_ones();
    let (address, netmask) = (v6.ip().to_string(), mask.to_string());
    Some(Address { name, address, netmask, prefix, v6: true, internal, scope: v6.scope_id() })
}

/// `[uid, gid, username, homedir, shell]` of the effective user; undefined when the system does not know one.
fn user<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    match nix::unistd::User::from_uid(nix::unistd::geteuid()) {
        Ok(Some(u)) => {
            let items = [
                s.num(f64::from(u.uid.as_raw())),
                s.num(f64::from(u.gid.as_raw())),
                s.str(&u.name),
                s.str(&u.dir.to_string_lossy()),
                s.str(&u.shell.to_string_lossy()),
            ];
            Ok(s.new_array(&items))
        }
        _ => Ok(s.undefined()),
    }
}

fn pid_of<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Option<Pid>, looplab_engine::Thrown> {
    Ok(Pid::from_raw(s.to_int32(v)?))
}

/// The priority of a process, or `-errno - 1000` (priorities themselves may be negative).
fn get_priority<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let pid = pid_of(s, args.get(0))?;
    let n = match rustix::process::getpriority_process(pid) {
        Ok(n) => n,
        Err(e) => -1000 - e.raw_os_error(),
    };
    Ok(s.int(n))
}

/// 0, or a negative errno.
fn set_priority<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let pid = pid_of(s, args.get(0))?;
    let n = s.to_int32(args.get(1))?;
    let r = match rustix::process::setpriority_process(pid, n) {
        Ok(()) => 0,
        Err(e) => -e.raw_os_error(),
    };
    Ok(s.int(r))
}

/// Borrows descriptors 0 to 2; the others are opened anew through `/proc`, since a number proves nothing.
fn with_fd<R>(fd: i32, f: impl FnOnce(std::os::fd::BorrowedFd<'_>) -> R) -> Option<R> {
    use std::os::fd::AsFd;
    match fd {
        0 => Some(f(std::io::stdin().as_fd())),
        1 => Some(f(std::io::stdout().as_fd())),
        2 => Some(f(std::io::stderr().as_fd())),
        _ => {
            let link = std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()?;
            // Only terminals are looked at here; opening anything else could block or take data away.
            if !link.starts_with("/dev/pts") && !link.starts_with("/dev/tty") {
                return None;
            }
            let file = std::fs::OpenOptions::new().read(true).open(link).ok()?;
            Some(f(file.as_fd()))
        }
    }
}

fn isatty<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let fd = s.to_int32(args.get(0))?;
    let yes = with_fd(fd, |fd| rustix::termios::isatty(fd)).unwrap_or(false);
    Ok(s.bool(yes))
}

/// `[columns, rows]`, or undefined.
fn window_size<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let fd = s.to_int32(args.get(0))?;
    match with_fd(fd, |fd| rustix::termios::tcgetwinsize(fd)) {
        Some(Ok(w)) => {
            let items = [s.int(i32::from(w.ws_col)), s.int(i32::from(w.ws_row))];
            Ok(s.new_array(&items))
        }
        _ => Ok(s.undefined()),
    }
}

/// Puts a terminal into raw mode or back; 0 or a negative errno.
fn set_raw_mode<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let fd = s.to_int32(args.get(0))?;
    let raw = args.get(1).is_true();
    let rt = Rt::of(s);
    let r = with_fd(fd, |fd| -> rustix::io::Result<()> {
        let now = rustix::termios::tcgetattr(fd)?;
        let mut saved = rt.terminal.borrow_mut();
        let mut wanted = saved.get_or_insert_with(|| now.clone()).clone();
        if raw {
            wanted.make_raw();
        }
        rustix::termios::tcsetattr(fd, rustix::termios::OptionalActions::Drain, &wanted)
    });
    let n = match r {
        Some(Ok(())) => 0,
        Some(Err(e)) => -e.raw_os_error(),
        None => -25,
    };
    Ok(s.int(n))
}

/// Gives the terminal back as it was found.
pub(crate) fn restore_terminal(rt: &Rt) {
    if let Some(saved) = rt.terminal.borrow_mut().take() {
        // If this fails there is no terminal left to restore.
        let _ = with_fd(0, |fd| {
            rustix::termios::tcsetattr(fd, rustix::termios::OptionalActions::Drain, &saved)
        });
    }
}
