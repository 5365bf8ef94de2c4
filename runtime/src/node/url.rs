//! WHATWG URLs below the classes of `runtime/js/url.js`: parsing and the setters (crate `url`), and domains.

use looplab_engine::{Args, Completion, Local, NativeFn, Scope};
use url::{Position, Url, quirks};

/// Makes the object of natives.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("parse", 2, parse),
        ("canParse", 2, can_parse),
        ("set", 3, set),
        ("domainToASCII", 1, domain_to_ascii),
        ("domainToUnicode", 1, domain_to_unicode),
        ("format", 5, format),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    Ok(o)
}

/// Lone surrogates become U+FFFD, as USVString wants.
fn text<'s>(s: &mut Scope<'s>, v: Local<'s>) -> String {
    s.to_utf8_lossy(v)
}

fn parsed<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Option<Url> {
    let input = text(s, args.get(0));
    if args.get(1).is_undefined() {
        return Url::parse(&input).ok().map(current);
    }
    let base = text(s, args.get(1));
    Url::parse(&base).ok()?.join(&input).ok().map(current)
}

/// What the standard says by now and the crate doesn't: `^` is encoded in paths, and a drive letter of a file is followed by a colon.
fn current(mut u: Url) -> Url {
    if u.cannot_be_a_base() {
        return u;
    }
    let path = quirks::pathname(&u).to_owned();
    let mut wanted = path.replace('^', "%5E");
    let b = wanted.as_bytes();
    let drive = u.scheme() == "file" && b.len() >= 3 && b[1].is_ascii_alphabetic() && b[2] == b'|';
    if drive && b.get(3).is_none_or(|next| *next == b'/') {
        wanted.replace_range(2..3, ":");
    }
    if wanted != path {
        quirks::set_pathname(&mut u, &wanted);
    }
    u
}

/// `[href, origin, protocol, username, password, host, hostname, port, pathname, search, hash]`
fn parts<'s>(s: &mut Scope<'s>, u: &Url) -> Local<'s> {
    let origin = quirks::origin(u);
    let list = [
        u.as_str(),
        &origin,
        quirks::protocol(u),
        quirks::username(u),
        quirks::password(u),
        quirks::host(u),
        quirks::hostname(u),
        quirks::port(u),
        quirks::pathname(u),
        quirks::search(u),
        quirks::hash(u),
    ];
    let list: Vec<Local<'s>> = list.into_iter().map(|t| s.str(t)).collect();
    s.new_array(&list)
}

/// `parse(input[, base])`: the parts, or null when it is no URL.
fn parse<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    match parsed(s, args) {
        Some(u) => Ok(parts(s, &u)),
        None => Ok(s.null()),
    }
}

fn can_parse<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let ok = parsed(s, args).is_some();
    Ok(s.bool(ok))
}

/// `set(href, property, value)`: the parts afterwards, or null when the value cannot be set.
fn set<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (href, name, value) = (text(s, args.get(0)), text(s, args.get(1)), text(s, args.get(2)));
    let Ok(mut u) = Url::parse(&href) else { return Ok(s.null()) };
    let done = match name.as_str() {
        "href" => quirks::set_href(&mut u, &value).is_ok(),
        "protocol" => quirks::set_protocol(&mut u, &value).is_ok(),
        "username" => quirks::set_username(&mut u, &value).is_ok(),
        "password" => quirks::set_password(&mut u, &value).is_ok(),
        "host" => quirks::set_host(&mut u, &value).is_ok(),
        "hostname" => quirks::set_hostname(&mut u, &value).is_ok(),
        "port" => quirks::set_port(&mut u, &value).is_ok(),
        "pathname" => {
            quirks::set_pathname(&mut u, &value);
            true
        }
        "search" => {
            quirks::set_search(&mut u, &value);
            true
        }
        _ => {
            quirks::set_hash(&mut u, &value);
            true
        }
    };
    if !done {
        return Ok(s.null());
    }
    let u = current(u);
    Ok(parts(s, &u))
}

fn domain_to_ascii<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let domain = text(s, args.get(0));
    let ascii = quirks::domain_to_ascii(&domain);
    Ok(s.str(&ascii))
}

fn domain_to_unicode<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let domain = text(s, args.get(0));
    let unicode = quirks::domain_to_unicode(&domain);
    Ok(s.str(&unicode))
}

/// `format(href, fragment, unicode, search, auth)`: the URL as text with these parts.
fn format<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let href = text(s, args.get(0));
    let Ok(mut u) = Url::parse(&href) else { return Ok(args.get(0)) };
    if !args.get(1).is_true() {
        u.set_fragment(None);
    }
    if !args.get(3).is_true() {
        u.set_query(None);
    }
    if !args.get(4).is_true() && u.has_host() {
        // A URL with a host can always lose its credentials.
        let _ = u.set_username("").and_then(|()| u.set_password(None));
    }
    let mut out = u.as_str().to_owned();
    if args.get(2).is_true() && u.has_host() {
        let host = u.host_str().unwrap_or("");
        let shown = quirks::domain_to_unicode(host);
        let (before, after) = (&u[..Position::BeforeHost], &u[Position::AfterHost..]);
        if !shown.is_empty() {
            out = format!("{before}{shown}{after}");
        }
    }
    Ok(s.str(&out))
}
