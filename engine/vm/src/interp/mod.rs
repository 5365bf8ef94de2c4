//! The interpreter: frames, environments, calls from Rust, and the loop itself (`run`).
//!
//! Registers of all frames lie in one fixed array (`Vm::stack`); a callee's window overlaps the end of its caller's, so
//! arguments are not copied. JavaScript calling JavaScript never recurses in Rust.
//!
//! INVARIANT: `Frame::base` points into `Vm::stack` with `code.nregs` values at and above it and the function at `base[-1]`;
//! `Frame::pc` points into the code's instructions. The verifier has checked that operands stay within both.

mod call;
mod debug;
mod define;
mod ic;
pub(crate) mod leaf;
mod run;
mod slow;
pub(crate) mod tier;
pub(crate) use slow::pow;

pub(crate) use call::{Entered, Resume};
pub(crate) use debug::Debugger;
pub(crate) use ic::Got;

use crate::code::CodeRef;
use crate::heap::{CellKind, Header, Heap};
use crate::object::ObjRef;
use crate::value::Value;
use crate::vm::Vm;
use looplab_bytecode::Insn;

/// Who gets a frame's result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Ret {
    /// The caller's register `dst`.
    Reg,
    /// As `Reg`; not an object: `this` instead (base constructors).
    Construct,
    /// Rust: `run` returns.
    Entry,
    /// A generator resumed by `next()` from script code: register `dst` gets `{ value, done }`.
    IterResult,
    /// A generator resumed by IterNext: value to `dst`, or the jump when done.
    IterNext,
    /// A generator resumed by IterStep.
    IterStep,
    /// A setter: the result is dropped.
    Ignore,
}

/// One activation.
pub(crate) struct Frame {
    pub(crate) code: CodeRef,
    /// The next instruction; up to date whenever anything outside the loop can look.
    pub(crate) pc: *const Insn,
    pub(crate) base: *mut Value,
    /// One past the window.
    pub(crate) end: *mut Value,
    pub(crate) new_target: Value,
    /// Coroutine cell, or undefined; the promise of an async function that has not awaited yet (most never do: their coroutine
    /// is made at the first await).
    pub(crate) co: Value,
    /// Entry frames: the native function that called in, or undefined.
    pub(crate) native: Value,
    /// That function was called by `new`.
    pub(crate) native_new: bool,
    pub(crate) dst: u32,
    pub(crate) ret: Ret,
    /// An async function that has not suspended yet: its caller gets the promise.
    pub(crate) first: bool,
}

impl Frame {
    /// A frame at the beginning of its code, called as a plain function from script code.
    #[inline(always)]
    pub(crate) fn begin(code: CodeRef, base: *mut Value, end: *mut Value, ret: Ret, dst: u32) -> Frame {
        Frame {
            code,
            pc: code.start(),
            base,
            end,
            new_target: Value::UNDEFINED,
            co: Value::UNDEFINED,
            native: Value::UNDEFINED,
            native_new: false,
            dst,
            ret,
            first: false,
        }
    }

    pub(crate) fn trace(&self, heap: &mut Heap) {
        heap.mark_value(self.code.value());
        heap.mark_value(self.new_target);
        heap.mark_value(self.co);
        heap.mark_value(self.native);
    }

    pub(crate) fn is_hidden(&self) -> bool {
        false
    }

    pub(crate) fn is_entry(&self) -> bool {
        self.ret == Ret::Entry
    }

    pub(crate) fn is_construct(&self) -> bool {
        !self.new_target.is_undefined()
    }

    /// Index of the next instruction.
    pub(crate) fn pc_index(&self) -> u32 {
        self.code.pc_index(self.pc)
    }

    pub(crate) fn this_value(&self) -> Value {
        // SAFETY: the module's invariant.
        unsafe { *self.base }
    }

    /// A register of the window.
    pub(crate) fn register(&self, i: usize) -> Value {
        assert!(i < self.code.get().nregs as usize, "a register of the window");
        // SAFETY: the module's invariant.
        unsafe { *self.base.add(i) }
    }

    pub(crate) fn callee(&self) -> Value {
        // SAFETY: the module's invariant.
        unsafe { *self.base.sub(1) }
    }

    pub(crate) fn is_coroutine(&self) -> bool {
        !self.co.is_undefined()
    }

    /// The promise of an async function.
    pub(crate) fn async_promise(&self) -> Option<ObjRef> {
        if self.co.is_cell() { crate::coroutine::async_promise(self.co) } else { ObjRef::from(self.co) }
    }

    /// Marks the coroutine of a frame that has been popped as finished, if it has one.
    pub(crate) fn end_coroutine(&self) {
        if self.co.is_cell() {
            let c = crate::coroutine::get(&self.co);
            c.state = crate::coroutine::State::Done;
            c.regs = std::ptr::null_mut();
        }
    }

    /// One past the window.
    #[inline(always)]
    pub(crate) fn end(&self) -> *mut Value {
        self.end
    }
}

/// Fills the window of `code` behind the `argc` arguments that are in place with undefined; where the window ends.
///
/// # Safety
/// The window's `nregs` values at `base` are within the stack; `this` and `argc` arguments at its begin are initialised.
#[inline(always)]
pub(crate) unsafe fn fill_window(code: CodeRef, base: *mut Value, argc: usize) -> *mut Value {
    let c = code.get();
    // SAFETY: promised by the caller.
    unsafe {
        let end = base.add(c.nregs as usize);
        let mut p = base.add(argc.min(c.nparams as usize) + 1);
        while p < end {
            p.write(Value::UNDEFINED);
            p = p.add(1);
        }
        end
    }
}

/// How many values of the stack the collector must look at.
pub(crate) fn registers_in_use(frames: &[Frame], stack: *const Value, top: *const Value) -> usize {
    let end = frames.last().map_or(stack, |f| f.end() as *const Value).max(top);
    (end as usize - stack as usize) / std::mem::size_of::<Value>()
}

/// An environment cell: variables that closures share.
#[repr(C)]
pub(crate) struct Env {
    h: Header,
    /// The code whose scope list describes it, and (in the header's flags and aux) which scope.
    pub(crate) code: CodeRef,
    pub(crate) parent: Value,
}

pub(crate) fn new_env(heap: &mut Heap, code: CodeRef, scope: usize, parent: Value) -> Value {
    let n = code.template().scopes[scope].slots.len();
    let size = std::mem::size_of::<Env>() + n * 8;
    let p = heap.alloc(size, CellKind::Env).cast::<Env>();
    // SAFETY: fresh cell of that size.
    unsafe {
        (*p).h.extra = n as u32;
        (*p).h.flags = scope as u8;
        (*p).h.aux = (scope >> 8) as u8;
        (*p).code = code;
        (*p).parent = parent;
        let slots = p.add(1).cast::<Value>();
        for i in 0..n {
            slots.add(i).write(Value::HOLE);
        }
    }
    Value::cell(p)
}

#[inline(always)]
pub(crate) fn env_slot(env: Value, slot: usize) -> *mut Value {
    debug_assert!(env.is_cell());
    let p: *mut Env = env.ptr();
    // SAFETY: an environment with more than `slot` slots (compiled code knows its scopes).
    unsafe {
        debug_assert!(slot < (*p).h.extra as usize);
        p.add(1).cast::<Value>().add(slot)
    }
}

/// Slot of an environment.
pub(crate) fn env_get(env: Value, slot: usize) -> Value {
    // SAFETY: env_slot points at an initialised slot.
    unsafe { *env_slot(env, slot) }
}

/// Sets a slot of an environment.
pub(crate) fn env_set(env: Value, slot: usize, v: Value) {
    // SAFETY: env_slot points at a slot.
    unsafe { env_slot(env, slot).write(crate::object::write_barrier(v)) }
}

#[inline(always)]
pub(crate) fn env_up(mut env: Value, levels: usize) -> Value {
    for _ in 0..levels {
        let p: *mut Env = env.ptr();
        // SAFETY: compiled code asks for no more levels than there are.
        env = unsafe { (*p).parent };
    }
    env
}

pub(crate) fn copy_env(heap: &mut Heap, env: Value) -> Value {
    let p: *mut Env = env.ptr();
    // SAFETY: a live environment; the copy has the same size.
    unsafe {
        let n = (*p).h.extra;
        let size = std::mem::size_of::<Env>() + n as usize * 8;
        let q = heap.alloc(size, CellKind::Env);
        let (flags, aux) = ((*p).h.flags, (*p).h.aux);
        (*q).extra = n;
        (*q).flags = flags;
        (*q).aux = aux;
        std::ptr::copy_nonoverlapping(p.cast::<u8>().add(8), q.cast::<u8>().add(8), size - 8);
        Value::cell(q)
    }
}

/// What describes an environment: its code and the number of its scope.
pub(crate) fn env_scope(env: Value) -> (CodeRef, usize) {
    let p: *mut Env = env.ptr();
    // SAFETY: a live environment; its code is kept alive by it.
    unsafe { ((*p).code, (*p).h.flags as usize | ((*p).h.aux as usize) << 8) }
}

/// The environment around an environment.
pub(crate) fn env_parent(env: Value) -> Value {
    let p: *mut Env = env.ptr();
    // SAFETY: a live environment.
    unsafe { (*p).parent }
}

/// Name of a slot, for ReferenceErrors and the instruments.
pub(crate) fn env_slot_name(env: Value, slot: usize) -> String {
    let (code, scope) = env_scope(env);
    code.template().scopes[scope].slots[slot].0.to_string()
}

/// Marks what an environment refers to.
pub(crate) fn trace_env(heap: &mut Heap, h: *mut Header) {
    let p = h.cast::<Env>();
    // SAFETY: a live environment.
    unsafe {
        heap.mark_value((*p).code.value());
        heap.mark_value((*p).parent);
        let slots = std::slice::from_raw_parts(p.add(1).cast::<Value>(), (*p).h.extra as usize);
        slots.iter().for_each(|&v| heap.mark_value(v));
    }
}

/// Fills a fresh List cell.
pub(crate) fn fill_list(h: *mut Header, values: &[Value]) {
    // SAFETY: the caller has just allocated the cell with room for the values behind its header.
    unsafe {
        (*h).extra = values.len() as u32;
        std::ptr::copy_nonoverlapping(values.as_ptr(), h.add(1).cast::<Value>(), values.len());
    }
}

/// Value `i` of a List cell.
pub(crate) fn list_get(list: Value, i: usize) -> Value {
    let h: *mut Header = list.ptr();
    // SAFETY: a live List cell; the index is checked.
    unsafe {
        assert!((*h).kind == CellKind::List as u8 && i < (*h).extra as usize, "list index");
        *h.add(1).cast::<Value>().add(i)
    }
}

/// How many values a List cell has.
pub(crate) fn list_len(list: Value) -> usize {
    let h: *mut Header = list.ptr();
    // SAFETY: a live List cell.
    unsafe {
        assert!((*h).kind == CellKind::List as u8, "not a list");
        (*h).extra as usize
    }
}

/// Sets value `i` of a List cell.
pub(crate) fn list_set(list: Value, i: usize, v: Value) {
    let h: *mut Header = list.ptr();
    // SAFETY: a live List cell; the index is checked.
    unsafe {
        assert!((*h).kind == CellKind::List as u8 && i < (*h).extra as usize, "list index");
        h.add(1).cast::<Value>().add(i).write(crate::object::write_barrier(v));
    }
}

impl Vm {
    /// Whether native recursion may go deeper.
    #[inline]
    pub(crate) fn native_stack_ok(&self) -> bool {
        // A local, not a literal: a reference to a literal is promoted to a static.
        let mark = 0u8;
        let here = std::hint::black_box(&mark) as *const u8 as usize;
        here > self.stack_limit
    }
}

/// A cache entry as a reference, for the code that fills it.
pub(crate) fn cache<'a>(ic: *mut crate::code::Ic) -> &'a mut crate::code::Ic {
    // SAFETY: the loop takes it from live code's caches, which do not move; it is used by one function at a time.
    unsafe { &mut *ic }
}
