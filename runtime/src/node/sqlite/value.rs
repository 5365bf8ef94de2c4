//! Values between JavaScript and SQLite.

use crate::errors::{self, Kind};
use looplab_engine::{Class, Completion, Local, Scope, Thrown};
use rusqlite::types::{Value, ValueRef};

/// Why a JavaScript value is none of SQLite's.
pub(super) enum Misfit {
    Kind,
    TooLarge,
}

/// A JavaScript value as SQLite holds it. Numbers are REAL always, as in Node; a column's affinity makes integers of them.
pub(super) fn to_sql<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Value, Misfit> {
    if v.is_null() {
        return Ok(Value::Null);
    }
    if let Some(n) = v.as_number() {
        return Ok(Value::Real(n));
    }
    if let Some(b) = v.as_bool() {
        return Ok(Value::Integer(b.into()));
    }
    if v.is_string() {
        return Ok(Value::Text(s.to_utf8_lossy(v)));
    }
    if v.is_bigint() {
        let n = s.as_bigint(v).and_then(|n| i64::try_from(n).ok());
        return n.map(Value::Integer).ok_or(Misfit::TooLarge);
    }
    match v.class() {
        Some(Class::TypedArray | Class::DataView) => {
            Ok(Value::Blob(s.view_bytes(v).map(<[u8]>::to_vec).unwrap_or_default()))
        }
        _ => Err(Misfit::Kind),
    }
}

/// The largest integer that a number holds exactly.
const SAFE: i64 = (1 << 53) - 1;

/// A value of SQLite as JavaScript has it. `big`: integers are BigInts.
pub(super) fn to_js<'s>(s: &mut Scope<'s>, v: ValueRef<'_>, big: bool) -> Completion<'s> {
    Ok(match v {
        ValueRef::Null => s.null(),
        ValueRef::Integer(n) if big => s.bigint(n.into()),
        ValueRef::Integer(n) if n.abs() <= SAFE => s.num(n as f64),
        ValueRef::Integer(n) => return Err(too_large(s, n)),
        ValueRef::Real(n) => s.num(n),
        ValueRef::Text(t) => s.str(&String::from_utf8_lossy(t)),
        ValueRef::Blob(b) => s.new_uint8_array(b.to_vec()),
    })
}

fn too_large(s: &mut Scope<'_>, n: i64) -> Thrown {
    let text = format!("Value is too large to be represented as a JavaScript number: {n}");
    errors::throw(s, Kind::Range, "ERR_OUT_OF_RANGE", &text)
}
