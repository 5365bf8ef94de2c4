//! `node:sqlite`: databases and prepared statements of SQLite. Classes, options and argument checks are in `runtime/js/sqlite.js`.
//!
//! A database is a host object with a shared connection; a statement holds a share of it too, and `close` finalizes every
//! statement before the last share goes. While SQLite runs, functions of the program that it calls find this thread's engine in
//! a scoped place (`call.rs`).

mod call;
mod function;
mod statement;
mod value;

use crate::errors::{self, Kind};
use crate::modules::cjs::put;
use crate::rt::text_arg;
use looplab_engine::{
    Args, Class, Completion, Global, HostData, Intrinsic, Local, NativeFn, Scope, Thrown, Visitor,
};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::time::Duration;

/// The object that `sqlite.js` works with.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("open", 6, open),
        ("close", 1, close),
        ("exec", 2, exec),
        ("location", 2, location),
        ("inTransaction", 1, in_transaction),
        ("setDefensive", 2, set_defensive),
        ("limit", 3, limit),
        ("serialize", 2, serialize),
        ("deserialize", 3, deserialize),
        ("backup", 5, backup),
        ("createFunction", 6, function::create_function),
        ("createAggregate", 8, function::create_aggregate),
        ("prepare", 2, statement::prepare),
        ("bind", 3, statement::bind),
        ("step", 4, statement::step),
        ("all", 3, statement::all),
        ("reset", 1, statement::reset),
        ("changes", 1, statement::changes),
        ("columns", 1, statement::columns),
        ("sql", 2, statement::sql),
        ("isFinalized", 1, statement::is_finalized),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    o
}

/// A database in a JavaScript object.
pub(super) struct Database {
    /// None once it is closed.
    connection: Option<Rc<Connection>>,
    /// Its statements: finalized when it is closed.
    statements: Vec<Weak<RefCell<Option<statement::Prepared>>>>,
    /// Functions of the program that it calls.
    functions: Vec<Global>,
}

impl HostData for Database {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

fn host<'s>(s: &mut Scope<'s>, data: Box<dyn HostData>) -> Local<'s> {
    let null = s.null();
    let o = s.new_object_of(Class::Host, null);
    s.set_host_data(o, data);
    o
}

/// The connection of a database handle; the JavaScript side has seen to it that it is open.
pub(super) fn connection(s: &mut Scope<'_>, handle: Local<'_>) -> Result<Rc<Connection>, Thrown> {
    let found = match handle.is_class(Class::Host) {
        true => s.host_data::<Database>(handle).and_then(|d| d.connection.clone()),
        false => None,
    };
    found.ok_or_else(|| errors::throw(s, Kind::Error, "ERR_INVALID_STATE", "database is not open"))
}

/// SQLite's text for a result code.
fn errstr(code: i32) -> &'static str {
    match code {
        516 => return "abort due to ROLLBACK",
        100 => return "another row available",
        101 => return "no more rows available",
        _ => {}
    }
    match code & 0xff {
        0 => "not an error",
        1 => "SQL logic error",
        3 => "access permission denied",
        4 => "query aborted",
        5 => "database is locked",
        6 => "database table is locked",
        7 => "out of memory",
        8 => "attempt to write a readonly database",
        9 => "interrupted",
        10 => "disk I/O error",
        11 => "database disk image is malformed",
        12 => "unknown operation",
        13 => "database or disk is full",
        14 => "unable to open database file",
        15 => "locking protocol",
        17 => "database schema has changed",
        18 => "string or blob too big",
        19 => "constraint failed",
        20 => "datatype mismatch",
        21 => "bad parameter or other API misuse",
        22 => "large file support is disabled",
        23 => "authorization denied",
        25 => "column index out of range",
        26 => "file is not a database",
        27 => "notification message",
        28 => "warning message",
        _ => "unknown error",
    }
}

/// Throws an error of SQLite as Node shows it.
pub(super) fn throw(s: &mut Scope<'_>, error: &rusqlite::Error) -> Thrown {
    let (code, message) = match error {
        rusqlite::Error::SqliteFailure(e, text) => {
            (e.extended_code, text.clone().unwrap_or_else(|| errstr(e.extended_code).to_owned()))
        }
        rusqlite::Error::SqlInputError { error, msg, .. } => (error.extended_code, msg.clone()),
        other => (1, other.to_string()),
    };
    s.nested(|s| {
        let e = s.new_error(Intrinsic::ErrorPrototype, &message);
        let (c, n, t) = (s.str("ERR_SQLITE_ERROR"), s.int(code), s.str(errstr(code)));
        put(s, e, "code", c);
        put(s, e, "errcode", n);
        put(s, e, "errstr", t);
        s.throw(e)
    })
}

/// `open(path, readOnly, foreignKeys, doubleQuotedStrings, timeout, defensive)`: a handle.
fn open<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let path = text_arg(s, args, 0);
    let access = match args.get(1).is_true() {
        true => OpenFlags::SQLITE_OPEN_READ_ONLY,
        false => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    let timeout = s.to_number(args.get(4))?.max(0.0) as u64;
    let [keys, strings, defensive] = [2, 3, 5].map(|i| args.get(i).is_true());
    let made = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_URI).and_then(|c| {
        c.busy_timeout(Duration::from_millis(timeout))?;
        c.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, strings)?;
        c.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, strings)?;
        c.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, keys)?;
        c.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, defensive)?;
        Ok(c)
    });
    match made {
        Ok(c) => {
            let data =
                Database { connection: Some(Rc::new(c)), statements: Vec::new(), functions: Vec::new() };
            Ok(host(s, Box::new(data)))
        }
        Err(e) => Err(throw(s, &nameless(e))),
    }
}

/// `close(handle)`: finalizes its statements, then lets it go.
fn close<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let Some(d) = s.host_data_mut::<Database>(args.get(0)) else { return Ok(s.undefined()) };
    let (statements, functions) = (std::mem::take(&mut d.statements), std::mem::take(&mut d.functions));
    let connection = d.connection.take();
    for statement in statements.iter().filter_map(Weak::upgrade) {
        if let Ok(mut prepared) = statement.try_borrow_mut() {
            prepared.take();
        }
    }
    drop(connection);
    for f in functions {
        s.release(f);
    }
    Ok(s.undefined())
}

/// An error of opening a file without the file's name, which only rusqlite adds.
fn nameless(e: rusqlite::Error) -> rusqlite::Error {
    match e {
        rusqlite::Error::SqliteFailure(code, _) => rusqlite::Error::SqliteFailure(code, None),
        other => other,
    }
}

/// `exec(handle, sql)`
fn exec<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = connection(s, args.get(0))?;
    let sql = text_arg(s, args, 1);
    call::run(s, || c.execute_batch(&sql))?;
    Ok(s.undefined())
}

/// `location(handle, name)`: the file of an attached database; null for one that has none.
fn location<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = connection(s, args.get(0))?;
    let name = text_arg(s, args, 1);
    let found = (|| {
        let mut list = c.prepare("select file from pragma_database_list where name = ?1")?;
        let mut rows = list.query([name.as_str()])?;
        Ok(match rows.next()? {
            Some(row) => row.get::<_, Option<String>>(0)?,
            None => None,
        })
    })();
    match found {
        Ok(Some(file)) if !file.is_empty() => Ok(s.str(&file)),
        Ok(_) => Ok(s.null()),
        Err(e) => Err(throw(s, &e)),
    }
}

/// `inTransaction(handle)`
fn in_transaction<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = connection(s, args.get(0))?;
    Ok(s.bool(!c.is_autocommit()))
}

/// `setDefensive(handle, on)`
fn set_defensive<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = connection(s, args.get(0))?;
    match c.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, args.get(1).is_true()) {
        Ok(_) => Ok(s.undefined()),
        Err(e) => Err(throw(s, &e)),
    }
}

const LIMITS: [Limit; 11] = [
    Limit::SQLITE_LIMIT_LENGTH,
    Limit::SQLITE_LIMIT_SQL_LENGTH,
    Limit::SQLITE_LIMIT_COLUMN,
    Limit::SQLITE_LIMIT_EXPR_DEPTH,
    Limit::SQLITE_LIMIT_COMPOUND_SELECT,
    Limit::SQLITE_LIMIT_VDBE_OP,
    Limit::SQLITE_LIMIT_FUNCTION_ARG,
    Limit::SQLITE_LIMIT_ATTACHED,
    Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH,
    Limit::SQLITE_LIMIT_VARIABLE_NUMBER,
    Limit::SQLITE_LIMIT_TRIGGER_DEPTH,
];

/// `limit(handle, number, value?)`: the limit, set first if there is a value.
fn limit<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = connection(s, args.get(0))?;
    let number = s.to_uint32(args.get(1))? as usize;
    let Some(&which) = LIMITS.get(number) else { return Ok(s.undefined()) };
    let r = match args.get(2).as_number() {
        Some(n) => c.set_limit(which, n as i32).and_then(|_| c.limit(which)),
        None => c.limit(which),
    };
    match r {
        Ok(n) => Ok(s.int(n)),
        Err(e) => Err(throw(s, &e)),
    }
}

/// `serialize(handle, name)`: the bytes of a database.
fn serialize<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = connection(s, args.get(0))?;
    let name = text_arg(s, args, 1);
    // Statements share the connection, and only one that nobody shares can be serialized: a copy in memory.
    let bytes = (|| {
        let mut copy = Connection::open_in_memory()?;
        Backup::new_with_names(&c, name.as_str(), &mut copy, "main")?.step(-1)?;
        copy.serialize("main").map(|data| data.to_vec())
    })();
    match bytes {
        Ok(bytes) => Ok(s.new_uint8_array(bytes)),
        Err(e) => Err(throw(s, &e)),
    }
}

/// `deserialize(handle, bytes, name)`: replaces a database by one in memory.
fn deserialize<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let bytes = s.view_bytes(args.get(1)).map(<[u8]>::to_vec).unwrap_or_default();
    let name = text_arg(s, args, 2);
    let shared = connection(s, args.get(0))?;
    let statements = match s.host_data_mut::<Database>(args.get(0)) {
        Some(d) => std::mem::take(&mut d.statements),
        None => Vec::new(),
    };
    for statement in statements.iter().filter_map(Weak::upgrade) {
        if let Ok(mut prepared) = statement.try_borrow_mut() {
            prepared.take();
        }
    }
    drop(shared);
    let Some(d) = s.host_data_mut::<Database>(args.get(0)) else { return Ok(s.undefined()) };
    let r = match d.connection.as_mut().and_then(Rc::get_mut) {
        Some(c) => c.deserialize_read_exact(name.as_str(), &bytes[..], bytes.len(), false),
        None => Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(5), None)),
    };
    match r {
        Ok(()) => Ok(s.undefined()),
        Err(e) => Err(throw(s, &e)),
    }
}

/// `backup(handle, path, source, target, rate)`: the progress after each step, as `[remaining, total]`.
fn backup<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let from = connection(s, args.get(0))?;
    let [path, source, target] = [1, 2, 3].map(|i| text_arg(s, args, i));
    let rate = s.to_number(args.get(4))? as i32;
    let copied = (|| {
        let mut to = Connection::open(path).map_err(nameless)?;
        let backup = Backup::new_with_names(&from, source.as_str(), &mut to, target.as_str())?;
        let mut steps = Vec::new();
        loop {
            let state = backup.step(rate)?;
            let p = backup.progress();
            steps.push((p.remaining, p.pagecount));
            match state {
                StepResult::Done => return Ok(steps),
                StepResult::More => {}
                _ => return Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(5), None)),
            }
        }
    })();
    match copied {
        Ok(steps) => {
            let mut list = Vec::new();
            for (remaining, total) in steps {
                let pair = [s.int(remaining), s.int(total)];
                list.push(s.new_array(&pair));
            }
            Ok(s.new_array(&list))
        }
        Err(e) => Err(throw(s, &e)),
    }
}
