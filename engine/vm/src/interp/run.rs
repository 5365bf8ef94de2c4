//! The interpreter loop. One match arm an instruction; anything long or rare is a function elsewhere.

use super::{
    Frame, Ret, copy_env, env_get, env_set, env_slot, env_slot_name, env_up, fill_window, new_env, tier,
};
use crate::code::{CodeRef, IcKind};
use crate::convert::f64_to_int32;
use crate::coroutine::{self, CoKind, State};
use crate::interp::call::Resume;
use crate::interp::ic::Got;
use crate::object::{Class, FEW_INTS, ObjRef, SPARSE};
use crate::scope::{Key, Local, Scope, Thrown};
use crate::value::{PropKey, Value};
use crate::vm::Vm;
use looplab_bytecode::{Insn, Op};

/// What `finish` did with a frame's result.
enum After {
    /// The frame below goes on.
    Continue,
    /// The frame was entered from Rust.
    Exit(Value),
}

impl Vm {
    /// Runs the top frame until it returns to Rust.
    pub(crate) fn run(&mut self) -> Result<Value, Thrown> {
        if self.debugger.is_some() {
            return self.run_debug();
        }
        if self.watcher.is_some() {
            return self.run_watched();
        }
        let depth = self.frames.len();
        if std::mem::take(&mut self.pending_throw)
            && let Some(v) = self.unwind(depth)?
        {
            return Ok(v);
        }
        loop {
            match self.run_frames::<false, false>() {
                Ok(v) => return Ok(v),
                Err(t) => {
                    let Thrown(()) = t;
                    if let Some(v) = self.unwind(depth)? {
                        return Ok(v);
                    }
                }
            }
        }
    }

    /// Finds the handler of the exception that is on its way. Frames without one are popped, down to the entry frame at
    /// `depth`. `Ok(Some)`: an async entry frame turned the exception into its promise's rejection.
    #[inline(never)]
    pub(crate) fn unwind(&mut self, depth: usize) -> Result<Option<Value>, Thrown> {
        if self.throw_site.is_none()
            && let Some(f) = self.frames.last()
        {
            self.throw_site = Some((f.code.template().clone(), f.pc_index().saturating_sub(1)));
        }
        loop {
            let Some(f) = self.frames.last_mut() else { return Err(Thrown(())) };
            if !self.terminating {
                let pc = f.pc_index().saturating_sub(1);
                let handler =
                    f.code.template().handlers.iter().find(|h| h.start <= pc && pc < h.end).copied();
                if let Some(h) = handler {
                    // SAFETY: the verifier has checked the handler's target and register.
                    unsafe {
                        f.pc = f.code.start().add(h.target as usize);
                        f.base.add(h.reg as usize).write(self.exception);
                    }
                    self.exception = Value::UNDEFINED;
                    self.top = f.end();
                    return Ok(None);
                }
            }
            debug_assert!(self.frames.len() >= depth);
            let Some(f) = self.frames.pop() else { return Err(Thrown(())) };
            self.restore_top();
            if f.is_coroutine() {
                f.end_coroutine();
                if let Some(p) = f.async_promise()
                    && !self.terminating
                {
                    let reason = std::mem::replace(&mut self.exception, Value::UNDEFINED);
                    let p = p.value();
                    let mut s = Scope::new(self);
                    let reason = s.root(reason);
                    s.promise_reject(Local::raw(p), reason);
                    drop(s);
                    if let After::Exit(v) = self.deliver(&f, p) {
                        return Ok(Some(v));
                    }
                    return Ok(None);
                }
            }
            if f.ret == Ret::Entry {
                return Err(Thrown(()));
            }
            if matches!(f.ret, Ret::IterNext | Ret::IterStep) {
                // The iterator threw: it counts as done, nobody closes it.
                self.mark_iterator_done();
            }
        }
    }

    /// After a pop: the registers in use end with the frame that is on top now.
    #[inline(always)]
    fn restore_top(&mut self) {
        if let Some(f) = self.frames.last() {
            self.top = f.end();
        }
    }

    /// The caller's instruction was IterNext or IterStep and its iterator has failed.
    #[inline(never)]
    fn mark_iterator_done(&mut self) {
        let Some(f) = self.frames.last() else { return };
        // SAFETY: pc is behind the instruction that resumed the generator; b is a register of the window.
        unsafe {
            let i = *f.pc.sub(1);
            f.base.add(i.b() + 2).write(Value::TRUE);
        }
    }

    /// Hands the result of a popped frame to whoever waits for it.
    #[inline(never)]
    fn deliver(&mut self, f: &Frame, v: Value) -> After {
        if f.ret == Ret::Entry {
            if f.is_construct() && !v.is_object() && f.co.is_undefined() {
                // Constructed from Rust. SAFETY: `this` of the popped frame is still where it was.
                return After::Exit(unsafe { *f.base });
            }
            return After::Exit(v);
        }
        let Some(caller) = self.frames.last() else { return After::Exit(v) };
        // SAFETY: dst is a register of the caller's window.
        let dst = unsafe { caller.base.add(f.dst as usize) };
        let v = match f.ret {
            Ret::Reg => v,
            // SAFETY: `this` of the popped frame is still where it was.
            Ret::Construct if !v.is_object() => unsafe { *f.base },
            Ret::Construct => v,
            Ret::Ignore => return After::Continue,
            Ret::IterResult => self.iter_result(v, true),
            Ret::IterNext | Ret::IterStep => {
                self.iterator_done(f.ret);
                return After::Continue;
            }
            Ret::Entry => v,
        };
        // SAFETY: as above.
        unsafe { dst.write(v) };
        After::Continue
    }

    /// A generator resumed by IterNext or IterStep has returned.
    #[inline(never)]
    fn iterator_done(&mut self, ret: Ret) {
        let Some(caller) = self.frames.last_mut() else { return };
        // SAFETY: pc is behind the IterNext or IterStep; its operands are registers and a checked jump.
        unsafe {
            let i = *caller.pc.sub(1);
            caller.base.add(i.b() + 2).write(Value::TRUE);
            caller.base.add(i.a()).write(Value::UNDEFINED);
            if ret == Ret::IterNext {
                caller.pc = caller.pc.offset(i.sc() as isize);
            }
        }
    }

    /// A collection, or a stop, if one is due. At backward jumps and calls.
    #[cold]
    #[inline(never)]
    pub(crate) fn safepoint(&mut self) -> Result<(), Thrown> {
        if self.interrupt.is_requested() {
            self.terminating = true;
            return Err(Thrown(()));
        }
        if self.heap.wants_gc || self.gc_stress {
            self.collect();
            if self.heap.over_limit() {
                self.out_of_memory = true;
                self.terminating = true;
                return Err(Thrown(()));
            }
        }
        Ok(())
    }

    /// Executes instructions. An error leaves the frame's `pc` behind the instruction that failed. `DEBUG` is the interpreter that
    /// reports statements, frames and variables (see `debug`); it may give up with `Debugger::switch` set, to be continued by the other.
    /// `WATCH` is the one that has the instruments look before each instruction (see `eye`).
    #[expect(clippy::cognitive_complexity, reason = "the dispatch: one short arm an instruction")]
    pub(crate) fn run_frames<const DEBUG: bool, const WATCH: bool>(&mut self) -> Result<Value, Thrown> {
        let mut fp: *mut Frame;
        let mut pc: *const Insn;
        let mut base: *mut Value;
        let mut code: CodeRef;
        // For each instruction of the running function whether a statement starts there; null: the function isn't followed.
        let mut marks: *const u8 = std::ptr::null();

        // Takes the top frame's state into local variables.
        macro_rules! load {
            () => {{
                let f = self.frames.last_mut().expect("a frame to run");
                fp = f;
                pc = f.pc;
                base = f.base;
                code = f.code;
                if DEBUG {
                    marks = self.debug_sync();
                }
            }};
        }
        macro_rules! r {
            ($i:expr) => {
                // SAFETY: operands are registers of the window (verifier).
                *unsafe { &mut *base.add($i) }
            };
        }
        macro_rules! save {
            () => {
                // SAFETY: fp is the top frame; frames never move (reserved once).
                unsafe { (*fp).pc = pc }
            };
        }
        // Runs something that may fail, collect or look at the stack.
        macro_rules! slow {
            ($e:expr) => {{
                std::hint::cold_path();
                save!();
                $e?
            }};
        }
        // The same, for a value that goes to the instruction's first register. The instruction is read again afterwards: kept
        // across all these calls it would have to be put aside each time one is fetched.
        macro_rules! slow_result {
            ($e:expr) => {{
                let v = slow!($e);
                // SAFETY: pc is behind the instruction.
                let i = unsafe { *pc.sub(1) };
                r!(i.a()) = v;
            }};
        }
        macro_rules! jump {
            ($off:expr) => {{
                let off = $off as isize;
                // SAFETY: jump targets are within the code (verifier).
                pc = unsafe { pc.offset(off) };
                if off < 0 {
                    let c = code.get();
                    c.loops = c.loops.wrapping_add(1);
                    if tier::loops_due(c.loops) {
                        self.warm(code);
                    }
                    check!();
                }
            }};
        }
        // The same in code that is known to be hot.
        macro_rules! hot_jump {
            ($off:expr) => {{
                let off = $off as isize;
                // SAFETY: jump targets are within the code (verifier).
                pc = unsafe { pc.offset(off) };
                if off < 0 {
                    check!();
                }
            }};
        }
        macro_rules! check {
            () => {
                if self.heap.wants_gc | self.gc_stress || self.interrupt.is_requested() {
                    slow!(self.safepoint());
                }
            };
        }
        macro_rules! ic {
            ($i:expr) => {
                // SAFETY: cache operands are in range (verifier); caches do not move.
                unsafe { code.get().ics.as_mut_ptr().add($i) }
            };
        }
        macro_rules! arith {
            ($i:ident, $op:ident, $int:ident, $f:tt) => {{
                let (x, y) = (r!($i.b()), r!($i.c()));
                if Value::both_int(x, y) {
                    if let Some(n) = x.as_int().$int(y.as_int()) {
                        r!($i.a()) = Value::int(n);
                        continue;
                    }
                }
                if x.is_number() && y.is_number() {
                    r!($i.a()) = Value::double(x.num() $f y.num());
                    continue;
                }
                slow_result!(self.binary(Op::$op, x, y));
            }};
        }
        macro_rules! bitop {
            ($i:ident, $op:ident, |$x:ident, $y:ident| $e:expr) => {{
                let (p, q) = (r!($i.b()), r!($i.c()));
                if Value::both_int(p, q) {
                    let ($x, $y) = (p.as_int(), q.as_int());
                    r!($i.a()) = $e;
                } else {
                    slow_result!(self.binary(Op::$op, p, q));
                }
            }};
        }
        macro_rules! arith_imm {
            ($i:ident, $op:ident, $int:ident, $f:tt) => {{
                let x = r!($i.b());
                let n = $i.sc();
                if x.is_int() {
                    if let Some(n) = x.as_int().$int(n) {
                        r!($i.a()) = Value::int(n);
                        continue;
                    }
                }
                if x.is_number() {
                    r!($i.a()) = Value::double(x.num() $f f64::from(n));
                    continue;
                }
                slow_result!(self.binary(Op::$op, x, Value::int(n)));
            }};
        }
        macro_rules! bitop_imm {
            ($i:ident, $op:ident, |$x:ident, $y:ident| $e:expr) => {{
                let p = r!($i.b());
                let $y = $i.sc();
                if p.is_int() {
                    let $x = p.as_int();
                    r!($i.a()) = $e;
                } else {
                    slow_result!(self.binary(Op::$op, p, Value::int($y)));
                }
            }};
        }
        macro_rules! less {
            ($op:ident, $f:tt, $x:expr, $y:expr) => {{
                let (x, y) = ($x, $y);
                if Value::both_int(x, y) {
                    x.as_int() $f y.as_int()
                } else if x.is_number() && y.is_number() {
                    x.num() $f y.num()
                } else {
                    slow!(self.compare(Op::$op, x, y))
                }
            }};
        }
        macro_rules! jump_less {
            ($i:ident, $op:ident, $f:tt, $yes:expr) => {{
                if less!($op, $f, r!($i.a()), r!($i.b())) == $yes {
                    jump!($i.sc());
                }
            }};
        }
        macro_rules! jump_less_imm {
            ($i:ident, $op:ident, $f:tt, $yes:expr) => {{
                let x = r!($i.a());
                let holds = if x.is_int() {
                    x.as_int() $f $i.sb()
                } else {
                    less!($op, $f, x, Value::int($i.sb()))
                };
                if holds == $yes {
                    jump!($i.sc());
                }
            }};
        }
        macro_rules! strict_eq {
            ($x:expr, $y:expr) => {{
                let (x, y) = ($x, $y);
                if Value::both_int(x, y) { x == y } else { self.strict_equals(x, y) }
            }};
        }
        macro_rules! loose_eq {
            ($x:expr, $y:expr) => {{
                let (x, y) = ($x, $y);
                if Value::both_int(x, y) { x == y } else { slow!(self.loose_eq(x, y)) }
            }};
        }
        // Calls `f` (any callable) with arguments in place; the result goes to `dst`.
        macro_rules! got {
            ($i:ident, $got:expr, $recv:expr) => {{
                match $got {
                    Got::Value(v) => r!($i.a()) = v,
                    Got::Getter(g) => {
                        let recv = $recv;
                        slow!(self.begin_accessor(g, recv, &[], $i.a() as u32, Vm::GETTER_RET));
                        load!();
                    }
                }
            }};
        }

        // ---- the second tier ----

        // A guard has failed: the instruction that the template has here runs instead.
        macro_rules! deopt {
            () => {{
                std::hint::cold_path();
                save!();
                self.deopt(code);
                // SAFETY: fp is the top frame.
                pc = unsafe { (*fp).pc };
                continue;
            }};
        }
        // The instruction behind the one that runs. `done!` says that it has been done as well; otherwise it runs by itself.
        macro_rules! next {
            () => {
                // SAFETY: what does several instructions at once stands over the first of them (`verify_quick`).
                unsafe { *pc }
            };
        }
        macro_rules! done {
            () => {
                // SAFETY: as above; control cannot run off the end (verifier).
                pc = unsafe { pc.add(1) }
            };
        }
        // The remembered property of an object: its own value, or one of its prototypes'.
        macro_rules! remembered {
            ($v:expr, $ic:expr) => {{
                let (v, ic) = ($v, ic!($ic));
                // SAFETY: ic! gives a valid cache.
                let c = unsafe { &*ic };
                if v.is_object() && ObjRef::of(v).shape() == c.first.shape {
                    if c.kind == IcKind::Own {
                        Some(ObjRef::of(v).slot(c.first.slot))
                    } else if c.kind == IcKind::Proto && c.first.epoch == self.proto_epoch {
                        Some(ObjRef(c.first.holder.cast()).slot(c.first.slot))
                    } else {
                        None
                    }
                } else {
                    None
                }
            }};
        }
        // Writes a remembered own property; whether that was possible.
        macro_rules! put_remembered {
            ($v:expr, $ic:expr, $x:expr) => {{
                let (v, ic) = ($v, ic!($ic));
                // SAFETY: ic! gives a valid cache.
                let c = unsafe { &*ic };
                if v.is_object() && c.kind == IcKind::Own && ObjRef::of(v).shape() == c.first.shape {
                    ObjRef::of(v).set_slot(c.first.slot, $x);
                    true
                } else {
                    false
                }
            }};
        }
        macro_rules! dense {
            ($v:expr, $k:expr) => {{
                let (v, k) = ($v, $k);
                if v.is_object() && k.is_int() {
                    let (o, n) = (ObjRef::of(v), k.as_int() as u32);
                    if n < o.elem_len() && !o.has_flag(SPARSE | crate::object::EXOTIC) {
                        Some(o.elem(n)).filter(|e| !e.is_hole())
                    } else {
                        None
                    }
                } else {
                    None
                }
            }};
        }
        macro_rules! put_dense {
            ($w:expr) => {{
                let (v, k) = (r!($w.a()), r!($w.b()));
                let plain = SPARSE | crate::object::EXOTIC | crate::object::ELEMS_FROZEN;
                if v.is_object() && k.is_int() {
                    let (o, n) = (ObjRef::of(v), k.as_int() as u32);
                    if n < o.elem_len() && !o.has_flag(plain) && !o.elem(n).is_hole() {
                        o.set_elem(n, r!($w.c()));
                        true
                    } else {
                        false
                    }
                } else {
                    false
                }
            }};
        }
        // An operator on numbers.
        macro_rules! number {
            ($i:expr, $f:ident) => {{
                let Some(v) = tier::$f(r!($i.b()), r!($i.c())) else { deopt!() };
                r!($i.a()) = v;
            }};
        }
        // The instruction behind, if it is an operator on numbers now.
        macro_rules! then_number {
            ($f:ident) => {{
                let t = next!();
                if let Some(v) = tier::$f(r!(t.b()), r!(t.c())) {
                    r!(t.a()) = v;
                    done!();
                }
            }};
        }
        macro_rules! then_set_prop {
            () => {{
                let t = next!();
                if put_remembered!(r!(t.a()), t.b(), r!(t.c())) {
                    done!();
                }
            }};
        }
        macro_rules! then_get_prop {
            () => {{
                let t = next!();
                if let Some(v) = remembered!(r!(t.b()), t.c()) {
                    r!(t.a()) = v;
                    done!();
                }
            }};
        }
        macro_rules! then_jump_if_less {
            () => {{
                let t = next!();
                let (x, y) = (r!(t.a()), r!(t.b()));
                if Value::both_int(x, y) {
                    done!();
                    if x.as_int() < y.as_int() {
                        hot_jump!(t.sc());
                    }
                }
            }};
        }
        macro_rules! get_prop {
            ($i:expr) => {{
                let Some(v) = remembered!(r!($i.b()), $i.c()) else { deopt!() };
                r!($i.a()) = v;
            }};
        }
        macro_rules! increment {
            ($i:expr) => {{
                let x = r!($i.b());
                if !x.is_int() || x.as_int() == i32::MAX {
                    deopt!();
                }
                r!($i.a()) = Value::int(x.as_int() + 1);
            }};
        }
        // What Return does in the usual case; otherwise it runs by itself.
        macro_rules! return_plain {
            ($v:expr) => {{
                let v = $v;
                // SAFETY: fp is the top frame; a frame with Ret::Reg has its caller's below it.
                unsafe {
                    if (*fp).ret == Ret::Reg && (*fp).co.is_undefined() {
                        let dst = (*fp).dst as usize;
                        self.frames.set_len(self.frames.len() - 1);
                        fp = fp.sub(1);
                        base = (*fp).base;
                        pc = (*fp).pc;
                        code = (*fp).code;
                        self.top = (*fp).end;
                        base.add(dst).write(v);
                    }
                }
            }};
        }
        macro_rules! get_env {
            ($i:expr) => {{
                let e = env_up(r!($i.b()), $i.x() as usize);
                // SAFETY: env_slot points at an initialised slot.
                unsafe { *env_slot(e, $i.c()) }
            }};
        }

        load!();
        loop {
            if WATCH {
                save!();
                self.watch();
            }
            // SAFETY: marks has one byte for each instruction of the running code.
            if DEBUG && !marks.is_null() && unsafe { *marks.add(code.pc_index(pc) as usize) } != 0 {
                save!();
                if self.debug_statement() {
                    return Err(Thrown(()));
                }
            }
            // The Debug interpreter runs what the compiler wrote.
            let i = if DEBUG {
                code.template().code[code.pc_index(pc) as usize]
            } else {
                // SAFETY: code ends with an instruction that never falls through (verifier).
                unsafe { *pc }
            };
            // SAFETY: as above.
            pc = unsafe { pc.add(1) };
            // SAFETY: the compiler (checked by the verifier) writes only codes of the table.
            let op = unsafe { std::mem::transmute::<u8, Op>(i.code()) };
            match op {
                Op::Nop | Op::Ext => {}
                // SAFETY: constant operands are in range (verifier).
                Op::LoadConst => r!(i.a()) = unsafe { *code.get().consts.get_unchecked(i.bx() as usize) },
                Op::LoadInt => r!(i.a()) = Value::int(i.sbx()),
                Op::LoadUndef => r!(i.a()) = Value::UNDEFINED,
                Op::LoadNull => r!(i.a()) = Value::NULL,
                Op::LoadTrue => r!(i.a()) = Value::TRUE,
                Op::LoadFalse => r!(i.a()) = Value::FALSE,
                Op::LoadHole => r!(i.a()) = Value::HOLE,
                Op::Move => r!(i.a()) = r!(i.b()),
                // SAFETY: the function lies below the window.
                Op::LoadCallee => r!(i.a()) = unsafe { *base.sub(1) },
                // SAFETY: fp is the top frame.
                Op::LoadNewTarget => r!(i.a()) = unsafe { (*fp).new_target },
                Op::LoadHome => {
                    // SAFETY: the function lies below the window.
                    r!(i.a()) = ObjRef::of(unsafe { *base.sub(1) }).home();
                }
                Op::LoadGlobalThis => r!(i.a()) = self.realm.global,
                Op::CheckHole => {
                    if r!(i.a()).is_hole() {
                        save!();
                        return Err(self.throw_uninitialized(code.get().consts[i.bx() as usize]));
                    }
                }
                Op::CheckThis => {
                    if r!(i.a()).is_hole() {
                        save!();
                        return Err(self.throw_no_this());
                    }
                }
                Op::SloppyThis => {
                    let v = r!(i.a());
                    if !v.is_object() {
                        r!(i.a()) = if v.is_nullish() {
                            self.realm.global
                        } else {
                            Scope::new(self).box_primitive(Local::raw(v)).v
                        };
                    }
                }

                Op::FuncEnv => {
                    // SAFETY: the function lies below the window.
                    r!(i.a()) = ObjRef::of(unsafe { *base.sub(1) }).int(1);
                }
                Op::NewEnv => {
                    let parent = r!(i.b());
                    r!(i.a()) = new_env(&mut self.heap, code, i.c(), parent);
                    if !code.template().mapped_args.is_empty() {
                        save!();
                        self.map_arguments(r!(i.a()));
                    }
                }
                Op::CopyEnv => r!(i.a()) = copy_env(&mut self.heap, r!(i.a())),
                Op::GetEnv => {
                    let e = env_up(r!(i.b()), i.x() as usize);
                    // SAFETY: env_slot points at an initialised slot.
                    r!(i.a()) = unsafe { *env_slot(e, i.c()) };
                }
                Op::GetEnvChecked => {
                    let e = env_up(r!(i.b()), i.x() as usize);
                    let v = env_get(e, i.c());
                    if v.is_hole() {
                        save!();
                        return Err(self.throw_uninitialized_slot(e, i.c()));
                    }
                    r!(i.a()) = v;
                }
                Op::SetEnv => {
                    let e = env_up(r!(i.a()), i.x() as usize);
                    env_set(e, i.b(), r!(i.c()));
                }
                Op::SetEnvChecked => {
                    let e = env_up(r!(i.a()), i.x() as usize);
                    if env_get(e, i.b()).is_hole() {
                        save!();
                        return Err(self.throw_uninitialized_slot(e, i.b()));
                    }
                    env_set(e, i.b(), r!(i.c()));
                }
                Op::EnvParent => r!(i.a()) = env_up(r!(i.b()), 1),
                Op::GetGlobal => {
                    let ic = ic!(i.b());
                    // SAFETY: ic! gives a valid cache.
                    let c = unsafe { &*ic };
                    let g = ObjRef::of(self.realm.global);
                    if c.kind == IcKind::Own && c.first.shape == g.shape() {
                        r!(i.a()) = g.slot(c.first.slot);
                    } else if c.kind == IcKind::Lexical {
                        r!(i.a()) = self.realm.lex[c.first.slot as usize].value;
                    } else {
                        r!(i.a()) = slow!(self.get_global_miss(ic, i.x() == 1));
                    }
                }
                Op::SetGlobal => slow!(self.set_global(ic!(i.b()), r!(i.a()), i.x() == 1)),
                Op::InitGlobal => self.init_global(ic!(i.b()), r!(i.a())),
                Op::GetImport => r!(i.a()) = slow!(self.import_value(code, i.b())),

                Op::Add => {
                    let (x, y) = (r!(i.b()), r!(i.c()));
                    if Value::both_int(x, y)
                        && let Some(n) = x.as_int().checked_add(y.as_int())
                    {
                        r!(i.a()) = Value::int(n);
                        continue;
                    }
                    if x.is_number() && y.is_number() {
                        r!(i.a()) = Value::double(x.num() + y.num());
                        continue;
                    }
                    if x.is_string() && y.is_string() {
                        r!(i.a()) = slow!(self.concat_values(x, y));
                        continue;
                    }
                    slow_result!(self.binary(Op::Add, x, y));
                }
                Op::Sub => arith!(i, Sub, checked_sub, -),
                Op::Mul => {
                    let (x, y) = (r!(i.b()), r!(i.c()));
                    if Value::both_int(x, y)
                        && let Some(n) = x.as_int().checked_mul(y.as_int())
                    {
                        // A zero product of a negative number is -0.
                        if n != 0 || (x.as_int() | y.as_int()) >= 0 {
                            r!(i.a()) = Value::int(n);
                            continue;
                        }
                    }
                    if x.is_number() && y.is_number() {
                        r!(i.a()) = Value::double(x.num() * y.num());
                        continue;
                    }
                    slow_result!(self.binary(Op::Mul, x, y));
                }
                Op::Div => {
                    let (x, y) = (r!(i.b()), r!(i.c()));
                    if x.is_number() && y.is_number() {
                        r!(i.a()) = Value::number(x.num() / y.num());
                        continue;
                    }
                    slow_result!(self.binary(Op::Div, x, y));
                }
                Op::Mod => {
                    let (x, y) = (r!(i.b()), r!(i.c()));
                    if Value::both_int(x, y) && x.as_int() >= 0 && y.as_int() > 0 {
                        r!(i.a()) = Value::int(x.as_int() % y.as_int());
                        continue;
                    }
                    slow_result!(self.binary(Op::Mod, x, y));
                }
                Op::Exp => {
                    slow_result!(self.binary(Op::Exp, r!(i.b()), r!(i.c())));
                }
                Op::BitAnd => bitop!(i, BitAnd, |x, y| Value::int(x & y)),
                Op::BitOr => bitop!(i, BitOr, |x, y| Value::int(x | y)),
                Op::BitXor => bitop!(i, BitXor, |x, y| Value::int(x ^ y)),
                Op::Shl => bitop!(i, Shl, |x, y| Value::int(x.wrapping_shl(y as u32))),
                Op::Shr => bitop!(i, Shr, |x, y| Value::int(x >> (y & 31))),
                Op::UShr => bitop!(i, UShr, |x, y| uint(x as u32 >> (y & 31))),
                Op::AddI => arith_imm!(i, Add, checked_add, +),
                Op::SubI => arith_imm!(i, Sub, checked_sub, -),
                Op::MulI => {
                    let (x, n) = (r!(i.b()), i.sc());
                    if x.is_int()
                        && let Some(p) = x.as_int().checked_mul(n)
                        && (p != 0 || (x.as_int() | n) >= 0)
                    {
                        r!(i.a()) = Value::int(p);
                        continue;
                    }
                    slow_result!(self.binary(Op::Mul, x, Value::int(n)));
                }
                Op::BitAndI => bitop_imm!(i, BitAnd, |x, y| Value::int(x & y)),
                Op::BitOrI => {
                    let x = r!(i.b());
                    if x.is_int() {
                        r!(i.a()) = Value::int(x.as_int() | i.sc());
                    } else if x.is_double() {
                        // `x | 0`, the usual way to an integer.
                        r!(i.a()) = Value::int(f64_to_int32(x.as_double()) | i.sc());
                    } else {
                        slow_result!(self.binary(Op::BitOr, x, Value::int(i.sc())));
                    }
                }
                Op::ShlI => bitop_imm!(i, Shl, |x, y| Value::int(x.wrapping_shl(y as u32))),
                Op::ShrI => bitop_imm!(i, Shr, |x, y| Value::int(x >> (y & 31))),
                Op::UShrI => bitop_imm!(i, UShr, |x, y| uint(x as u32 >> (y & 31))),
                Op::Inc => {
                    let x = r!(i.b());
                    if x.is_int() && x.as_int() != i32::MAX {
                        r!(i.a()) = Value::int(x.as_int() + 1);
                    } else if x.is_double() {
                        r!(i.a()) = Value::double(x.as_double() + 1.0);
                    } else {
                        slow_result!(self.unary(Op::Inc, x));
                    }
                }
                Op::Dec => {
                    let x = r!(i.b());
                    if x.is_int() && x.as_int() != i32::MIN {
                        r!(i.a()) = Value::int(x.as_int() - 1);
                    } else {
                        slow_result!(self.unary(Op::Dec, x));
                    }
                }
                Op::ToNumeric | Op::Plus => {
                    let x = r!(i.b());
                    if x.is_number() {
                        r!(i.a()) = x;
                    } else {
                        slow_result!(self.unary(op, x));
                    }
                }
                Op::Neg => {
                    let x = r!(i.b());
                    if x.is_int() && x.as_int() != 0 && x.as_int() != i32::MIN {
                        r!(i.a()) = Value::int(-x.as_int());
                    } else if x.is_double() {
                        r!(i.a()) = Value::double(-x.as_double());
                    } else {
                        slow_result!(self.unary(Op::Neg, x));
                    }
                }
                Op::BitNot => {
                    let x = r!(i.b());
                    if x.is_int() {
                        r!(i.a()) = Value::int(!x.as_int());
                    } else {
                        slow_result!(self.unary(Op::BitNot, x));
                    }
                }
                Op::Not => r!(i.a()) = Value::bool(!Vm::truthy(r!(i.b()))),
                Op::Typeof => r!(i.a()) = self.type_of(r!(i.b())),
                Op::Eq => r!(i.a()) = Value::bool(loose_eq!(r!(i.b()), r!(i.c()))),
                Op::Ne => r!(i.a()) = Value::bool(!loose_eq!(r!(i.b()), r!(i.c()))),
                Op::StrictEq => r!(i.a()) = Value::bool(strict_eq!(r!(i.b()), r!(i.c()))),
                Op::StrictNe => r!(i.a()) = Value::bool(!strict_eq!(r!(i.b()), r!(i.c()))),
                Op::Lt => r!(i.a()) = Value::bool(less!(Lt, <, r!(i.b()), r!(i.c()))),
                Op::Le => r!(i.a()) = Value::bool(less!(Le, <=, r!(i.b()), r!(i.c()))),
                Op::Gt => r!(i.a()) = Value::bool(less!(Gt, >, r!(i.b()), r!(i.c()))),
                Op::Ge => r!(i.a()) = Value::bool(less!(Ge, >=, r!(i.b()), r!(i.c()))),
                Op::InstanceOf => {
                    let v = slow!(Scope::new(self).instance_of(Local::raw(r!(i.b())), Local::raw(r!(i.c()))));
                    r!(i.a()) = Value::bool(v);
                }
                Op::In => {
                    let v = slow!(self.has_in(r!(i.b()), r!(i.c())));
                    r!(i.a()) = Value::bool(v);
                }
                Op::HasPrivate => {
                    let v = slow!(self.has_private(r!(i.b()), r!(i.c())));
                    r!(i.a()) = Value::bool(v);
                }

                Op::Jump => jump!(i.sbx()),
                Op::JumpIfTrue => {
                    if Vm::truthy(r!(i.a())) {
                        jump!(i.sbx());
                    }
                }
                Op::JumpIfFalse => {
                    if !Vm::truthy(r!(i.a())) {
                        jump!(i.sbx());
                    }
                }
                Op::JumpIfNullish => {
                    if r!(i.a()).is_nullish() {
                        jump!(i.sbx());
                    }
                }
                Op::JumpIfNotNullish => {
                    if !r!(i.a()).is_nullish() {
                        jump!(i.sbx());
                    }
                }
                Op::JumpIfUndef => {
                    if r!(i.a()).is_undefined() {
                        jump!(i.sbx());
                    }
                }
                Op::JumpIfNotUndef => {
                    if !r!(i.a()).is_undefined() {
                        jump!(i.sbx());
                    }
                }
                Op::JumpIfHole => {
                    if r!(i.a()).is_hole() {
                        jump!(i.sbx());
                    }
                }
                Op::JLt => jump_less!(i, Lt, <, true),
                Op::JNLt => jump_less!(i, Lt, <, false),
                Op::JLe => jump_less!(i, Le, <=, true),
                Op::JNLe => jump_less!(i, Le, <=, false),
                Op::JGt => jump_less!(i, Gt, >, true),
                Op::JNGt => jump_less!(i, Gt, >, false),
                Op::JGe => jump_less!(i, Ge, >=, true),
                Op::JNGe => jump_less!(i, Ge, >=, false),
                Op::JEq => {
                    if loose_eq!(r!(i.a()), r!(i.b())) {
                        jump!(i.sc());
                    }
                }
                Op::JNe => {
                    if !loose_eq!(r!(i.a()), r!(i.b())) {
                        jump!(i.sc());
                    }
                }
                Op::JSEq => {
                    if strict_eq!(r!(i.a()), r!(i.b())) {
                        jump!(i.sc());
                    }
                }
                Op::JSNe => {
                    if !strict_eq!(r!(i.a()), r!(i.b())) {
                        jump!(i.sc());
                    }
                }
                Op::JLtI => jump_less_imm!(i, Lt, <, true),
                Op::JNLtI => jump_less_imm!(i, Lt, <, false),
                Op::JLeI => jump_less_imm!(i, Le, <=, true),
                Op::JNLeI => jump_less_imm!(i, Le, <=, false),
                Op::JGtI => jump_less_imm!(i, Gt, >, true),
                Op::JNGtI => jump_less_imm!(i, Gt, >, false),
                Op::JGeI => jump_less_imm!(i, Ge, >=, true),
                Op::JNGeI => jump_less_imm!(i, Ge, >=, false),
                Op::JSEqI => {
                    let x = r!(i.a());
                    if x.is_int() && x.as_int() == i.sb()
                        || x.is_double() && x.as_double() == f64::from(i.sb())
                    {
                        jump!(i.sc());
                    }
                }
                Op::JSNeI => {
                    let x = r!(i.a());
                    if !(x.is_int() && x.as_int() == i.sb()
                        || x.is_double() && x.as_double() == f64::from(i.sb()))
                    {
                        jump!(i.sc());
                    }
                }

                Op::GetProp => {
                    let v = r!(i.b());
                    let ic = ic!(i.c());
                    if v.is_object() {
                        // SAFETY: ic! gives a valid cache.
                        let c = unsafe { &*ic };
                        let o = ObjRef::of(v);
                        if o.shape() == c.first.shape {
                            if c.kind == IcKind::Own {
                                r!(i.a()) = o.slot(c.first.slot);
                                continue;
                            }
                            if c.kind == IcKind::Proto && c.first.epoch == self.proto_epoch {
                                r!(i.a()) = ObjRef(c.first.holder.cast()).slot(c.first.slot);
                                continue;
                            }
                        }
                        if c.key == self.atoms.length.0 && o.is(Class::Array) {
                            let n = o.array_length();
                            r!(i.a()) = uint(n);
                            continue;
                        }
                    } else if v.is_string() {
                        // SAFETY: as above.
                        let c = unsafe { &*ic };
                        if c.kind == IcKind::Text && c.first.epoch == self.proto_epoch {
                            r!(i.a()) = ObjRef(c.first.holder.cast()).slot(c.first.slot);
                            continue;
                        }
                        if c.key == self.atoms.length.0 {
                            r!(i.a()) = Value::int(Vm::string_len(v) as i32);
                            continue;
                        }
                    }
                    let g = slow_result(&mut *self, fp, pc, |vm| vm.get_prop_miss(v, ic))?;
                    got!(i, g, v);
                }
                Op::SetProp => {
                    let v = r!(i.a());
                    let x = r!(i.c());
                    let ic = ic!(i.b());
                    if v.is_object() {
                        // SAFETY: ic! gives a valid cache.
                        let c = unsafe { &*ic };
                        let o = ObjRef::of(v);
                        if o.shape() == c.first.shape {
                            if c.kind == IcKind::Own {
                                o.set_slot(c.first.slot, x);
                                continue;
                            }
                            if c.kind == IcKind::Add && c.first.epoch == self.proto_epoch {
                                o.append_slot(
                                    &mut self.heap,
                                    crate::shape::ShapeRef(c.first.holder.cast()),
                                    x,
                                );
                                continue;
                            }
                        }
                    }
                    if let Some(setter) = slow!(self.set_prop_miss(v, ic, x, i.x() == 1)) {
                        slow!(self.begin_accessor(setter, v, &[x], 0, Ret::Ignore));
                        load!();
                    }
                }
                Op::GetElem => {
                    let (v, k) = (r!(i.b()), r!(i.c()));
                    if v.is_object() && k.is_int() {
                        let o = ObjRef::of(v);
                        let n = k.as_int() as u32;
                        if n < o.elem_len() && !o.has_flag(SPARSE | crate::object::EXOTIC) {
                            let e = o.elem(n);
                            if !e.is_hole() {
                                r!(i.a()) = e;
                                continue;
                            }
                        } else if o.is(Class::TypedArray)
                            && let Some(e) = crate::typed::typed_get_fast(o, n as usize)
                        {
                            r!(i.a()) = e;
                            continue;
                        }
                    }
                    let mut k = k;
                    if i.x() == 1 && k.is_object() && !v.is_nullish() {
                        let key = slow!(Scope::new(self).to_key(Local::raw(k)).map(|k| k.k));
                        k = self.key_value(key);
                        r!(i.c()) = k;
                    }
                    let g = slow!(self.get_elem(v, k));
                    got!(i, g, v);
                }
                Op::SetElem => {
                    let (v, k, x) = (r!(i.a()), r!(i.b()), r!(i.c()));
                    if v.is_object() && k.is_int() {
                        let o = ObjRef::of(v);
                        let n = k.as_int() as u32;
                        let plain = SPARSE | crate::object::EXOTIC | crate::object::ELEMS_FROZEN;
                        if n < o.elem_len() && !o.has_flag(plain) && !o.elem(n).is_hole() {
                            o.set_elem(n, x);
                            continue;
                        }
                        if o.is(Class::TypedArray) && crate::typed::typed_put_fast(o, n as usize, x) {
                            continue;
                        }
                    }
                    slow!(self.set_elem(v, k, x, i.x() == 1));
                }
                Op::DelElem => {
                    let v = slow!(self.delete_elem(r!(i.b()), r!(i.c()), i.x() == 1));
                    r!(i.a()) = Value::bool(v);
                }
                Op::GetSuper => {
                    slow_result!(self.get_super(r!(i.b()), r!(i.b() + 1), r!(i.b() + 2)));
                }
                Op::SetSuper => {
                    slow!(self.set_super(r!(i.b()), r!(i.b() + 1), r!(i.b() + 2), r!(i.a()), i.x() == 1));
                }
                Op::GetPrivate => {
                    // SAFETY: an Ext word follows (verifier).
                    pc = unsafe { pc.add(1) };
                    let (v, k) = (r!(i.b()), r!(i.c()));
                    let g = slow!(self.get_private(v, k));
                    got!(i, g, v);
                }
                Op::SetPrivate => {
                    // SAFETY: an Ext word follows (verifier).
                    pc = unsafe { pc.add(1) };
                    let (v, k, x) = (r!(i.a()), r!(i.b()), r!(i.c()));
                    if let Some(setter) = slow!(self.set_private(v, k, x)) {
                        slow!(self.begin_accessor(setter, v, &[x], 0, Ret::Ignore));
                        load!();
                    }
                }
                Op::DefinePrivate => slow!(self.define_private(r!(i.a()), r!(i.b()), r!(i.c()), i.x())),
                Op::NewPrivateName => {
                    let d = code.get().consts[i.bx() as usize];
                    r!(i.a()) = crate::vm::alloc_symbol(&mut self.heap, d, crate::vm::PRIVATE);
                }
                Op::InitProp => {
                    let (v, x) = (r!(i.a()), r!(i.c()));
                    let ic = ic!(i.b());
                    // SAFETY: ic! gives a valid cache.
                    let c = unsafe { &*ic };
                    let o = ObjRef::of(v);
                    if c.kind == IcKind::Add && o.shape() == c.first.shape {
                        o.append_slot(&mut self.heap, crate::shape::ShapeRef(c.first.holder.cast()), x);
                    } else {
                        self.init_prop(o, ic, x);
                    }
                }
                Op::DefineField => slow!(self.define_field(r!(i.a()), r!(i.b()), r!(i.c()))),
                Op::DefineMethod => slow!(self.define_method(r!(i.a()), r!(i.b()), r!(i.c()), i.x())),
                Op::SetHome => ObjRef::of(r!(i.a())).set_home(r!(i.b())),
                Op::SetFuncName => self.set_function_name(r!(i.a()), r!(i.b()), i.x()),
                Op::SetProto => {
                    let p = r!(i.b());
                    if p.is_object() || p.is_null() {
                        self.set_proto_raw(ObjRef::of(r!(i.a())), ObjRef::from(p));
                    }
                }
                Op::CopyProps => slow!(self.copy_props(r!(i.a()), r!(i.b()), &[])),
                Op::CopyRest => {
                    let keys: Vec<Value> = (0..i.x() as usize).map(|n| r!(i.c() + n)).collect();
                    let o = self.alloc_plain().value();
                    let src = r!(i.b());
                    // The target is rooted in its register only after the copy: keep it as a handle meanwhile.
                    self.handles.push(o);
                    slow!(self.copy_props(o, src, &keys));
                    self.handles.pop();
                    r!(i.a()) = o;
                }
                Op::ToKey => {
                    let v = r!(i.b());
                    if !(v.is_string() || v.is_symbol() || v.is_int() && v.as_int() >= 0) {
                        let k = slow!(Scope::new(self).to_key(Local::raw(v)).map(|k| k.k));
                        r!(i.a()) = self.key_value(k);
                    } else {
                        r!(i.a()) = v;
                    }
                }
                Op::ToStr => {
                    let v = r!(i.b());
                    r!(i.a()) =
                        if v.is_string() { v } else { slow!(Scope::new(self).to_string(Local::raw(v))).v };
                }
                Op::Concat => {
                    let mut acc = r!(i.b());
                    for n in 1..i.c() {
                        let next = r!(i.b() + n);
                        acc = slow!(self.concat_values(acc, next));
                    }
                    r!(i.a()) = acc;
                }
                Op::CheckDestructure => {
                    if r!(i.a()).is_nullish() {
                        save!();
                        return Err(self.throw_destructure(code, r!(i.a()), i.bx()));
                    }
                }

                Op::NewObject => {
                    let slots = i.bx().clamp(2, 32) as u8;
                    let slots = if i.bx() == 0 { 4 } else { slots };
                    r!(i.a()) = ObjRef::plain(&mut self.heap, self.realm.object_shape, slots).value();
                }
                Op::NewArray => r!(i.a()) = self.alloc_array(i.bx()).value(),
                Op::ArrayPush => ObjRef::of(r!(i.a())).push_elem(&mut self.heap, r!(i.b())),
                Op::ArrayHole => ObjRef::of(r!(i.a())).push_elem(&mut self.heap, Value::HOLE),
                Op::ArraySpread => slow!(self.array_spread(r!(i.a()), r!(i.b()), i.x() == 1)),
                Op::NewRegExp => {
                    slow_result!(self.new_regexp(code, i.bx()));
                }
                Op::GetTemplate => r!(i.a()) = self.template_object(code, i.bx()),
                Op::NewFunc => {
                    let env = r!(i.b());
                    r!(i.a()) = self.new_closure(code, i.c(), env);
                }
                Op::NewClass => {
                    let heritage = (i.x() == 1).then(|| r!(i.b()));
                    let (c, p) = slow!(self.new_class(code, i.c(), heritage, r!(i.b() + 1)));
                    r!(i.a()) = c;
                    r!(i.a() + 1) = p;
                }
                Op::SetFieldInit => ObjRef::of(r!(i.a())).set_int(3, r!(i.b())),
                Op::InitFields => {
                    let init = ObjRef::of(r!(i.b())).int(3);
                    if init.is_object() {
                        let this = r!(i.a());
                        slow!(self.begin_accessor(init, this, &[], 0, Ret::Ignore));
                        load!();
                    }
                }

                Op::Call => {
                    check!();
                    let at = i.b();
                    let f = r!(at);
                    if f.is_object() {
                        let o = ObjRef::of(f);
                        // SAFETY: callee, this and arguments are registers of the window.
                        let window = unsafe { base.add(at + 1) };
                        if o.is(Class::Function) && self.is_local(o) {
                            let t = CodeRef::of_function(o);
                            save!();
                            if t.get().simple && t.is_ready() {
                                let c = t.get();
                                let (n, argc) = (c.nregs as usize, i.c());
                                // SAFETY: the check keeps the window and everything written below within the stack, and
                                // the frame within the reserved ones; the function and its arguments are in place.
                                unsafe {
                                    let depth = self.frames.len();
                                    if depth >= crate::vm::MAX_FRAMES || !self.has_stack(window, n + argc + 2)
                                    {
                                        return Err(self.stack_overflow());
                                    }
                                    let end = fill_window(t, window, argc);
                                    c.calls = c.calls.wrapping_add(1);
                                    if tier::calls_due(c.calls) {
                                        self.warm(t);
                                    }
                                    base = window;
                                    pc = t.start();
                                    code = t;
                                    fp = fp.add(1);
                                    fp.write(Frame::begin(t, window, end, Ret::Reg, i.a() as u32));
                                    self.frames.set_len(depth + 1);
                                    self.top = end;
                                }
                                if DEBUG {
                                    marks = self.debug_sync();
                                }
                                continue;
                            }
                            if t.template().is_generator {
                                let v = self.start_generator(o, window, i.c())?;
                                r!(i.a()) = v;
                                continue;
                            }
                            self.push_frame(o, window, i.c(), Value::UNDEFINED, Ret::Reg, i.a() as u32)?;
                            load!();
                            continue;
                        }
                        if o.is(Class::Native) {
                            save!();
                            let this = r!(at + 1);
                            if o.value() == self.realm.get(crate::Intrinsic::GeneratorNext)
                                && self.resume_in_place(
                                    this,
                                    if i.c() > 0 { r!(at + 2) } else { Value::UNDEFINED },
                                    Ret::IterResult,
                                    i.a(),
                                )?
                            {
                                load!();
                                continue;
                            }
                            // SAFETY: arguments lie behind this.
                            let v = self.call_native(
                                o,
                                this,
                                Value::UNDEFINED,
                                unsafe { base.add(at + 2) },
                                i.c(),
                            )?;
                            r!(i.a()) = v;
                            continue;
                        }
                    }
                    save!();
                    let v = self.call_other(code, f, r!(at + 1), window_args(base, at + 2, i.c()))?;
                    r!(i.a()) = v;
                }
                Op::Construct => {
                    check!();
                    let at = i.b();
                    let (f, nt) = (r!(at), r!(at + 1));
                    save!();
                    if let Some(o) = ObjRef::from(f)
                        && o.is(Class::Function)
                        && self.is_local(o)
                        && CodeRef::of_function(o).is_constructor()
                    {
                        let this = self.this_for_construct(o, nt)?;
                        r!(at + 1) = this;
                        // SAFETY: callee, this and arguments are registers of the window.
                        let window = unsafe { base.add(at + 1) };
                        self.push_frame(o, window, i.c(), nt, Ret::Construct, i.a() as u32)?;
                        load!();
                        continue;
                    }
                    let v = self.construct_other(code, f, nt, window_args(base, at + 2, i.c()))?;
                    r!(i.a()) = v;
                }
                Op::CallSpread => {
                    check!();
                    let at = i.b();
                    let args = array_args(r!(at + 2));
                    save!();
                    let v = self.call_other(code, r!(at), r!(at + 1), args)?;
                    r!(i.a()) = v;
                }
                Op::ConstructSpread => {
                    check!();
                    let at = i.b();
                    let args = array_args(r!(at + 2));
                    save!();
                    let v = self.construct_other(code, r!(at), r!(at + 1), args)?;
                    r!(i.a()) = v;
                }
                Op::SuperCtor => {
                    r!(i.a()) = ObjRef::of(r!(i.b())).proto().map_or(Value::NULL, ObjRef::value);
                }
                Op::CheckSuper => {
                    if !crate::vm::is_constructor(r!(i.a())) {
                        save!();
                        return Err(self.throw_super(r!(i.a()), r!(i.b())));
                    }
                }
                Op::DerivedReturn => {
                    slow_result!(self.derived_return(r!(i.a()), r!(i.b())));
                }
                Op::Return => {
                    let v = r!(i.a());
                    if DEBUG {
                        save!();
                        self.debug_returns(v);
                    }
                    // SAFETY: fp is the top frame; a frame with Ret::Reg has its caller's below it.
                    unsafe {
                        if (*fp).ret == Ret::Reg && (*fp).co.is_undefined() {
                            let dst = (*fp).dst as usize;
                            self.frames.set_len(self.frames.len() - 1);
                            fp = fp.sub(1);
                            base = (*fp).base;
                            pc = (*fp).pc;
                            code = (*fp).code;
                            self.top = (*fp).end;
                            base.add(dst).write(v);
                            if DEBUG {
                                marks = self.debug_sync();
                            }
                            continue;
                        }
                        let plain = (*fp).co.is_undefined() && !(*fp).is_construct();
                        if !DEBUG && plain && (*fp).ret == Ret::Entry {
                            self.frames.set_len(self.frames.len() - 1);
                            return Ok(v);
                        }
                    }
                    let f = self.frames.pop().expect("the running frame");
                    self.restore_top();
                    if DEBUG {
                        self.debug_sync();
                    }
                    let v = if f.co.is_undefined() { v } else { self.finish_coroutine(&f, v)? };
                    if f.ret == Ret::Construct {
                        self.learn_instance_size(f.code, f.base);
                    }
                    if let After::Exit(v) = self.deliver(&f, v) {
                        return Ok(v);
                    }
                    load!();
                }
                Op::Throw => {
                    save!();
                    self.exception = r!(i.a());
                    if i.x() == 0 {
                        self.throw_site = None;
                    }
                    return Err(Thrown(()));
                }
                Op::ThrowError => {
                    save!();
                    return Err(self.throw_const(code, i.x(), i.bx()));
                }

                Op::GetIter => {
                    let v = r!(i.b());
                    let (it, next) = slow!(self.get_iter(code, v, i.x()));
                    r!(i.a()) = it;
                    r!(i.a() + 1) = next;
                    r!(i.a() + 2) = Value::FALSE;
                }
                Op::IterNext | Op::IterStep => {
                    let at = i.b();
                    let next = r!(at + 1);
                    if next.is_int() {
                        // A plain array walked by index.
                        let o = ObjRef::of(r!(at));
                        let n = next.as_int() as u32;
                        if n < o.array_length() && !r!(at + 2).is_true() {
                            r!(at + 1) = Value::int(n as i32 + 1);
                            if n < o.elem_len() && !o.has_flag(SPARSE) && !o.elem(n).is_hole() {
                                r!(i.a()) = o.elem(n);
                            } else {
                                let g = slow!(self.get_elem(r!(at), Value::int(n as i32)));
                                got!(i, g, r!(at));
                            }
                            continue;
                        }
                        r!(at + 2) = Value::TRUE;
                        r!(i.a()) = Value::UNDEFINED;
                        if op == Op::IterNext {
                            jump!(i.sc());
                        }
                        continue;
                    }
                    check!();
                    if op == Op::IterStep && r!(at + 2).is_true() {
                        r!(i.a()) = Value::UNDEFINED;
                        continue;
                    }
                    save!();
                    let ret = if op == Op::IterNext { Ret::IterNext } else { Ret::IterStep };
                    if next == self.realm.get(crate::Intrinsic::GeneratorNext)
                        && self.resume_in_place(r!(at), Value::UNDEFINED, ret, i.a())?
                    {
                        load!();
                        continue;
                    }
                    match self.iter_step(r!(at), next) {
                        Ok(Some(v)) => r!(i.a()) = v,
                        Ok(None) => {
                            r!(at + 2) = Value::TRUE;
                            r!(i.a()) = Value::UNDEFINED;
                            if op == Op::IterNext {
                                jump!(i.sc());
                            }
                        }
                        Err(t) => {
                            r!(at + 2) = Value::TRUE;
                            return Err(t);
                        }
                    }
                }
                Op::IterRest => {
                    // An iterator that fails in here is not closed.
                    let done = std::mem::replace(&mut r!(i.b() + 2), Value::TRUE);
                    slow_result!(self.iter_rest(r!(i.b()), r!(i.b() + 1), done));
                }
                Op::IterClose => {
                    if !r!(i.a() + 1).is_int() && !r!(i.a() + 2).is_true() {
                        r!(i.a() + 2) = Value::TRUE;
                        slow!(self.iter_close(r!(i.a())));
                    }
                }
                Op::IterCloseQuiet => {
                    if !r!(i.a() + 1).is_int() && !r!(i.a() + 2).is_true() {
                        r!(i.a() + 2) = Value::TRUE;
                        save!();
                        self.iter_close_quiet(r!(i.a()));
                    }
                }
                Op::IterCall => {
                    slow_result!(self.iter_call(r!(i.b()), r!(i.b() + 1), i.x(), r!(i.c())));
                }
                Op::CheckIterResult => {
                    if !r!(i.a()).is_object() {
                        let v = r!(i.a());
                        save!();
                        return Err(self.throw_iter_result(v));
                    }
                }
                Op::ForInStart => {
                    slow_result!(self.for_in_start(r!(i.b())));
                }
                Op::ForInNext => {
                    check!();
                    match slow!(self.for_in_next(r!(i.b()))) {
                        Some(k) => r!(i.a()) = k,
                        None => jump!(i.sc()),
                    }
                }

                Op::GenStart => {
                    save!();
                    let v = self.gen_start()?;
                    if DEBUG {
                        self.debug_suspends(Value::UNDEFINED);
                    }
                    let f = self.frames.pop().expect("the running frame");
                    self.restore_top();
                    if let After::Exit(v) = self.deliver(&f, v) {
                        return Ok(v);
                    }
                    load!();
                }
                Op::Yield => {
                    save!();
                    let v = r!(i.b());
                    if DEBUG {
                        self.debug_suspends(v);
                    }
                    // SAFETY: fp is the top frame.
                    let co = unsafe { (*fp).co };
                    self.save_window(co, State::Yield, i.a(), i.c(), i.x() == 1);
                    let f = self.frames.pop().expect("the running frame");
                    self.restore_top();
                    if DEBUG {
                        self.debug_sync();
                    }
                    if f.ret == Ret::Entry {
                        return Ok(v);
                    }
                    self.deliver_yield(&f, v, i.x() == 1)?;
                    load!();
                }
                Op::Await => {
                    save!();
                    let v = r!(i.b());
                    // SAFETY: fp is the top frame.
                    let f = unsafe { &mut *fp };
                    if !DEBUG && let Some(v) = self.await_in_place(f, v) {
                        r!(i.a()) = v;
                        continue;
                    }
                    if !f.co.is_cell() {
                        f.co = coroutine::new(&mut self.heap, CoKind::Async, code, f.co, f.new_target);
                    }
                    let co = f.co;
                    let mut s = Scope::new(self);
                    s.await_value(co, Local::raw(v))?;
                    drop(s);
                    if DEBUG {
                        self.debug_suspends(v);
                    }
                    self.save_window(co, State::Await, i.a(), 0, false);
                    let f = self.frames.pop().expect("the running frame");
                    self.restore_top();
                    self.report_await(&f);
                    if f.first {
                        let p = coroutine::get(&co).object;
                        if let After::Exit(v) = self.deliver(&f, p) {
                            return Ok(v);
                        }
                        load!();
                    } else {
                        return Ok(Value::UNDEFINED);
                    }
                }
                Op::ModuleStart => {
                    save!();
                    if DEBUG {
                        self.debug_suspends(Value::UNDEFINED);
                    }
                    self.module_started(r!(i.a()));
                    return Ok(Value::UNDEFINED);
                }
                Op::ImportCall => {
                    slow_result!(self.import_call(code, r!(i.b()), r!(i.c())));
                }
                Op::ImportMeta => {
                    slow_result!(self.import_meta(code));
                }
                Op::Debugger => {}

                Op::FindName => {
                    slow_result!(self.find_name(code, r!(i.b()), i.c()));
                }
                Op::GetName => {
                    slow_result!(self.get_name(code, r!(i.b()), i.c(), i.x()));
                }
                Op::SetName => slow!(self.set_name(code, r!(i.a()), i.b(), r!(i.c()), i.x() == 1)),
                Op::DelName => {
                    let v = slow!(self.delete_name(code, r!(i.b()), i.c()));
                    r!(i.a()) = Value::bool(v);
                }
                Op::WithThis => r!(i.a()) = Vm::with_this(r!(i.b())),
                Op::SetVar => slow!(self.set_eval_var(code, r!(i.b()), i.c(), r!(i.a()))),
                Op::ToObject => {
                    slow_result!(Scope::new(self).to_object(Local::raw(r!(i.b()))).map(|l| l.v));
                }
                Op::IsEval => {
                    r!(i.a()) = Value::bool(r!(i.b()) == self.realm.get(crate::Intrinsic::Eval));
                }
                Op::DirectEval => {
                    slow_result!(self.direct_eval(code, r!(i.b()), r!(i.c()), i.x()));
                }

                Op::Adapt => {
                    std::hint::cold_path();
                    save!();
                    self.adapt(code);
                    // SAFETY: the instruction that was written over this one runs now.
                    pc = unsafe { pc.sub(1) };
                }
                Op::AddNum => number!(i, add),
                Op::SubNum => number!(i, sub),
                Op::MulNum => number!(i, mul),
                Op::MulAdd => {
                    number!(i, mul);
                    then_number!(add);
                }
                Op::MulSub => {
                    number!(i, mul);
                    then_number!(sub);
                }
                Op::MulMul => {
                    number!(i, mul);
                    then_number!(mul);
                }
                Op::AddAdd => {
                    number!(i, add);
                    if i.x() == 0 {
                        then_number!(add);
                    } else {
                        then_number!(sub);
                    }
                }
                Op::SubAdd => {
                    number!(i, sub);
                    then_number!(add);
                }
                Op::AddBitOr => {
                    number!(i, add_ints_first);
                    let t = next!();
                    let x = r!(t.b());
                    if x.is_int() {
                        r!(t.a()) = Value::int(x.as_int() | t.sc());
                        done!();
                    }
                }
                Op::AddSetProp => {
                    number!(i, add_ints_first);
                    then_set_prop!();
                }
                Op::SubSetProp => {
                    number!(i, sub);
                    then_set_prop!();
                }
                Op::AddReturn => {
                    number!(i, add_ints_first);
                    let t = next!();
                    let v = r!(t.a());
                    return_plain!(v);
                }
                Op::JumpReturn => {
                    // SAFETY: jump targets are within the code (verifier).
                    pc = unsafe { pc.offset(i.sbx() as isize) };
                    // The target is a Return (`verify_quick`).
                    let t = next!();
                    let v = r!(t.a());
                    return_plain!(v);
                }
                Op::MoveMove => {
                    r!(i.a()) = r!(i.b());
                    let t = next!();
                    r!(t.a()) = r!(t.b());
                    done!();
                }
                Op::MoveUndef => {
                    r!(i.a()) = r!(i.b());
                    let t = next!();
                    r!(t.a()) = Value::UNDEFINED;
                    done!();
                }
                Op::MoveGetProp => {
                    let v = r!(i.b());
                    r!(i.a()) = v;
                    let t = next!();
                    let v = r!(t.b());
                    let ic = ic!(t.c());
                    // SAFETY: ic! gives a valid cache.
                    let c = unsafe { &*ic };
                    if v.is_object() {
                        let o = ObjRef::of(v);
                        if o.shape() == c.first.shape {
                            // Methods are looked up like this: they are the prototype's.
                            if c.kind == IcKind::Proto && c.first.epoch == self.proto_epoch {
                                r!(t.a()) = ObjRef(c.first.holder.cast()).slot(c.first.slot);
                                done!();
                            } else if c.kind == IcKind::Own {
                                r!(t.a()) = o.slot(c.first.slot);
                                done!();
                            }
                        }
                    } else if v.is_string() && c.kind == IcKind::Text && c.first.epoch == self.proto_epoch {
                        r!(t.a()) = ObjRef(c.first.holder.cast()).slot(c.first.slot);
                        done!();
                    }
                }
                Op::UndefMove => {
                    r!(i.a()) = Value::UNDEFINED;
                    let t = next!();
                    r!(t.a()) = r!(t.b());
                    done!();
                }
                Op::UndefSubI => {
                    r!(i.a()) = Value::UNDEFINED;
                    let t = next!();
                    let x = r!(t.b());
                    if x.is_int()
                        && let Some(n) = x.as_int().checked_sub(t.sc())
                    {
                        r!(t.a()) = Value::int(n);
                        done!();
                    }
                }
                Op::IntInt => {
                    r!(i.a()) = Value::int(i.sbx());
                    let t = next!();
                    r!(t.a()) = Value::int(t.sbx());
                    done!();
                }
                Op::IntGetElem => {
                    r!(i.a()) = Value::int(i.sbx());
                    let t = next!();
                    if let Some(v) = dense!(r!(t.b()), r!(t.c())) {
                        r!(t.a()) = v;
                        done!();
                    }
                }
                Op::IntJLt => {
                    r!(i.a()) = Value::int(i.sbx());
                    then_jump_if_less!();
                }
                Op::IntMod => {
                    r!(i.a()) = Value::int(i.sbx());
                    let t = next!();
                    let (x, y) = (r!(t.b()), r!(t.c()));
                    if Value::both_int(x, y) && x.as_int() >= 0 && y.as_int() > 0 {
                        r!(t.a()) = Value::int(x.as_int() % y.as_int());
                        done!();
                    }
                }
                Op::IntPush => {
                    r!(i.a()) = Value::int(i.sbx());
                    let t = next!();
                    ObjRef::of(r!(t.a())).push_elem(&mut self.heap, r!(t.b()));
                    done!();
                }
                Op::ConstMath => {
                    // SAFETY: constant operands are in range (verifier).
                    r!(i.a()) = unsafe { *code.get().consts.get_unchecked(i.bx() as usize) };
                    match i.x() {
                        0 => then_number!(add),
                        1 => then_number!(sub),
                        _ => then_number!(mul),
                    }
                }
                Op::NullJump => {
                    r!(i.a()) = Value::NULL;
                    let t = next!();
                    done!();
                    // The registers may be those of the comparison in either order.
                    let same = r!(t.a()) == r!(t.b());
                    if same == (i.x() == 0) {
                        hot_jump!(t.sc());
                    }
                }
                Op::IncJLt => {
                    increment!(i);
                    then_jump_if_less!();
                }
                Op::IncIntJLt => {
                    increment!(i);
                    let t = next!();
                    r!(t.a()) = Value::int(t.sbx());
                    done!();
                    then_jump_if_less!();
                }
                Op::IncLengthJLt => {
                    increment!(i);
                    let t = next!();
                    let v = r!(t.b());
                    if v.is_object() && tier::is_dense_array(ObjRef::of(v)) {
                        r!(t.a()) = uint(ObjRef::of(v).elem_len());
                        done!();
                        then_jump_if_less!();
                    } else if v.is_string() {
                        r!(t.a()) = Value::int(Vm::string_len(v) as i32);
                        done!();
                        then_jump_if_less!();
                    }
                }
                Op::PostInc => {
                    let x = r!(i.b());
                    if !x.is_int() {
                        deopt!();
                    }
                    r!(i.a()) = x;
                    let t = next!();
                    let x = r!(t.b());
                    if x.is_int() && x.as_int() != i32::MAX {
                        r!(t.a()) = Value::int(x.as_int() + 1);
                        done!();
                    }
                }
                Op::FuncGetEnv => {
                    // SAFETY: the function lies below the window.
                    r!(i.a()) = ObjRef::of(unsafe { *base.sub(1) }).int(1);
                    let t = next!();
                    r!(t.a()) = get_env!(t);
                    done!();
                }
                Op::GetEnvUndef => {
                    r!(i.a()) = get_env!(i);
                    let t = next!();
                    r!(t.a()) = Value::UNDEFINED;
                    done!();
                }
                Op::GetEnvJSEq => {
                    let v = get_env!(i);
                    if v.is_hole() {
                        save!();
                        let e = env_up(r!(i.b()), i.x() as usize);
                        return Err(self.throw_uninitialized_slot(e, i.c()));
                    }
                    r!(i.a()) = v;
                    let t = next!();
                    let (x, y) = (r!(t.a()), r!(t.b()));
                    if Value::both_int(x, y) {
                        done!();
                        if x == y {
                            hot_jump!(t.sc());
                        }
                    }
                }
                Op::GlobalGetProp => {
                    let ic = ic!(i.b());
                    // SAFETY: ic! gives a valid cache.
                    let c = unsafe { &*ic };
                    let g = ObjRef::of(self.realm.global);
                    if c.kind != IcKind::Own || c.first.shape != g.shape() {
                        deopt!();
                    }
                    r!(i.a()) = g.slot(c.first.slot);
                    then_get_prop!();
                }
                Op::GetPropGetProp => {
                    get_prop!(i);
                    then_get_prop!();
                }
                Op::GetPropAdd => {
                    get_prop!(i);
                    then_number!(add);
                }
                Op::GetPropSub => {
                    get_prop!(i);
                    then_number!(sub);
                }
                Op::GetPropMul => {
                    get_prop!(i);
                    then_number!(mul);
                }
                Op::GetPropMove => {
                    get_prop!(i);
                    let t = next!();
                    r!(t.a()) = r!(t.b());
                    done!();
                }
                Op::GetPropNull => {
                    get_prop!(i);
                    let t = next!();
                    r!(t.a()) = Value::NULL;
                    done!();
                }
                Op::ArrayLength => {
                    let v = r!(i.b());
                    if !v.is_object() || !tier::is_dense_array(ObjRef::of(v)) {
                        deopt!();
                    }
                    r!(i.a()) = uint(ObjRef::of(v).elem_len());
                }
                Op::SetPropGetProp => {
                    if !put_remembered!(r!(i.a()), i.b(), r!(i.c())) {
                        deopt!();
                    }
                    then_get_prop!();
                }
                Op::GetElemGetElem => {
                    let Some(v) = dense!(r!(i.b()), r!(i.c())) else { deopt!() };
                    r!(i.a()) = v;
                    let t = next!();
                    if let Some(v) = dense!(r!(t.b()), r!(t.c())) {
                        r!(t.a()) = v;
                        done!();
                    }
                }
                Op::GetElemSetElem => {
                    let Some(v) = dense!(r!(i.b()), r!(i.c())) else { deopt!() };
                    r!(i.a()) = v;
                    let t = next!();
                    if put_dense!(t) {
                        done!();
                    }
                }
                Op::SetElemInc => {
                    if !put_dense!(i) {
                        deopt!();
                    }
                    let t = next!();
                    let x = r!(t.b());
                    if x.is_int() && x.as_int() != i32::MAX {
                        r!(t.a()) = Value::int(x.as_int() + 1);
                        done!();
                    }
                }
                Op::SetElemSetElem => {
                    if !put_dense!(i) {
                        deopt!();
                    }
                    let t = next!();
                    if put_dense!(t) {
                        done!();
                    }
                }
                Op::CallInline => {
                    check!();
                    // SAFETY: callee, this and arguments are registers of the window.
                    let at = unsafe { base.add(i.b()) };
                    let Some(v) = self.call_inline(i, at) else { deopt!() };
                    r!(i.a()) = v;
                }
            }
        }
    }

    /// The result of a frame that is a coroutine: marks it done, settles promises. The value the frame's caller gets.
    #[inline(never)]
    fn finish_coroutine(&mut self, f: &Frame, v: Value) -> Result<Value, Thrown> {
        f.end_coroutine();
        let Some(p) = f.async_promise() else { return Ok(v) };
        let mut s = Scope::new(self);
        let v = s.root(v);
        let p = s.root(p.value());
        s.promise_resolve(p, v)?;
        Ok(p.v)
    }

    /// Continues a suspended generator without leaving the loop. False: its state needs the general path.
    #[inline(never)]
    fn resume_in_place(&mut self, g: Value, sent: Value, ret: Ret, dst: usize) -> Result<bool, Thrown> {
        let Some(o) = ObjRef::from(g).filter(|o| o.is(Class::Generator)) else { return Ok(false) };
        let co = o.int(0);
        let c = coroutine::get(&co);
        if !matches!(c.state, State::Start | State::Yield) || c.code.get().realm != self.realm_id {
            return Ok(false);
        }
        let at = self.top;
        // SAFETY: `top` is one past the running window.
        unsafe { self.resume_frame(co, at, Resume::Next(sent), ret, dst as u32)? };
        Ok(true)
    }

    /// A generator resumed in place has yielded.
    #[inline(never)]
    fn deliver_yield(&mut self, f: &Frame, v: Value, delegate: bool) -> Result<(), Thrown> {
        let Some(caller) = self.frames.last() else { return Ok(()) };
        // SAFETY: dst is a register of the caller's window.
        let dst = unsafe { caller.base.add(f.dst as usize) };
        let v = match f.ret {
            Ret::IterResult if !delegate => self.iter_result(v, false),
            Ret::IterNext | Ret::IterStep if delegate => {
                // yield* passes inner results on as they are: take this one apart.
                match self.open_iter_result(v)? {
                    Some(v) => v,
                    None => {
                        self.iterator_done(f.ret);
                        return Ok(());
                    }
                }
            }
            _ => v,
        };
        // SAFETY: as above.
        unsafe { dst.write(v) };
        Ok(())
    }

    /// Remembers how many slots the instances of a constructor need.
    #[inline]
    fn learn_instance_size(&mut self, code: CodeRef, base: *mut Value) {
        // SAFETY: `this` of the popped frame is still where it was.
        let this = unsafe { *base };
        if let Some(o) = ObjRef::from(this) {
            let n = o.shape().count();
            if n > u32::from(code.get().instance_slots) {
                code.get().instance_slots = n.min(64) as u8;
            }
        }
    }

    /// Calls an accessor or field initialiser: script functions get a frame above the running window, others run at once.
    #[inline(never)]
    fn begin_accessor(
        &mut self,
        f: Value,
        this: Value,
        args: &[Value],
        dst: u32,
        ret: Ret,
    ) -> Result<(), Thrown> {
        let o = ObjRef::of(f);
        if o.is(Class::Function) && self.is_local(o) && !CodeRef::of_function(o).template().is_generator {
            let at = self.top;
            if !self.has_stack(at, args.len() + 2) {
                return Err(self.stack_overflow());
            }
            // SAFETY: there is room above the running window.
            let base = unsafe {
                at.write(f);
                at.add(1).write(this);
                for (n, &a) in args.iter().enumerate() {
                    at.add(2 + n).write(a);
                }
                at.add(1)
            };
            return self.push_frame(o, base, args.len(), Value::UNDEFINED, ret, dst);
        }
        let args: Vec<Local<'_>> = args.iter().map(|&a| Local::raw(a)).collect();
        let v = self.call_value(f, this, &args)?;
        if ret == Ret::Reg
            && let Some(fr) = self.frames.last()
        {
            // SAFETY: dst is a register of the running window.
            unsafe { fr.base.add(dst as usize).write(v) };
        }
        Ok(())
    }

    /// Runs the start of a generator function: up to GenStart, which gives the generator object.
    #[inline(never)]
    fn start_generator(&mut self, o: ObjRef, window: *mut Value, argc: usize) -> Result<Value, Thrown> {
        self.enter_native()?;
        let top = self.top;
        let native = std::mem::replace(&mut self.native, Value::UNDEFINED);
        let r = self.push_frame(o, window, argc, Value::UNDEFINED, Ret::Entry, 0).and_then(|()| self.run());
        self.native = native;
        self.top = top;
        r
    }

    /// GenStart: makes the generator object and its coroutine from the running frame.
    #[inline(never)]
    fn gen_start(&mut self) -> Result<Value, Thrown> {
        let Some(f) = self.frames.last() else { return Err(Thrown(())) };
        let (callee, code, nt) = (f.callee(), f.code, f.new_target);
        let is_async = code.template().is_async;
        let (class, kind, proto) = if is_async {
            (Class::AsyncGenerator, CoKind::AsyncGenerator, crate::Intrinsic::AsyncGeneratorPrototype)
        } else {
            (Class::Generator, CoKind::Generator, crate::Intrinsic::GeneratorPrototype)
        };
        let mut s = Scope::new(self);
        let p = s.prototype_from_constructor(Local::raw(callee), proto)?;
        let g = s.new_object_of(class, p);
        let co = coroutine::new(&mut s.vm.heap, kind, code, g.v, nt);
        g.obj().set_int(0, co);
        let g = g.v;
        drop(s);
        self.save_window(co, State::Start, 0, 0, false);
        Ok(g)
    }

    /// A function object for nested function `n` in environment `env`.
    #[inline(never)]
    pub(crate) fn new_closure(&mut self, code: CodeRef, n: usize, env: Value) -> Value {
        let child = CodeRef(code.get().children[n].ptr());
        self.closure_of(child, env)
    }

    /// A function object for code in environment `env`.
    pub(crate) fn closure_of(&mut self, child: CodeRef, env: Value) -> Value {
        use crate::Intrinsic as I;
        let t = child.template();
        let shape = match (t.is_async, t.is_generator) {
            (false, false) => self.realm.function_shape,
            (true, false) => self.root_shape(Some(self.realm.proto(I::AsyncFunctionPrototype))),
            (false, true) => self.root_shape(Some(self.realm.proto(I::GeneratorFunctionPrototype))),
            (true, true) => self.root_shape(Some(self.realm.proto(I::AsyncGeneratorFunctionPrototype))),
        };
        let f = if child.get().has_home {
            ObjRef::new(&mut self.heap, Class::Function, shape)
        } else {
            ObjRef::with_ints::<FEW_INTS>(&mut self.heap, Class::Function, shape)
        };
        f.set_int(0, child.value());
        f.set_int(1, env);
        f.set_flag(crate::object::LAZY);
        f.value()
    }

    #[inline(never)]
    fn map_arguments(&mut self, env: Value) {
        let Some(f) = self.frames.last() else { return };
        let t = f.code.template().clone();
        let Some(r) = t.arguments_reg else { return };
        // SAFETY: the arguments register is in the window.
        let a = unsafe { *f.base.add(r as usize) };
        let Some(o) = ObjRef::from(a).filter(|o| o.is(Class::Arguments) && !o.int(0).is_cell()) else {
            return;
        };
        let n = o.elem_len() as usize;
        let map: Vec<Value> = t.mapped_args.iter().take(n).map(|&s| Value::int(i32::from(s))).collect();
        let list = crate::promise::new_list(&mut self.heap, &map);
        o.set_int(0, env);
        o.set_int(1, list);
        o.set_flag(crate::object::EXOTIC);
    }

    #[inline(never)]
    fn report_await(&mut self, f: &Frame) {
        if let Some(p) = self.probe.clone() {
            let co = coroutine::get(&f.co);
            co.suspended = p.await_suspended(Vm::place_of(f), co.awaits);
        }
    }

    /// The error for a TDZ access to a register.
    #[cold]
    fn throw_uninitialized(&mut self, name: Value) -> Thrown {
        let n = self.chars_of(name).to_utf8();
        Scope::new(self).throw_reference(&format!("Cannot access '{n}' before initialization"))
    }

    #[cold]
    fn throw_uninitialized_slot(&mut self, env: Value, slot: usize) -> Thrown {
        let n = env_slot_name(env, slot);
        Scope::new(self).throw_reference(&format!("Cannot access '{n}' before initialization"))
    }

    #[cold]
    pub(crate) fn throw_no_this(&mut self) -> Thrown {
        Scope::new(self).throw_reference(
            "Must call super constructor in derived class before accessing 'this' or returning from derived constructor",
        )
    }

    #[cold]
    fn throw_const(&mut self, code: CodeRef, kind: u8, message: u32) -> Thrown {
        use crate::Intrinsic as I;
        let m = self.chars_of(code.get().consts[message as usize]).to_utf8();
        let proto = match kind {
            0 => I::TypeErrorPrototype,
            1 => I::ReferenceErrorPrototype,
            2 => I::SyntaxErrorPrototype,
            3 => I::RangeErrorPrototype,
            _ => I::ErrorPrototype,
        };
        Scope::new(self).throw_error(proto, &m)
    }

    #[cold]
    fn throw_iter_result(&mut self, v: Value) -> Thrown {
        let mut s = Scope::new(self);
        let t = s.describe_value(Local::raw(v));
        s.throw_type(&format!("Iterator result {t} is not an object"))
    }

    /// `key in object`.
    #[inline(never)]
    fn has_in(&mut self, k: Value, o: Value) -> Result<bool, Thrown> {
        let mut s = Scope::new(self);
        if !o.is_object() {
            let (kt, ot) = (s.describe_value(Local::raw(k)), s.describe_value(Local::raw(o)));
            return Err(s.throw_type(&format!("Cannot use 'in' operator to search for '{kt}' in {ot}")));
        }
        let key: Key<'_> = s.to_key(Local::raw(k))?;
        s.has_property(Local::raw(o), key)
    }

    #[inline(never)]
    fn has_private(&mut self, k: Value, o: Value) -> Result<bool, Thrown> {
        match ObjRef::from(o) {
            Some(o) => Ok(o.find(PropKey(k)).is_some()),
            None => {
                let mut s = Scope::new(self);
                let (kt, ot) = (s.describe_value(Local::raw(k)), s.describe_value(Local::raw(o)));
                Err(s.throw_type(&format!("Cannot use 'in' operator to search for '{kt}' in {ot}")))
            }
        }
    }

    #[inline(never)]
    fn derived_return(&mut self, v: Value, this: Value) -> Result<Value, Thrown> {
        if v.is_object() {
            return Ok(v);
        }
        if !v.is_undefined() {
            return Err(
                Scope::new(self).throw_type("Derived constructors may only return object or undefined")
            );
        }
        if this.is_hole() { Err(self.throw_no_this()) } else { Ok(this) }
    }

    #[cold]
    fn throw_super(&mut self, p: Value, f: Value) -> Thrown {
        let mut s = Scope::new(self);
        let what = s.describe_value(Local::raw(p));
        let class = CodeRef::of_function(ObjRef::of(f)).template().name.to_string();
        let class = if class.is_empty() { "anonymous class".to_owned() } else { format!("class '{class}'") };
        s.throw_type(&format!("Super constructor {what} of {class} is not a constructor"))
    }
}

#[inline(always)]
fn uint(n: u32) -> Value {
    if n <= i32::MAX as u32 { Value::int(n as i32) } else { Value::double(f64::from(n)) }
}

/// Saves the program counter and runs a cold path.
#[inline(always)]
fn slow_result<R>(vm: &mut Vm, fp: *mut Frame, pc: *const Insn, f: impl FnOnce(&mut Vm) -> R) -> R {
    // SAFETY: fp is the top frame; frames never move.
    unsafe { (*fp).pc = pc };
    f(vm)
}

/// Arguments in registers as locals (the registers root them).
#[inline(never)]
fn window_args<'a>(base: *mut Value, from: usize, n: usize) -> Vec<Local<'a>> {
    // SAFETY: n registers from `from` on belong to the window.
    (0..n).map(|i| Local::raw(unsafe { *base.add(from + i) })).collect()
}

/// The elements of an argument array (a register roots it).
#[inline(never)]
fn array_args<'a>(array: Value) -> Vec<Local<'a>> {
    let o = ObjRef::of(array);
    o.elems().iter().map(|&v| Local::raw(if v.is_hole() { Value::UNDEFINED } else { v })).collect()
}
