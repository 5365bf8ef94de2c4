//! Posix path arithmetic on strings, with the results of Node's `path.posix`.

/// `path.resolve(base, path)` for an absolute `base`: absolute, without `.`/`..`/double or trailing slashes.
pub fn resolve(base: &str, path: &str) -> String {
    if path.starts_with('/') {
        normalize_absolute(path)
    } else {
        normalize_absolute(&format!("{base}/{path}"))
    }
}

fn normalize_absolute(path: &str) -> String {
    // Most paths that come here are clean already.
    if path.len() > 1
        && path.starts_with('/')
        && !path.ends_with('/')
        && !path.contains("//")
        && !path.contains("/.")
    {
        return path.to_owned();
    }
    let mut out = String::with_capacity(path.len());
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => out.truncate(out.rfind('/').unwrap_or(0)),
            _ => {
                out.push('/');
                out.push_str(segment);
            }
        }
    }
    if out.is_empty() {
        out.push('/');
    }
    out
}

/// Whether a relative path, taken by itself, leads out of where it starts: `path.normalize(p)` begins with `..`.
pub fn leads_outside(path: &str) -> bool {
    let mut depth = 0usize;
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

/// `path.dirname` of an absolute path.
pub fn dirname(path: &str) -> &str {
    let trimmed = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    match trimmed.rfind('/') {
        Some(0) => "/",
        Some(at) => &trimmed[..at],
        None => ".",
    }
}

/// `path.basename` of a path without trailing slash.
pub fn basename(path: &str) -> &str {
    &path[path.rfind('/').map_or(0, |at| at + 1)..]
}

/// `path.extname`: from the last dot of the last segment, unless that segment starts with it; empty otherwise.
pub fn extname(path: &str) -> &str {
    let name = basename(path);
    match name.rfind('.') {
        Some(at) if at > 0 => &name[at..],
        _ => "",
    }
}

/// Whether a CommonJS request is relative: `.`, `..`, `./…` or `../…`.
pub fn is_relative(request: &str) -> bool {
    matches!(request, "." | "..") || request.starts_with("./") || request.starts_with("../")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolving() {
        let cases = [
            ("/a/b", "c", "/a/b/c"),
            ("/a/b", "./c/", "/a/b/c"),
            ("/a/b", "../c", "/a/c"),
            ("/a/b", "../../../c", "/c"),
            ("/a/b", "/x//y/./z/..", "/x/y"),
            ("/", "a", "/a"),
            ("/", ".", "/"),
            ("/a", "..", "/"),
            ("/a", ".hidden", "/a/.hidden"),
        ];
        for (base, path, want) in cases {
            assert_eq!(resolve(base, path), want, "{base} + {path}");
        }
    }

    #[test]
    fn parts() {
        assert_eq!(dirname("/a/b.js"), "/a");
        assert_eq!(dirname("/a"), "/");
        assert_eq!(dirname("/"), "/");
        assert_eq!(extname("/a.b/c"), "");
        assert_eq!(extname("/a/.b"), "");
        assert_eq!(extname("/a/b.c.mjs"), ".mjs");
        assert!(leads_outside("./../x") && leads_outside("a/../..") && !leads_outside("a/../b"));
    }
}
