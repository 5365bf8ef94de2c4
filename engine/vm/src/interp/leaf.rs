//! Small hot functions without effects, evaluated where built-in functions call them.
//!
//! A comparator, predicate or key function mostly reads its arguments, a variable or property, and computes. When it is hot and
//! has nothing but such instructions, `sort`, `map` and their like get its result without a frame and without entering the
//! interpreter. Whatever is out of the ordinary (a string, a getter, a missing property) ends the attempt; as nothing has happened
//! by then, the function is simply called. After [`MAX_FAILS`] vain attempts it always is.

use super::tier::{add, is_dense_array, mul, sub};
use super::{env_get, env_up};
use crate::code::{CodeRef, IcKind};
use crate::convert::f64_to_int32;
use crate::object::{Class, EXOTIC, ObjRef, SPARSE};
use crate::scope::{Local, Scope};
use crate::value::Value;
use crate::vm::Vm;
use looplab_bytecode::verify::jump_distance;
use looplab_bytecode::{FunctionTemplate, Insn, Op};

/// Instructions that such a function has at most.
const MOST_INSTRUCTIONS: usize = 32;
/// Registers that it has at most.
const MOST_REGISTERS: usize = 16;
/// Vain attempts.
const MAX_FAILS: u8 = 20;

/// How a function's code stands to this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leaf {
    /// It is not hot, or not like that.
    No,
    /// It is evaluated; so many attempts were vain.
    Yes(u8),
}

/// Whether a function is small, goes forward only, and consists of what is evaluated here.
pub(crate) fn is_leaf(t: &FunctionTemplate) -> bool {
    let small = t.code.len() <= MOST_INSTRUCTIONS && usize::from(t.nregs) <= MOST_REGISTERS;
    small
        && t.handlers.is_empty()
        && t.code.iter().all(|&i| i.op().is_some_and(is_plain) && jump_distance(i).is_none_or(|d| d >= 0))
}

fn is_plain(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        LoadConst
            | LoadInt
            | LoadUndef
            | LoadNull
            | LoadTrue
            | LoadFalse
            | Move
            | FuncEnv
            | GetEnv
            | GetEnvChecked
            | Add
            | Sub
            | Mul
            | Div
            | Mod
            | AddI
            | SubI
            | MulI
            | BitAnd
            | BitOr
            | BitXor
            | BitAndI
            | BitOrI
            | ShlI
            | ShrI
            | Inc
            | Dec
            | Neg
            | Not
            | Lt
            | Le
            | Gt
            | Ge
            | StrictEq
            | StrictNe
            | Jump
            | JumpIfTrue
            | JumpIfFalse
            | JLt
            | JNLt
            | JLe
            | JNLe
            | JGt
            | JNGt
            | JGe
            | JNGe
            | JSEq
            | JSNe
            | JLtI
            | JNLtI
            | JLeI
            | JNLeI
            | JGtI
            | JNGtI
            | JGeI
            | JNGeI
            | JSEqI
            | JSNeI
            | GetProp
            | GetElem
            | Return
    )
}

impl Scope<'_> {
    /// What a hot comparison function without effects gives for two values that the caller has rooted; `None`: it must be called.
    #[inline]
    pub fn leaf_number(&mut self, f: Local<'_>, x: Value, y: Value) -> Option<f64> {
        let o = ObjRef::from(f.v).filter(|o| o.is(Class::Function))?;
        let code = CodeRef::of_function(o);
        if code.get().leaf == Leaf::No || code.get().realm != self.vm.realm_id {
            return None;
        }
        let v = self.vm.leaf_call(o, code, Value::UNDEFINED, &[Local::raw(x), Local::raw(y)])?;
        number(v)
    }
}

impl Vm {
    /// The result of such a function; `None`: it must be called.
    #[inline]
    pub(crate) fn leaf_call(
        &mut self,
        f: ObjRef,
        code: CodeRef,
        this: Value,
        args: &[Local<'_>],
    ) -> Option<Value> {
        let Leaf::Yes(fails) = code.get().leaf else { return None };
        if self.watcher.is_some() || self.debugger.is_some() {
            return None;
        }
        let mut regs = [Value::UNDEFINED; MOST_REGISTERS];
        regs[0] = this;
        let n = (code.get().nparams as usize).min(MOST_REGISTERS - 1).min(args.len());
        for k in 0..n {
            regs[k + 1] = args[k].v;
        }
        let v = self.leaf(f, code, &mut regs);
        match v {
            Some(_) => code.get().calls = code.get().calls.wrapping_add(1),
            None => code.get().leaf = if fails < MAX_FAILS { Leaf::Yes(fails + 1) } else { Leaf::No },
        }
        v
    }

    fn leaf(&mut self, f: ObjRef, code: CodeRef, regs: &mut [Value; MOST_REGISTERS]) -> Option<Value> {
        // SAFETY: the function that the caller holds keeps the code, and the code its template; nothing is collected meanwhile.
        let t: &FunctionTemplate = unsafe { &*std::rc::Rc::as_ptr(code.template()) };
        let mut pc = 0;
        loop {
            let i = t.code[pc];
            pc += 1;
            // SAFETY: the verifier has seen only codes of the table.
            let op = unsafe { std::mem::transmute::<u8, Op>(i.code()) };
            let (a, b, c) = (i.a() & 15, i.b() & 15, i.c() & 15);
            let v = match op {
                Op::LoadConst => code.get().consts[i.bx() as usize],
                Op::LoadInt => Value::int(i.sbx()),
                Op::LoadUndef => Value::UNDEFINED,
                Op::LoadNull => Value::NULL,
                Op::LoadTrue => Value::TRUE,
                Op::LoadFalse => Value::FALSE,
                Op::Move => regs[b],
                Op::FuncEnv => f.int(1),
                Op::GetEnv => env_get(env_up(regs[b], i.x() as usize), i.c()),
                Op::GetEnvChecked => {
                    Some(env_get(env_up(regs[b], i.x() as usize), i.c())).filter(|v| !v.is_hole())?
                }
                Op::Add => add(regs[b], regs[c])?,
                Op::Sub => sub(regs[b], regs[c])?,
                Op::Mul => mul(regs[b], regs[c])?,
                Op::Div => Value::number(number(regs[b])? / number(regs[c])?),
                Op::Mod => {
                    let (x, y) = (regs[b], regs[c]);
                    if !(Value::both_int(x, y) && x.as_int() >= 0 && y.as_int() > 0) {
                        return None;
                    }
                    Value::int(x.as_int() % y.as_int())
                }
                Op::AddI => add(regs[b], Value::int(i.sc()))?,
                Op::SubI => sub(regs[b], Value::int(i.sc()))?,
                Op::MulI => mul(regs[b], Value::int(i.sc()))?,
                Op::Inc => add(regs[b], Value::int(1))?,
                Op::Dec => sub(regs[b], Value::int(1))?,
                Op::BitAnd => Value::int(int32(regs[b])? & int32(regs[c])?),
                Op::BitOr => Value::int(int32(regs[b])? | int32(regs[c])?),
                Op::BitXor => Value::int(int32(regs[b])? ^ int32(regs[c])?),
                Op::BitAndI => Value::int(int32(regs[b])? & i.sc()),
                Op::BitOrI => Value::int(int32(regs[b])? | i.sc()),
                Op::ShlI => Value::int(int32(regs[b])?.wrapping_shl(i.sc() as u32)),
                Op::ShrI => Value::int(int32(regs[b])? >> (i.sc() & 31)),
                Op::Neg => {
                    let x = regs[b];
                    if x.is_int() && x.as_int() != 0 && x.as_int() != i32::MIN {
                        Value::int(-x.as_int())
                    } else {
                        Value::number(-number(x)?)
                    }
                }
                Op::Not => Value::bool(!Vm::truthy(regs[b])),
                Op::Lt => Value::bool(number(regs[b])? < number(regs[c])?),
                Op::Le => Value::bool(number(regs[b])? <= number(regs[c])?),
                Op::Gt => Value::bool(number(regs[b])? > number(regs[c])?),
                Op::Ge => Value::bool(number(regs[b])? >= number(regs[c])?),
                Op::StrictEq => Value::bool(self.strict_equals(regs[b], regs[c])),
                Op::StrictNe => Value::bool(!self.strict_equals(regs[b], regs[c])),
                Op::GetProp => self.leaf_property(code, regs[b], i.c())?,
                Op::GetElem => element(regs[b], regs[c])?,
                Op::Return => return Some(regs[a]),
                _ => {
                    if self.leaf_jumps(i, op, regs)? {
                        pc += usize::try_from(jump_distance(i)?).ok()?;
                    }
                    continue;
                }
            };
            regs[a] = v;
        }
    }

    /// Whether a jump is taken.
    #[inline(always)]
    #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "`not less` holds for NaN, too")]
    fn leaf_jumps(&mut self, i: Insn, op: Op, regs: &[Value; MOST_REGISTERS]) -> Option<bool> {
        let (x, y) = (regs[i.a() & 15], regs[i.b() & 15]);
        let imm = f64::from(i.sb());
        Some(match op {
            Op::Jump => true,
            Op::JumpIfTrue => Vm::truthy(x),
            Op::JumpIfFalse => !Vm::truthy(x),
            Op::JLt => number(x)? < number(y)?,
            Op::JNLt => !(number(x)? < number(y)?),
            Op::JLe => number(x)? <= number(y)?,
            Op::JNLe => !(number(x)? <= number(y)?),
            Op::JGt => number(x)? > number(y)?,
            Op::JNGt => !(number(x)? > number(y)?),
            Op::JGe => number(x)? >= number(y)?,
            Op::JNGe => !(number(x)? >= number(y)?),
            Op::JSEq => self.strict_equals(x, y),
            Op::JSNe => !self.strict_equals(x, y),
            Op::JLtI => number(x)? < imm,
            Op::JNLtI => !(number(x)? < imm),
            Op::JLeI => number(x)? <= imm,
            Op::JNLeI => !(number(x)? <= imm),
            Op::JGtI => number(x)? > imm,
            Op::JNGtI => !(number(x)? > imm),
            Op::JGeI => number(x)? >= imm,
            Op::JNGeI => !(number(x)? >= imm),
            Op::JSEqI => x.is_number() && x.num() == imm,
            Op::JSNeI => !(x.is_number() && x.num() == imm),
            _ => return None,
        })
    }

    /// A property that the inline cache remembers, or the length of an array.
    #[inline(always)]
    fn leaf_property(&mut self, code: CodeRef, v: Value, ic: usize) -> Option<Value> {
        let o = ObjRef::from(v)?;
        let c = &code.get().ics[ic];
        if o.shape() == c.first.shape {
            match c.kind {
                IcKind::Own => return Some(o.slot(c.first.slot)),
                IcKind::Proto if c.first.epoch == self.proto_epoch => {
                    return Some(ObjRef(c.first.holder.cast()).slot(c.first.slot));
                }
                _ => {}
            }
        }
        let length = c.key == self.atoms.length.0 && is_dense_array(o) && o.elem_len() <= i32::MAX as u32;
        length.then(|| Value::int(o.elem_len() as i32))
    }
}

#[inline(always)]
fn number(v: Value) -> Option<f64> {
    v.is_number().then(|| v.num())
}

#[inline(always)]
fn int32(v: Value) -> Option<i32> {
    if v.is_int() { Some(v.as_int()) } else { v.is_double().then(|| f64_to_int32(v.as_double())) }
}

#[inline(always)]
fn element(v: Value, k: Value) -> Option<Value> {
    let o = ObjRef::from(v).filter(|o| !o.has_flag(SPARSE | EXOTIC))?;
    let n = Some(k).filter(|k| k.is_int())?.as_int() as u32;
    (n < o.elem_len()).then(|| o.elem(n)).filter(|e| !e.is_hole())
}
