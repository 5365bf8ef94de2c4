//! The part of the WHATWG URL standard that module specifiers need: `file:` in full, everything else as far as telling what
//! it is. With Node's conversions between file URLs and paths.

use std::fmt;

use crate::path;

/// A file URL taken apart. All parts are percent-encoded as they stand in the URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUrl {
    /// The host: empty except for `file://server/share` forms, which Node refuses on posix.
    pub host: String,
    /// The path, beginning with `/`, without dot segments.
    pub path: String,
    /// `?…` or empty. A module with another query is another module.
    pub search: String,
    /// `#…` or empty.
    pub hash: String,
}

/// An absolute URL of the kinds the loader tells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleUrl {
    /// `file:`.
    File(FileUrl),
    /// Any other scheme: the scheme without colon, lower case, and the whole URL.
    Other {
        /// `data`, `node`, `https`, …
        scheme: String,
        /// The whole URL as text.
        href: String,
    },
}

/// Why a file URL names no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileUrlError {
    /// Not a `file:` URL, or no URL at all.
    Scheme,
    /// It names another host.
    Host,
    /// Its path contains an encoded `/`.
    EncodedSlash,
    /// Its percent-encoding isn't valid, or isn't UTF-8 (`decodeURIComponent` throws URIError).
    Malformed,
}

impl FileUrlError {
    /// Node's error code; malformed encoding is a plain `URIError` and has none.
    pub fn code(self) -> Option<&'static str> {
        match self {
            FileUrlError::Scheme => Some("ERR_INVALID_URL_SCHEME"),
            FileUrlError::Host => Some("ERR_INVALID_FILE_URL_HOST"),
            FileUrlError::EncodedSlash => Some("ERR_INVALID_FILE_URL_PATH"),
            FileUrlError::Malformed => None,
        }
    }
}

impl fmt::Display for FileUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileUrlError::Scheme => "The URL must be of scheme file",
            FileUrlError::Host => "File URL host must be \"localhost\" or empty on linux",
            FileUrlError::EncodedSlash => "File URL path must not include encoded / characters",
            FileUrlError::Malformed => "URI malformed",
        })
    }
}

impl std::error::Error for FileUrlError {}

impl FileUrl {
    /// `url.pathToFileURL(path)` for an absolute path. A trailing slash is kept.
    pub fn from_path(path: &str) -> FileUrl {
        let mut resolved = path::resolve("/", path);
        if path.ends_with('/') && !resolved.ends_with('/') {
            resolved.push('/');
        }
        let mut encoded = String::with_capacity(resolved.len());
        for byte in resolved.bytes() {
            // Beyond the URL standard's path set Node encodes what a path may contain and a URL would take as its own:
            // the escape character, separators of query and fragment, backslashes and brackets.
            let own = matches!(byte, b'%' | b'\\' | b'[' | b']' | b'|' | b'~');
            push_encoded(&mut encoded, byte, own || in_path_set(byte));
        }
        FileUrl { host: String::new(), path: encoded, search: String::new(), hash: String::new() }
    }

    /// `url.fileURLToPath(url)` on posix.
    pub fn to_path(&self) -> Result<String, FileUrlError> {
        if !self.host.is_empty() {
            return Err(FileUrlError::Host);
        }
        if !self.path.contains('%') {
            return Ok(self.path.clone());
        }
        if self.path.as_bytes().windows(3).any(|w| w.eq_ignore_ascii_case(b"%2f")) {
            return Err(FileUrlError::EncodedSlash);
        }
        decode_component(&self.path).ok_or(FileUrlError::Malformed)
    }

    /// `new URL(reference, self)` for a reference without a scheme.
    pub fn join(&self, reference: &str) -> FileUrl {
        let reference = clean(reference);
        let (rest, hash) = split_at_char(&reference, '#');
        let (rel, search) = split_at_char(rest, '?');
        let rel = rel.replace('\\', "/");
        let mut url = FileUrl {
            host: self.host.clone(),
            path: String::new(),
            search: String::new(),
            hash: encode_query(hash),
        };
        if rel.is_empty() {
            url.path.clone_from(&self.path);
            url.search = if search.is_empty() { self.search.clone() } else { encode_query(search) };
            return url;
        }
        url.search = encode_query(search);
        if let Some(after) = rel.strip_prefix("//") {
            let (host, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            url.host = file_host(host);
            url.path = normalize_path(path);
        } else if rel.starts_with('/') {
            url.path = normalize_path(&rel);
        } else {
            let dir = &self.path[..=self.path.rfind('/').unwrap_or(0).min(self.path.len() - 1)];
            url.path = normalize_path(&format!("{dir}{rel}"));
        }
        url
    }
}

impl fmt::Display for FileUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file://{}{}{}{}", self.host, self.path, self.search, self.hash)
    }
}

impl ModuleUrl {
    /// `URL.parse(text)`: `None` if the text is not an absolute URL.
    pub fn parse(text: &str) -> Option<ModuleUrl> {
        let text = clean(text);
        let (scheme, rest) = split_scheme(&text)?;
        if scheme == "file" {
            let rest = rest.replace('\\', "/");
            // `file:x` and `file:/x` are `file:///x`.
            let reference = if rest.starts_with('/') { rest } else { format!("/{rest}") };
            let root =
                FileUrl { host: String::new(), path: "/".into(), search: String::new(), hash: String::new() };
            return Some(ModuleUrl::File(root.join(&reference)));
        }
        let special = matches!(&*scheme, "http" | "https" | "ws" | "wss" | "ftp");
        if special && rest.trim_start_matches(['/', '\\']).is_empty() {
            return None;
        }
        Some(ModuleUrl::Other { href: format!("{scheme}:{rest}"), scheme })
    }

    /// The scheme, without the colon.
    pub fn scheme(&self) -> &str {
        match self {
            ModuleUrl::File(_) => "file",
            ModuleUrl::Other { scheme, .. } => scheme,
        }
    }
}

impl fmt::Display for ModuleUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModuleUrl::File(url) => url.fmt(f),
            ModuleUrl::Other { href, .. } => f.write_str(href),
        }
    }
}

/// `url.pathToFileURL(path).href` for an absolute path.
///
/// ```
/// # use looplab_module_loader::url::path_to_file_url;
/// assert_eq!(path_to_file_url("/a b/c#d.js"), "file:///a%20b/c%23d.js");
/// ```
pub fn path_to_file_url(path: &str) -> String {
    FileUrl::from_path(path).to_string()
}

/// `url.fileURLToPath(href)` on posix.
pub fn file_url_to_path(href: &str) -> Result<String, FileUrlError> {
    match ModuleUrl::parse(href) {
        Some(ModuleUrl::File(url)) => url.to_path(),
        _ => Err(FileUrlError::Scheme),
    }
}

/// Strips what the URL parser ignores: control characters and spaces around, tabs and line breaks anywhere.
fn clean(text: &str) -> String {
    text.trim_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect()
}

fn split_scheme(text: &str) -> Option<(String, &str)> {
    let colon = text.find(':')?;
    let scheme = &text[..colon];
    let mut bytes = scheme.bytes();
    let valid = bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    valid.then(|| (scheme.to_ascii_lowercase(), &text[colon + 1..]))
}

/// Splits before the first `separator`, which stays with the second part.
fn split_at_char(text: &str, separator: char) -> (&str, &str) {
    text.split_at(text.find(separator).unwrap_or(text.len()))
}

fn file_host(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    if host == "localhost" { String::new() } else { host }
}

/// Resolves dot segments (also encoded ones) of an absolute URL path and encodes what a path can't hold.
fn normalize_path(path: &str) -> String {
    let mut segments: Vec<String> = Vec::new();
    let mut pieces = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(piece) = pieces.next() {
        let last = pieces.peek().is_none();
        match piece.to_ascii_lowercase().replace("%2e", ".").as_str() {
            ".." => {
                segments.pop();
                if last {
                    segments.push(String::new());
                }
            }
            "." => {
                if last {
                    segments.push(String::new());
                }
            }
            _ => {
                let mut encoded = String::with_capacity(piece.len());
                piece.bytes().for_each(|byte| push_encoded(&mut encoded, byte, in_path_set(byte)));
                segments.push(encoded);
            }
        }
    }
    format!("/{}", segments.join("/"))
}

/// The URL standard's path percent-encode set.
fn in_path_set(byte: u8) -> bool {
    !(0x21..0x7f).contains(&byte)
        || matches!(byte, b'"' | b'#' | b'<' | b'>' | b'?' | b'^' | b'`' | b'{' | b'}')
}

fn encode_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        push_encoded(&mut out, byte, !(0x21..0x7f).contains(&byte) || matches!(byte, b'"' | b'<' | b'>'));
    }
    if out.len() == 1 { String::new() } else { out }
}

fn push_encoded(out: &mut String, byte: u8, encode: bool) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if encode {
        out.push('%');
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    } else {
        out.push(char::from(byte));
    }
}

/// `decodeURIComponent`.
fn decode_component(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let high = char::from(*bytes.get(at + 1)?).to_digit(16)?;
            let low = char::from(*bytes.get(at + 2)?).to_digit(16)?;
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both columns recorded from Node 24.
    #[test]
    fn paths_to_urls() {
        let cases = [
            ("/a b", "file:///a%20b"),
            ("/a%b", "file:///a%25b"),
            ("/a\\b", "file:///a%5Cb"),
            ("/a#b?c", "file:///a%23b%3Fc"),
            ("/a\nb\tc\r", "file:///a%0Ab%09c%0D"),
            ("/é/ü", "file:///%C3%A9/%C3%BC"),
            ("/a\"<>`{}|^[]~@:;=&+$,!()*'", "file:///a%22%3C%3E%60%7B%7D%7C%5E%5B%5D%7E@:;=&+$,!()*'"),
            ("/a/../b/", "file:///b/"),
            ("/a//b", "file:///a/b"),
            ("/\u{1F600}", "file:///%F0%9F%98%80"),
            ("/\u{1}\u{7f}", "file:///%01%7F"),
        ];
        for (path, want) in cases {
            assert_eq!(path_to_file_url(path), want, "{path:?}");
            assert_eq!(
                file_url_to_path(want).unwrap(),
                path::resolve("/", path) + if path == "/a/../b/" { "/" } else { "" }
            );
        }
    }

    #[test]
    fn urls_to_paths() {
        let cases = [
            ("file://localhost/a", Ok("/a")),
            ("file:///a%00b", Ok("/a\0b")),
            ("file:///a?x#y", Ok("/a")),
            ("file:a", Ok("/a")),
            ("file:/x", Ok("/x")),
            ("file:///a/%2e%2e/b", Ok("/b")),
            ("FILE:///X", Ok("/X")),
            ("file:///a b", Ok("/a b")),
            ("file:///a%2fb", Err(FileUrlError::EncodedSlash)),
            ("file:///a%2Fb", Err(FileUrlError::EncodedSlash)),
            ("file://host/a", Err(FileUrlError::Host)),
            ("http://x/", Err(FileUrlError::Scheme)),
            ("file:///%zz", Err(FileUrlError::Malformed)),
            ("file:///%e9", Err(FileUrlError::Malformed)),
        ];
        for (href, want) in cases {
            assert_eq!(file_url_to_path(href).as_deref().map_err(|e| *e), want, "{href}");
        }
    }

    #[test]
    fn joining() {
        let base = FileUrl::from_path("/app/src/main.mjs");
        let cases = [
            ("./a.mjs", "file:///app/src/a.mjs"),
            ("../a.mjs?v=1#x", "file:///app/a.mjs?v=1#x"),
            ("/abs", "file:///abs"),
            ("./", "file:///app/src/"),
            ("..", "file:///app/"),
            ("../../../..", "file:///"),
            ("./a b", "file:///app/src/a%20b"),
            ("./a%2Fb", "file:///app/src/a%2Fb"),
            ("//h/x", "file://h/x"),
            (".\\a", "file:///app/src/a"),
        ];
        for (reference, want) in cases {
            assert_eq!(base.join(reference).to_string(), want, "{reference}");
        }
    }

    #[test]
    fn telling_urls_from_bare_specifiers() {
        for (text, scheme) in
            [("data:text/javascript,1", "data"), ("NODE:fs", "node"), ("x:y", "x"), ("https://a/b", "https")]
        {
            assert_eq!(ModuleUrl::parse(text).unwrap().scheme(), scheme);
        }
        for text in ["fs", "a/b:c", "@x/y", "", ":x", "1a:b", "http:"] {
            assert!(ModuleUrl::parse(text).is_none(), "{text}");
        }
    }
}
