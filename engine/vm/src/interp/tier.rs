//! The second tier: instructions of hot functions are rewritten in place into specialised ones (`looplab_bytecode::quick`).
//!
//! A function is hot after so many calls or turns of its loops. Then each of its instructions that can be joined with the next ones,
//! or done faster for what it has met so far, is written over; where the values decide, it first becomes `Adapt`, which looks at
//! them when it runs next. A guard that fails puts the template's word back and lets it run (nothing has happened yet at that point);
//! a place that has fallen back [`MAX_FAILS`] times stays as it is. Whatever comes, the words keep their places and operands, so
//! that the Debug interpreter reads the template at the same index.

use super::leaf::{Leaf, is_leaf};
use crate::code::{CodeRef, IcKind};
use crate::convert::f64_to_int32;
use crate::eye::tier::{Event, TierLog};
use crate::object::{Class, EXOTIC, ObjRef, SPARSE};
use crate::scope::{NativeFn, Scope};
use crate::value::Value;
use crate::vm::Vm;
use looplab_bytecode::quick::{Guard, Inline, quick, stands_over, variant, verify_quick};
use looplab_bytecode::{FunctionTemplate, Insn, Op};
use rustc_hash::FxHashMap;

/// Calls (a power of two) until a function is hot.
const HOT_CALLS: u32 = 128;
/// Turns of its loops (a power of two) until a function is hot.
const HOT_LOOPS: u32 = 512;
/// A turn of a loop counts as much as this part of a call.
const LOOPS_PER_CALL: u32 = HOT_LOOPS / HOT_CALLS;
/// So much more must have happened until a hot function is looked at again.
const PATIENCE: u32 = 8;
/// How often a place may fall back.
pub(crate) const MAX_FAILS: u8 = 3;

impl Scope<'_> {
    /// A native function whose calls the second tier does itself.
    pub fn inline_function(&mut self, which: Inline, f: NativeFn) {
        self.vm.inline[which as usize] = f as usize;
    }
}

/// What a function's code remembers of its second tier.
#[derive(Default)]
pub(crate) struct Tier {
    /// Calls and turns at which it is looked at next.
    next: u32,
    /// A collection has emptied caches: places that rest on them are to be rewritten once they are filled again.
    again: bool,
    /// Places that have fallen back, and how often.
    fails: FxHashMap<u32, u8>,
}

/// Counters (calls, turns) that have functions looked at as soon as there is something to see.
pub(crate) const EAGER: (u32, u32) = (HOT_CALLS - 2, HOT_LOOPS - 2);

/// Whether the counter of calls asks for a look.
#[inline(always)]
pub(crate) fn calls_due(calls: u32) -> bool {
    calls & (HOT_CALLS - 1) == 0
}

/// Whether the counter of backward jumps asks for a look.
#[inline(always)]
pub(crate) fn loops_due(loops: u32) -> bool {
    loops & (HOT_LOOPS - 1) == 0
}

impl Vm {
    /// Turns the second tier off (or on again) for everything that becomes hot from now on.
    pub fn set_tiering(&mut self, on: bool) {
        self.tiering = on;
    }

    /// Functions that are first run from now on are hot in their second call and the second turn of their loops: for tests.
    pub fn set_eager_tiering(&mut self, on: bool) {
        self.eager_tiering = on;
    }

    /// Keeps a record of what is rewritten and what falls back, for the instruments.
    pub fn set_tier_log(&mut self, on: bool) {
        self.tier_log = on.then(Box::default);
    }

    /// A function has been called, or its loops have turned, often enough to be looked at.
    #[cold]
    #[inline(never)]
    pub(crate) fn warm(&mut self, code: CodeRef) {
        if !self.tiering || self.debugger.is_some() || !code.is_ready() {
            return;
        }
        let c = code.get();
        let score = (c.calls.saturating_mul(LOOPS_PER_CALL)).saturating_add(c.loops);
        let tier = c.tier.get_or_insert_default();
        if score < tier.next && !tier.again {
            return;
        }
        tier.next = score.saturating_mul(PATIENCE);
        tier.again = false;
        self.specialise(code);
    }

    /// Rewrites what can be rewritten.
    fn specialise(&mut self, code: CodeRef) {
        let t = code.template().clone();
        let (calls, loops) = (code.get().calls, code.get().loops);
        self.tier_event(code, |log, t| log.hot(t, calls, loops));
        for pc in 0..t.code.len() {
            let word = code.word(pc);
            let fails = code.get().tier.as_ref().and_then(|tier| tier.fails.get(&(pc as u32)));
            if word != t.code[pc] || fails.is_some_and(|&n| n >= MAX_FAILS) {
                continue;
            }
            if let Some(op) = self.choose(code, &t, pc) {
                self.rewrite(code, pc, op);
            }
        }
        if code.get().simple && code.get().leaf == Leaf::No && is_leaf(&t) {
            code.get().leaf = Leaf::Yes(0);
        }
        debug_assert_eq!(verify_quick(&t, &code.words()), Ok(()));
    }

    fn rewrite(&mut self, code: CodeRef, pc: usize, op: Op) {
        let t = code.template().clone();
        debug_assert!(stands_over(&t, pc, op), "{op:?} over {:?}", t.code[pc]);
        let mut word = t.code[pc].with_op(op);
        if let Some(x) = variant(&t, pc, op) {
            word = word.with_x(x);
        }
        code.set_word(pc, word);
        if op != Op::Adapt {
            self.tier_event(code, |log, t| log.event(t, pc as u32, Event::Specialised(op)));
        }
    }

    fn tier_event(&mut self, code: CodeRef, f: impl FnOnce(&mut TierLog, &std::rc::Rc<FunctionTemplate>)) {
        if let Some(mut log) = self.tier_log.take() {
            f(&mut log, code.template());
            self.tier_log = Some(log);
        }
    }

    /// What the instruction at `pc` of a hot function becomes, as far as that can be told without its operands.
    fn choose(&self, code: CodeRef, t: &FunctionTemplate, pc: usize) -> Option<Op> {
        let word = t.code[pc];
        let op_at = |n: usize| t.code.get(pc + n).and_then(|i| i.op());
        let (op, next) = (op_at(0)?, op_at(1).unwrap_or(Op::Nop));
        let is_length = |ic: usize| code.get().ics[ic].key == self.atoms.length.0;
        Some(match (op, next) {
            (Op::Inc, Op::JLt) => Op::IncJLt,
            (Op::Inc, Op::LoadInt) if op_at(2) == Some(Op::JLt) => Op::IncIntJLt,
            (Op::Inc, Op::GetProp) if op_at(2) == Some(Op::JLt) && is_length(t.code[pc + 1].c()) => {
                Op::IncLengthJLt
            }
            (Op::ToNumeric, Op::Inc) => Op::PostInc,
            (Op::Move, Op::Move) => Op::MoveMove,
            (Op::Move, Op::LoadUndef) => Op::MoveUndef,
            (Op::Move, Op::GetProp) => Op::MoveGetProp,
            (Op::LoadUndef, Op::Move) => Op::UndefMove,
            (Op::LoadUndef, Op::SubI) => Op::UndefSubI,
            (Op::LoadInt, Op::LoadInt) => Op::IntInt,
            (Op::LoadInt, Op::GetElem) => Op::IntGetElem,
            (Op::LoadInt, Op::JLt) => Op::IntJLt,
            (Op::LoadInt, Op::Mod) => Op::IntMod,
            (Op::LoadInt, Op::ArrayPush) => Op::IntPush,
            (Op::LoadConst, Op::Add | Op::Sub | Op::Mul) => Op::ConstMath,
            (Op::LoadNull, _) if stands_over(t, pc, Op::NullJump) => Op::NullJump,
            (Op::FuncEnv, Op::GetEnv) => Op::FuncGetEnv,
            (Op::GetEnv, Op::LoadUndef) => Op::GetEnvUndef,
            (Op::GetEnvChecked, Op::JSEq) => Op::GetEnvJSEq,
            (Op::GetGlobal, Op::GetProp) if code.get().ics[word.b()].kind == IcKind::Own => Op::GlobalGetProp,
            (Op::GetProp, _) if is_length(word.c()) => Op::Adapt,
            (Op::GetProp, _) if !code.get().ics[word.c()].is_simple() => return None,
            (Op::GetProp, Op::GetProp) => Op::GetPropGetProp,
            (Op::GetProp, Op::Add) => Op::GetPropAdd,
            (Op::GetProp, Op::Sub) => Op::GetPropSub,
            (Op::GetProp, Op::Mul) => Op::GetPropMul,
            (Op::GetProp, Op::Move) => Op::GetPropMove,
            (Op::GetProp, Op::LoadNull) => Op::GetPropNull,
            (Op::SetProp, Op::GetProp) if code.get().ics[word.b()].kind == IcKind::Own => Op::SetPropGetProp,
            (Op::GetElem, Op::GetElem | Op::SetElem) | (Op::SetElem, Op::Inc | Op::SetElem) => Op::Adapt,
            (Op::Add | Op::Sub | Op::Mul | Op::Call, _) => Op::Adapt,
            (Op::Jump, _) if stands_over(t, pc, Op::JumpReturn) => Op::JumpReturn,
            _ => return None,
        })
    }

    /// An `Adapt` runs: it becomes what suits the operands at hand, or the instruction that it stands for. The frame's `pc` is behind
    /// it; the instruction to go on with is the one written there.
    #[cold]
    #[inline(never)]
    pub(crate) fn adapt(&mut self, code: CodeRef) {
        let Some(f) = self.frames.last() else { return };
        let pc = f.pc_index() as usize - 1;
        let t = code.template().clone();
        let word = t.code[pc];
        let next = t.code.get(pc + 1).and_then(|i| i.op()).unwrap_or(Op::Nop);
        let reg = |n: usize| f.register(n);
        let op = match word.op() {
            Some(op @ (Op::Add | Op::Sub | Op::Mul)) => arithmetic(op, next, reg(word.b()), reg(word.c())),
            Some(Op::GetProp) => {
                ObjRef::from(reg(word.b())).filter(|o| is_dense_array(*o)).map(|_| Op::ArrayLength)
            }
            Some(Op::GetElem) if has_elements(reg(word.b())) => Some(match next {
                Op::GetElem => Op::GetElemGetElem,
                _ => Op::GetElemSetElem,
            }),
            Some(Op::SetElem) if has_elements(reg(word.a())) => Some(match next {
                Op::Inc => Op::SetElemInc,
                _ => Op::SetElemSetElem,
            }),
            Some(Op::Call) => {
                let which = self.inline_of(reg(word.b()), word.c());
                if let Some(which) = which {
                    code.set_word(pc, word.with_op(Op::CallInline).with_x(which as u8));
                    self.tier_event(code, |log, t| log.event(t, pc as u32, Event::Inlined(which)));
                    return;
                }
                None
            }
            _ => None,
        };
        match op {
            Some(op) => self.rewrite(code, pc, op),
            None => code.set_word(pc, word),
        }
    }

    /// Which function a call could do itself.
    fn inline_of(&self, f: Value, argc: usize) -> Option<Inline> {
        let f = ObjRef::from(f).filter(|f| f.is(Class::Native))?.int(0).as_raw();
        Inline::ALL.into_iter().find(|&i| self.inline[i as usize] == f && i.arguments() == argc)
    }

    /// A guard has failed at the instruction before the frame's `pc`: the template's word is put back, to be run instead.
    #[cold]
    #[inline(never)]
    pub(crate) fn deopt(&mut self, code: CodeRef) {
        let Some(f) = self.frames.last_mut() else { return };
        // SAFETY: pc is behind the instruction that failed.
        f.pc = unsafe { f.pc.sub(1) };
        let pc = f.pc_index() as usize;
        let failed = code.word(pc);
        let word = code.template().code[pc];
        code.set_word(pc, word);
        if let Some(w) = &mut self.watcher {
            w.runs_again();
        }
        let Some(row) = failed.op().and_then(quick) else { return };
        let tier = code.get().tier.get_or_insert_default();
        let ic = match (row.guard, word.op()) {
            (Some(Guard::Shape), Some(Op::GetProp)) => Some(word.c()),
            (Some(Guard::Shape), _) => Some(word.b()),
            _ => None,
        };
        if ic.is_some_and(|ic| code.get().ics[ic].kind == IcKind::Empty) {
            // The collector has emptied the cache: nothing was wrong.
            tier.again = true;
            return;
        }
        let fails = tier.fails.entry(pc as u32).or_insert(0);
        *fails += 1;
        let fails = *fails;
        if self.tier_log.is_some() || self.probe.is_some() {
            self.report_deopt(code, pc, failed, fails);
        }
    }

    /// Does a built-in function, if its receiver and arguments (from `at` on) are of the usual kind. Runs no code, throws nothing.
    #[inline(never)]
    pub(crate) fn call_inline(&mut self, word: Insn, at: *mut Value) -> Option<Value> {
        // SAFETY: callee, this and arguments are registers of the window (verifier).
        let (f, this, x) = unsafe { (*at, *at.add(1), *at.add(2)) };
        let x_at = |n: usize| {
            // SAFETY: as above; only asked for arguments that the function has.
            unsafe { *at.add(2 + n) }
        };
        let f = ObjRef::from(f).filter(|f| f.is(Class::Native))?;
        let which = usize::from(word.x());
        if f.int(0).as_raw() != *self.inline.get(which)? {
            return None;
        }
        match *Inline::ALL.get(which)? {
            Inline::ArrayPush => {
                let o = ObjRef::from(this).filter(|_| self.is_fluid(this))?;
                if o.elem_len() >= crate::array::MAX_DENSE {
                    return None;
                }
                o.push_elem(&mut self.heap, x);
                Some(Value::int(o.elem_len() as i32))
            }
            Inline::ArrayPop => {
                let o = ObjRef::from(this).filter(|_| self.is_fluid(this))?;
                let Some(n) = o.elem_len().checked_sub(1) else { return Some(Value::UNDEFINED) };
                let v = o.elem(n);
                o.get().h.extra = n;
                Some(if v.is_hole() { Value::UNDEFINED } else { v })
            }
            Inline::CharCodeAt => {
                if !(this.is_string() && x.is_int()) {
                    return None;
                }
                let i = usize::try_from(x.as_int()).ok().filter(|&i| i < Vm::string_len(this))?;
                Some(Value::int(i32::from(self.chars_of(this).at(i))))
            }
            Inline::MathFloor if x.is_int() => Some(x),
            Inline::MathFloor if x.is_double() => Some(Value::number(x.as_double().floor())),
            Inline::MathAbs if x.is_number() => Some(Value::number(x.num().abs())),
            Inline::MathSqrt if x.is_number() => Some(Value::number(x.num().sqrt())),
            Inline::MathImul if x.is_number() && x_at(1).is_number() => {
                let int = |v: Value| if v.is_int() { v.as_int() } else { f64_to_int32(v.as_double()) };
                Some(Value::int(int(x).wrapping_mul(int(x_at(1)))))
            }
            Inline::MathMin if Value::both_int(x, x_at(1)) => {
                Some(Value::int(x.as_int().min(x_at(1).as_int())))
            }
            Inline::MathMax if Value::both_int(x, x_at(1)) => {
                Some(Value::int(x.as_int().max(x_at(1).as_int())))
            }
            Inline::MathMin | Inline::MathMax => min_max(which == Inline::MathMin as usize, x, x_at(1)),
            _ => None,
        }
    }
}

fn min_max(min: bool, x: Value, y: Value) -> Option<Value> {
    if !(x.is_number() && y.is_number()) {
        return None;
    }
    let (a, b) = (x.num(), y.num());
    if a.is_nan() || b.is_nan() {
        return Some(Value::number(f64::NAN));
    }
    // Of two zeros the negative one is the smaller.
    let first = a < b || a == b && a.is_sign_negative();
    Some(Value::number(if first == min { a } else { b }))
}

/// The specialised form of an operator for operands like these, with the instruction behind it where that can follow.
fn arithmetic(op: Op, next: Op, x: Value, y: Value) -> Option<Op> {
    if !(x.is_number() && y.is_number()) {
        return None;
    }
    let doubles = x.is_double() || y.is_double();
    Some(match (op, next) {
        (Op::Add, Op::BitOrI) => Op::AddBitOr,
        (Op::Add, Op::SetProp) => Op::AddSetProp,
        (Op::Add, Op::Return) => Op::AddReturn,
        (Op::Sub, Op::SetProp) => Op::SubSetProp,
        (Op::Mul, Op::Add) => Op::MulAdd,
        (Op::Mul, Op::Sub) => Op::MulSub,
        (Op::Mul, Op::Mul) => Op::MulMul,
        (Op::Add, Op::Add | Op::Sub) => Op::AddAdd,
        (Op::Sub, Op::Add) => Op::SubAdd,
        (Op::Add, _) if doubles => Op::AddNum,
        (Op::Sub, _) if doubles => Op::SubNum,
        (Op::Mul, _) if doubles => Op::MulNum,
        _ => return None,
    })
}

/// An array whose length is the number of its elements.
#[inline(always)]
pub(crate) fn is_dense_array(o: ObjRef) -> bool {
    o.is(Class::Array) && !o.has_flag(SPARSE)
}

fn has_elements(v: Value) -> bool {
    ObjRef::from(v).is_some_and(|o| o.elem_len() > 0 && !o.has_flag(SPARSE | EXOTIC))
}

// ---- arithmetic on numbers; None: an operand is none, or the result needs a look ----

macro_rules! number_op {
    ($(#[$doc:meta])+ $name:ident, $int:ident, $f:tt) => {
        $(#[$doc])+
        #[inline(always)]
        pub(crate) fn $name(x: Value, y: Value) -> Option<Value> {
            if x.is_double() && y.is_double() {
                return Some(Value::double(x.as_double() $f y.as_double()));
            }
            if Value::both_int(x, y) {
                if let Some(n) = x.as_int().$int(y.as_int()) {
                    return Some(Value::int(n));
                }
            }
            (x.is_number() && y.is_number()).then(|| Value::double(x.num() $f y.num()))
        }
    };
}

number_op!(
    /// The sum.
    add, checked_add, +
);
number_op!(
    /// The difference.
    sub, checked_sub, -
);

/// The product.
#[inline(always)]
pub(crate) fn mul(x: Value, y: Value) -> Option<Value> {
    if x.is_double() && y.is_double() {
        return Some(Value::double(x.as_double() * y.as_double()));
    }
    if Value::both_int(x, y)
        && let Some(n) = x.as_int().checked_mul(y.as_int())
        // A zero product of a negative number is -0.
        && (n != 0 || (x.as_int() | y.as_int()) >= 0)
    {
        return Some(Value::int(n));
    }
    (x.is_number() && y.is_number()).then(|| Value::double(x.num() * y.num()))
}

/// The sum, for operands that usually are ints.
#[inline(always)]
pub(crate) fn add_ints_first(x: Value, y: Value) -> Option<Value> {
    if Value::both_int(x, y)
        && let Some(n) = x.as_int().checked_add(y.as_int())
    {
        return Some(Value::int(n));
    }
    (x.is_number() && y.is_number()).then(|| Value::double(x.num() + y.num()))
}
