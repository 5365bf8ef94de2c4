//! What the Debug interpreter reports: statements, function frames, exceptions, and the variables of each frame as they change.
//!
//! `run_frames::<true>` calls in here wherever the call stack may have changed ([`Vm::debug_sync`]) and wherever a statement starts
//! ([`Vm::debug_statement`]). The debugger keeps a shadow of the call stack with what it told last about each variable, so only changes are told.
//! Nothing in here runs code of the script, allocates on the heap, or keeps a value across a safepoint.
//!
//! INVARIANT: while it isn't paused, the shadow has one entry for each of the lowest `shadow.len()` frames, in order.

use super::{Env, env_slot};
use crate::code::CodeRef;
use crate::heap::CellKind;
use crate::job::{EngineProbe, Leave, StatementAt};
use crate::object::ObjRef;
use crate::scope::Thrown;
use crate::value::Value;
use crate::vm::Vm;
use looplab_bytecode::{BindingKind, FuncKind, FunctionTemplate, Op, Source, Span};
use rustc_hash::FxHashMap;
use std::cell::OnceCell;
use std::rc::Rc;

/// Variables of the functions around a function that are told at most.
const CLOSURE: usize = 24;
/// Variables of its own that are told at most.
const OWN: usize = 64;
/// Texts that are kept for values to come.
const KEPT: usize = 4_096;

/// The state of the Debug interpreter.
pub(crate) struct Debugger {
    probe: Rc<dyn EngineProbe>,
    /// The probe has had enough until the script is next entered from outside.
    paused: bool,
    /// The Debug interpreter has just given up, so that the other one can go on.
    switch: bool,
    shadow: Vec<Shadow>,
    /// What is known of each function, by the address of its template (which is kept alive).
    codes: FxHashMap<usize, Rc<Known>>,
    /// How the frame that is about to be popped is left, and with what. Only valid between that and the next sync.
    leaving: (Leave, Value),
    /// The exception that was told last, until a statement follows.
    told: Option<Value>,
    /// Collections so far when values were last compared by address.
    collections: u32,
    text: String,
    /// Texts of values that were shown lately, by the value's bits or an object's digest.
    kept: Vec<(u64, u32)>,
}

/// A frame, as far as it has been told.
struct Shadow {
    known: Rc<Known>,
    /// One entry for each of `known.variables`.
    seen: Vec<Seen>,
}

/// What was told about a variable last.
#[derive(Clone, Copy)]
struct Seen {
    value: Value,
    text: u32,
    /// What an object's text depends on; 0 if that isn't known.
    digest: u64,
    /// It is in scope as far as has been told.
    told: bool,
}

/// What the debugger keeps of a function.
struct Known {
    _template: Rc<FunctionTemplate>,
    followed: bool,
    name: u32,
    at: StatementAt,
    /// For each instruction whether a statement starts there.
    marks: Vec<u8>,
    /// `(instruction, place)`, sorted.
    statements: Vec<(u32, StatementAt)>,
    variables: Vec<Variable>,
    /// Names of the closure's variables, once a frame has shown what its closure looks like.
    closure_names: OnceCell<Vec<Option<u32>>>,
}

/// Where a variable lives, and from which instruction to which.
struct Variable {
    place: Place,
    name: u32,
    from: u32,
    to: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Register(u16),
    /// A slot of an environment of the function's own, in this register.
    Env {
        reg: u16,
        slot: u16,
    },
    /// A slot of an environment so many levels up from the function's closure.
    Closure {
        depth: u16,
        slot: u16,
    },
}

impl Debugger {
    pub(crate) fn new(probe: Rc<dyn EngineProbe>) -> Debugger {
        Debugger {
            probe,
            paused: true,
            switch: false,
            shadow: Vec::new(),
            codes: FxHashMap::default(),
            leaving: (Leave::Threw, Value::UNDEFINED),
            told: None,
            collections: 0,
            text: String::new(),
            kept: Vec::new(),
        }
    }

    fn known(&mut self, code: CodeRef) -> Rc<Known> {
        let template = code.template();
        let key = Rc::as_ptr(template) as usize;
        if let Some(known) = self.codes.get(&key) {
            return known.clone();
        }
        let known = Rc::new(Known::new(&*self.probe, template));
        self.codes.insert(key, known.clone());
        known
    }

    fn preview(&mut self, vm: &Vm, v: Value) -> u32 {
        // Whatever has been shown before is found without making its text again.
        let bits = if v.is_object() { crate::preview::digest(v) } else { Some(v.bits()) };
        let Some(bits) = bits else { return self.make_preview(vm, v) };
        let at = (bits ^ bits >> 29).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - KEPT.ilog2());
        if self.kept.is_empty() {
            self.kept = vec![(0, 0); KEPT];
        }
        if let Some(&(key, text)) = self.kept.get(at as usize)
            && key == bits
            && text != 0
        {
            return text;
        }
        let text = self.make_preview(vm, v);
        if let Some(kept) = self.kept.get_mut(at as usize) {
            *kept = (bits, text);
        }
        text
    }

    fn make_preview(&mut self, vm: &Vm, v: Value) -> u32 {
        self.text.clear();
        vm.preview(v, &mut self.text);
        self.probe.text(&self.text)
    }
}

impl Known {
    fn new(probe: &dyn EngineProbe, template: &Rc<FunctionTemplate>) -> Known {
        let source: &Source = &template.source;
        let followed = probe.follows(&source.name);
        let script = if followed { probe.text(&source.name) } else { 0 };
        let mut known = Known {
            _template: template.clone(),
            followed,
            name: probe.text(&template.name.to_string()),
            at: place(source, script, template.span),
            marks: Vec::new(),
            statements: Vec::new(),
            variables: Vec::new(),
            closure_names: OnceCell::new(),
        };
        if followed {
            known.marks = vec![0; template.code.len()];
            for &(pc, span) in &template.statements {
                if let Some(mark) = known.marks.get_mut(pc as usize) {
                    *mark = 1;
                    known.statements.push((pc, place(source, script, span)));
                }
            }
            known.variables = variables(probe, template);
        }
        known
    }
}

fn place(source: &Source, script: u32, span: Span) -> StatementAt {
    let (line, column) = source.position(span.start);
    let (to_line, to_column) = source.position(span.end);
    StatementAt { script, line, column, to_line, to_column }
}

/// Where the variables of a function are: its own in registers and environments, then those of functions around it that it uses.
fn variables(probe: &dyn EngineProbe, t: &FunctionTemplate) -> Vec<Variable> {
    let mut list = Vec::new();
    let end = t.code.len() as u32;
    if matches!(t.kind, FuncKind::Method | FuncKind::ClassConstructor | FuncKind::DerivedConstructor) {
        list.push(Variable { place: Place::Register(0), name: probe.text("this"), from: 0, to: end });
    }
    let shown = |name: &str| !name.starts_with('%') && !name.is_empty();
    // What the host gives to a whole file (`require`, `module` …) is no variable of the script.
    let host = |reg: u16| is_file(t) && (1..=t.nparams).contains(&reg);
    for local in &t.locals {
        let name = local.name.to_string();
        if shown(&name) && !host(local.reg) {
            let from = local.start.max(local.live);
            list.push(Variable {
                place: Place::Register(local.reg),
                name: probe.text(&name),
                from,
                to: local.end,
            });
        }
    }
    for env in &t.envs {
        let slots = t.scopes.get(env.scope as usize).map_or(&[][..], |scope| &scope.slots);
        for (slot, (name, kind)) in slots.iter().enumerate() {
            let name = name.to_string();
            if shown(&name) && !(is_file(t) && *kind == Some(BindingKind::Param)) {
                let place = Place::Env { reg: env.reg, slot: slot as u16 };
                list.push(Variable { place, name: probe.text(&name), from: env.start, to: env.end });
            }
        }
    }
    list.truncate(OWN);
    for (depth, slot) in closure_slots(t) {
        list.push(Variable { place: Place::Closure { depth, slot }, name: 0, from: 0, to: end });
    }
    list
}

/// The variables of functions around this one that its code reads or writes, as levels up from its closure and slots.
fn closure_slots(t: &FunctionTemplate) -> Vec<(u16, u16)> {
    let mut holds = vec![false; t.nregs as usize];
    let mut found = Vec::new();
    for i in &t.code {
        let used = match i.op() {
            Some(Op::FuncEnv) => {
                holds[i.a()] = true;
                None
            }
            Some(Op::NewEnv | Op::EnvParent) => {
                holds[i.a()] = false;
                None
            }
            Some(Op::GetEnv | Op::GetEnvChecked) => Some((i.b(), i.x(), i.c())),
            Some(Op::SetEnv | Op::SetEnvChecked) => Some((i.a(), i.x(), i.b())),
            _ => None,
        };
        if let Some((base, depth, slot)) = used
            && holds.get(base).copied().unwrap_or(false)
        {
            let key = (u16::from(depth), slot as u16);
            if !found.contains(&key) && found.len() < CLOSURE {
                found.push(key);
            }
        }
    }
    found
}

/// The environment so many levels up, if there is one.
fn up(env: Value, levels: u16) -> Option<*mut Env> {
    let mut env = env;
    for step in 0..=levels {
        if !env.is_cell() {
            return None;
        }
        let p: *mut Env = env.ptr();
        // SAFETY: a live cell; its kind is looked at before anything else of it.
        unsafe {
            if (*p).h.kind != CellKind::Env as u8 {
                return None;
            }
            if step == levels {
                return Some(p);
            }
            env = (*p).parent;
        }
    }
    None
}

/// Whether this is a whole file that the host wraps in a function.
fn is_file(t: &FunctionTemplate) -> bool {
    let whole = t.span.start == 0 && t.span.end as usize == t.source.text.len();
    whole && t.kind == FuncKind::Normal && t.name.is_empty()
}

/// Whether a slot holds a parameter that the host gave to a whole file (`require`, `module` …): no variable of the script.
fn is_host_parameter(env: *mut Env, slot: u16) -> bool {
    // SAFETY: a live environment; its code is kept alive by it.
    let (code, scope) = unsafe { ((*env).code, (*env).h.flags as usize | ((*env).h.aux as usize) << 8) };
    let t = code.template();
    let kind = t.scopes.get(scope).and_then(|scope| scope.slots.get(slot as usize)).and_then(|slot| slot.1);
    is_file(t) && kind == Some(BindingKind::Param)
}

/// A slot of an environment; nothing if it isn't there or has no value yet.
fn slot_of(env: Value, levels: u16, slot: u16) -> Option<Value> {
    let p = up(env, levels)?;
    // SAFETY: a live environment; the slot is within it.
    let v = unsafe { (u32::from(slot) < (*p).h.extra).then(|| *env_slot(Value::cell(p), slot as usize))? };
    (!v.is_hole() && !crate::vm::is_private(v)).then_some(v)
}

impl Vm {
    /// `run`, while a debugger is there.
    pub(crate) fn run_debug(&mut self) -> Result<Value, Thrown> {
        let depth = self.frames.len();
        if depth == 1
            && let Some(d) = &mut self.debugger
        {
            d.paused = !d.probe.wants_statements();
            d.shadow.clear();
        }
        if std::mem::take(&mut self.pending_throw) {
            let exit = self.unwind(depth);
            self.debug_sync();
            if let Some(v) = exit? {
                return Ok(v);
            }
        }
        loop {
            let paused = self.debugger.as_ref().is_none_or(|d| d.paused);
            let ran =
                if paused { self.run_frames::<false, false>() } else { self.run_frames::<true, false>() };
            match ran {
                Ok(v) => {
                    self.debug_sync();
                    return Ok(v);
                }
                Err(Thrown(())) => {
                    if self.debugger.as_mut().is_some_and(|d| std::mem::take(&mut d.switch)) {
                        continue;
                    }
                    self.debug_thrown();
                    let exit = self.unwind(depth);
                    self.debug_sync();
                    if let Some(v) = exit? {
                        return Ok(v);
                    }
                }
            }
        }
    }

    /// Tells which frames have gone and come since the last time. The marks of the function on top; null if it isn't followed.
    #[inline(never)]
    pub(crate) fn debug_sync(&mut self) -> *const u8 {
        let Some(mut d) = self.debugger.take() else { return std::ptr::null() };
        let marks = if d.paused { std::ptr::null() } else { self.sync(&mut d) };
        self.debugger = Some(d);
        marks
    }

    fn sync(&self, d: &mut Debugger) -> *const u8 {
        while d.shadow.len() > self.frames.len() {
            let (how, v) = std::mem::replace(&mut d.leaving, (Leave::Threw, Value::UNDEFINED));
            if let Some(shadow) = d.shadow.pop()
                && shadow.known.followed
            {
                let value = if how == Leave::Threw { 0 } else { d.preview(self, v) };
                d.probe.frame_leave(how, value);
            }
        }
        for frame in &self.frames[d.shadow.len()..] {
            let known = d.known(frame.code);
            let mut seen = Vec::new();
            if known.followed {
                d.probe.frame_enter(known.name, known.at, frame.pc_index() > 0);
                seen = vec![
                    Seen { value: Value::UNDEFINED, text: 0, digest: 0, told: false };
                    known.variables.len()
                ];
            }
            d.shadow.push(Shadow { known, seen });
        }
        match d.shadow.last() {
            Some(shadow) if shadow.known.followed => shadow.known.marks.as_ptr(),
            _ => std::ptr::null(),
        }
    }

    /// The top frame is about to return a value.
    pub(crate) fn debug_returns(&mut self, v: Value) {
        let constructs = self.frames.last().is_some_and(|f| f.is_construct() && !v.is_object());
        let v = if constructs { self.frames.last().map_or(v, super::Frame::this_value) } else { v };
        if let Some(d) = &mut self.debugger {
            d.leaving = (Leave::Returned, v);
        }
    }

    /// The top frame is about to be suspended with a value.
    pub(crate) fn debug_suspends(&mut self, v: Value) {
        if let Some(d) = &mut self.debugger {
            d.leaving = (Leave::Suspended, v);
        }
    }

    /// An exception has reached the interpreter.
    fn debug_thrown(&mut self) {
        if self.terminating {
            return;
        }
        let Some(mut d) = self.debugger.take() else { return };
        d.leaving = (Leave::Threw, Value::UNDEFINED);
        if !d.paused && d.told != Some(self.exception) {
            d.told = Some(self.exception);
            let value = d.preview(self, self.exception);
            let at = self.frames.last().and_then(|frame| {
                let t = frame.code.template();
                let known = d.known(frame.code);
                let start = t.offset_at(frame.pc_index().saturating_sub(1));
                known.followed.then(|| place(&t.source, known.at.script, Span { start, end: start }))
            });
            d.probe.thrown(value, at);
        }
        self.debugger = Some(d);
    }

    /// The top frame is at the start of a statement: tells which of its variables have changed, then the statement. True: the
    /// probe has had enough, and the other interpreter is to go on from here.
    #[inline(never)]
    pub(crate) fn debug_statement(&mut self) -> bool {
        let Some(mut d) = self.debugger.take() else { return false };
        d.told = None;
        let collections = self.heap_stats().collections;
        if std::mem::replace(&mut d.collections, collections) != collections {
            // What lies at an address may be something else now.
            d.kept.clear();
            for seen in d.shadow.iter_mut().flat_map(|shadow| &mut shadow.seen) {
                seen.value = Value::HOLE;
            }
        }
        let switch = !self.tell(&mut d);
        if switch {
            (d.paused, d.switch) = (true, true);
            d.shadow.clear();
        }
        self.debugger = Some(d);
        switch
    }

    /// False: no more.
    fn tell(&self, d: &mut Debugger) -> bool {
        let (Some(frame), Some(shadow)) = (self.frames.last(), d.shadow.last_mut()) else { return true };
        let pc = frame.pc_index();
        let known = shadow.known.clone();
        let closure =
            ObjRef::from(frame.callee()).filter(|f| f.is(crate::object::Class::Function)).map(|f| f.int(1));
        let closure = closure.unwrap_or(Value::UNDEFINED);
        // Taken out, since making texts needs the debugger.
        let mut seen = std::mem::take(&mut shadow.seen);
        for (index, (variable, seen)) in known.variables.iter().zip(&mut seen).enumerate() {
            let visible = variable.from <= pc && pc < variable.to;
            let value = if visible { self.read(frame.base, closure, variable.place) } else { None };
            let is_closure = matches!(variable.place, Place::Closure { .. });
            if is_closure && value.is_some() && known.variable_name(closure, index, &*d.probe) == 0 {
                continue;
            }
            let Some(value) = value else {
                if seen.told {
                    seen.told = false;
                    d.probe.variable(is_closure, known.variable_name(closure, index, &*d.probe), None);
                }
                continue;
            };
            // Objects may have changed inside; everything else is as it was.
            let digest = if value.is_object() { crate::preview::digest(value).unwrap_or(0) } else { 1 };
            if seen.told && seen.value == value && digest != 0 && seen.digest == digest {
                continue;
            }
            let text = d.preview(self, value);
            if !seen.told || seen.text != text {
                d.probe.variable(is_closure, known.variable_name(closure, index, &*d.probe), Some(text));
            }
            *seen = Seen { value, text, digest, told: true };
        }
        if let Some(shadow) = d.shadow.last_mut() {
            shadow.seen = seen;
        }
        match known.statements.binary_search_by_key(&pc, |statement| statement.0) {
            Ok(at) => d.probe.statement(known.statements[at].1),
            Err(_) => true,
        }
    }

    fn read(&self, base: *mut Value, closure: Value, place: Place) -> Option<Value> {
        match place {
            Place::Register(reg) => {
                // SAFETY: the compiler's tables name registers of the window.
                let v = unsafe { *base.add(reg as usize) };
                // Cells are the compiler's own (environments in a register that a variable will use later).
                (!v.is_hole() && !v.is_cell() && !crate::vm::is_private(v)).then_some(v)
            }
            Place::Env { reg, slot } => {
                // SAFETY: as above.
                let env = unsafe { *base.add(reg as usize) };
                slot_of(env, 0, slot)
            }
            Place::Closure { depth, slot } => slot_of(closure, depth, slot),
        }
    }
}

impl Known {
    /// The name of a variable as a text. Those of the functions around are found in the environments themselves.
    fn variable_name(&self, closure: Value, index: usize, probe: &dyn EngineProbe) -> u32 {
        if !matches!(self.variables[index].place, Place::Closure { .. }) {
            return self.variables[index].name;
        }
        let names = self.closure_names.get_or_init(|| {
            let name = |variable: &Variable| match variable.place {
                Place::Closure { depth, slot } => {
                    let env = up(closure, depth)?;
                    if is_host_parameter(env, slot) {
                        return None;
                    }
                    let name = super::env_slot_name(Value::cell(env), slot as usize);
                    (!name.starts_with('%')).then(|| probe.text(&name))
                }
                _ => None,
            };
            self.variables.iter().map(name).collect()
        });
        names[index].unwrap_or(0)
    }
}
