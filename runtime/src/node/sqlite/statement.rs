//! Prepared statements.

use super::value::{self, Misfit};
use super::{Database, call, connection, host};
use crate::errors::{self, Kind};
use crate::modules::cjs::put;
use crate::rt::text_arg;
use looplab_engine::{Args, Completion, HostData, Local, Scope, Thrown, Visitor};
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection, Row, Rows, Statement};
use self_cell::self_cell;
use std::cell::RefCell;
use std::rc::Rc;

self_cell!(
    /// A statement with its share of the connection.
    pub(super) struct Prepared {
        owner: Rc<Connection>,
        #[not_covariant]
        dependent: Statement,
    }
);

type Slot = Rc<RefCell<Option<Prepared>>>;

/// A statement in a JavaScript object. Closing the database empties it.
struct Handle {
    slot: Slot,
    sql: String,
}

impl HostData for Handle {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

/// `prepare(database, sql)`: a handle.
pub(super) fn prepare<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = connection(s, args.get(0))?;
    let sql = text_arg(s, args, 1);
    let prepared = call::run(s, || Prepared::try_new(c, |c| first(c, &sql)))?;
    let slot: Slot = Rc::new(RefCell::new(Some(prepared)));
    if let Some(d) = s.host_data_mut::<Database>(args.get(0)) {
        d.statements.retain(|one| one.strong_count() > 0);
        d.statements.push(Rc::downgrade(&slot));
    }
    Ok(host(s, Box::new(Handle { slot, sql })))
}

/// The first statement of a text; those after it are let be, as in Node.
fn first<'c>(c: &'c Connection, sql: &str) -> rusqlite::Result<Statement<'c>> {
    let found = Batch::new(c, sql).next()?;
    found.ok_or_else(|| call::failure("the text has no statement"))
}

fn finalized(s: &mut Scope<'_>) -> Thrown {
    errors::throw(s, Kind::Error, "ERR_INVALID_STATE", "statement has been finalized")
}

fn slot(s: &mut Scope<'_>, handle: Local<'_>) -> Result<Slot, Thrown> {
    let found = s.host_data::<Handle>(handle).map(|h| h.slot.clone());
    found.ok_or_else(|| finalized(s))
}

/// Works with the statement; SQLite may call the program meanwhile.
fn with<R>(
    s: &mut Scope<'_>,
    handle: Local<'_>,
    f: impl FnOnce(&mut Statement<'_>) -> rusqlite::Result<R>,
) -> Result<R, Thrown> {
    let slot = slot(s, handle)?;
    let Ok(mut prepared) = slot.try_borrow_mut() else {
        let text = "statement is being executed";
        return Err(errors::throw(s, Kind::Error, "ERR_INVALID_STATE", text));
    };
    match prepared.as_mut() {
        Some(prepared) => call::run(s, || prepared.with_dependent_mut(|_, statement| f(statement))),
        None => Err(finalized(s)),
    }
}

/// `isFinalized(handle)`
pub(super) fn is_finalized<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let slot = slot(s, args.get(0))?;
    let over = slot.try_borrow().is_ok_and(|p| p.is_none());
    Ok(s.bool(over))
}

/// A name that a parameter goes by.
enum Named {
    Index(usize),
    Unknown,
    Conflict(String, String, String),
}

/// The parameter of a key: by its full name, else (`bare`) without the sign in front.
fn parameter(st: &Statement<'_>, key: &str, bare: bool) -> rusqlite::Result<Named> {
    if let Some(i) = st.parameter_index(key).unwrap_or(None) {
        return Ok(Named::Index(i));
    }
    if !bare {
        return Ok(Named::Unknown);
    }
    for i in 1..=st.parameter_count() {
        if st.parameter_name(i).is_some_and(|n| n[1..] == *key) {
            return Ok(Named::Index(i));
        }
    }
    Ok(Named::Unknown)
}

/// Two parameters that differ in their sign only.
fn conflict(st: &Statement<'_>) -> Option<Named> {
    let mut seen: Vec<String> = Vec::new();
    for i in 1..=st.parameter_count() {
        let Some(full) = st.parameter_name(i) else { continue };
        match seen.iter().find(|other| other[1..] == full[1..] && **other != full) {
            Some(other) => {
                return Some(Named::Conflict(full[1..].to_owned(), other.clone(), full.to_owned()));
            }
            None => seen.push(full.to_owned()),
        }
    }
    None
}

fn state(s: &mut Scope<'_>, text: &str) -> Thrown {
    errors::throw(s, Kind::Error, "ERR_INVALID_STATE", text)
}

/// `bind(handle, arguments, [bare, unknown])`: resets the statement and gives its parameters values.
pub(super) fn bind<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let h = args.get(0);
    let mut list = s.list_from_array_like(args.get(1))?;
    let options = s.list_from_array_like(args.get(2))?;
    let [bare, unknown] = [0, 1].map(|i: usize| options.get(i).is_some_and(|v| v.is_true()));
    with(s, h, |st| {
        drop(st.raw_query());
        st.clear_bindings();
        Ok(())
    })?;
    let named = list.first().is_some_and(|v| {
        use looplab_engine::Class;
        let view = matches!(v.class(), Some(Class::TypedArray | Class::DataView));
        v.is_object() && !view
    });
    if named {
        let object = list.remove(0);
        if bare && let Some(Named::Conflict(name, a, b)) = with(s, h, |st| Ok(conflict(st)))? {
            let text = format!(
                "Cannot create bare named parameter '{name}' because of conflicting names '{a}' and '{b}'."
            );
            return Err(state(s, &text));
        }
        for k in s.enumerable_own_keys(object)? {
            let key = s.key_text(k);
            let index = match with(s, h, |st| parameter(st, &key, bare))? {
                Named::Index(i) => i,
                _ if unknown => continue,
                _ => return Err(state(s, &format!("Unknown named parameter '{key}'"))),
            };
            let v = s.get(object, k)?;
            bind_one(s, h, index, v)?;
        }
    }
    let mut index = 0;
    for v in list {
        index += 1;
        index = with(s, h, |st| {
            let named = |i: usize| {
                i <= st.parameter_count() && st.parameter_name(i).is_some_and(|name| !name.starts_with('?'))
            };
            let mut i = index;
            while named(i) {
                i += 1;
            }
            Ok(i)
        })?;
        bind_one(s, h, index, v)?;
    }
    Ok(s.undefined())
}

fn bind_one<'s>(s: &mut Scope<'s>, h: Local<'s>, index: usize, v: Local<'s>) -> Result<(), Thrown> {
    match value::to_sql(s, v) {
        Ok(value) => with(s, h, |st| st.raw_bind_parameter(index, value)),
        Err(Misfit::TooLarge) => {
            Err(errors::throw(s, Kind::Type, "ERR_INVALID_ARG_VALUE", "BigInt value is too large to bind."))
        }
        Err(Misfit::Kind) => {
            let text = format!("Provided value cannot be bound to SQLite parameter {index}.");
            Err(errors::throw(s, Kind::Type, "ERR_INVALID_ARG_TYPE", &text))
        }
    }
}

/// One row, as plain data.
fn row_values(row: &Row<'_>, columns: usize) -> rusqlite::Result<Vec<rusqlite::types::Value>> {
    (0..columns).map(|i| row.get(i)).collect()
}

/// Takes the next row without ending the query: dropping `Rows` would.
fn next_row(st: &mut Statement<'_>) -> rusqlite::Result<Option<Vec<rusqlite::types::Value>>> {
    let columns = st.column_count();
    let mut rows: Rows<'_> = st.raw_query();
    let row = rows.next()?.map(|row| row_values(row, columns)).transpose()?;
    if row.is_some() {
        std::mem::forget(rows);
    }
    Ok(row)
}

/// A row as the program gets it.
fn row<'s>(
    s: &mut Scope<'s>,
    names: &[String],
    values: Vec<rusqlite::types::Value>,
    big: bool,
    arrays: bool,
) -> Completion<'s> {
    if arrays {
        let mut items = Vec::with_capacity(values.len());
        for v in &values {
            items.push(value::to_js(s, v.into(), big)?);
        }
        return Ok(s.new_array(&items));
    }
    let null = s.null();
    let o = s.new_object_with_proto(null);
    for (name, v) in names.iter().zip(&values) {
        let v = value::to_js(s, v.into(), big)?;
        put(s, o, name, v);
    }
    Ok(o)
}

fn column_names(st: &Statement<'_>) -> Vec<String> {
    st.column_names().map(str::to_owned).collect()
}

/// `step(handle, big, arrays)`: the next row, or undefined at the end, which resets the statement.
pub(super) fn step<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let h = args.get(0);
    let found = with(s, h, |st| Ok(next_row(st)?.map(|values| (column_names(st), values))))?;
    match found {
        None => Ok(s.undefined()),
        Some((names, values)) => row(s, &names, values, args.get(1).is_true(), args.get(2).is_true()),
    }
}

/// `all(handle, big, arrays)`: the rows that are left.
pub(super) fn all<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (h, big, arrays) = (args.get(0), args.get(1).is_true(), args.get(2).is_true());
    let names = with(s, h, |st| Ok(column_names(st)))?;
    let list = s.new_array(&[]);
    while let Some(values) = with(s, h, next_row)? {
        s.nested(|s| {
            let list = s.adopt(list);
            let v = row(s, &names, values, big, arrays)?;
            s.array_push(list, v);
            Ok(())
        })?;
    }
    Ok(list)
}

/// `reset(handle)`
pub(super) fn reset<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    with(s, args.get(0), |st| {
        drop(st.raw_query());
        Ok(())
    })?;
    Ok(s.undefined())
}

/// `changes(handle, big)`: `[changes, lastInsertRowid]` of the connection.
pub(super) fn changes<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let slot = slot(s, args.get(0))?;
    let counts = match &*slot.borrow() {
        Some(p) => {
            let c = p.borrow_owner();
            Some((c.changes(), c.last_insert_rowid()))
        }
        None => None,
    };
    let Some((changed, last)) = counts else { return Err(finalized(s)) };
    let numbers = match args.get(1).is_true() {
        true => [s.bigint(changed.into()), s.bigint(last.into())],
        false => [s.num(changed as f64), s.num(last as f64)],
    };
    Ok(s.new_array(&numbers))
}

/// `columns(handle)`: what is known of each result column.
pub(super) fn columns<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    type Facts = [Option<String>; 5];
    let list: Vec<Facts> = with(s, args.get(0), |st| {
        let types: Vec<Option<String>> = st.columns().map(|c| c.decl_type().map(str::to_owned)).collect();
        let owned = |t: Option<&str>| t.map(str::to_owned);
        let facts = st.columns_with_metadata();
        let all = facts.zip(types);
        Ok(all
            .map(|(c, kind)| {
                let (origin, db) = (owned(c.origin_name()), owned(c.database_name()));
                [origin, db, Some(c.name().to_owned()), owned(c.table_name()), kind]
            })
            .collect())
    })?;
    let mut out = Vec::new();
    for facts in list {
        let null = s.null();
        let o = s.new_object_with_proto(null);
        for (key, fact) in ["column", "database", "name", "table", "type"].into_iter().zip(facts) {
            let v = match fact {
                Some(text) => s.str(&text),
                None => s.null(),
            };
            put(s, o, key, v);
        }
        out.push(o);
    }
    Ok(s.new_array(&out))
}

/// `sql(handle, expanded)`: the text, with the values of the parameters if asked.
pub(super) fn sql<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = match args.get(1).is_true() {
        true => with(s, args.get(0), |st| Ok(st.expanded_sql()))?,
        false => {
            with(s, args.get(0), |_| Ok(()))?;
            s.host_data::<Handle>(args.get(0)).map(|h| h.sql.clone())
        }
    };
    Ok(s.str(&text.unwrap_or_default()))
}
