//! The second tier's instructions: what each stands for, which words it may be written over, and the verifier of rewritten code.
//!
//! A hot function's instructions are rewritten in place. Only the operation (and field `x` of a call) of a word changes, never
//! its operands and never its place: jumps, handlers, positions, statements and suspended generators need no second set of
//! tables, and the first tier is had back by copying a word from the template. An instruction that does several at once stands
//! over the first of them; the others keep standing behind it, for whoever jumps there, and for the case that only the
//! first could be done the quick way.

use crate::op::{Insn, Op};
use crate::template::{Const, FunctionTemplate};
use crate::verify::jump_distance;

/// A built-in function that [`Op::CallInline`] does without a call.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are the library's own")]
pub enum Inline {
    ArrayPush,
    ArrayPop,
    CharCodeAt,
    MathFloor,
    MathAbs,
    MathSqrt,
    MathImul,
    MathMin,
    MathMax,
}

impl Inline {
    /// All of them, by number.
    pub const ALL: [Inline; 9] = [
        Inline::ArrayPush,
        Inline::ArrayPop,
        Inline::CharCodeAt,
        Inline::MathFloor,
        Inline::MathAbs,
        Inline::MathSqrt,
        Inline::MathImul,
        Inline::MathMin,
        Inline::MathMax,
    ];

    /// As programs know it.
    pub fn name(self) -> &'static str {
        match self {
            Inline::ArrayPush => "push",
            Inline::ArrayPop => "pop",
            Inline::CharCodeAt => "charCodeAt",
            Inline::MathFloor => "Math.floor",
            Inline::MathAbs => "Math.abs",
            Inline::MathSqrt => "Math.sqrt",
            Inline::MathImul => "Math.imul",
            Inline::MathMin => "Math.min",
            Inline::MathMax => "Math.max",
        }
    }

    /// How many arguments the calls that are done inline have.
    pub fn arguments(self) -> usize {
        match self {
            Inline::ArrayPop => 0,
            Inline::MathImul | Inline::MathMin | Inline::MathMax => 2,
            _ => 1,
        }
    }
}

/// What the guard of an instruction of the second tier compares; none: it holds whatever comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guard {
    /// Its operands are numbers.
    Numbers,
    /// The object has the hidden class that the inline cache remembers.
    Shape,
    /// The object is an array that is not sparse.
    Array,
    /// Dense elements, an index within them, no hole there.
    Elements,
    /// The function is the one that is done inline, and its receiver and arguments are of the usual kind.
    Target,
}

impl Guard {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Guard::Numbers => "type",
            Guard::Shape => "hidden class",
            Guard::Array => "kind of object",
            Guard::Elements => "kind of elements",
            Guard::Target => "target",
        }
    }
}

/// One row: the instruction, what it is written over (each place: any of these), and its guard.
pub struct Quick {
    /// The instruction.
    pub op: Op,
    /// What it does, in order.
    pub parts: &'static [&'static [Op]],
    /// What the first of them is guarded by. A later one that can't be done the quick way is simply run by itself.
    pub guard: Option<Guard>,
}

macro_rules! rows {
    ($($op:ident: $($part:ident)|+ $(, $($more:ident)|+)* $(; $guard:ident)?)+) => {
        /// Every instruction of the second tier but `Adapt`.
        pub const QUICK: &[Quick] = &[$(Quick {
            op: Op::$op,
            parts: &[&[$(Op::$part),+] $(, &[$(Op::$more),+])*],
            guard: rows!(@guard $($guard)?),
        }),+];
    };
    (@guard) => { None };
    (@guard $guard:ident) => { Some(Guard::$guard) };
}

rows! {
    AddNum: Add; Numbers
    SubNum: Sub; Numbers
    MulNum: Mul; Numbers
    MulAdd: Mul, Add; Numbers
    MulSub: Mul, Sub; Numbers
    MulMul: Mul, Mul; Numbers
    AddAdd: Add, Add | Sub; Numbers
    SubAdd: Sub, Add; Numbers
    AddBitOr: Add, BitOrI; Numbers
    AddSetProp: Add, SetProp; Numbers
    SubSetProp: Sub, SetProp; Numbers
    AddReturn: Add, Return; Numbers
    MoveMove: Move, Move
    MoveUndef: Move, LoadUndef
    MoveGetProp: Move, GetProp
    UndefMove: LoadUndef, Move
    UndefSubI: LoadUndef, SubI
    IntInt: LoadInt, LoadInt
    IntGetElem: LoadInt, GetElem
    IntJLt: LoadInt, JLt
    IntMod: LoadInt, Mod
    ConstMath: LoadConst, Add | Sub | Mul
    NullJump: LoadNull, JSEq | JSNe
    IncJLt: Inc, JLt; Numbers
    IncIntJLt: Inc, LoadInt, JLt; Numbers
    IncLengthJLt: Inc, GetProp, JLt; Numbers
    PostInc: ToNumeric, Inc; Numbers
    FuncGetEnv: FuncEnv, GetEnv
    GetEnvUndef: GetEnv, LoadUndef
    GetEnvJSEq: GetEnvChecked, JSEq
    GlobalGetProp: GetGlobal, GetProp; Shape
    GetPropGetProp: GetProp, GetProp; Shape
    GetPropAdd: GetProp, Add; Shape
    GetPropSub: GetProp, Sub; Shape
    GetPropMul: GetProp, Mul; Shape
    GetPropMove: GetProp, Move; Shape
    GetPropNull: GetProp, LoadNull; Shape
    ArrayLength: GetProp; Array
    SetPropGetProp: SetProp, GetProp; Shape
    GetElemGetElem: GetElem, GetElem; Elements
    GetElemSetElem: GetElem, SetElem; Elements
    SetElemInc: SetElem, Inc; Elements
    SetElemSetElem: SetElem, SetElem; Elements
    JumpReturn: Jump
    IntPush: LoadInt, ArrayPush
    CallInline: Call; Target
}

/// The row of an instruction of the second tier.
pub fn quick(op: Op) -> Option<&'static Quick> {
    let first = QUICK.first()?.op as usize;
    QUICK.get((op as usize).checked_sub(first)?).filter(|row| row.op == op)
}

/// The instructions of a function's template from `pc` on that `op` stands for, if it may stand there.
pub fn stands_over(t: &FunctionTemplate, pc: usize, op: Op) -> bool {
    let Some(row) = quick(op) else { return op == Op::Adapt };
    let matches = |(n, part): (usize, &&[Op])| {
        t.code.get(pc + n).and_then(|i| i.op()).is_some_and(|op| part.contains(&op))
    };
    row.parts.iter().enumerate().all(matches)
        && match op {
            Op::JumpReturn => jumps_to_return(t, pc),
            // What is compared must be the null that has just been loaded.
            Op::NullJump => [t.code[pc + 1].a(), t.code[pc + 1].b()].contains(&t.code[pc].a()),
            Op::ArrayLength => reads_length(t, pc),
            Op::IncLengthJLt => reads_length(t, pc + 1),
            _ => true,
        }
}

fn reads_length(t: &FunctionTemplate, pc: usize) -> bool {
    let key = t.ic_keys.get(t.code[pc].c()).and_then(|&k| t.consts.get(k as usize));
    matches!(key, Some(Const::Str(text)) if text.to_string() == "length")
}

fn jumps_to_return(t: &FunctionTemplate, pc: usize) -> bool {
    let target = t.code.get(pc).and_then(|&i| jump_distance(i)).map(|d| pc as i64 + 1 + d);
    let target = target.and_then(|n| t.code.get(usize::try_from(n).ok()?)?.op());
    target == Some(Op::Return)
}

/// Field `x` of an instruction that stands for one of several: which of its last part's instructions it is.
pub fn variant(t: &FunctionTemplate, pc: usize, op: Op) -> Option<u8> {
    let row = quick(op)?;
    let last = row.parts.last().filter(|part| part.len() > 1)?;
    let op = t.code.get(pc + row.parts.len() - 1)?.op()?;
    last.iter().position(|part| *part == op).map(|n| n as u8)
}

/// Checks rewritten code against its template, which [`crate::verify`] has passed: the same words but for instructions of the
/// second tier, which stand over what they stand for and have its operands.
///
/// # Errors
/// The first violation: instruction number, what is wrong.
pub fn verify_quick(t: &FunctionTemplate, code: &[Insn]) -> Result<(), String> {
    if code.len() != t.code.len() {
        return Err(format!("{} instructions, the template has {}", code.len(), t.code.len()));
    }
    for (pc, (&i, &was)) in code.iter().zip(&t.code).enumerate() {
        if i == was {
            continue;
        }
        let op = i.op().ok_or_else(|| format!("{pc}: unknown opcode {}", i.code()))?;
        if !op.has("quick") {
            return Err(format!("{pc}: {op:?} is no instruction of the second tier"));
        }
        if !stands_over(t, pc, op) {
            return Err(format!("{pc}: {op:?} does not stand for what the template has here"));
        }
        let variant = variant(t, pc, op);
        let x_differs = variant.is_none() && op != Op::CallInline && i.x() != was.x();
        if i.a() != was.a() || i.bx() != was.bx() || x_differs {
            return Err(format!("{pc}: {op:?} has other operands than the template"));
        }
        if variant.is_some_and(|x| x != i.x()) {
            return Err(format!("{pc}: {op:?} is of variant {}, which the template has not here", i.x()));
        }
        if op == Op::CallInline
            && Inline::ALL.get(usize::from(i.x())).is_none_or(|f| f.arguments() != was.c())
        {
            return Err(format!("{pc}: no function with {} arguments has the number {}", was.c(), i.x()));
        }
    }
    Ok(())
}

impl Insn {
    /// The same word with another operation.
    pub fn with_op(self, op: Op) -> Insn {
        Insn(self.0 & !0xFF | op as u64)
    }

    /// The same word with another field `x`.
    pub fn with_x(self, x: u8) -> Insn {
        Insn(self.0 & !0xFF00 | u64::from(x) << 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::TABLE;

    #[test]
    fn every_instruction_of_the_second_tier_has_its_row() {
        let rows: Vec<Op> = QUICK.iter().map(|row| row.op).collect();
        let flagged: Vec<Op> = TABLE.iter().filter(|i| i.op.has("quick")).map(|i| i.op).collect();
        assert_eq!(flagged[0], Op::Adapt);
        assert_eq!(rows, flagged[1..]);
        for row in QUICK {
            assert_eq!(quick(row.op).map(|r| r.op), Some(row.op));
            assert!(row.parts.iter().flat_map(|p| p.iter()).all(|op| !op.has("quick") && !op.has("ext")));
        }
        assert!(quick(Op::Add).is_none() && quick(Op::Adapt).is_none());
    }

    #[test]
    fn operands_are_those_of_the_first_part() {
        for row in QUICK.iter().filter(|row| row.op != Op::CallInline) {
            for part in row.parts[0] {
                assert_eq!(row.op.info().operands, part.info().operands, "{:?}", row.op);
            }
        }
    }
}
