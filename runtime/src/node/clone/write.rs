//! Writing: the serialiser's walk, in V8's order, so that accessors run in the same order and the same thing fails first.

use super::{
    Bytes, CLONE, CLONEABLE, Item, MODE, Message, Object, TRANSFER, TRANSFERABLE, Text, data_clone_error,
    hook,
};
use crate::modules::registered;
use crate::node::messaging;
use looplab_engine::{Chars, Class, Intrinsic, IterKind, Key, KeyFilter, Local, Scope, Thrown};

/// What of the transfer list stands where in the message.
enum Given {
    Buffer(u32),
    Port(u32),
    Hosted,
}

struct Writer<'s> {
    message: Message,
    /// Objects that have a number.
    seen: Seen<'s>,
    transfer: Vec<(Local<'s>, Given)>,
}

/// Objects by identity: a Map of the engine from object to number.
struct Seen<'s> {
    table: Local<'s>,
}

impl<'s> Seen<'s> {
    fn new(s: &mut Scope<'s>) -> Seen<'s> {
        let proto = s.intrinsic(Intrinsic::MapPrototype);
        let table = s.new_object_of(Class::Map, proto);
        s.init_table(table);
        Seen { table }
    }

    fn find(&self, s: &mut Scope<'s>, o: Local<'s>) -> Option<u32> {
        s.table_get(self.table, o).and_then(|n| n.as_number()).map(|n| n as u32)
    }
}

/// Writes `value`, giving away what is in `transfer`.
pub(crate) fn write<'s>(
    s: &mut Scope<'s>,
    value: Local<'s>,
    transfer: &[Local<'s>],
) -> Result<Message, Thrown> {
    let seen = Seen::new(s);
    let mut w = Writer { message: Message::default(), seen, transfer: Vec::new() };
    w.check_transfer(s, transfer)?;
    let root = w.item(s, value)?;
    w.message.root = Some(root);
    w.give_away(s)?;
    Ok(w.message)
}

impl<'s> Writer<'s> {
    fn check_transfer(&mut self, s: &mut Scope<'s>, list: &[Local<'s>]) -> Result<(), Thrown> {
        for &o in list {
            let twice = self.transfer.iter().any(|(x, _)| x.is_identical(o));
            let given = if o.is_class(Class::ArrayBuffer) {
                if twice {
                    return Err(data_clone_error(s, "Transfer list contains duplicate ArrayBuffer"));
                }
                if s.buffer(o).is_none_or(looplab_engine::BufferData::is_detached) || is_untransferable(s, o)
                {
                    return Err(data_clone_error(s, "Cannot transfer object of unsupported type."));
                }
                self.message.moved.push(None);
                Given::Buffer(self.message.moved.len() as u32 - 1)
            } else if let Some(mode) = mode_of(s, o)? {
                if mode & TRANSFERABLE == 0 || is_untransferable(s, o) {
                    return Err(data_clone_error(s, "Cannot transfer object of unsupported type."));
                }
                let port = messaging::is_port(s, o);
                if twice {
                    let name = if port { "MessagePort" } else { "host object" };
                    return Err(data_clone_error(s, &format!("Transfer list contains duplicate {name}")));
                }
                if port && messaging::is_detached(s, o) {
                    return Err(data_clone_error(s, "MessagePort in transfer list is already detached"));
                }
                if port {
                    self.message.ports.push(None);
                    Given::Port(self.message.ports.len() as u32 - 1)
                } else {
                    Given::Hosted
                }
            } else {
                return Err(data_clone_error(s, "Found invalid value in transferList."));
            };
            self.transfer.push((o, given));
        }
        Ok(())
    }

    /// Everything was written: now the transferred things change hands.
    fn give_away(&mut self, s: &mut Scope<'s>) -> Result<(), Thrown> {
        for (o, given) in &self.transfer {
            match *given {
                Given::Buffer(i) => {
                    let max = s.buffer(*o).and_then(looplab_engine::BufferData::max);
                    let bytes = s.detach_buffer(*o).unwrap_or_default();
                    self.message.moved[i as usize] = Some(Bytes { bytes, max });
                }
                Given::Port(i) => self.message.ports[i as usize] = messaging::take(s, *o),
                Given::Hosted => {}
            }
        }
        Ok(())
    }

    fn item(&mut self, s: &mut Scope<'s>, v: Local<'s>) -> Result<Item, Thrown> {
        if v.is_object() {
            return self.object(s, v).map(Item::Object);
        }
        if v.is_symbol() {
            return Err(self.refuse(s, v));
        }
        Ok(primitive(s, v))
    }

    fn refuse(&self, s: &mut Scope<'s>, v: Local<'s>) -> Thrown {
        let text = match v.class() {
            Some(Class::Proxy) if s.is_array(v).unwrap_or(false) => "[object Array]".to_owned(),
            // No class of its own to name: generators and the builtins' iterators.
            Some(Class::Generator | Class::AsyncGenerator | Class::Iterator) => {
                let k: Key<'s> = s.atoms().sym_to_string_tag.into();
                match s.get(v, k) {
                    Ok(tag) if tag.is_string() => format!("[object {}]", s.to_utf8_lossy(tag)),
                    Ok(_) => s.describe_value(v),
                    Err(t) => return t,
                }
            }
            _ => s.describe_value(v),
        };
        data_clone_error(s, &format!("{text} could not be cloned."))
    }

    /// Reserves the next number for an object, so that what it holds can refer to it.
    fn number(&mut self, s: &mut Scope<'s>, o: Local<'s>) -> u32 {
        let n = self.message.objects.len() as u32;
        self.message.objects.push(Object::Plain(Vec::new()));
        let v = s.num(f64::from(n));
        s.table_set(self.seen.table, o, v);
        n
    }

    fn put(&mut self, n: u32, object: Object) -> u32 {
        self.message.objects[n as usize] = object;
        n
    }

    fn object(&mut self, s: &mut Scope<'s>, o: Local<'s>) -> Result<u32, Thrown> {
        if let Some(n) = self.seen.find(s, o) {
            return Ok(n);
        }
        s.check_native_stack()?;
        match o.class().unwrap_or(Class::Plain) {
            Class::TypedArray | Class::DataView => return self.view(s, o),
            Class::ArrayBuffer => return self.buffer(s, o),
            _ => {}
        }
        if o.is_callable() {
            return Err(self.refuse(s, o));
        }
        match o.class().unwrap_or(Class::Plain) {
            Class::Plain | Class::Host => match mode_of(s, o)? {
                Some(mode) => self.hosted(s, o, mode),
                None => {
                    let n = self.number(s, o);
                    let list = self.properties(s, o)?;
                    Ok(self.put(n, Object::Plain(list)))
                }
            },
            Class::Array => self.array(s, o),
            Class::Date => {
                let n = self.number(s, o);
                let t = s.internal(o, 0).as_number().unwrap_or(f64::NAN);
                Ok(self.put(n, Object::Date(t)))
            }
            Class::RegExp => {
                let n = self.number(s, o);
                let (source, flags) = (s.internal(o, 0), s.internal(o, 1));
                let (source, flags) = (text(s, source), text(s, flags));
                Ok(self.put(n, Object::RegExp { source, flags }))
            }
            Class::Boolean | Class::Number | Class::String | Class::BigInt => {
                let n = self.number(s, o);
                let inner = s.internal(o, 0);
                let inner = primitive(s, inner);
                Ok(self.put(n, Object::Boxed(inner)))
            }
            Class::Map | Class::Set => self.table(s, o),
            Class::Error => match mode_of(s, o)? {
                Some(mode) => self.hosted(s, o, mode),
                None => self.error(s, o),
            },
            Class::SharedArrayBuffer => {
                let n = self.number(s, o);
                let g = s.global(o);
                self.message.shared.push(g);
                self.message.home = Some(std::thread::current().id());
                let i = self.message.shared.len() as u32 - 1;
                Ok(self.put(n, Object::Shared(i)))
            }
            _ => Err(self.refuse(s, o)),
        }
    }

    /// Own enumerable string-keyed properties, each read when its turn comes.
    fn properties(&mut self, s: &mut Scope<'s>, o: Local<'s>) -> Result<Vec<(Text, Item)>, Thrown> {
        let mut out = Vec::new();
        for k in s.own_keys(o, KeyFilter::Strings)? {
            if let Some(v) = s.own_enumerable_value(o, k)? {
                let item = self.item(s, v)?;
                out.push((key_text(s, k), item));
            }
        }
        Ok(out)
    }

    fn array(&mut self, s: &mut Scope<'s>, o: Local<'s>) -> Result<u32, Thrown> {
        let n = self.number(s, o);
        let (mut elements, mut others) = (Vec::new(), Vec::new());
        let length = s.array_len(o);
        for k in s.own_keys(o, KeyFilter::Strings)? {
            let Some(v) = s.own_enumerable_value(o, k)? else { continue };
            let item = self.item(s, v)?;
            match k.as_index() {
                Some(i) => elements.push((i, item)),
                None => others.push((key_text(s, k), item)),
            }
        }
        Ok(self.put(n, Object::Array { length, elements, others }))
    }

    fn table(&mut self, s: &mut Scope<'s>, o: Local<'s>) -> Result<u32, Thrown> {
        let n = self.number(s, o);
        let map = o.is_class(Class::Map);
        let it = s.new_table_iterator(o, if map { IterKind::Entries } else { IterKind::Keys });
        let list = s.table_iterator_preview(it).map(|(_, _, list)| list).unwrap_or_default();
        if !map {
            let items = list.into_iter().map(|v| self.item(s, v)).collect::<Result<_, _>>()?;
            return Ok(self.put(n, Object::Set(items)));
        }
        let mut pairs = Vec::with_capacity(list.len() / 2);
        for pair in list.chunks_exact(2) {
            pairs.push((self.item(s, pair[0])?, self.item(s, pair[1])?));
        }
        Ok(self.put(n, Object::Map(pairs)))
    }

    /// Errors keep the kind that their name tells, their message, stack and cause, and nothing else.
    fn error(&mut self, s: &mut Scope<'s>, o: Local<'s>) -> Result<u32, Thrown> {
        const KINDS: [&str; 6] =
            ["EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"];
        let n = self.number(s, o);
        let k: Key<'s> = s.atoms().name.into();
        let name = s.get(o, k)?;
        let name = s.to_text(name)?;
        let name = KINDS.into_iter().find(|k| *k == name).unwrap_or("Error");
        let k: Key<'s> = s.atoms().message.into();
        let message = match s.get_own_property(o, k)?.and_then(|d| d.value) {
            Some(v) => {
                let v = s.to_string(v)?;
                Some(text(s, v))
            }
            None => None,
        };
        let k = s.key("cause");
        let cause = match s.get_own_property(o, k)?.and_then(|d| d.value) {
            Some(v) => Some(self.item(s, v)?),
            None => None,
        };
        let k: Key<'s> = s.atoms().stack.into();
        let stack = s.get(o, k)?;
        let stack = stack.is_string().then(|| text(s, stack));
        Ok(self.put(n, Object::Error { name, message, stack, cause }))
    }

    fn buffer(&mut self, s: &mut Scope<'s>, o: Local<'s>) -> Result<u32, Thrown> {
        let moved = self.transfer.iter().find_map(|(x, g)| match g {
            Given::Buffer(i) if x.is_identical(o) => Some(*i),
            _ => None,
        });
        if let Some(i) = moved {
            let n = self.number(s, o);
            return Ok(self.put(n, Object::MovedBuffer(i)));
        }
        let Some(bytes) = s.buffer_bytes(o).map(<[u8]>::to_vec) else {
            return Err(data_clone_error(s, "An ArrayBuffer is detached and could not be cloned."));
        };
        let max = s.buffer(o).and_then(looplab_engine::BufferData::max);
        let n = self.number(s, o);
        Ok(self.put(n, Object::Buffer(Bytes { bytes, max })))
    }

    /// The buffer comes first: whoever reads needs it for the view.
    fn view(&mut self, s: &mut Scope<'s>, o: Local<'s>) -> Result<u32, Thrown> {
        let Some(info) = s.view_info(o) else { return Err(self.refuse(s, o)) };
        let buffer = s.view_buffer(o);
        let buffer = self.object(s, buffer)?;
        let n = self.number(s, o);
        let element = o.is_class(Class::TypedArray).then_some(info.ty);
        let length = if info.tracking { None } else { Some(info.length.unwrap_or(0)) };
        Ok(self.put(n, Object::View { element, buffer, offset: info.offset, length }))
    }

    /// An object of a class of ours.
    fn hosted(&mut self, s: &mut Scope<'s>, o: Local<'s>, mode: i32) -> Result<u32, Thrown> {
        let given = self.transfer.iter().find(|(x, _)| x.is_identical(o)).map(|(_, g)| match g {
            Given::Port(i) => Some(*i),
            _ => None,
        });
        if let Some(Some(i)) = given {
            let n = self.number(s, o);
            return Ok(self.put(n, Object::Port(i)));
        }
        let method = match given {
            Some(_) => TRANSFER,
            None if mode & CLONEABLE != 0 => CLONE,
            None if mode & TRANSFERABLE != 0 => {
                let text = "Object that needs transfer was found in message but not listed in transferList";
                return Err(data_clone_error(s, text));
            }
            None => return Err(data_clone_error(s, "Cannot clone object of unsupported type.")),
        };
        let n = self.number(s, o);
        let symbol = hook(s, method);
        let k = s.to_key(symbol)?;
        let made = s.invoke(o, k, &[])?;
        let (dk, ik) = (s.key("data"), s.key("deserializeInfo"));
        let (data, class) = (s.get(made, dk)?, s.get(made, ik)?);
        let class = s.to_text(class)?;
        let data = self.item(s, data)?;
        Ok(self.put(n, Object::Hosted { class, data }))
    }
}

/// What may be done with an object of a class of ours; `None`: it is no such object.
fn mode_of<'s>(s: &mut Scope<'s>, o: Local<'s>) -> Result<Option<i32>, Thrown> {
    if !o.is_object() {
        return Ok(None);
    }
    let marks = registered(s, "uncloneable");
    if marks.is_object() && s.weak_get(marks, o).is_some() {
        return Ok(Some(0));
    }
    // Nothing of ours was ever made while nobody has asked for the symbol.
    let symbol = registered(s, MODE);
    if !symbol.is_symbol() {
        return Ok(None);
    }
    let k = s.to_key(symbol)?;
    Ok(s.get(o, k)?.as_number().map(|n| n as i32))
}

/// Marked by `markAsUntransferable`.
fn is_untransferable<'s>(s: &mut Scope<'s>, o: Local<'s>) -> bool {
    let marks = registered(s, "untransferable");
    marks.is_object() && o.is_object() && s.weak_get(marks, o).is_some()
}

fn primitive<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Item {
    if let Some(n) = v.as_number() {
        Item::Number(n)
    } else if v.is_string() {
        Item::Text(text(s, v))
    } else if let Some(b) = v.as_bool() {
        Item::Bool(b)
    } else if v.is_null() {
        Item::Null
    } else if let Some(n) = s.as_bigint(v) {
        Item::BigInt(n)
    } else {
        Item::Undefined
    }
}

fn text<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Text {
    match s.chars(v) {
        Chars::Latin1(b) => Text::Latin1(b.into()),
        Chars::Utf16(u) => Text::Utf16(u.into()),
    }
}

fn key_text<'s>(s: &mut Scope<'s>, k: Key<'s>) -> Text {
    let v = s.key_to_value(k);
    text(s, v)
}
