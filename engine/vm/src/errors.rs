//! Throwing, catching, and stack traces in V8's format.

use crate::code::CodeRef;
use crate::interp::Frame;
use crate::object::{Class, HostData, LAZY, ObjRef, Visitor};
use crate::realm::Intrinsic;
use crate::scope::{Completion, Local, Scope, Thrown};
use crate::shape::HIDDEN;
use crate::value::Value;
use crate::vm::Vm;
use looplab_bytecode::FuncKind;
use std::any::Any;

/// One line of a stack trace, not yet rendered.
#[derive(Clone)]
pub struct StackFrame {
    /// The function's name; empty for the top of a script or an anonymous function.
    pub function: String,
    /// The receiver's class name, where V8 prints one.
    pub type_name: Option<String>,
    /// Source name; none for native functions.
    pub file: Option<String>,
    /// Script id of the source.
    pub script: u32,
    /// Line from 1.
    pub line: u32,
    /// Column from 1.
    pub column: u32,
    /// Called by `new`.
    pub is_construct: bool,
    /// Resumed after an await.
    pub is_async: bool,
    /// The top of a script, module or CommonJS file.
    pub is_top_level: bool,
    /// The top of eval code.
    pub is_eval: bool,
    /// The index of an element that `Promise.all` or its like waits for.
    pub promise_index: Option<u32>,
}

impl StackFrame {
    /// As V8 renders it, without the leading "    at ".
    pub fn render(&self) -> String {
        let place = match &self.file {
            _ if self.promise_index.is_some() => format!("index {}", self.promise_index.unwrap_or(0)),
            Some(f) => format!("{f}:{}:{}", self.line, self.column),
            None => "<anonymous>".into(),
        };
        let name = match (&self.type_name, self.function.as_str()) {
            (Some(t), "") => format!("{t}.<anonymous>"),
            (Some(t), f) if f.starts_with(&format!("{t}.")) => f.to_owned(),
            // Accessors, private and quoted names stand alone; an inferred name has its own prefix.
            (Some(_), f) if self.file.is_some() && f.contains([' ', '#', '.']) => f.to_owned(),
            (Some(t), f) => format!("{t}.{f}"),
            (None, f) => f.to_owned(),
        };
        let prefix = match (self.is_async, self.is_construct) {
            (true, _) => "async ",
            (_, true) => "new ",
            _ => "",
        };
        match (name.as_str(), self.is_construct) {
            ("", true) => format!("new <anonymous> ({place})"),
            ("", false) => format!("{prefix}{place}"),
            (n, _) => format!("{prefix}{n} ({place})"),
        }
    }
}

/// "name: message", or the one that is not empty.
fn join_header(name: String, message: String) -> String {
    match (name.is_empty(), message.is_empty()) {
        (_, true) => name,
        (true, _) => message,
        _ => format!("{name}: {message}"),
    }
}

/// Whether V8 leaves a function out of stack traces: `call`, `apply` and their like jump to their target.
fn is_transparent(callee: Value, function_prototype: Value) -> bool {
    ObjRef::from(callee).is_some_and(|o| o.is(Class::Native) && o.int(3) == function_prototype)
}

/// A frame as captured: cheap to take, rendered only when somebody looks.
#[derive(Clone, Copy)]
pub(crate) struct RawFrame {
    /// A code cell, a native function object, or the name of a combinator of promises (then `pc` is an index).
    pub(crate) what: Value,
    pub(crate) this: Value,
    pub(crate) pc: u32,
    pub(crate) is_construct: bool,
    pub(crate) is_async: bool,
}

/// The captured stack of an Error object.
struct StackData {
    frames: Vec<RawFrame>,
    /// The first line, if it is not to be made of the error's name and message when somebody first asks.
    header: Option<Box<str>>,
}

impl HostData for StackData {
    fn trace(&self, v: &mut Visitor<'_>) {
        for f in &self.frames {
            v.visit(f.what);
            v.visit(f.this);
        }
    }
}

impl Vm {
    /// The frames above now, innermost first; at most `limit`.
    pub(crate) fn capture_frames(&self, limit: usize, skip_until: Option<Value>) -> Vec<RawFrame> {
        let function_prototype = self.realm.get(Intrinsic::FunctionPrototype);
        let mut out = Vec::new();
        let mut skipping = skip_until.is_some();
        let mut push = |f: RawFrame, callee: Value| {
            if !skipping && out.len() < limit && !is_transparent(callee, function_prototype) {
                out.push(f);
            }
            if Some(callee) == skip_until {
                skipping = false;
            }
        };
        let native = |callee: Value, is_construct: bool| RawFrame {
            what: callee,
            this: Value::UNDEFINED,
            pc: 0,
            is_construct,
            is_async: false,
        };
        if self.native.is_object() {
            push(native(self.native, self.native_new), self.native);
        }
        for f in self.frames.iter().rev() {
            if f.is_hidden() {
                continue;
            }
            push(
                RawFrame {
                    what: f.code.value(),
                    this: f.this_value(),
                    pc: f.pc_index().saturating_sub(1),
                    is_construct: f.is_construct(),
                    is_async: false,
                },
                f.callee(),
            );
            if f.is_entry() && f.native.is_object() {
                push(native(f.native, f.native_new), f.native);
            }
        }
        let awaiting = self.awaiting_frames(limit.saturating_sub(out.len()));
        out.extend(awaiting);
        out
    }

    /// Where the innermost script frame stands: source name, script id, line, column.
    pub fn current_position(&self) -> Option<(String, u32, u32, u32)> {
        let f = self.frames.iter().rev().find(|f| !f.is_hidden())?;
        Some(position(f))
    }

    /// Where the last exception was thrown, if script code had a part in it: source name, script id, line, column. It stays
    /// until the next one is thrown.
    pub fn throw_position(&self) -> Option<(String, u32, u32, u32)> {
        let (t, pc) = self.throw_site.as_ref()?;
        let (line, column) = t.source.position(t.offset_at(*pc));
        Some((t.source.name.clone(), t.source.id, line, column))
    }

    /// As `current_position`, of the innermost frame whose source name is wanted; of the innermost one if none is.
    pub fn position_in(&self, wanted: impl Fn(&str) -> bool) -> Option<(String, u32, u32, u32)> {
        let mut frames = self.frames.iter().rev().filter(|f| !f.is_hidden());
        match frames.find(|f| wanted(&f.code.template().source.name)) {
            Some(f) => Some(position(f)),
            None => self.current_position(),
        }
    }

    /// Renders a captured frame.
    pub(crate) fn render_frame(&mut self, f: &RawFrame) -> StackFrame {
        let mut out = StackFrame {
            function: String::new(),
            type_name: None,
            file: None,
            script: 0,
            line: 0,
            column: 0,
            is_construct: f.is_construct,
            is_async: f.is_async,
            is_top_level: false,
            is_eval: false,
            promise_index: None,
        };
        if f.what.is_string() {
            out.function = self.chars_of(f.what).to_utf8();
            out.promise_index = Some(f.pc);
            return out;
        }
        if let Some(o) = ObjRef::from(f.what) {
            if o.is(Class::Native) {
                let name =
                    if o.int(1).is_symbol() { self.symbol_function_name(o.int(1), "") } else { o.int(1) };
                out.function = self.chars_of(name).to_utf8();
                if !f.is_construct {
                    out.type_name = self.owner_name(o.int(3));
                }
            }
            return out;
        }
        let code = CodeRef(f.what.ptr());
        let t = code.template().clone();
        let (line, column) = t.source.position(t.offset_at(f.pc));
        out.file = Some(t.source.name.clone());
        out.script = t.source.id;
        (out.line, out.column) = (line, column);
        out.function = t.name.to_string();
        out.is_top_level = matches!(t.kind, FuncKind::Script | FuncKind::Module);
        if out.is_top_level {
            out.function.clear();
        }
        if !f.is_construct && !out.is_top_level && !matches!(t.kind, FuncKind::Arrow) {
            out.type_name = self.receiver_type(f.this);
        }
        out
    }

    /// Header and frames as V8 prints them.
    fn plain_stack(&mut self, header: Value, frames: &[RawFrame]) -> Value {
        let mut text = self.chars_of(header).to_utf8();
        for f in frames {
            text.push_str("\n    at ");
            text.push_str(&self.render_frame(f).render());
        }
        self.str(&text)
    }

    /// The name V8 prints before a builtin method's name, found without running code: the class of a prototype, the
    /// constructor, or the tag of a namespace object such as `JSON`.
    fn owner_name(&mut self, owner: Value) -> Option<String> {
        let o = ObjRef::from(owner)?;
        if owner == self.realm.global {
            return None;
        }
        let text = |vm: &mut Vm, v: Value| v.is_string().then(|| vm.chars_of(v).to_utf8());
        if o.is(Class::Native) {
            return text(self, o.int(1));
        }
        let c = o.find(self.atoms.constructor.0).filter(|f| f.attrs & crate::shape::ACCESSOR == 0);
        if let Some(c) = c.and_then(|f| ObjRef::from(f.value)).filter(|c| c.is(Class::Native)) {
            return text(self, c.int(1));
        }
        let tag = o.find(self.atoms.sym_to_string_tag.0).filter(|f| f.attrs & crate::shape::ACCESSOR == 0)?;
        text(self, tag.value)
    }

    /// The class name V8 prints before a method's name; none for undefined and the global object.
    fn receiver_type(&mut self, this: Value) -> Option<String> {
        let o = ObjRef::from(this)?;
        if this == self.realm.global {
            return None;
        }
        let mut s = Scope::new(self);
        if crate::vm::is_callable(this) {
            let name = s.vm.own_raw(o, s.vm.atoms.name.0).map(|p| p.value).filter(|v| v.is_string())?;
            let n = s.vm.chars_of(name).to_utf8();
            return Some(if n.is_empty() { "Function".into() } else { n });
        }
        Some(s.constructor_name(o).filter(|n| !n.is_empty()).unwrap_or_else(|| "Object".into()))
    }
}

fn position(f: &Frame) -> (String, u32, u32, u32) {
    let t = f.code.template().clone();
    let (line, col) = t.source.position(t.offset_at(f.pc_index().saturating_sub(1)));
    (t.source.name.clone(), t.source.id, line, col)
}

impl<'s> Scope<'s> {
    /// Throws again what was caught last: it counts as thrown where it was the first time.
    pub fn rethrow(&mut self, v: Local<'s>) -> Thrown {
        self.vm.exception = v.v;
        Thrown(())
    }

    /// Throws any value.
    pub fn throw(&mut self, v: Local<'s>) -> Thrown {
        self.vm.exception = v.v;
        self.vm.throw_site = None;
        Thrown(())
    }

    /// Throws a TypeError.
    pub fn throw_type(&mut self, message: &str) -> Thrown {
        self.throw_error(Intrinsic::TypeErrorPrototype, message)
    }

    /// Throws a RangeError.
    pub fn throw_range(&mut self, message: &str) -> Thrown {
        self.throw_error(Intrinsic::RangeErrorPrototype, message)
    }

    /// Throws a SyntaxError.
    pub fn throw_syntax(&mut self, message: &str) -> Thrown {
        self.throw_error(Intrinsic::SyntaxErrorPrototype, message)
    }

    /// Throws a ReferenceError.
    pub fn throw_reference(&mut self, message: &str) -> Thrown {
        self.throw_error(Intrinsic::ReferenceErrorPrototype, message)
    }

    /// Throws an error with this intrinsic prototype.
    pub fn throw_error(&mut self, proto: Intrinsic, message: &str) -> Thrown {
        let e = self.new_error(proto, message);
        self.throw(e)
    }

    /// An error object with this intrinsic prototype and its stack.
    pub fn new_error(&mut self, proto: Intrinsic, message: &str) -> Local<'s> {
        let p = self.intrinsic(proto);
        let m = self.str(message);
        let e = self.new_error_object(p, m);
        self.capture_stack(e, None);
        e
    }

    /// An error object without a stack yet; a message that is a string becomes its `message`.
    pub fn new_error_object(&mut self, proto: Local<'s>, message: Local<'s>) -> Local<'s> {
        let e = self.new_object_of(Class::Error, proto);
        // `stack` comes first, as in V8; its value is made when somebody looks.
        self.vm.add_property(e.obj(), self.vm.atoms.stack.0, Value::UNDEFINED, HIDDEN);
        if message.is_string() {
            self.vm.add_property(e.obj(), self.vm.atoms.message.0, message.v, HIDDEN);
        }
        e
    }

    /// Records the current stack in an error object (frames above `until`, when given, are left out).
    pub fn capture_stack(&mut self, e: Local<'s>, until: Option<Local<'s>>) {
        self.capture_stack_headed(e, until, None);
    }

    /// The same, with a first line that is what it is whatever becomes of name and message.
    pub fn capture_stack_headed(&mut self, e: Local<'s>, until: Option<Local<'s>>, header: Option<&str>) {
        let Some(limit) = self.trace_limit() else { return };
        let frames = self.vm.capture_frames(limit, until.map(|l| l.v));
        let o = e.obj();
        if !o.has_flag(crate::object::HAS_HOST) {
            o.set_host(&mut self.vm.heap, Box::new(StackData { frames, header: header.map(Box::from) }));
            o.set_flag(LAZY);
        }
    }

    /// `Error.captureStackTrace(object, until)`: a `stack` property on any object. On errors it replaces the captured frames.
    pub fn capture_stack_on(&mut self, o: Local<'s>, until: Option<Local<'s>>) -> Result<(), Thrown> {
        let key = self.vm.atoms.stack;
        let Some(limit) = self.trace_limit() else {
            let d = crate::Desc::data(self.undefined(), HIDDEN);
            return self.define_property_or_throw(o, key.into(), &d);
        };
        let frames = self.vm.capture_frames(limit, until.map(|l| l.v));
        let r = o.obj();
        if let (true, Some(f)) = (r.is(Class::Error), r.find(key.0)) {
            let data = r.host_of::<StackData>().and_then(crate::object::launder);
            if let (HIDDEN, Some(d)) = (f.attrs, data) {
                (d.frames, d.header) = (frames, None);
                r.store(f.loc, Value::UNDEFINED);
                r.set_flag(LAZY);
                return Ok(());
            }
        }
        let v = self.format_stack(o, &frames, None)?;
        let d = crate::Desc::data(v, HIDDEN);
        self.define_property_or_throw(o, key.into(), &d)
    }

    /// `Error.stackTraceLimit` as it is now; `None` when it is no number: no stack is captured then.
    fn trace_limit(&mut self) -> Option<usize> {
        let e = self.intrinsic(Intrinsic::Error);
        if !e.is_object() {
            return Some(self.vm.stack_trace_limit as usize);
        }
        let own = self.vm.own_raw(e.obj(), self.vm.atoms.stack_trace_limit.0)?;
        let plain = own.attrs & crate::shape::ACCESSOR == 0 && own.value.is_number();
        plain.then(|| own.value.num().clamp(0.0, 1000.0) as usize)
    }

    /// "Name: message" as it is now, without running code.
    pub(crate) fn error_header(&mut self, e: Local<'s>) -> Local<'s> {
        let name = self.data_property(e, self.vm.atoms.name.0);
        let message = self.data_property(e, self.vm.atoms.message.0);
        let text = |s: &mut Self, v: Option<Value>, default: &str| match v {
            Some(v) if v.is_string() => s.vm.chars_of(v).to_utf8(),
            Some(v) if !v.is_undefined() => s.describe_value(Local::raw(v)),
            _ => default.to_owned(),
        };
        let n = text(self, name, "Error");
        let m = text(self, message, "");
        let t = join_header(n, m);
        self.str(&t)
    }

    /// The value of a data property, own or inherited, found without running code.
    pub(crate) fn data_property(&mut self, o: Local<'s>, key: crate::value::PropKey) -> Option<Value> {
        let mut p = Some(o.obj());
        while let Some(x) = p {
            if x.is(Class::Proxy) {
                return None;
            }
            if let Some(f) = x.find(key) {
                return (f.attrs & crate::shape::ACCESSOR == 0).then_some(f.value);
            }
            p = x.proto();
        }
        None
    }

    /// Renders the captured stack of an error object into its `stack` property, calling `Error.prepareStackTrace` if set.
    pub(crate) fn realize_stack(&mut self, e: Local<'s>) -> Result<(), Thrown> {
        let o = e.obj();
        o.clear_flag(LAZY);
        let Some(d) = o.host().and_then(|h| (h as &dyn Any).downcast_ref::<StackData>()) else {
            return Ok(());
        };
        let (frames, header) = (d.frames.clone(), d.header.clone());
        let v = self.format_stack(e, &frames, header.as_deref())?;
        if let Some(f) = o.find(self.vm.atoms.stack.0).filter(|f| f.value.is_undefined()) {
            o.store(f.loc, v.v);
        }
        Ok(())
    }

    /// The first line of a stack, as ErrorUtils::ToString of V8 makes it: this may run getters.
    fn stack_header(&mut self, e: Local<'s>) -> Completion<'s> {
        let (name, message) = (self.vm.atoms.name, self.vm.atoms.message);
        let mut field = |key: crate::Name, default: &str| -> Result<String, Thrown> {
            let v = self.get(e, key)?;
            if v.is_undefined() { Ok(default.to_owned()) } else { self.to_text(v) }
        };
        let n = field(name, "Error")?;
        let m = field(message, "")?;
        let text = join_header(n, m);
        Ok(self.str(&text))
    }

    fn format_stack(&mut self, e: Local<'s>, frames: &[RawFrame], header: Option<&str>) -> Completion<'s> {
        let error_fn = self.intrinsic(Intrinsic::Error);
        if error_fn.is_object()
            && let Some(hook) = self.data_property(error_fn, self.vm.atoms.prepare_stack_trace.0)
            && crate::vm::is_callable(hook)
        {
            let rendered: Vec<StackFrame> = frames.iter().map(|f| self.vm.render_frame(f)).collect();
            let sites: Vec<_> = frames.iter().zip(rendered).map(|(f, r)| self.call_site(f, r)).collect();
            let list = self.new_array(&sites);
            let hook = self.root(hook);
            return self.call(hook, error_fn, &[e, list]);
        }
        let made = match header {
            Some(h) => Ok(self.str(h)),
            None => self.stack_header(e),
        };
        let header = match made {
            Ok(h) => h,
            Err(t) if self.is_terminating() => return Err(t),
            Err(t) => {
                self.caught(t);
                self.str("<error>")
            }
        };
        let v = self.vm.plain_stack(header.v, frames);
        Ok(self.root(v))
    }

    fn call_site(&mut self, raw: &RawFrame, f: StackFrame) -> Local<'s> {
        let proto = self.intrinsic(Intrinsic::CallSitePrototype);
        let o = self.new_object_of(Class::Host, proto);
        o.obj().set_int(0, raw.this);
        o.obj().set_int(1, if raw.what.is_object() { raw.what } else { Value::UNDEFINED });
        o.obj().set_host(&mut self.vm.heap, Box::new(CallSite(f)));
        o
    }

    /// The frames of the current stack, rendered (for console.trace-like tools and the instruments).
    pub fn stack_frames(&mut self, limit: usize) -> Vec<StackFrame> {
        let frames = self.vm.capture_frames(limit, None);
        frames.iter().map(|f| self.vm.render_frame(f)).collect()
    }

    /// The frames that an error object captured when it was made; empty for other values.
    pub fn error_frames(&mut self, e: Local<'_>) -> Vec<StackFrame> {
        let Some(o) = ObjRef::from(e.v).filter(|o| o.is(Class::Error)) else { return Vec::new() };
        let frames = match o.host().and_then(|h| (h as &dyn Any).downcast_ref::<StackData>()) {
            Some(d) => d.frames.clone(),
            None => return Vec::new(),
        };
        frames.iter().map(|f| self.vm.render_frame(f)).collect()
    }

    /// Sets `Error.stackTraceLimit`.
    pub fn set_stack_trace_limit(&mut self, n: u32) {
        self.vm.stack_trace_limit = n.min(1000);
        let e = self.intrinsic(Intrinsic::Error);
        if e.is_object() {
            let v = self.num(f64::from(n));
            self.define_with(e, self.vm.atoms.stack_trace_limit, v, crate::shape::ALL);
        }
    }

    /// The exception a [`Thrown`] stands for; the error is over then.
    pub fn caught(&mut self, t: Thrown) -> Local<'s> {
        let Thrown(()) = t;
        let v = std::mem::replace(&mut self.vm.exception, Value::UNDEFINED);
        self.root(v)
    }

    /// Whether the script is being terminated (interrupt, out of memory): handlers must not continue.
    pub fn is_terminating(&self) -> bool {
        self.vm.terminating
    }

    /// After a termination has reached the embedder: the engine can be used again.
    pub fn clear_termination(&mut self) {
        self.vm.terminating = false;
        self.vm.interrupt.clear();
    }
}

/// What `Error.prepareStackTrace` gets: host data of a CallSite object.
pub struct CallSite(pub StackFrame);

impl HostData for CallSite {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

impl<'s> Scope<'s> {
    /// Ends the running script: nothing in it catches this. [`Scope::clear_termination`] makes the engine usable again.
    pub fn terminate(&mut self) -> Thrown {
        self.vm.terminating = true;
        Thrown(())
    }
}
