//! Watching the program instruction by instruction: where it allocates, and what flows through its functions.
//!
//! `run_frames` with its watching switch on calls [`Vm::watch`] before each instruction. Nothing here changes what the program does,
//! runs code of it, or allocates on the heap.

use super::profile::{CacheState, FunctionProfile, PlaceProfile, Transition};
use super::tier::TierProfile;
use super::{Eye, Site, edges};
use crate::code::{CodeRef, IcKind};
use crate::heap::{Header, Heap};
use crate::object::{Class, ObjRef};
use crate::scope::Thrown;
use crate::shape::ShapeRef;
use crate::value::Value;
use crate::vm::Vm;
use looplab_bytecode::quick::quick;
use looplab_bytecode::{FunctionTemplate, Insn, Op};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What a place remembers of what it has seen.
const SEEN: usize = 5;
/// Properties that name a hidden class.
const PROPERTIES: usize = 6;

/// What is watched, and what was seen so far.
pub(crate) struct Watcher {
    /// Allocations are noted with their places.
    sites: bool,
    /// What flows through functions is noted.
    tiers: bool,
    /// Whether functions of a source with this name are the program's.
    follows: fn(&str) -> bool,
    functions: Vec<Function>,
    /// Functions by the address of their template, which they keep alive.
    by_template: FxHashMap<usize, u32>,
    /// The code looked at last, and its function.
    current: (usize, u32),
    /// The instruction that ran last: function, place in its code, depth of the stack.
    last: Option<(u32, u32, usize)>,
    /// The instructions that were looked at with it: function, depth of the stack, from where to where.
    looked: (u32, usize, u32, u32),
    /// A guard has failed: the instruction runs again, as it was written.
    again: bool,
    words: Vec<String>,
    word_numbers: FxHashMap<String, u32>,
    /// Words of hidden classes by their address, and the other way round.
    shapes: FxHashMap<usize, u32>,
    shape_words: FxHashMap<u32, usize>,
    /// An object that the last instruction may have given another hidden class.
    pending: Option<(Value, ShapeRef, u32, u32)>,
    collections: u32,
    /// Places of allocations as numbers.
    alloc_sites: FxHashMap<(u32, u32), u32>,
    alloc_places: Vec<(u32, u32)>,
}

struct Function {
    template: Rc<FunctionTemplate>,
    followed: bool,
    calls: u64,
    loops: u64,
    instructions: u64,
    places: Vec<Option<Box<Place>>>,
    /// From, to, and the instruction: how often.
    transitions: FxHashMap<(u32, u32, u32), u64>,
}

struct Place {
    runs: u64,
    state: CacheState,
    seen: Vec<(u32, u64)>,
    others: u64,
}

/// What an instruction is about, for the watcher.
enum Subject {
    Property { receiver: usize, ic: usize, stores: bool },
    Element { receiver: usize, key: usize },
    One(usize),
    Two(usize, usize),
    Callee(usize),
}

impl Vm {
    /// Watches from now on: `sites`: where things are allocated; `tiers`: what flows through functions. Only functions of sources whose
    /// name `follows` takes are looked at; what others allocate counts for the function of these that called them.
    pub fn set_watching(&mut self, sites: bool, tiers: bool, follows: fn(&str) -> bool) {
        self.heap.set_recording(sites);
        if sites {
            self.eye.get_or_insert_default();
        }
        self.watcher = Some(Box::new(Watcher {
            sites,
            tiers,
            follows,
            functions: Vec::new(),
            by_template: FxHashMap::default(),
            current: (0, 0),
            last: None,
            looked: (0, 0, 0, 0),
            again: false,
            words: Vec::new(),
            word_numbers: FxHashMap::default(),
            shapes: FxHashMap::default(),
            shape_words: FxHashMap::default(),
            pending: None,
            collections: 0,
            alloc_sites: FxHashMap::default(),
            alloc_places: Vec::new(),
        }));
    }

    /// What was seen of the program's functions, in the order in which they first ran.
    pub fn function_profiles(&self) -> Vec<FunctionProfile> {
        let Some(w) = &self.watcher else { return Vec::new() };
        let tiers = self.tier_profiles();
        let own = w.functions.iter().filter(|f| f.followed && f.instructions > 0);
        own.map(|f| w.profile(f, tiers.iter().find(|t| Rc::ptr_eq(&t.template, &f.template)))).collect()
    }

    /// Before each instruction of the top frame, whose `pc` is up to date.
    #[inline(never)]
    pub(crate) fn watch(&mut self) {
        let Some(mut w) = self.watcher.take() else { return };
        w.step(self);
        self.watcher = Some(w);
    }

    /// `run`, while the program is watched.
    pub(crate) fn run_watched(&mut self) -> Result<Value, Thrown> {
        let depth = self.frames.len();
        self.watch_enter();
        if std::mem::take(&mut self.pending_throw)
            && let Some(v) = self.unwind(depth)?
        {
            return Ok(v);
        }
        loop {
            match self.run_frames::<false, true>() {
                Ok(v) => return Ok(v),
                Err(Thrown(())) => {
                    if let Some(v) = self.unwind(depth)? {
                        return Ok(v);
                    }
                }
            }
        }
    }

    /// A script is entered from Rust.
    fn watch_enter(&mut self) {
        self.watch_flush();
        let outermost = self.frames.len() == 1;
        if let Some(w) = &mut self.watcher {
            w.pending = None;
            if outermost {
                w.last = None;
            }
        }
    }

    /// Attributes what has been allocated until now. Before each collection, too: a dead cell's place may be taken by another.
    pub(crate) fn watch_flush(&mut self) {
        let Some(mut w) = self.watcher.take() else { return };
        w.attribute(self);
        self.watcher = Some(w);
    }
}

impl Watcher {
    /// A guard has failed at the instruction that was looked at last.
    pub(crate) fn runs_again(&mut self) {
        self.again = true;
    }

    /// Between marking and sweeping: forgets hidden classes that are about to die.
    pub(crate) fn after_mark(&mut self, heap: &Heap) {
        self.pending = None;
        let words = &mut self.shape_words;
        self.shapes.retain(|&shape, word| {
            let alive = heap.is_marked(shape as *const Header);
            if !alive {
                words.remove(word);
            }
            alive
        });
        // Code may have died as well.
        self.current = (0, 0);
    }

    /// The places behind the numbers that cells have been given.
    pub(super) fn places(&self) -> impl Iterator<Item = Site> + '_ {
        self.alloc_places.iter().map(|&(f, pc)| self.site(&self.functions[f as usize].template, pc))
    }

    fn site(&self, t: &FunctionTemplate, pc: u32) -> Site {
        let (line, column) = t.source.position(t.offset_at(pc));
        Site { script: t.source.name.as_str().into(), line, column, function: t.name.to_string().into() }
    }

    fn function_of(&mut self, code: CodeRef) -> u32 {
        let cell = code.0 as usize;
        if self.current.0 == cell {
            return self.current.1;
        }
        let template = code.template();
        let next = self.functions.len() as u32;
        let f = *self.by_template.entry(Rc::as_ptr(template) as usize).or_insert(next);
        if f == next {
            let places = template.code.iter().map(|_| None).collect();
            self.functions.push(Function {
                followed: (self.follows)(&template.source.name),
                template: template.clone(),
                calls: 0,
                loops: 0,
                instructions: 0,
                places,
                transitions: FxHashMap::default(),
            });
        }
        self.current = (cell, f);
        f
    }

    fn step(&mut self, vm: &mut Vm) {
        self.attribute(vm);
        let Some(frame) = vm.frames.last() else { return };
        let (code, pc, depth) = (frame.code, frame.pc_index(), vm.frames.len());
        let word = code.word(pc as usize);
        let f = self.function_of(code);
        if self.tiers {
            self.transition(vm);
            if std::mem::take(&mut self.again) || word.code() == Op::Adapt as u8 {
                // It has been looked at, or will be when it runs as what it becomes.
                return;
            }
            if self.functions[f as usize].followed {
                let end = pc + word.op().and_then(quick).map_or(1, |row| row.parts.len() as u32);
                let from = self.not_yet_looked_at(f, pc, depth);
                if from == pc {
                    self.count(f, pc, depth);
                }
                self.functions[f as usize].instructions += u64::from(end.saturating_sub(from));
                self.look_at_all(vm, f, pc..end, from);
                self.looked = (f, depth, pc, end.max(from));
            }
        }
        self.last = Some((f, pc, depth));
    }

    // ---- allocations ----

    fn attribute(&mut self, vm: &mut Vm) {
        if !self.sites || !vm.heap.has_recorded() {
            return;
        }
        let site = self.last.and_then(|(f, pc, _)| self.place_of_program(vm, f, pc));
        let cells = vm.heap.take_recorded();
        let eye = vm.eye.get_or_insert_default();
        for cell in cells {
            eye.allocated(cell, site);
        }
    }

    /// The number of the place in the program's own code that an instruction belongs to: it, or the innermost one that called it.
    fn place_of_program(&mut self, vm: &Vm, f: u32, pc: u32) -> Option<u32> {
        let mut at = (f, pc);
        if !self.functions[f as usize].followed {
            let own = |frame: &&crate::interp::Frame| (self.follows)(&frame.code.template().source.name);
            let frame = vm.frames.iter().rev().find(own)?;
            at = (self.function_of(frame.code), frame.pc_index().saturating_sub(1));
        }
        // Instructions of one place are one.
        let offset = self.functions[at.0 as usize].template.offset_at(at.1);
        let next = self.alloc_places.len() as u32;
        let number = *self.alloc_sites.entry((at.0, offset)).or_insert(next);
        if number == next {
            self.alloc_places.push(at);
        }
        Some(number)
    }

    // ---- functions ----

    /// `pc`, or the end of what was looked at with the instruction before it, which then left this one to run by itself.
    fn not_yet_looked_at(&self, f: u32, pc: u32, depth: usize) -> u32 {
        let (g, d, from, until) = self.looked;
        if (g, d) == (f, depth) && from < pc && pc < until { until } else { pc }
    }

    /// Looks at instructions that are done at once, at those from `from` on. What the first of them loads is not in its register yet.
    fn look_at_all(&mut self, vm: &Vm, f: u32, pcs: std::ops::Range<u32>, from: u32) {
        let Some(frame) = vm.frames.last() else { return };
        let code = frame.code;
        let mut loaded: Vec<(usize, Option<Value>)> = Vec::new();
        for pc in pcs {
            let Some(i) = code.template().code.get(pc as usize).copied() else { return };
            if pc >= from {
                self.look(vm, f, pc, i, &loaded);
            }
            let reg = |n: usize| match loaded.iter().rev().find(|(r, _)| *r == n) {
                Some((_, v)) => *v,
                None => Some(frame.register(n)),
            };
            let v = match i.op() {
                Some(Op::Move) => reg(i.b()),
                Some(Op::LoadInt) => Some(Value::int(i.sbx())),
                Some(Op::LoadConst) => Some(code.get().consts[i.bx() as usize]),
                Some(Op::LoadUndef) => Some(Value::UNDEFINED),
                Some(Op::LoadNull) => Some(Value::NULL),
                // Another number of the same type.
                Some(Op::Inc | Op::ToNumeric) => reg(i.b()),
                _ => None,
            };
            loaded.push((i.a(), v));
        }
    }

    fn count(&mut self, f: u32, pc: u32, depth: usize) {
        let back = self.last.is_some_and(|(g, before, d)| g == f && d == depth && pc <= before);
        let function = &mut self.functions[f as usize];
        if back {
            function.loops += 1;
        } else if pc == 0 {
            function.calls += 1;
        }
    }

    /// `loaded`: registers that will have been written by then; with what, if that can be told.
    fn look(&mut self, vm: &Vm, f: u32, pc: u32, i: Insn, loaded: &[(usize, Option<Value>)]) {
        let Some(subject) = i.op().and_then(|op| subject(op, i)) else { return };
        let Some(frame) = vm.frames.last() else { return };
        let reg = |n: usize| match loaded.iter().rev().find(|(r, _)| *r == n) {
            Some((_, v)) => *v,
            None => Some(frame.register(n)),
        };
        let (seen, state) = match subject {
            Subject::Property { receiver, ic, stores } => {
                let state = ic_state(frame.code, ic);
                let Some(v) = reg(receiver) else { return };
                if let (true, Some(o)) = (stores, ObjRef::from(v)) {
                    self.pending = Some((v, o.shape(), f, pc));
                    self.collections = vm.heap_stats().collections;
                }
                (self.receiver(vm, v), state)
            }
            Subject::Element { receiver, key } => {
                let (Some(v), Some(k)) = (reg(receiver), reg(key)) else { return };
                (self.word(&format!("{}[{}]", elements(vm, v), type_of(k))), None)
            }
            Subject::One(a) => {
                let Some(a) = reg(a) else { return };
                (self.word(type_of(a)), None)
            }
            Subject::Two(a, b) => {
                let (Some(a), Some(b)) = (reg(a), reg(b)) else { return };
                let (a, b) = (type_of(a), type_of(b));
                (if a == b { self.word(a) } else { self.word(&format!("{a} and {b}")) }, None)
            }
            Subject::Callee(a) => {
                let Some(a) = reg(a) else { return };
                (self.callee(vm, a), None)
            }
        };
        let function = &mut self.functions[f as usize];
        let place = function.places[pc as usize].get_or_insert_with(|| {
            let state = CacheState::Uninitialised;
            Box::new(Place { runs: 0, state, seen: Vec::new(), others: 0 })
        });
        place.runs += 1;
        match place.seen.iter().position(|(word, _)| *word == seen) {
            Some(at) => place.seen[at].1 += 1,
            None if place.seen.len() < SEEN => place.seen.push((seen, 1)),
            None => place.others += 1,
        }
        let own = match place.seen.len() {
            0 => CacheState::Uninitialised,
            1 => CacheState::Monomorphic,
            _ if place.others == 0 && place.seen.len() < SEEN => CacheState::Polymorphic,
            _ => CacheState::Megamorphic,
        };
        // A cache shows what came before: it is filled by the instruction that now begins. Collections empty it.
        place.state = place.state.max(own).max(state.unwrap_or_default());
    }

    /// Whether the last instruction gave its object another hidden class.
    fn transition(&mut self, vm: &Vm) {
        let Some((v, before, f, pc)) = self.pending.take() else { return };
        if vm.heap_stats().collections != self.collections {
            return;
        }
        let after = ObjRef::of(v).shape();
        if after != before && !after.is_dict() {
            let (from, to) = (self.shape(vm, v, before), self.shape(vm, v, after));
            *self.functions[f as usize].transitions.entry((from, to, pc)).or_insert(0) += 1;
        }
    }

    // ---- words ----

    fn word(&mut self, text: &str) -> u32 {
        if let Some(&n) = self.word_numbers.get(text) {
            return n;
        }
        let n = self.words.len() as u32;
        self.words.push(text.to_owned());
        self.word_numbers.insert(text.to_owned(), n);
        n
    }

    /// What the receiver of a property is.
    fn receiver(&mut self, vm: &Vm, v: Value) -> u32 {
        match ObjRef::from(v) {
            Some(o) => self.shape(vm, v, o.shape()),
            None => self.word(type_of(v)),
        }
    }

    /// The word of a hidden class that `v` has or had. Different classes that look the same get different words.
    fn shape(&mut self, vm: &Vm, v: Value, s: ShapeRef) -> u32 {
        if let Some(&word) = self.shapes.get(&(s.0 as usize)) {
            return word;
        }
        let o = ObjRef::of(v);
        let name = match o.class() {
            Class::Function | Class::Native | Class::Bound => "function".to_owned(),
            class => vm.name_of_class(o).unwrap_or_else(|| format!("{class:?}")),
        };
        if s.is_dict() {
            return self.word(&format!("{name} {{dictionary}}"));
        }
        let first = s.first_entries(PROPERTIES);
        let mut listed: Vec<String> = first.into_iter().map(|(key, ..)| edges::key_text(key)).collect();
        if s.count() as usize > listed.len() {
            listed.push("…".into());
        }
        let text = if listed.is_empty() {
            format!("{name} {{}}")
        } else {
            format!("{name} {{{}}}", listed.join(", "))
        };
        let mut word = self.word(&text);
        let mut n = 2;
        while self.shape_words.contains_key(&word) {
            word = self.word(&format!("{text} #{n}"));
            n += 1;
        }
        self.shapes.insert(s.0 as usize, word);
        self.shape_words.insert(word, s.0 as usize);
        word
    }

    fn callee(&mut self, vm: &Vm, v: Value) -> u32 {
        let Some(o) = ObjRef::from(v) else { return self.word(type_of(v)) };
        let text = match o.class() {
            Class::Function => {
                let t = CodeRef::of_function(o).template().clone();
                let file = t.source.name.rsplit('/').next().unwrap_or_default();
                let (line, column) = t.source.position(t.span.start);
                format!("{} ({file}:{line}:{column})", named(&t.name.to_string()))
            }
            Class::Native => format!("{} (built in)", named(&vm.name_of_function(o))),
            Class::Bound => "a bound function".into(),
            _ => "an object that can be called".into(),
        };
        self.word(&text)
    }

    // ---- the report ----

    fn profile(&self, f: &Function, tier: Option<&TierProfile>) -> FunctionProfile {
        let t = &*f.template;
        let at = |pc: u32| t.source.position(t.offset_at(pc));
        let text = |word: u32| self.words[word as usize].clone();
        let what = |pc: u32| what_is_done(t, pc);
        let mut places = Vec::new();
        for (pc, place) in f.places.iter().enumerate().filter_map(|(pc, p)| Some((pc as u32, p.as_ref()?))) {
            let (line, column) = at(pc);
            let mut seen: Vec<(String, u64)> = place.seen.iter().map(|&(word, n)| (text(word), n)).collect();
            seen.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
            places.push(PlaceProfile {
                line,
                column,
                what: what(pc),
                runs: place.runs,
                state: place.state,
                seen,
                others: place.others,
            });
        }
        let mut transitions: Vec<Transition> = (f.transitions.iter())
            .map(|(&(from, to, pc), &count)| {
                let (line, column) = at(pc);
                Transition { line, column, from: text(from), to: text(to), count }
            })
            .collect();
        transitions
            .sort_by(|a, b| (a.line, a.column, &a.from, &a.to).cmp(&(b.line, b.column, &b.from, &b.to)));
        let mut site = self.site(t, 0);
        (site.line, site.column) = t.source.position(t.span.start);
        FunctionProfile {
            site,
            calls: f.calls,
            loops: f.loops,
            instructions: f.instructions,
            hot: tier.and_then(|t| t.hot),
            places,
            transitions,
            specialised: tier.map_or_else(Vec::new, |t| t.specialised.clone()),
            deopts: tier.map_or_else(Vec::new, |t| t.deopts.clone()),
        }
    }
}

impl Eye {
    /// A cell was allocated at a place.
    fn allocated(&mut self, cell: usize, site: Option<u32>) {
        match site {
            Some(site) => self.sites.insert(cell, site),
            None => self.sites.remove(&cell),
        };
    }
}

pub(super) fn named(name: &str) -> &str {
    if name.is_empty() { "(anonymous)" } else { name }
}

/// What an inline cache has come to.
fn ic_state(code: CodeRef, ic: usize) -> Option<CacheState> {
    let ic = code.get().ics.get(ic)?;
    Some(match ic.kind {
        IcKind::Empty => CacheState::Uninitialised,
        _ if ic.misses > 0 => CacheState::Megamorphic,
        _ if !ic.more.is_empty() => CacheState::Polymorphic,
        _ => CacheState::Monomorphic,
    })
}

/// The type of a value as an optimiser would tell it apart.
pub(super) fn type_of(v: Value) -> &'static str {
    if v.is_int() {
        "int"
    } else if v.is_double() {
        "double"
    } else if v.is_string() {
        "string"
    } else if v.is_bool() {
        "boolean"
    } else if v.is_undefined() {
        "undefined"
    } else if v.is_null() {
        "null"
    } else if v.is_bigint() {
        "bigint"
    } else if v.is_symbol() {
        "symbol"
    } else if v.is_object() {
        "object"
    } else {
        "no value yet"
    }
}

/// What elements are read from or written to.
pub(super) fn elements(vm: &Vm, v: Value) -> String {
    let Some(o) = ObjRef::from(v) else { return type_of(v).to_owned() };
    match o.class() {
        Class::Array if o.has_flag(crate::object::SPARSE) => "sparse array".into(),
        Class::Array => "array".into(),
        Class::TypedArray => vm.name_of_class(o).unwrap_or_else(|| "typed array".into()),
        class => vm.name_of_class(o).unwrap_or_else(|| format!("{class:?}")),
    }
}

fn subject(op: Op, i: Insn) -> Option<Subject> {
    use Op::*;
    Some(match op {
        GetProp => Subject::Property { receiver: i.b(), ic: i.c(), stores: false },
        SetProp | InitProp => Subject::Property { receiver: i.a(), ic: i.b(), stores: true },
        GetElem => Subject::Element { receiver: i.b(), key: i.c() },
        SetElem => Subject::Element { receiver: i.a(), key: i.b() },
        Add | Sub | Mul | Div | Mod | Exp | BitAnd | BitOr | BitXor | Shl | Shr | UShr | Lt | Le | Gt
        | Ge | Eq | Ne => Subject::Two(i.b(), i.c()),
        AddI | SubI | MulI | BitAndI | BitOrI | ShlI | ShrI | UShrI | Inc | Dec | Neg | BitNot => {
            Subject::One(i.b())
        }
        JLt | JNLt | JLe | JNLe | JGt | JNGt | JGe | JNGe | JEq | JNe => Subject::Two(i.a(), i.b()),
        JLtI | JNLtI | JLeI | JNLeI | JGtI | JNGtI | JGeI | JNGeI => Subject::One(i.a()),
        Call | Construct => Subject::Callee(i.b()),
        _ => return None,
    })
}

/// An instruction in the program's words.
pub(super) fn what_is_done(t: &FunctionTemplate, pc: u32) -> String {
    use Op::*;
    let Some((i, op)) = t.code.get(pc as usize).and_then(|i| Some((i, i.op()?))) else {
        return String::new();
    };
    let key = |ic: usize| {
        let text = t.ic_keys.get(ic).and_then(|k| t.consts.get(*k as usize));
        match text {
            Some(looplab_bytecode::Const::Str(text)) => format!(".{text}"),
            _ => ".?".to_owned(),
        }
    };
    let called = || {
        let text = t.span_at(pc).and_then(|s| t.source.text.get(s.start as usize..s.end as usize));
        let line = text.and_then(|text| text.lines().next()).unwrap_or("a function");
        line.chars().take(40).collect::<String>()
    };
    match op {
        GetProp => key(i.c()),
        SetProp => format!("{} =", key(i.b())),
        InitProp => format!("{}:", key(i.b())),
        GetElem => "[…]".into(),
        SetElem => "[…] =".into(),
        Call => format!("call of {}", called()),
        Construct => format!("new {}", called()),
        _ => sign(op).into(),
    }
}

/// The operator that an instruction carries out.
fn sign(op: Op) -> &'static str {
    use Op::*;
    match op {
        Add | AddI => "+",
        Sub | SubI => "-",
        Mul | MulI => "*",
        Div => "/",
        Mod => "%",
        Exp => "**",
        BitAnd | BitAndI => "&",
        BitOr | BitOrI => "|",
        BitXor => "^",
        Shl | ShlI => "<<",
        Shr | ShrI => ">>",
        UShr | UShrI => ">>>",
        Inc => "++",
        Dec => "--",
        Neg => "- (sign)",
        BitNot => "~",
        Lt | JLt | JNLt | JLtI | JNLtI => "<",
        Le | JLe | JNLe | JLeI | JNLeI => "<=",
        Gt | JGt | JNGt | JGtI | JNGtI => ">",
        Ge | JGe | JNGe | JGeI | JNGeI => ">=",
        Eq | JEq => "==",
        Ne | JNe => "!=",
        _ => "",
    }
}
