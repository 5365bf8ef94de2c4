//! Reading: all objects are made first, then filled, so that depth costs no stack and circles close by themselves.

use super::{Bytes, Item, Message, Object, RECEIVE, Text, data_clone_error, hook};
use crate::modules::builtin;
use crate::node::messaging;
use crate::rt::Rt;
use looplab_engine::{BufferData, Class, HIDDEN, Intrinsic, Key, Local, Scope, Thrown};

/// Makes the value of a message and the ports that came with it. `class`: how ports are made, when not by `MessagePort` itself.
pub(crate) fn read<'s>(
    s: &mut Scope<'s>,
    mut m: Message,
    class: Option<Local<'s>>,
) -> Result<(Local<'s>, Vec<Local<'s>>), Thrown> {
    if m.home.is_some_and(|home| home != std::thread::current().id()) {
        return Err(data_clone_error(
            s,
            "A SharedArrayBuffer could not be cloned: looplab's threads share no memory.",
        ));
    }
    let mut ports = Vec::with_capacity(m.ports.len());
    for handle in m.ports.drain(..).flatten() {
        ports.push(messaging::adopt(s, handle, class)?);
    }
    let moved: Vec<Option<Bytes>> = std::mem::take(&mut m.moved);
    let buffers: Vec<Local<'s>> = moved.into_iter().map(|b| buffer(s, b.unwrap_or_else(empty))).collect();
    let shared: Vec<Local<'s>> = m.shared.iter().map(|&g| s.open(g)).collect();
    for g in m.shared.drain(..) {
        s.release(g);
    }
    let objects = std::mem::take(&mut m.objects);
    let mut made: Vec<Local<'s>> = Vec::with_capacity(objects.len());
    let mut rest = Vec::with_capacity(objects.len());
    for o in objects {
        let (v, left) = shell(s, o, &made, &ports, &buffers, &shared)?;
        made.push(v);
        rest.push(left);
    }
    // Last first: what a hook takes in is numbered after its object, and must be whole by then.
    for (i, left) in rest.into_iter().enumerate().rev() {
        if let Some(o) = left {
            fill(s, made[i], o, &made)?;
        }
    }
    let root = m.root.take().unwrap_or(Item::Undefined);
    let root = item(s, root, &made);
    Ok((root, ports))
}

fn empty() -> Bytes {
    Bytes { bytes: Vec::new(), max: None }
}

fn buffer<'s>(s: &mut Scope<'s>, b: Bytes) -> Local<'s> {
    let proto = s.intrinsic(Intrinsic::ArrayBufferPrototype);
    let data = match b.max {
        Some(max) => BufferData::resizable(b.bytes, max),
        None => BufferData::new(b.bytes),
    };
    s.new_buffer_object(data, proto)
}

/// The object itself, and what it is still to be filled with.
fn shell<'s>(
    s: &mut Scope<'s>,
    o: Object,
    made: &[Local<'s>],
    ports: &[Local<'s>],
    buffers: &[Local<'s>],
    shared: &[Local<'s>],
) -> Result<(Local<'s>, Option<Object>), Thrown> {
    let whole = |v| Ok((v, None));
    match o {
        Object::Plain(_) => Ok((s.new_object(), Some(o))),
        Object::Array { .. } => Ok((s.new_array(&[]), Some(o))),
        Object::Date(t) => {
            let proto = s.intrinsic(Intrinsic::DatePrototype);
            let d = s.new_object_of(Class::Date, proto);
            let t = s.num(t);
            s.set_internal(d, 0, t);
            whole(d)
        }
        Object::RegExp { source, flags } => {
            let class = s.intrinsic(Intrinsic::RegExp);
            let args = [string(s, &source), string(s, &flags)];
            whole(s.construct(class, &args, class)?)
        }
        Object::Boxed(inner) => {
            let v = item(s, inner, made);
            whole(s.to_object(v)?)
        }
        Object::Map(_) | Object::Set(_) => {
            let map = matches!(o, Object::Map(_));
            let proto = s.intrinsic(if map { Intrinsic::MapPrototype } else { Intrinsic::SetPrototype });
            let t = s.new_object_of(if map { Class::Map } else { Class::Set }, proto);
            s.init_table(t);
            Ok((t, Some(o)))
        }
        Object::Error { name, ref message, ref stack, .. } => {
            let e = error(s, name, message.as_ref(), stack.as_ref());
            Ok((e, Some(o)))
        }
        Object::Buffer(b) => whole(buffer(s, b)),
        Object::MovedBuffer(i) => whole(buffers[i as usize]),
        Object::Shared(i) => whole(shared[i as usize]),
        Object::View { element, buffer, offset, length } => {
            let buffer = made[buffer as usize];
            let u = s.undefined();
            whole(match element {
                Some(ty) => s.new_typed_array(buffer, ty, offset, length, u),
                None => {
                    let proto = s.intrinsic(Intrinsic::DataViewPrototype);
                    s.new_data_view(buffer, offset, length, proto)
                }
            })
        }
        Object::Hosted { ref class, .. } => {
            let v = hosted_shell(s, class)?;
            Ok((v, Some(o)))
        }
        Object::Port(i) => match ports.get(i as usize) {
            Some(&p) => whole(p),
            None => Err(data_clone_error(s, "A port of the message is closed")),
        },
    }
}

fn fill<'s>(s: &mut Scope<'s>, v: Local<'s>, o: Object, made: &[Local<'s>]) -> Result<(), Thrown> {
    match o {
        Object::Plain(list) => properties(s, v, list, made)?,
        Object::Array { length, elements, others } => {
            for (i, x) in elements {
                let x = item(s, x, made);
                s.create_data_property(v, Key::index(i), x)?;
            }
            if s.array_len(v) < length {
                let k: Key<'s> = s.atoms().length.into();
                let n = s.num(f64::from(length));
                s.set(v, k, n)?;
            }
            properties(s, v, others, made)?;
        }
        Object::Map(pairs) => {
            for (k, x) in pairs {
                let (k, x) = (item(s, k, made), item(s, x, made));
                s.table_set(v, k, x);
            }
        }
        Object::Set(items) => {
            for x in items {
                let x = item(s, x, made);
                s.table_set(v, x, x);
            }
        }
        Object::Error { cause: Some(cause), .. } => {
            let (k, x) = (s.key("cause"), item(s, cause, made));
            s.define_hidden(v, k, x);
        }
        Object::Hosted { data, .. } => {
            let data = item(s, data, made);
            let symbol = hook(s, RECEIVE);
            let k = s.to_key(symbol)?;
            s.invoke(v, k, &[data])?;
        }
        _ => {}
    }
    Ok(())
}

fn properties<'s>(
    s: &mut Scope<'s>,
    v: Local<'s>,
    list: Vec<(Text, Item)>,
    made: &[Local<'s>],
) -> Result<(), Thrown> {
    for (k, x) in list {
        let name = string(s, &k);
        let (k, x) = (s.to_key(name)?, item(s, x, made));
        s.create_data_property(v, k, x)?;
    }
    Ok(())
}

fn error<'s>(s: &mut Scope<'s>, name: &str, message: Option<&Text>, stack: Option<&Text>) -> Local<'s> {
    let proto = s.intrinsic(match name {
        "EvalError" => Intrinsic::EvalErrorPrototype,
        "RangeError" => Intrinsic::RangeErrorPrototype,
        "ReferenceError" => Intrinsic::ReferenceErrorPrototype,
        "SyntaxError" => Intrinsic::SyntaxErrorPrototype,
        "TypeError" => Intrinsic::TypeErrorPrototype,
        "URIError" => Intrinsic::URIErrorPrototype,
        _ => Intrinsic::ErrorPrototype,
    });
    let u = s.undefined();
    let text = message.map_or(u, |m| string(s, m));
    let e = s.new_error_object(proto, text);
    let k: Key<'s> = s.atoms().stack.into();
    let v = stack.map_or(u, |t| string(s, t));
    s.define_with(e, k, v, HIDDEN);
    e
}

/// A fresh object of `module:Class`, made by the module's `Class` without arguments.
fn hosted_shell<'s>(s: &mut Scope<'s>, class: &str) -> Result<Local<'s>, Thrown> {
    let rt = Rt::of(s);
    let (module, name) = class.split_once(':').unwrap_or((class, ""));
    let Some(m) = builtin(s, &rt, module)? else {
        return Err(data_clone_error(s, &format!("{class} cannot be read here")));
    };
    let k = s.key(name);
    let class = s.get(m, k)?;
    s.construct(class, &[], class)
}

fn item<'s>(s: &mut Scope<'s>, i: Item, made: &[Local<'s>]) -> Local<'s> {
    match i {
        Item::Undefined => s.undefined(),
        Item::Null => s.null(),
        Item::Bool(b) => s.bool(b),
        Item::Number(n) => s.num(n),
        Item::BigInt(n) => s.bigint(n),
        Item::Text(t) => string(s, &t),
        Item::Object(n) => made[n as usize],
    }
}

fn string<'s>(s: &mut Scope<'s>, t: &Text) -> Local<'s> {
    match t {
        Text::Latin1(b) => s.str_latin1(b),
        Text::Utf16(u) => s.str_units(u),
    }
}
