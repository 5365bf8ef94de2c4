//! Functions that suspend: generators, async functions, async generators and modules.
//!
//! A suspended function's register window lies in a Storage on the heap; resuming copies it back on the stack.
//! INVARIANT: the value passed as `co` is a Coroutine cell.

use crate::code::CodeRef;
use crate::heap::{CellKind, Header, Heap};
use crate::interp::{Entered, Resume};
use crate::object::{Class, ObjRef};
use crate::promise::{Awaiter, awaiter, list_get, new_list};
use crate::scope::{Completion, Local, Scope, Thrown};
use crate::value::Value;
use crate::vm::Vm;
use looplab_bytecode::Insn;

/// What a coroutine's life is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum State {
    /// Created (GenStart or ModuleStart reached), not run on.
    Start,
    /// Suspended in a yield.
    Yield,
    /// Suspended in an await.
    Await,
    /// On the stack.
    Running,
    /// Finished.
    Done,
}

/// What sort of function it is the frame of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum CoKind {
    Generator,
    Async,
    AsyncGenerator,
    Module,
}

/// A coroutine cell.
#[repr(C)]
pub(crate) struct Coroutine {
    h: Header,
    pub(crate) code: CodeRef,
    pub(crate) pc: *const Insn,
    /// R[-1] and the window; null while running for the first time.
    pub(crate) regs: *mut Value,
    pub(crate) nregs: u32,
    pub(crate) state: State,
    pub(crate) kind: CoKind,
    /// Where the sent value goes.
    pub(crate) dst: u16,
    /// Where the resumption mode goes (Yield).
    pub(crate) mode: u16,
    /// The Yield passes results through and takes throws as mode 1 (yield*).
    pub(crate) delegate: bool,
    /// Async kinds: the promise. Generators: the generator object. Async generators: the generator object.
    pub(crate) object: Value,
    /// Async generators: array of pending requests (List: kind, value, promise).
    pub(crate) queue: Value,
    pub(crate) new_target: Value,
    /// For the log: the promise it waits for, and what the probe answered when it began to.
    pub(crate) awaits: u32,
    pub(crate) suspended: u32,
}

#[expect(clippy::mut_from_ref, reason = "cells are reached through raw pointers; see the module's invariant")]
pub(crate) fn get(co: &Value) -> &mut Coroutine {
    debug_assert!(co.is_cell());
    let p: *mut Coroutine = co.ptr();
    // SAFETY: the module's invariant; no reference is kept across another call.
    unsafe { &mut *p }
}

pub(crate) fn new(heap: &mut Heap, kind: CoKind, code: CodeRef, object: Value, new_target: Value) -> Value {
    let p = heap.alloc(std::mem::size_of::<Coroutine>(), CellKind::Coroutine).cast::<Coroutine>();
    // SAFETY: fresh cell of that size; the header is already there.
    unsafe {
        let h = p.cast::<Header>().read();
        p.write(Coroutine {
            h,
            code,
            pc: std::ptr::null(),
            regs: std::ptr::null_mut(),
            nregs: 0,
            state: State::Running,
            kind,
            dst: 0,
            mode: 0,
            delegate: false,
            object,
            queue: Value::UNDEFINED,
            new_target,
            awaits: 0,
            suspended: 0,
        });
    }
    Value::cell(p)
}

/// Whether a cell is a coroutine.
pub(crate) fn is(cell: Value) -> bool {
    debug_assert!(cell.is_cell());
    let h: *const Header = cell.ptr();
    // SAFETY: cells begin with their header.
    unsafe { (*h).kind == CellKind::Coroutine as u8 }
}

/// Marks what a coroutine refers to.
pub(crate) fn trace(heap: &mut Heap, c: *mut Coroutine) {
    let v = Value::cell(c);
    let c = get(&v);
    heap.mark_value(c.code.value());
    heap.mark_value(c.object);
    heap.mark_value(c.queue);
    heap.mark_value(c.new_target);
    if !c.regs.is_null() {
        // SAFETY: regs is a Storage.
        heap.mark_cell(unsafe { c.regs.cast::<Header>().sub(1) });
        registers(c).iter().for_each(|&v| heap.mark_value(v));
    }
}

/// The window of a suspended function: the function itself, then its registers. Empty while it runs or is over.
pub(crate) fn registers(c: &Coroutine) -> &[Value] {
    if c.regs.is_null() {
        return &[];
    }
    // SAFETY: regs is a Storage with nregs initialised values.
    unsafe { std::slice::from_raw_parts(c.regs, c.nregs as usize) }
}

/// The promise of an async function's coroutine.
pub(crate) fn async_promise(co: Value) -> Option<ObjRef> {
    let c = get(&co);
    if c.kind == CoKind::Async { ObjRef::from(c.object) } else { None }
}

/// How many promises a stack trace follows.
const MAX_HOPS: usize = 4096;

/// A promise to go on with, for stack traces; other thenables end them.
fn pending(p: Value) -> Option<ObjRef> {
    ObjRef::from(p).filter(|o| o.is(Class::Promise))
}

/// The function whose frame a coroutine is.
pub(crate) fn function_of(co: Value) -> Value {
    let c = get(&co);
    if c.regs.is_null() {
        return Value::UNDEFINED;
    }
    // SAFETY: regs starts with R[-1], the function.
    unsafe { *c.regs }
}

impl Vm {
    /// The async functions that wait for the ones on the stack: what V8 prints as "at async f".
    pub(crate) fn awaiting_frames(&self, _limit: usize) -> Vec<crate::errors::RawFrame> {
        // Promise chains are followed from the outermost running coroutine through its promise's only await reaction.
        let mut out = Vec::new();
        let Some(first) = self.frames.iter().find(|f| f.is_coroutine()) else { return out };
        let mut promise = first.async_promise();
        // A species constructor can make promises whose reactions lead in a circle.
        let mut hops = 0;
        while out.len() < _limit && hops < MAX_HOPS {
            hops += 1;
            let co = match promise.and_then(awaiter) {
                Some(Awaiter::Coroutine(co)) => co,
                Some(Awaiter::Promise(p)) => {
                    promise = pending(p);
                    continue;
                }
                Some(Awaiter::Element { name, index, promise: p }) => {
                    promise = pending(p);
                    out.push(crate::errors::RawFrame {
                        what: name,
                        this: Value::UNDEFINED,
                        pc: index,
                        is_construct: false,
                        is_async: true,
                    });
                    continue;
                }
                None => break,
            };
            let c = get(&co);
            promise = async_promise(co);
            let this = if c.regs.is_null() {
                Value::UNDEFINED
            } else {
                // SAFETY: regs holds R[-1] and R[0].
                unsafe { *c.regs.add(1) }
            };
            out.push(crate::errors::RawFrame {
                what: c.code.value(),
                this,
                pc: c.code.pc_index(c.pc).saturating_sub(1),
                is_construct: false,
                is_async: true,
            });
        }
        out
    }
}

impl<'s> Scope<'s> {
    /// Continues after an await (a job).
    pub(crate) fn resume_await(&mut self, co: Value, v: Value, rejected: bool) -> Result<(), Thrown> {
        let how = if rejected { Resume::Throw(v) } else { Resume::Next(v) };
        if get(&co).kind == CoKind::AsyncGenerator {
            return self.async_generator_run(co, how);
        }
        match self.vm.enter_coroutine(co, how)? {
            Entered::Returned(_) | Entered::Suspended(_) => Ok(()),
        }
    }

    /// The coroutine of a generator object that is not running.
    fn generator(&mut self, g: Local<'s>, class: Class, method: &str) -> Result<Value, Thrown> {
        if !g.is_class(class) {
            let t = self.describe_value(g);
            let kind = if class == Class::Generator { "[Generator]" } else { "[AsyncGenerator]" };
            let m = format!("Method {kind}.prototype.{method} called on incompatible receiver {t}");
            return Err(self.throw_type(&m));
        }
        Ok(g.obj().int(0))
    }

    /// `%GeneratorPrototype%.next`, `throw` and `return` (mode 0, 1, 2).
    pub fn generator_resume(&mut self, g: Local<'s>, mode: u8, v: Local<'s>) -> Completion<'s> {
        let name = ["next", "throw", "return"][mode as usize];
        let co = self.generator(g, Class::Generator, name)?;
        match get(&co).state {
            State::Running => return Err(self.throw_type("Generator is already running")),
            State::Done => {
                return match mode {
                    1 => Err(self.throw(v)),
                    2 => Ok(self.iter_result(v, true)),
                    _ => {
                        let u = self.undefined();
                        Ok(self.iter_result(u, true))
                    }
                };
            }
            State::Start if mode != 0 => {
                get(&co).state = State::Done;
                return if mode == 1 { Err(self.throw(v)) } else { Ok(self.iter_result(v, true)) };
            }
            _ => {}
        }
        let how = match mode {
            0 => Resume::Next(v.v),
            1 => Resume::Throw(v.v),
            _ => Resume::Return(v.v),
        };
        let delegate_before = get(&co).delegate;
        let _ = delegate_before;
        let r = match self.vm.enter_coroutine(co, how)? {
            Entered::Returned(r) => self.vm.iter_result(r, true),
            Entered::Suspended(r) if get(&co).delegate => r,
            Entered::Suspended(r) => self.vm.iter_result(r, false),
        };
        Ok(self.root(r))
    }

    // ---- async generators ----

    /// `%AsyncGeneratorPrototype%.next`, `throw` and `return` (mode 0, 1, 2): a promise.
    pub fn async_generator_enqueue(&mut self, g: Local<'s>, mode: u8, v: Local<'s>) -> Completion<'s> {
        let p = self.new_promise();
        let name = ["next", "throw", "return"][mode as usize];
        let co = match self.generator(g, Class::AsyncGenerator, name) {
            Ok(co) => co,
            Err(t) => {
                let e = self.caught(t);
                self.promise_reject(p, e);
                return Ok(p);
            }
        };
        let request = new_list(&mut self.vm.heap, &[Value::int(i32::from(mode)), v.v, p.v]);
        if get(&co).queue.is_undefined() {
            let q = self.vm.alloc_array(0);
            get(&co).queue = q.value();
        }
        let q = ObjRef::of(get(&co).queue);
        q.push_elem(&mut self.vm.heap, request);
        if q.elem_len() == 1 && !matches!(get(&co).state, State::Running | State::Await) {
            self.async_generator_drain(co)?;
        }
        Ok(p)
    }

    /// Serves requests while the generator is neither running nor awaiting.
    fn async_generator_drain(&mut self, co: Value) -> Result<(), Thrown> {
        while let Some((mode, v)) = head(co) {
            let state = get(&co).state;
            if matches!(state, State::Running | State::Await) {
                return Ok(());
            }
            if state == State::Start && mode != 0 {
                get(&co).state = State::Done;
            }
            if get(&co).state == State::Done {
                match mode {
                    0 => self.async_generator_settle(co, Value::UNDEFINED, true, false)?,
                    1 => self.async_generator_settle(co, v, true, true)?,
                    _ => return self.async_generator_await_return(co, v),
                }
                continue;
            }
            let how = match mode {
                0 => Resume::Next(v),
                1 => Resume::Throw(v),
                _ => Resume::Return(v),
            };
            self.async_generator_step(co, how)?;
        }
        Ok(())
    }

    fn async_generator_run(&mut self, co: Value, how: Resume) -> Result<(), Thrown> {
        if get(&co).state == State::Done {
            // Only a return request awaiting its value continues a finished generator.
            let (v, rejected) = match how {
                Resume::Throw(v) => (v, true),
                Resume::Next(v) | Resume::Return(v) => (v, false),
            };
            get(&co).mode = 0;
            self.async_generator_settle(co, v, true, rejected)?;
        } else {
            self.async_generator_step(co, how)?;
        }
        self.async_generator_drain(co)
    }

    fn async_generator_step(&mut self, co: Value, how: Resume) -> Result<(), Thrown> {
        match self.vm.enter_coroutine(co, how) {
            Ok(Entered::Suspended(v)) if get(&co).state == State::Yield => {
                self.async_generator_settle(co, v, false, false)
            }
            Ok(Entered::Suspended(_)) => Ok(()),
            Ok(Entered::Returned(v)) => self.async_generator_settle(co, v, true, false),
            Err(t) => {
                if self.is_terminating() {
                    return Err(t);
                }
                let e = self.caught(t);
                self.async_generator_settle(co, e.v, true, true)
            }
        }
    }

    /// Answers the oldest request.
    fn async_generator_settle(
        &mut self,
        co: Value,
        v: Value,
        done: bool,
        rejected: bool,
    ) -> Result<(), Thrown> {
        let q = ObjRef::of(get(&co).queue);
        if q.elem_len() == 0 {
            return Ok(());
        }
        let request = q.elem(0);
        let n = q.elem_len();
        q.elems_mut().copy_within(1.., 0);
        q.set_elem_len(&mut self.vm.heap, n - 1);
        let p = self.root(list_get(request, 2));
        let v = self.root(v);
        if rejected {
            self.promise_reject(p, v);
        } else {
            let r = self.iter_result(v, done);
            self.promise_resolve(p, r)?;
        }
        Ok(())
    }

    /// A return request on a finished generator awaits its value first.
    fn async_generator_await_return(&mut self, co: Value, v: Value) -> Result<(), Thrown> {
        if get(&co).mode == 0xFFFF {
            return Ok(());
        }
        // While this await is under way the queue is not served: `mode` says so.
        get(&co).mode = 0xFFFF;
        let v = self.root(v);
        if let Err(t) = self.await_value(co, v) {
            get(&co).mode = 0;
            let e = self.caught(t);
            self.async_generator_settle(co, e.v, true, true)?;
            return self.async_generator_drain(co);
        }
        Ok(())
    }
}

/// The oldest request: mode and value.
fn head(co: Value) -> Option<(u8, Value)> {
    let q = ObjRef::from(get(&co).queue)?;
    if q.elem_len() == 0 || get(&co).state == State::Done && get(&co).mode == 0xFFFF {
        return None;
    }
    let r = q.elem(0);
    Some((list_get(r, 0).as_int() as u8, list_get(r, 1)))
}
