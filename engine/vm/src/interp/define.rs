//! What object literals, classes, super and private names do.

use crate::code::{CodeRef, Ic, IcEntry, IcKind};
use crate::interp::ic::Got;
use crate::object::{Class, IS_PROTO, ObjRef};
use crate::property::{Desc, KeyFilter};
use crate::scope::{Key, Local, Scope, Thrown};
use crate::shape::{ACCESSOR, ALL, CONFIGURABLE, ENUMERABLE, HIDDEN, WRITABLE};
use crate::value::{PropKey, Value};
use crate::vm::{Vm, accessor, is_private};
use looplab_bytecode::{Const, Span};

impl Vm {
    /// InitProp when the cache missed: an own property of a fresh object.
    #[inline(never)]
    pub(crate) fn init_prop(&mut self, o: ObjRef, ic: *mut Ic, x: Value) {
        let ic = crate::interp::cache(ic);
        let key = ic.key;
        match o.find(key) {
            Some(f) if f.attrs == ALL => o.store(f.loc, x),
            Some(_) => self.reconfigure(o, key, x, ALL),
            None => {
                let before = o.shape();
                self.add_property(o, key, x, ALL);
                if !before.is_dict()
                    && !o.shape().is_dict()
                    && key.as_index().is_none()
                    && !o.has_flag(IS_PROTO)
                {
                    ic.kind = IcKind::Add;
                    ic.first = IcEntry { shape: before, holder: o.shape().0.cast(), slot: 0, epoch: 0 };
                }
            }
        }
    }

    /// CreateDataPropertyOrThrow with a key that may need conversion.
    #[inline(never)]
    pub(crate) fn define_field(&mut self, o: Value, k: Value, x: Value) -> Result<(), Thrown> {
        let mut s = Scope::new(self);
        let key = s.to_key(Local::raw(k))?;
        s.create_data_property_or_throw(Local::raw(o), key, Local::raw(x))
    }

    /// A method or accessor of a class or object literal.
    #[inline(never)]
    pub(crate) fn define_method(&mut self, o: Value, k: Value, f: Value, flags: u8) -> Result<(), Thrown> {
        let enumerable = if flags & 1 != 0 { ENUMERABLE } else { 0 };
        let mut s = Scope::new(self);
        let key = s.to_key(Local::raw(k))?;
        let (o, f) = (Local::raw(o), Local::raw(f));
        let d = match flags >> 1 & 3 {
            0 => Desc::data(f, HIDDEN | enumerable),
            n => Desc {
                get: (n == 1).then_some(f),
                set: (n != 1).then_some(f),
                enumerable: Some(enumerable != 0),
                configurable: Some(true),
                ..Desc::default()
            },
        };
        s.define_property_or_throw(o, key, &d)
    }

    /// SetFunctionName for names known only at run time.
    #[inline(never)]
    pub(crate) fn set_function_name(&mut self, f: Value, key: Value, prefix: u8) {
        let Some(o) = ObjRef::from(f) else { return };
        let name_key = self.atoms.name.0;
        if o.has_flag(crate::object::LAZY) {
            self.materialize(o);
        }
        let prefix = ["", "get ", "set "][prefix as usize % 3];
        let name = if key.is_symbol() {
            self.symbol_function_name(key, prefix)
        } else {
            let t = if key.is_string() { key } else { self.number_string(key) };
            if prefix.is_empty() {
                t
            } else {
                let text = format!("{prefix}{}", self.chars_of(t).to_utf8());
                self.str(&text)
            }
        };
        match o.find(name_key) {
            // A static member called `name` stays.
            Some(f) if !f.value.is_string() || Vm::string_len(f.value) != 0 || f.attrs & ACCESSOR != 0 => {}
            Some(f) => o.store(f.loc, name),
            None => self.add_property(o, name_key, name, CONFIGURABLE),
        }
    }

    /// CopyDataProperties (object spread and rest).
    #[inline(never)]
    pub(crate) fn copy_props(
        &mut self,
        target: Value,
        source: Value,
        excluded: &[Value],
    ) -> Result<(), Thrown> {
        if source.is_nullish() {
            return Ok(());
        }
        let mut s = Scope::new(self);
        let t = Local::raw(target);
        let mut skip = Vec::with_capacity(excluded.len());
        for &k in excluded {
            skip.push(s.to_key(Local::raw(k))?);
        }
        let src = s.to_object(Local::raw(source))?;
        for key in s.own_keys(src, KeyFilter::All)? {
            if skip.contains(&key) {
                continue;
            }
            let ordinary = !matches!(src.obj().class(), Class::Proxy | Class::Namespace);
            if ordinary {
                let Some(own) = s.vm.own_raw(src.obj(), key.k) else { continue };
                if own.attrs & ENUMERABLE == 0 {
                    continue;
                }
                if own.attrs & ACCESSOR == 0 {
                    s.create_data_property(t, key, Local::raw(own.value))?;
                    continue;
                }
            } else if s.get_own_property(src, key)?.is_none_or(|d| d.enumerable != Some(true)) {
                continue;
            }
            let v = s.get(src, key)?;
            s.create_data_property(t, key, v)?;
        }
        Ok(())
    }

    /// `a + b` of strings.
    #[inline]
    pub(crate) fn concat_values(&mut self, a: Value, b: Value) -> Result<Value, Thrown> {
        if Vm::string_len(a) + Vm::string_len(b) > crate::string::MAX_LENGTH {
            return Err(Scope::new(self).throw_range("Invalid string length"));
        }
        Ok(Value::string(crate::string::concat(&mut self.heap, a.ptr(), b.ptr())))
    }

    /// `delete o[k]`.
    #[inline(never)]
    pub(crate) fn delete_elem(&mut self, o: Value, k: Value, strict: bool) -> Result<bool, Thrown> {
        let mut s = Scope::new(self);
        let target = Local::raw(o);
        if target.is_nullish() {
            return Err(s.throw_type("Cannot convert undefined or null to object"));
        }
        let key = s.to_key(Local::raw(k))?;
        let obj = s.to_object(target)?;
        let done = s.delete(obj, key)?;
        if !done && strict {
            let (name, what) = (s.key_text(key), s.describe_value(obj));
            if obj.is_class(Class::Proxy) {
                let m = format!("'deleteProperty' on proxy: trap returned falsish for property '{name}'");
                return Err(s.throw_type(&m));
            }
            return Err(s.throw_type(&format!("Cannot delete property '{name}' of {what}")));
        }
        Ok(done)
    }

    // ---- super ----

    #[inline(never)]
    pub(crate) fn get_super(&mut self, this: Value, home: Value, k: Value) -> Result<Value, Thrown> {
        let mut s = Scope::new(self);
        let base = s.get_prototype_of(Local::raw(home))?;
        let key = s.to_key(Local::raw(k))?;
        if base.is_null() {
            let name = s.key_text(key);
            return Err(s.throw_type(&format!("Cannot read properties of null (reading '{name}')")));
        }
        s.get_from(base, key, Local::raw(this)).map(|l| l.v)
    }

    #[inline(never)]
    pub(crate) fn set_super(
        &mut self,
        this: Value,
        home: Value,
        k: Value,
        x: Value,
        strict: bool,
    ) -> Result<(), Thrown> {
        let mut s = Scope::new(self);
        let base = s.get_prototype_of(Local::raw(home))?;
        let key = s.to_key(Local::raw(k))?;
        let this = Local::raw(this);
        let done = base.is_object() && s.set_from(base, key, Local::raw(x), this)?;
        if !done && strict {
            let t = if this.is_object() { this } else { base };
            return Err(s.throw_set_failed(t, key));
        }
        Ok(())
    }

    // ---- private names ----

    #[inline(never)]
    pub(crate) fn get_private(&mut self, v: Value, k: Value) -> Result<Got, Thrown> {
        if let Some(f) = ObjRef::from(v).and_then(|o| o.find(PropKey(k))) {
            if f.attrs & ACCESSOR == 0 {
                return Ok(Got::Value(f.value));
            }
            let (g, _) = accessor(f.value);
            if !g.is_undefined() {
                return Ok(Got::Getter(g));
            }
            let name = Scope::new(self).symbol_text(Local::raw(k));
            return Err(Scope::new(self).throw_type(&format!("'{name}' was defined without a getter")));
        }
        if let Some(t) = self.throw_brand() {
            return Err(t);
        }
        let mut s = Scope::new(self);
        let name = s.symbol_text(Local::raw(k));
        let m = format!("Cannot read private member {name} from an object whose class did not declare it");
        Err(s.throw_type(&m))
    }

    /// `Some(setter)`: to be called.
    #[inline(never)]
    pub(crate) fn set_private(&mut self, v: Value, k: Value, x: Value) -> Result<Option<Value>, Thrown> {
        let found = ObjRef::from(v).and_then(|o| o.find(PropKey(k)).map(|f| (o, f)));
        if let (None, Some(t)) = (found, self.throw_brand()) {
            return Err(t);
        }
        let mut s = Scope::new(self);
        let name = s.symbol_text(Local::raw(k));
        match found {
            None => {
                let m =
                    format!("Cannot write private member {name} to an object whose class did not declare it");
                Err(s.throw_type(&m))
            }
            Some((_, f)) if f.attrs & ACCESSOR != 0 => match accessor(f.value).1 {
                st if st.is_undefined() => {
                    Err(s.throw_type(&format!("'{name}' was defined without a setter")))
                }
                st => Ok(Some(st)),
            },
            Some((_, f)) if f.attrs & WRITABLE == 0 => {
                Err(s.throw_type(&format!("Private method '{name}' is not writable")))
            }
            Some((o, f)) => {
                o.store(f.loc, x);
                Ok(None)
            }
        }
    }

    #[inline(never)]
    pub(crate) fn define_private(&mut self, v: Value, k: Value, x: Value, kind: u8) -> Result<(), Thrown> {
        let o = ObjRef::of(v);
        let key = PropKey(k);
        debug_assert!(is_private(k));
        let found = o.find(key);
        if kind >= 2 {
            let (g, st) = found.map_or((Value::UNDEFINED, Value::UNDEFINED), |f| accessor(f.value));
            let twice = if kind == 2 { !g.is_undefined() } else { !st.is_undefined() };
            if !twice {
                let pair = if kind == 2 { self.alloc_accessor(x, st) } else { self.alloc_accessor(g, x) };
                match found {
                    Some(f) => o.store(f.loc, pair),
                    None => self.add_property(o, key, pair, ACCESSOR),
                }
                return Ok(());
            }
        } else if found.is_none() {
            self.add_property(o, key, x, if kind == 0 { WRITABLE } else { 0 });
            return Ok(());
        }
        let mut s = Scope::new(self);
        let name = s.symbol_text(Local::raw(k));
        Err(s.throw_type(&format!("Cannot initialize {name} twice on the same object")))
    }

    // ---- classes ----

    #[inline(never)]
    pub(crate) fn new_class(
        &mut self,
        code: CodeRef,
        n: usize,
        heritage: Option<Value>,
        env: Value,
    ) -> Result<(Value, Value), Thrown> {
        use crate::Intrinsic as I;
        let mut s = Scope::new(self);
        let (proto_parent, ctor_parent) = match heritage {
            None => (Some(s.vm.realm.proto(I::ObjectPrototype)), s.vm.realm.proto(I::FunctionPrototype)),
            Some(h) if h.is_null() => (None, s.vm.realm.proto(I::FunctionPrototype)),
            Some(h) => {
                let h = Local::raw(h);
                if !h.is_constructor() {
                    let t = s.describe_value(h);
                    return Err(
                        s.throw_type(&format!("Class extends value {t} is not a constructor or null"))
                    );
                }
                let p = s.get(h, s.vm.atoms.prototype)?;
                if !p.is_object() && !p.is_null() {
                    let t = s.describe_value(p);
                    return Err(s.throw_type(&format!(
                        "Class extends value does not have valid prototype property {t}"
                    )));
                }
                (ObjRef::from(p.v), h.obj())
            }
        };
        let proto = s.vm.alloc_object(Class::Plain, proto_parent);
        let proto = s.root(proto.value());
        let f = s.vm.new_closure(code, n, env);
        let f = s.root(f);
        let vm = &mut *s.vm;
        if Some(ctor_parent) != f.obj().proto() {
            let shape = vm.root_shape(Some(ctor_parent));
            f.obj().get().shape = shape;
        }
        f.obj().set_home(proto.v);
        vm.materialize(f.obj());
        let (p, c) = (vm.atoms.prototype.0, vm.atoms.constructor.0);
        vm.add_property(f.obj(), p, proto.v, 0);
        vm.add_property(proto.obj(), c, f.v, HIDDEN);
        Ok((f.v, proto.v))
    }

    // ---- literals ----

    /// A regular expression literal: the first evaluation makes a model, which later ones copy.
    #[inline(never)]
    pub(crate) fn new_regexp(&mut self, code: CodeRef, n: u32) -> Result<Value, Thrown> {
        let known = code.get().consts[n as usize];
        if !known.is_object() {
            let t = code.template().clone();
            let Some(Const::RegExp { pattern, flags }) = t.consts.get(n as usize) else {
                return Ok(Value::UNDEFINED);
            };
            let p = Value::string(crate::string::new_text(&mut self.heap, pattern));
            let f = Value::string(crate::string::new_text(&mut self.heap, flags));
            let mut s = Scope::new(self);
            let (p, f) = (s.root(p), s.root(f));
            let ctor = s.intrinsic(crate::Intrinsic::RegExp);
            let model = s.construct(ctor, &[p, f], ctor)?;
            code.get().consts[n as usize] = model.v;
        }
        let model = code.get().consts[n as usize];
        let mut s = Scope::new(self);
        let o = s.clone_literal(model, crate::Class::RegExp, crate::Intrinsic::RegExpPrototype)?;
        s.vm.add_property(o.obj(), s.vm.atoms.last_index.0, Value::int(0), crate::shape::WRITABLE);
        Ok(o.v)
    }

    /// The template object of a site, made once.
    #[inline(never)]
    pub(crate) fn template_object(&mut self, code: CodeRef, n: u32) -> Value {
        let known = code.get().consts[n as usize];
        if known.is_object() {
            return known;
        }
        let t = code.template().clone();
        let Some(Const::Template(parts)) = t.consts.get(n as usize) else { return Value::UNDEFINED };
        let mut s = Scope::new(self);
        let (mut cooked, mut raw) = (Vec::new(), Vec::new());
        for (c, r) in parts {
            let v = match c {
                Some(c) => Value::string(crate::string::new_text(&mut s.vm.heap, c)),
                None => Value::UNDEFINED,
            };
            cooked.push(s.root(v));
            let v = Value::string(crate::string::new_text(&mut s.vm.heap, r));
            raw.push(s.root(v));
        }
        let (a, r) = (s.new_array(&cooked), s.new_array(&raw));
        s.define_with(a, s.vm.atoms.raw, r, 0);
        // Fresh arrays can be frozen without running anything.
        for x in [r, a] {
            if s.set_integrity(x, true).is_err() {
                s.vm.exception = Value::UNDEFINED;
            }
        }
        code.get().consts[n as usize] = a.v;
        a.v
    }

    // ---- failures that name source text ----

    /// "Receiver must be an instance of class A", where the instruction names the class of a private method or accessor.
    #[cold]
    fn throw_brand(&mut self) -> Option<Thrown> {
        let f = self.frames.last()?;
        let t = f.code.template();
        // The instruction is followed by its cache's word.
        let at = f.pc_index().saturating_sub(2);
        let Span { start, end } = t.span_at(at).or_else(|| t.span_at(at + 1))?;
        let head = t.source.text.get(start as usize..end as usize)?.to_owned();
        let m = match (head.as_str(), head.strip_prefix("class ")) {
            ("class", _) => "Receiver must be an instance of class anonymous".to_owned(),
            (_, Some(name)) => format!("Receiver must be class {}", name.trim()),
            (name, None) => format!("Receiver must be an instance of class {name}"),
        };
        Some(Scope::new(self).throw_type(&m))
    }

    /// The source of the expression that the failing instruction should name.
    pub(crate) fn failing_text(&self, code: CodeRef) -> Option<String> {
        let f = self.frames.last()?;
        let t = code.template();
        let Span { start, end } = t.span_at(f.pc_index().saturating_sub(1))?;
        let text = t.source.text.get(start as usize..end as usize)?;
        if start == end {
            // What for-of goes through has no text where its head is taken apart: V8 shows its own name for it.
            return Some(".for".into());
        }
        let simple = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
        if text.chars().all(simple) && !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Some(text.to_owned());
        }
        let rendered = self.expression_printer.and_then(|f| f(text));
        Some(rendered.unwrap_or_else(|| "(intermediate value)".into()))
    }

    /// Calls what is neither a script function nor native, or fails naming the callee's source.
    #[inline(never)]
    pub(crate) fn call_other(
        &mut self,
        code: CodeRef,
        f: Value,
        this: Value,
        args: Vec<Local<'_>>,
    ) -> Result<Value, Thrown> {
        if crate::vm::is_callable(f) {
            return self.call_value(f, this, &args);
        }
        let text = self.failing_text(code);
        let mut s = Scope::new(self);
        let text = text.unwrap_or_else(|| s.describe_value(Local::raw(f)));
        Err(s.throw_type(&format!("{text} is not a function")))
    }

    #[inline(never)]
    pub(crate) fn construct_other(
        &mut self,
        code: CodeRef,
        f: Value,
        nt: Value,
        args: Vec<Local<'_>>,
    ) -> Result<Value, Thrown> {
        if crate::vm::is_constructor(f) {
            return self.construct_value(f, nt, &args);
        }
        let text = self.failing_text(code);
        let mut s = Scope::new(self);
        let text = text.unwrap_or_else(|| s.describe_value(Local::raw(f)));
        Err(s.throw_type(&format!("{text} is not a constructor")))
    }

    #[inline(never)]
    pub(crate) fn throw_not_iterable(&mut self, code: Option<CodeRef>, v: Value, is_async: bool) -> Thrown {
        let text = code.and_then(|c| self.failing_text(c)).filter(|t| !t.contains("(intermediate value)"));
        let mut s = Scope::new(self);
        let kind = if is_async { "async iterable" } else { "iterable" };
        if let Some(callee) = text.as_deref().and_then(|t| t.strip_suffix("(...)")) {
            return s.throw_type(&format!("{callee} is not a function or its return value is not {kind}"));
        }
        let shown = match (text, v.is_nullish()) {
            (Some(t), true) => {
                let what = if v.is_null() { "null" } else { "undefined" };
                if t == what { t } else { return s.throw_type(&format!("{t} is not {kind}")) }
            }
            (Some(t), false) => t,
            (None, _) => {
                let shown = s.describe_without_source(Local::raw(v));
                let symbol = if is_async { "Symbol.asyncIterator" } else { "Symbol.iterator" };
                let m = format!("{shown} is not {kind} (cannot read property Symbol({symbol}))");
                return s.throw_type(&m);
            }
        };
        s.throw_type(&format!("{shown} is not {kind}"))
    }

    /// "Cannot destructure property 'a' of 'x' as it is undefined."
    #[inline(never)]
    pub(crate) fn throw_destructure(&mut self, code: CodeRef, v: Value, name: u32) -> Thrown {
        let text = self.failing_text(code);
        let what = if v.is_null() { "null" } else { "undefined" };
        let shown = text.unwrap_or_else(|| what.to_owned());
        let prop = code.get().consts.get(name as usize).copied();
        let prop = prop.filter(|p| p.is_string()).map(|p| self.chars_of(p).to_utf8());
        let mut s = Scope::new(self);
        match prop {
            Some(p) => {
                s.throw_type(&format!("Cannot destructure property '{p}' of '{shown}' as it is {what}."))
            }
            None => s.throw_type(&format!("Cannot destructure '{shown}' as it is {what}.")),
        }
    }
}

impl<'s> Scope<'s> {
    /// The TypeError of a builtin whose receiver should have been a function (`call`, `apply`): it names what the innermost
    /// script function was calling.
    pub fn throw_not_callable(&mut self, f: Local<'s>) -> Thrown {
        let code = self.vm.frames.last().map(|f| f.code);
        let text = match code.and_then(|c| self.vm.failing_text(c)) {
            Some(t) => t,
            None => self.describe_without_source(f),
        };
        self.throw_type(&format!("{text} is not a function"))
    }

    /// A value as V8 names it where it has no source text to quote: `number 1`, `string "x"`, `object null`, `object`.
    pub fn describe_without_source(&mut self, v: Local<'s>) -> String {
        let t = self.vm.type_of(v.v);
        let kind = self.vm.chars_of(t).to_utf8();
        if v.is_string() {
            let shown = self.describe_value(v);
            return format!("string \"{shown}\"");
        }
        if v.is_null() || v.is_bool() || v.is_number() {
            let shown = self.describe_value(v);
            return format!("{kind} {shown}");
        }
        kind
    }

    /// Reads `o[key]` where the key is any value.
    pub fn get_by_value(&mut self, o: Local<'s>, key: Local<'s>) -> crate::Completion<'s> {
        let k: Key<'s> = self.to_key(key)?;
        self.get_v(o, k)
    }
}
