//! What the second tier has done: which instructions were specialised, when, and which guards failed.

use super::Site;
use super::profile::{Deopt, Hot};
use super::watch::{elements, named, type_of, what_is_done};
use crate::code::CodeRef;
use crate::object::ObjRef;
use crate::shape::ShapeRef;
use crate::value::Value;
use crate::vm::Vm;
use looplab_bytecode::quick::{Guard, Inline, quick};
use looplab_bytecode::{FunctionTemplate, Insn, Op};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many failed guards are kept of each function.
const MOST_DEOPTS: usize = 200;

/// What happened to an instruction.
pub(crate) enum Event {
    Specialised(Op),
    Inlined(Inline),
}

/// The record of a run.
#[derive(Default)]
pub(crate) struct TierLog {
    functions: Vec<Entry>,
    /// Functions by the address of their template, which they keep alive.
    by_template: FxHashMap<usize, usize>,
}

struct Entry {
    template: Rc<FunctionTemplate>,
    hot: Option<Hot>,
    places: BTreeMap<u32, Place>,
    deopts: Vec<Deopt>,
}

struct Place {
    op: Op,
    inlined: Option<Inline>,
    /// How often it fell back.
    fails: u8,
    /// It is specialised at the end.
    stands: bool,
}

/// An instruction that was specialised.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Specialised {
    /// Its number in the function's code.
    pub pc: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 units, from 1.
    pub column: u32,
    /// What is done there, in the program's words; empty for what has none.
    pub what: String,
    /// The instruction of the second tier.
    pub into: Op,
    /// The built-in function that it does without a call.
    pub inlined: Option<&'static str>,
    /// The instructions that it stands for.
    pub parts: Vec<Op>,
    /// How often its guard failed.
    pub fails: u8,
    /// Whether it was still specialised at the end.
    pub stands: bool,
}

/// The second tier of one function.
#[derive(Clone, Debug)]
pub struct TierProfile {
    /// Where the function stands; its name.
    pub site: Site,
    /// Its code.
    pub template: Rc<FunctionTemplate>,
    /// When it became hot.
    pub hot: Option<Hot>,
    /// What was specialised, in order of the code.
    pub specialised: Vec<Specialised>,
    /// Guards that failed, in order.
    pub deopts: Vec<Deopt>,
}

impl TierLog {
    fn entry(&mut self, t: &Rc<FunctionTemplate>) -> &mut Entry {
        let next = self.functions.len();
        let n = *self.by_template.entry(Rc::as_ptr(t) as usize).or_insert(next);
        if n == next {
            let template = t.clone();
            self.functions.push(Entry { template, hot: None, places: BTreeMap::new(), deopts: Vec::new() });
        }
        &mut self.functions[n]
    }

    /// A function is hot.
    pub(crate) fn hot(&mut self, t: &Rc<FunctionTemplate>, calls: u32, loops: u32) {
        let hot = Hot { calls: calls.into(), loops: loops.into() };
        self.entry(t).hot.get_or_insert(hot);
    }

    /// An instruction was specialised.
    pub(crate) fn event(&mut self, t: &Rc<FunctionTemplate>, pc: u32, event: Event) {
        let (op, inlined) = match event {
            Event::Specialised(op) => (op, None),
            Event::Inlined(which) => (Op::CallInline, Some(which)),
        };
        let place = self.entry(t).places.entry(pc).or_insert(Place { op, inlined, fails: 0, stands: true });
        (place.op, place.inlined, place.stands) = (op, inlined, true);
    }

    fn deopt(&mut self, t: &Rc<FunctionTemplate>, pc: u32, fails: u8, deopt: Deopt) {
        let entry = self.entry(t);
        if let Some(place) = entry.places.get_mut(&pc) {
            (place.fails, place.stands) = (fails, false);
        }
        if entry.deopts.len() < MOST_DEOPTS {
            entry.deopts.push(deopt);
        }
    }
}

impl Vm {
    /// What the second tier has done since [`Vm::set_tier_log`], function by function in the order in which they became hot.
    pub fn tier_profiles(&self) -> Vec<TierProfile> {
        let Some(log) = &self.tier_log else { return Vec::new() };
        log.functions.iter().map(profile).collect()
    }

    /// A guard has failed: for the record, and for whoever listens. The frame's `pc` is at the instruction.
    pub(crate) fn report_deopt(&mut self, code: CodeRef, pc: usize, failed: Insn, fails: u8) {
        let t = code.template().clone();
        let Some(row) = failed.op().and_then(quick) else { return };
        let Some(guard) = row.guard else { return };
        let (expected, seen) = self.expected_and_seen(code, t.code[pc], failed, guard);
        let (line, column) = t.source.position(t.offset_at(pc as u32));
        if let Some(probe) = self.probe.clone() {
            let name = t.name.to_string();
            probe.guard_failed(&crate::GuardFailure {
                function: &name,
                script: t.source.id,
                line,
                column,
                guard: guard.name(),
                expected: &expected,
                seen: &seen,
            });
        }
        let call = u64::from(code.get().calls);
        let what = what_is_done(&t, pc as u32);
        let deopt = Deopt { line, column, what, guard: guard.name(), expected, seen, call };
        if let Some(log) = &mut self.tier_log {
            log.deopt(&t, pc as u32, fails, deopt);
        }
    }

    fn expected_and_seen(&self, code: CodeRef, was: Insn, failed: Insn, guard: Guard) -> (String, String) {
        let Some(f) = self.frames.last() else { return Default::default() };
        let reg = |n: usize| f.register(n);
        let one = |v: Value| type_of(v).to_owned();
        match (guard, was.op()) {
            (Guard::Numbers, Some(Op::Inc | Op::ToNumeric)) => ("int".into(), one(reg(was.b()))),
            (Guard::Numbers, _) => {
                let (x, y) = (type_of(reg(was.b())), type_of(reg(was.c())));
                ("numbers".into(), if x == y { x.to_owned() } else { format!("{x} and {y}") })
            }
            (Guard::Shape, op) => {
                let (v, ic) = match op {
                    Some(Op::GetProp) => (reg(was.b()), was.c()),
                    Some(Op::SetProp) => (reg(was.a()), was.b()),
                    _ => (self.realm.global, was.b()),
                };
                let cache = &code.get().ics[ic];
                let expected = shape_text(cache.first.shape);
                match ObjRef::from(v) {
                    Some(o) if o.shape() == cache.first.shape => (expected, "a changed prototype".into()),
                    Some(o) => (expected, shape_text(o.shape())),
                    None => (expected, one(v)),
                }
            }
            (Guard::Array, _) => ("array".into(), elements(self, reg(was.b()))),
            (Guard::Elements, op) => {
                let (v, k) = if op == Some(Op::SetElem) { (was.a(), was.b()) } else { (was.b(), was.c()) };
                let (v, k) = (reg(v), reg(k));
                let outside = match ObjRef::from(v) {
                    Some(o) if k.is_int() && k.as_int() as u32 >= o.elem_len() => ", outside of it",
                    _ => "",
                };
                ("a dense element".into(), format!("{}[{}]{outside}", elements(self, v), type_of(k)))
            }
            (Guard::Target, _) => {
                let which = Inline::ALL.get(usize::from(failed.x()));
                let expected = which.map_or("a built-in function", |i| i.name()).to_owned();
                let callee = match ObjRef::from(reg(was.b())) {
                    Some(o) => named(&self.name_of_function(o)).to_owned(),
                    None => one(reg(was.b())),
                };
                let args: Vec<&str> = (0..was.c()).map(|n| type_of(reg(was.b() + 2 + n))).collect();
                let this = elements(self, reg(was.b() + 1));
                (expected, format!("{callee} of {this} with ({})", args.join(", ")))
            }
        }
    }
}

fn shape_text(s: ShapeRef) -> String {
    if s.is_dict() {
        return "{dictionary}".into();
    }
    let mut keys: Vec<String> =
        s.first_entries(6).into_iter().map(|(key, ..)| super::edges::key_text(key)).collect();
    if s.count() as usize > keys.len() {
        keys.push("…".into());
    }
    format!("{{{}}}", keys.join(", "))
}

fn profile(f: &Entry) -> TierProfile {
    let t = &f.template;
    let (line, column) = t.source.position(t.span.start);
    let script = t.source.name.as_str().into();
    let specialised = f.places.iter().map(|(&pc, place)| {
        let (line, column) = t.source.position(t.offset_at(pc));
        let n = quick(place.op).map_or(1, |row| row.parts.len());
        Specialised {
            pc,
            line,
            column,
            what: what_is_done(t, pc),
            into: place.op,
            inlined: place.inlined.map(Inline::name),
            parts: (pc as usize..pc as usize + n).filter_map(|n| t.code.get(n)?.op()).collect(),
            fails: place.fails,
            stands: place.stands,
        }
    });
    TierProfile {
        site: Site { script, line, column, function: t.name.to_string().into() },
        template: t.clone(),
        hot: f.hot,
        specialised: specialised.collect(),
        deopts: f.deopts.clone(),
    }
}
