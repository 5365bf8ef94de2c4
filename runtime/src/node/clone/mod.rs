//! The structured clone algorithm: `structuredClone`, and what ports send.
//!
//! A value is written into a [`Message`], which knows nothing of the engine it came from and may cross threads, and read out of it
//! again, perhaps elsewhere. Objects of our own JavaScript classes take part through hooks: a number under [`MODE`] says what may be
//! done with them, methods under [`CLONE`], [`TRANSFER`] and [`RECEIVE`] do it.

mod read;
mod write;

use crate::errors;
use crate::modules::{builtin, register_value, registered};
use crate::node::messaging::PortHandle;
use crate::rt::Rt;
use looplab_engine::{Args, Completion, ElementType, Key, Local, Scope, Thrown};

pub(crate) use read::read;
pub(crate) use write::write;

/// Symbol: what may be done with an object of a class of ours (see [`CLONEABLE`] and [`TRANSFERABLE`]).
pub(crate) const MODE: &str = "messaging_transfer_mode";
/// Symbol: a method that gives `{ data, deserializeInfo: 'module:Class' }` for a copy.
pub(crate) const CLONE: &str = "messaging_clone_symbol";
/// Symbol: the same for giving the object away, which leaves it unusable.
pub(crate) const TRANSFER: &str = "messaging_transfer_symbol";
/// Symbol: a method of a fresh object of the class that takes `data` in.
pub(crate) const RECEIVE: &str = "messaging_deserialize_symbol";

/// Bit of [`MODE`]: can be copied.
pub(crate) const CLONEABLE: i32 = 2;
/// Bit of [`MODE`]: can be transferred.
pub(crate) const TRANSFERABLE: i32 = 1;

/// A string's code units.
pub(crate) enum Text {
    Latin1(Box<[u8]>),
    Utf16(Box<[u16]>),
}

/// A value: a primitive, or the number of an object.
pub(crate) enum Item {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    BigInt(num_bigint::BigInt),
    Text(Text),
    Object(u32),
}

/// An array buffer's bytes.
pub(crate) struct Bytes {
    pub(crate) bytes: Vec<u8>,
    pub(crate) max: Option<usize>,
}

/// An object. Everything an object consists of has a smaller number, or is filled in when all objects are made.
pub(crate) enum Object {
    Plain(Vec<(Text, Item)>),
    Array {
        length: u32,
        /// By index.
        elements: Vec<(u32, Item)>,
        others: Vec<(Text, Item)>,
    },
    Date(f64),
    RegExp {
        source: Text,
        flags: Text,
    },
    Boxed(Item),
    Map(Vec<(Item, Item)>),
    Set(Vec<Item>),
    Error {
        name: &'static str,
        message: Option<Text>,
        stack: Option<Text>,
        cause: Option<Item>,
    },
    Buffer(Bytes),
    /// Number in the list of transferred buffers.
    MovedBuffer(u32),
    /// Number in the list of shared buffers, which only this engine has.
    Shared(u32),
    View {
        /// `None`: a DataView.
        element: Option<ElementType>,
        buffer: u32,
        offset: usize,
        /// In elements; `None`: follows the buffer.
        length: Option<usize>,
    },
    /// Of a class of ours: `module:Class`, and what its hook gave.
    Hosted {
        class: String,
        data: Item,
    },
    /// Number in the list of ports.
    Port(u32),
}

/// A written value. Dropping one that was never read closes the ports in it.
#[derive(Default)]
pub(crate) struct Message {
    pub(crate) objects: Vec<Object>,
    pub(crate) root: Option<Item>,
    pub(crate) moved: Vec<Option<Bytes>>,
    pub(crate) ports: Vec<Option<PortHandle>>,
    /// How many of the ports, from the start, are the message's own list (`event.ports`).
    pub(crate) shared: Vec<looplab_engine::Global>,
    /// The thread whose engine has the shared buffers.
    pub(crate) home: Option<std::thread::ThreadId>,
}

/// A DataCloneError.
pub(crate) fn data_clone_error(s: &mut Scope<'_>, message: &str) -> Thrown {
    let thrown = dom_exception(s, message, "DataCloneError");
    match thrown {
        Ok(t) | Err(t) => t,
    }
}

/// `new DOMException(message, name)`, thrown.
pub(crate) fn dom_exception(s: &mut Scope<'_>, message: &str, name: &str) -> Result<Thrown, Thrown> {
    s.nested(|s| {
        let rt = Rt::of(s);
        let Some(m) = builtin(s, &rt, "/dom_exception")? else {
            return Ok(s.throw_type(message));
        };
        let k = s.key("DOMException");
        let class = s.get(m, k)?;
        let args = [s.str(message), s.str(name)];
        let e = s.construct(class, &args, class)?;
        Ok(s.throw(e))
    })
}

/// The symbol of a hook.
pub(crate) fn hook<'s>(s: &mut Scope<'s>, name: &'static str) -> Local<'s> {
    let known = registered(s, name);
    if known.is_symbol() {
        return known;
    }
    let text = s.str(name);
    let symbol = s.symbol(text);
    register_value(s, name, symbol);
    symbol
}

/// What the JavaScript side of messaging needs of this module.
pub(crate) fn install<'s>(s: &mut Scope<'s>, o: Local<'s>) {
    for (name, symbol) in [("kMode", MODE), ("kClone", CLONE), ("kTransfer", TRANSFER), ("kReceive", RECEIVE)]
    {
        let (k, v) = (s.key(name), hook(s, symbol));
        s.define_with(o, k, v, looplab_engine::ALL);
    }
}

/// `structuredClone(value[, { transfer }])`
pub(crate) fn structured_clone<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.is_empty() {
        let text = "The \"The value argument must be specified\" argument must be specified";
        return Err(errors::throw(s, errors::Kind::Type, "ERR_MISSING_ARGS", text));
    }
    let transfer = transfer_list(s, args.get(1))?;
    let message = write(s, args.get(0), &transfer)?;
    read(s, message, None).map(|(v, _)| v)
}

/// The list in the options of structuredClone, as WebIDL reads it.
fn transfer_list<'s>(s: &mut Scope<'s>, options: Local<'s>) -> Result<Vec<Local<'s>>, Thrown> {
    if options.is_nullish() {
        return Ok(Vec::new());
    }
    if !options.is_object() {
        return Err(conversion(s, "Options cannot be converted to a dictionary"));
    }
    let k = s.key("transfer");
    let list = s.get(options, k)?;
    if list.is_undefined() {
        return Ok(Vec::new());
    }
    let iterator: Key<'s> = s.atoms().sym_iterator.into();
    if !list.is_object() || s.get_method(list, iterator)?.is_none() {
        return Err(conversion(s, "transfer in Options cannot be converted to sequence."));
    }
    let list = s.iterable_to_list(list)?;
    for (i, v) in list.iter().enumerate() {
        if !v.is_object() {
            return Err(conversion(s, &format!("transfer in Options[{i}] is not an object.")));
        }
    }
    Ok(list)
}

fn conversion(s: &mut Scope<'_>, what: &str) -> Thrown {
    let text = format!("Failed to execute 'structuredClone': {what}");
    errors::throw(s, errors::Kind::Type, "ERR_INVALID_ARG_TYPE", &text)
}
