//! What each kind of cell, and each root, refers to, by name. It says no more and no less than the collector's own tracing;
//! `engine/tests/eye.rs` compares the two.

use super::NodeKind;
use crate::code::CodeRef;
use crate::heap::{CellKind, Header};
use crate::interp;
use crate::object::{Class, ObjRef};
use crate::shape::ShapeRef;
use crate::string;
use crate::value::{PropKey, Value};
use crate::vm::{Vm, accessor, symbol_description};
use looplab_bytecode::Text;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// How a reference is named.
pub(super) enum Label<'a> {
    Property(PropKey),
    Element(u32),
    Variable(&'a Text),
    Named(String),
    Internal(&'static str),
    /// The value of a Map's entry with this key.
    Entry(Value),
}

/// What a reference leads to.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Value(Value),
    Cell(*const Header),
}

type Sink<'a> = &'a mut dyn FnMut(Label<'_>, Target);

/// The kind of a cell, as a number.
pub(super) fn kind(h: *const Header) -> u8 {
    crate::gc::kind_of(h)
}

/// The code of a Function object.
pub(super) fn function_code(h: *mut Header) -> Option<CodeRef> {
    (kind(h) == CellKind::Object as u8 + Class::Function as u8)
        .then(|| CodeRef::of_function(ObjRef(h.cast())))
}

/// The beginning of a string.
pub(super) fn short(v: Value, limit: usize) -> String {
    String::from_utf16_lossy(&string::peek(v.ptr(), limit).0)
}

/// A property key as a text.
pub(super) fn key_text(key: PropKey) -> String {
    match key.as_index() {
        Some(i) => i.to_string(),
        None if key.is_symbol() => match symbol_description(key.0) {
            d if d.is_string() => format!("[{}]", short(d, 80)),
            _ => "[symbol]".into(),
        },
        None if key.0.is_string() => short(key.0, 200),
        None => String::new(),
    }
}

/// What sort of string it is.
pub(super) fn string_kind(h: *const Header) -> NodeKind {
    match string::parts(h.cast()) {
        [None, None] => NodeKind::Text,
        [_, None] => NodeKind::Sliced,
        _ => NodeKind::Concatenated,
    }
}

/// "variables of f".
pub(super) fn scope_name(env: Value) -> String {
    let (code, _) = interp::env_scope(env);
    let t = code.template();
    match t.name.to_string() {
        name if !name.is_empty() => format!("variables of {name}"),
        _ => {
            let file = t.source.name.rsplit('/').next().unwrap_or_default();
            format!("variables of {file}:{}", t.source.position(t.span.start).0)
        }
    }
}

/// Names and slots of the properties of each hidden class.
#[derive(Default)]
pub(super) struct Layouts(FxHashMap<usize, Rc<[(PropKey, u32)]>>);

impl Layouts {
    fn of(&mut self, s: ShapeRef) -> Rc<[(PropKey, u32)]> {
        let made = self.0.entry(s.0 as usize);
        made.or_insert_with(|| s.entries().into_iter().map(|(key, slot, _)| (key, slot)).collect()).clone()
    }
}

/// Everything that a cell keeps alive.
pub(super) fn each(layouts: &mut Layouts, h: *mut Header, to: Sink<'_>) {
    let kind = kind(h);
    if kind >= CellKind::Object as u8 {
        return object(layouts, ObjRef(h.cast()), to);
    }
    let v = Value::cell(h);
    match kind {
        k if k == CellKind::String as u8 => {
            let [first, second] = string::parts(h.cast());
            let name = if second.is_some() { "first part" } else { "the whole" };
            first.into_iter().for_each(|s| to(Label::Internal(name), Target::Cell(s)));
            second.into_iter().for_each(|s| to(Label::Internal("second part"), Target::Cell(s)));
        }
        k if k == CellKind::Symbol as u8 => {
            to(Label::Internal("description"), Target::Value(symbol_description(Value::symbol(h))));
        }
        k if k == CellKind::Shape as u8 => shape(ShapeRef(h.cast()), to),
        k if k == CellKind::Env as u8 => environment(v, to),
        k if k == CellKind::Code as u8 => code(CodeRef(h.cast()), to),
        k if k == CellKind::Accessor as u8 => {
            let (getter, setter) = accessor(v);
            to(Label::Internal("getter"), Target::Value(getter));
            to(Label::Internal("setter"), Target::Value(setter));
        }
        k if k == CellKind::Coroutine as u8 => coroutine(v, to),
        k if k == CellKind::List as u8 => {
            for i in 0..interp::list_len(v) {
                to(Label::Element(i as u32), Target::Value(interp::list_get(v, i)));
            }
        }
        _ => {}
    }
}

fn shape(s: ShapeRef, to: Sink<'_>) {
    let (parent, key) = s.link();
    to(Label::Internal("prototype"), Target::Cell(s.proto().cast()));
    to(Label::Internal("shape before"), Target::Cell(parent.0.cast()));
    to(Label::Internal("name of a property"), Target::Value(key.0));
    if s.is_dict() {
        let entries = s.entries();
        entries.iter().for_each(|(key, ..)| to(Label::Internal("name of a property"), Target::Value(key.0)));
    }
}

fn environment(env: Value, to: Sink<'_>) {
    let (code, scope) = interp::env_scope(env);
    to(Label::Internal("code"), Target::Value(code.value()));
    to(Label::Internal("variables around"), Target::Value(interp::env_parent(env)));
    let slots = &code.template().scopes[scope].slots;
    for (i, (name, _)) in slots.iter().enumerate() {
        to(Label::Variable(name), Target::Value(interp::env_get(env, i)));
    }
}

fn code(c: CodeRef, to: Sink<'_>) {
    let c = c.get();
    to(Label::Internal("name"), Target::Value(c.name_if_made()));
    c.consts.iter().for_each(|&v| to(Label::Internal("constant"), Target::Value(v)));
    c.children.iter().for_each(|&v| to(Label::Internal("code of a function in it"), Target::Value(v)));
    c.ics.iter().for_each(|ic| to(Label::Internal("name of a property"), Target::Value(ic.key.0)));
}

fn coroutine(v: Value, to: Sink<'_>) {
    let c = crate::coroutine::get(&v);
    to(Label::Internal("code"), Target::Value(c.code.value()));
    to(Label::Internal("result"), Target::Value(c.object));
    to(Label::Internal("requests"), Target::Value(c.queue));
    to(Label::Internal("new.target"), Target::Value(c.new_target));
    let t = c.code.template();
    let pc = if c.pc.is_null() { 0 } else { c.code.pc_index(c.pc) };
    for (i, v) in crate::coroutine::registers(c).iter().enumerate() {
        // The function comes first, then its registers.
        let local =
            t.locals.iter().find(|l| i > 0 && usize::from(l.reg) == i - 1 && l.start <= pc && pc < l.end);
        match local {
            Some(local) => to(Label::Variable(&local.name), Target::Value(*v)),
            None => to(Label::Internal(if i == 0 { "function" } else { "register" }), Target::Value(*v)),
        }
    }
}

/// Names of the internal values of objects, where they have one worth telling.
fn internals(class: Class) -> [&'static str; 4] {
    match class {
        Class::Function => ["code", "variables around", "home object", "fields"],
        Class::Bound => ["target", "this", "arguments", "internal"],
        Class::Proxy => ["target", "handler", "internal", "internal"],
        Class::Promise => ["state", "result or reactions", "internal", "internal"],
        Class::FinalizationRegistry => ["callback", "internal", "internal", "internal"],
        _ => ["internal"; 4],
    }
}

fn object(layouts: &mut Layouts, o: ObjRef, to: Sink<'_>) {
    to(Label::Internal("shape"), Target::Cell(o.shape().0.cast()));
    for &(key, slot) in &*layouts.of(o.shape()) {
        to(Label::Property(key), Target::Value(o.slot(slot)));
    }
    if o.has_flag(crate::object::SPARSE) {
        o.sparse().map.iter().for_each(|(&i, &(v, _))| to(Label::Element(i), Target::Value(v)));
    } else {
        for (i, &v) in o.elems().iter().enumerate() {
            if v.is_pointer() {
                to(Label::Element(i as u32), Target::Value(v));
            }
        }
    }
    if !o.class().has_ints() || o.is(Class::WeakRef) {
        return;
    }
    let names = internals(o.class());
    (0..o.int_count()).for_each(|i| to(Label::Internal(names[i]), Target::Value(o.int(i))));
    match o.class() {
        Class::Map | Class::Set => {
            let is_map = o.is(Class::Map);
            for (key, value) in crate::collections::front(o, usize::MAX).1 {
                to(Label::Internal(if is_map { "key" } else { "member" }), Target::Value(key));
                if is_map {
                    to(Label::Entry(key), Target::Value(value));
                }
            }
        }
        Class::FinalizationRegistry => {
            o.held_values().iter().for_each(|&v| to(Label::Internal("held value"), Target::Value(v)));
        }
        _ => o.held_values().iter().for_each(|&v| to(Label::Internal("held"), Target::Value(v))),
    }
}

/// Everything that keeps something alive by itself.
pub(super) fn roots(vm: &Vm, to: Sink<'_>) {
    to(Label::Internal("global object"), Target::Value(vm.realm.global));
    stack(vm, to);
    for &v in &vm.handles {
        to(Label::Internal("in use by the engine"), Target::Value(v));
    }
    for &v in &vm.globals {
        to(Label::Internal("held by the runtime"), Target::Value(v));
    }
    for m in &vm.modules {
        crate::module::each(m, &mut |name, v| to(Label::Named(name), Target::Value(v)));
    }
    vm.jobs.values().for_each(|v| to(Label::Internal("a promise job that waits"), Target::Value(v)));
    for r in std::iter::once(&vm.realm).chain(vm.other_realms.iter().flatten()) {
        to(Label::Internal("global object"), Target::Value(r.global));
        r.intrinsics.iter().for_each(|&v| to(Label::Internal("built in"), Target::Value(v)));
        r.lex.iter().for_each(|b| to(Label::Internal("variable of a script"), Target::Value(b.value)));
        for s in [r.object_shape, r.array_shape, r.promise_shape, r.function_shape, r.iter_result_shape] {
            to(Label::Internal("built in"), Target::Cell(s.0.cast()));
        }
    }
    vm.atoms.each(|v| to(Label::Internal("built in"), Target::Value(v)));
    vm.char_strings.iter().for_each(|&v| to(Label::Internal("built in"), Target::Value(v)));
    to(Label::Internal("built in"), Target::Cell(vm.root_shapes[&0].0.cast()));
    to(Label::Internal("the exception on its way"), Target::Value(vm.exception));
    to(Label::Internal("async context"), Target::Value(vm.async_context));
    for &v in &vm.kept {
        to(Label::Internal("looked at through a WeakRef in this job"), Target::Value(v));
    }
    for &(a, b) in &vm.cleanup {
        to(Label::Internal("finalization that waits"), Target::Value(a));
        to(Label::Internal("finalization that waits"), Target::Value(b));
    }
    for &v in vm.symbol_registry.values() {
        to(Label::Internal("Symbol.for"), Target::Value(v));
    }
}

/// The registers of the functions that run now, by the names of their variables.
fn stack(vm: &Vm, to: Sink<'_>) {
    let used = interp::registers_in_use(&vm.frames, vm.stack.as_ptr(), vm.top);
    let mut frames = vm.frames.iter().peekable();
    let mut inside: Option<&interp::Frame> = None;
    for (i, &v) in vm.stack[..used].iter().enumerate() {
        let here = std::ptr::from_ref(&vm.stack[i]);
        while let Some(next) = frames.next_if(|f| f.base.cast_const() <= here) {
            inside = Some(next);
        }
        if !v.is_pointer() {
            continue;
        }
        let Some(f) = inside else {
            to(Label::Internal("the stack"), Target::Value(v));
            continue;
        };
        let t = f.code.template();
        let reg = (here as usize - f.base as usize) / std::mem::size_of::<Value>();
        let pc = f.pc_index();
        match t.locals.iter().find(|l| usize::from(l.reg) == reg && l.start <= pc && pc < l.end) {
            Some(local) => {
                to(Label::Named(format!("variable {} of {}", local.name, running(t))), Target::Value(v))
            }
            None => to(Label::Named(format!("the stack of {}", running(t))), Target::Value(v)),
        }
    }
    for f in &vm.frames {
        for v in [f.code.value(), f.new_target, f.co, f.native] {
            to(Label::Internal("the stack"), Target::Value(v));
        }
    }
}

fn running(t: &looplab_bytecode::FunctionTemplate) -> String {
    match t.name.to_string() {
        name if name.is_empty() => t.source.name.rsplit('/').next().unwrap_or_default().to_owned(),
        name => name,
    }
}
