//! `atob`, `btoa`, TextEncoder and TextDecoder.

use super::encoding::{self, Encoding, STANDARD};
use super::{define, get, put, tag};
use crate::errors::{self, Kind};
use crate::modules::builtin;
use crate::rt::Rt;
use looplab_engine::{Args, Chars, Class, Completion, HostData, Intrinsic, Local, Scope, Thrown, Visitor};

/// Defines `btoa` and `atob`.
pub(crate) fn install_base64<'s>(s: &mut Scope<'s>, o: Local<'s>) {
    define(s, o, "btoa", 1, btoa);
    define(s, o, "atob", 1, atob);
}

/// Defines TextEncoder and TextDecoder as (hidden) properties.
pub(crate) fn install<'s>(s: &mut Scope<'s>, o: Local<'s>) {
    let proto = s.new_object();
    let class = s.constructor("TextEncoder", 0, encoder, proto);
    define(s, proto, "encode", 0, encode);
    define(s, proto, "encodeInto", 2, encode_into);
    let k = s.key("encoding");
    s.getter(proto, k, |s, _| Ok(s.str("utf-8")));
    inspected(s, proto, |s, _| Ok(s.str("{ encoding: 'utf-8' }")));
    tag(s, proto, "TextEncoder");
    put(s, o, "TextEncoder", class);
    let proto = s.new_object();
    let class = s.constructor("TextDecoder", 0, decoder, proto);
    define(s, proto, "decode", 0, decode);
    for (name, f) in [
        (
            "encoding",
            (|s, a| decoder_state(s, a).map(|d| d.label).map(|l| s.str(l))) as looplab_engine::NativeFn,
        ),
        ("fatal", |s, a| decoder_state(s, a).map(|d| d.fatal).map(|b| s.bool(b))),
        ("ignoreBOM", |s, a| decoder_state(s, a).map(|d| d.ignore_bom).map(|b| s.bool(b))),
    ] {
        let k = s.key(name);
        s.getter(proto, k, f);
    }
    inspected(s, proto, |s, a| {
        let d = decoder_state(s, a)?;
        let (label, fatal, ignore) = (d.label, d.fatal, d.ignore_bom);
        Ok(s.str(&format!("TextDecoder {{ encoding: '{label}', fatal: {fatal}, ignoreBOM: {ignore} }}")))
    });
    tag(s, proto, "TextDecoder");
    put(s, o, "TextDecoder", class);
}

/// How util.inspect shows it.
fn inspected<'s>(s: &mut Scope<'s>, proto: Local<'s>, f: looplab_engine::NativeFn) {
    let name = s.str("nodejs.util.inspect.custom");
    let symbol = s.symbol_for(name);
    // A symbol is a key as it is.
    if let Ok(k) = s.to_key(symbol) {
        let f = s.function(k, 2, f);
        s.define_hidden(proto, k, f);
    }
}

/// A DOMException where the class is here, an Error of that name otherwise.
fn dom_exception(s: &mut Scope<'_>, message: &str, name: &str) -> Thrown {
    s.nested(|s| {
        let g = s.global_object();
        let rt = Rt::of(s);
        let class = match get(s, g, "DOMException") {
            Ok(c) if c.is_callable() => c,
            Ok(_) => match builtin(s, &rt, "/dom_exception") {
                Ok(Some(c)) => c,
                Ok(None) => s.undefined(),
                Err(t) => return t,
            },
            Err(t) => return t,
        };
        let (m, n) = (s.str(message), s.str(name));
        if class.is_constructor() {
            return match s.construct(class, &[m, n], class) {
                Ok(e) => s.throw(e),
                Err(t) => t,
            };
        }
        let e = s.new_error(Intrinsic::ErrorPrototype, message);
        let k = s.key("name");
        s.define_hidden(e, k, n);
        // The legacy code of InvalidCharacterError, the only one thrown here.
        let (k, v) = (s.key("code"), s.int(5));
        s.define_hidden(e, k, v);
        s.throw(e)
    })
}

fn missing(s: &mut Scope<'_>, name: &str) -> Thrown {
    let m = format!("The \"{name}\" argument must be specified");
    errors::throw(s, Kind::Type, "ERR_MISSING_ARGS", &m)
}

/// `btoa(data)`: Latin-1 text as base64.
fn btoa<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.is_empty() {
        return Err(missing(s, "input"));
    }
    let text = s.to_string(args.get(0))?;
    let bytes: Option<Vec<u8>> = match s.chars(text) {
        Chars::Latin1(b) => Some(b.to_vec()),
        Chars::Utf16(u) => u.iter().map(|&u| u8::try_from(u).ok()).collect(),
    };
    match bytes {
        Some(b) => Ok(s.str_latin1(&encoding::base64_encode(&b, STANDARD, true))),
        None => Err(dom_exception(s, "Invalid character", "InvalidCharacterError")),
    }
}

/// `atob(data)`: base64 as Latin-1 text; strict but for white space and missing padding.
fn atob<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.is_empty() {
        return Err(missing(s, "input"));
    }
    let text = s.to_string(args.get(0))?;
    let units: Vec<u16> =
        s.chars(text).iter().filter(|u| !matches!(u, 0x20 | 0x09 | 0x0A | 0x0C | 0x0D)).collect();
    let mut data = units.as_slice();
    if data.len().is_multiple_of(4) {
        for _ in 0..2 {
            data = data.strip_suffix(&[u16::from(b'=')]).unwrap_or(data);
        }
    }
    let ascii: Option<Vec<u8>> =
        data.iter().map(|&u| u8::try_from(u).ok().filter(|b| STANDARD.contains(b))).collect();
    let Some(ascii) = ascii else {
        return Err(dom_exception(s, "Invalid character", "InvalidCharacterError"));
    };
    if ascii.len() % 4 == 1 {
        let m = "The string to be decoded is not correctly encoded.";
        return Err(dom_exception(s, m, "InvalidCharacterError"));
    }
    Ok(s.str_latin1(&crate::node::base64_decode(&ascii)))
}

// ---- TextEncoder ----

fn encoder<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(s.throw_type("Class constructor TextEncoder cannot be invoked without 'new'"));
    }
    s.create_from_constructor(args.new_target(), Class::Host, Intrinsic::ObjectPrototype)
}

fn encode<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let bytes = match args.get(0) {
        v if v.is_undefined() => Vec::new(),
        v => s.to_text(v)?.into_bytes(),
    };
    Ok(s.new_uint8_array(bytes))
}

/// `encoder.encodeInto(source, destination)`: `{ read, written }`.
fn encode_into<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (src, dest) = (args.get(0), args.get(1));
    if !src.is_string() {
        return Err(errors::invalid_arg_type(s, "src", "of type string", src));
    }
    if !super::is_uint8_array(s, dest) {
        return Err(errors::invalid_arg_type(s, "dest", "an instance of Uint8Array", dest));
    }
    let text = s.to_utf8_lossy(src);
    let to = s.view_bytes_mut(dest).unwrap_or_default();
    let mut n = text.len().min(to.len());
    while !text.is_char_boundary(n) {
        n -= 1;
    }
    to[..n].copy_from_slice(&text.as_bytes()[..n]);
    let read = text[..n].encode_utf16().count();
    let o = s.new_object();
    let (read, written) = (s.num(read as f64), s.num(n as f64));
    put(s, o, "read", read);
    put(s, o, "written", written);
    Ok(o)
}

// ---- TextDecoder ----

struct Decoder {
    encoding: Encoding,
    label: &'static str,
    fatal: bool,
    ignore_bom: bool,
    /// Bytes of a character that came in halves.
    pending: Vec<u8>,
    /// The byte order mark has been looked for.
    begun: bool,
}

impl HostData for Decoder {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

fn decoder_state<'a>(s: &'a mut Scope<'_>, args: &Args<'_>) -> Result<&'a mut Decoder, Thrown> {
    if s.host_data::<Decoder>(args.this()).is_none() {
        let m = "Value of \"this\" must be of type TextDecoder";
        return Err(errors::throw(s, Kind::Type, "ERR_INVALID_THIS", m));
    }
    Ok(s.host_data_mut::<Decoder>(args.this()).expect("looked at above"))
}

/// Labels of the encodings that are here.
fn label(name: &str) -> Option<(Encoding, &'static str)> {
    Some(match name.trim().to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "unicode-1-1-utf-8" | "unicode11utf8" | "unicode20utf8" | "x-unicode20utf8" => {
            (Encoding::Utf8, "utf-8")
        }
        "utf-16le" | "utf-16" | "ucs-2" | "unicode" | "csunicode" | "iso-10646-ucs-2" | "unicodefeff" => {
            (Encoding::Utf16le, "utf-16le")
        }
        "latin1" | "ascii" | "us-ascii" | "iso-8859-1" | "iso8859-1" | "iso88591" | "l1" | "windows-1252"
        | "cp1252" | "x-cp1252" | "ansi_x3.4-1968" | "cp819" | "ibm819" | "iso-ir-100" | "csisolatin1"
        | "iso_8859-1" | "iso_8859-1:1987" => (Encoding::Latin1, "windows-1252"),
        _ => return None,
    })
}

/// `new TextDecoder(label, { fatal, ignoreBOM })`
fn decoder<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(s.throw_type("Class constructor TextDecoder cannot be invoked without 'new'"));
    }
    let name = match args.get(0) {
        v if v.is_undefined() => "utf-8".to_owned(),
        v => s.to_text(v)?,
    };
    let Some((encoding, label)) = label(&name) else {
        let m = format!("The \"{name}\" encoding is not supported");
        return Err(errors::throw(s, Kind::Range, "ERR_ENCODING_NOT_SUPPORTED", &m));
    };
    let (mut fatal, mut ignore_bom) = (false, false);
    let options = args.get(1);
    if options.is_object() {
        let v = get(s, options, "fatal")?;
        fatal = s.to_boolean(v);
        let v = get(s, options, "ignoreBOM")?;
        ignore_bom = s.to_boolean(v);
    } else if !options.is_nullish() {
        return Err(errors::invalid_arg_type(s, "options", "of type object", options));
    }
    let o = s.create_from_constructor(args.new_target(), Class::Host, Intrinsic::ObjectPrototype)?;
    let state = Decoder { encoding, label, fatal, ignore_bom, pending: Vec::new(), begun: false };
    s.set_host_data(o, Box::new(state));
    Ok(o)
}

/// `decoder.decode(input, { stream })`
fn decode<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    decoder_state(s, args)?;
    let input = args.get(0);
    let chunk = if input.is_undefined() {
        Vec::new()
    } else if let Some(b) = s.view_bytes(input).or_else(|| s.buffer_bytes(input)) {
        b.to_vec()
    } else {
        let m =
            "The \"list\" argument must be an instance of SharedArrayBuffer, ArrayBuffer or ArrayBufferView.";
        return Err(errors::throw(s, Kind::Type, "ERR_INVALID_ARG_TYPE", m));
    };
    let mut stream = false;
    if args.get(1).is_object() {
        let v = get(s, args.get(1), "stream")?;
        stream = s.to_boolean(v);
    }
    let d = decoder_state(s, args)?;
    let mut bytes = std::mem::take(&mut d.pending);
    bytes.extend_from_slice(&chunk);
    if stream {
        let keep = super::string_decoder::incomplete(d.encoding, &bytes);
        d.pending = bytes.split_off(bytes.len() - keep);
    }
    let bom: &[u8] = match d.encoding {
        Encoding::Utf8 => &[0xEF, 0xBB, 0xBF],
        Encoding::Utf16le => &[0xFF, 0xFE],
        _ => &[],
    };
    let mut text = bytes.as_slice();
    if !d.begun && !d.ignore_bom {
        text = text.strip_prefix(bom).unwrap_or(text);
    }
    d.begun = stream && (d.begun || !bytes.is_empty());
    let (e, fatal, label) = (d.encoding, d.fatal, d.label);
    if fatal && !well_formed(e, text) {
        let m = format!("The encoded data was not valid for encoding {label}");
        return Err(errors::throw(s, Kind::Type, "ERR_ENCODING_INVALID_ENCODED_DATA", &m));
    }
    match e {
        Encoding::Latin1 => Ok(windows_1252(s, text)),
        Encoding::Utf16le => {
            let mut units: Vec<u16> =
                char::decode_utf16(text.chunks_exact(2).map(|p| u16::from_le_bytes([p[0], p[1]])))
                    .flat_map(|c| c.unwrap_or('\u{FFFD}').encode_utf16(&mut [0; 2]).to_vec())
                    .collect();
            if text.len() % 2 == 1 {
                units.push(0xFFFD);
            }
            Ok(s.str_units(&units))
        }
        _ => encoding::decode(s, text, e),
    }
}

fn well_formed(e: Encoding, b: &[u8]) -> bool {
    match e {
        Encoding::Utf8 => std::str::from_utf8(b).is_ok(),
        Encoding::Utf16le => {
            b.len().is_multiple_of(2)
                && char::decode_utf16(b.chunks_exact(2).map(|p| u16::from_le_bytes([p[0], p[1]])))
                    .all(|c| c.is_ok())
        }
        _ => true,
    }
}

/// Code points of the bytes 0x80 to 0x9F in windows-1252 (the others are Latin-1's).
const WINDOWS_1252: [u16; 32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152,
    0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161,
    0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
];

fn windows_1252<'s>(s: &mut Scope<'s>, b: &[u8]) -> Local<'s> {
    let units: Vec<u16> = b
        .iter()
        .map(|&b| match b {
            0x80..=0x9F => WINDOWS_1252[usize::from(b - 0x80)],
            _ => u16::from(b),
        })
        .collect();
    s.str_units(&units)
}
