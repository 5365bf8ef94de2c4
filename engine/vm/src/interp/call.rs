//! Calls from Rust into JavaScript, frames of every kind, and resuming coroutines.

use super::tier::calls_due;
use super::{Frame, Ret, fill_window};
use crate::code::CodeRef;
use crate::coroutine::{self, State};
use crate::object::{Class, ObjRef};
use crate::realm::Intrinsic;
use crate::scope::{Args, Local, Scope, Thrown};
use crate::value::Value;
use crate::vm::{MAX_FRAMES, Vm, native_fn};
use looplab_bytecode::FuncKind;
use std::marker::PhantomData;

/// How a coroutine is continued.
#[derive(Clone, Copy)]
pub(crate) enum Resume {
    Next(Value),
    Throw(Value),
    Return(Value),
}

/// How a coroutine came back.
pub(crate) enum Entered {
    /// It finished with this value.
    Returned(Value),
    /// It is suspended; a yield gives this value.
    Suspended(Value),
}

impl Vm {
    /// Calls any value with a receiver.
    pub(crate) fn call_value(&mut self, f: Value, this: Value, args: &[Local<'_>]) -> Result<Value, Thrown> {
        let Some(o) = ObjRef::from(f) else { return Err(self.not_callable(f)) };
        if o.is(Class::Function) {
            let code = CodeRef::of_function(o);
            if code.get().simple && code.is_ready() && code.get().realm == self.realm_id {
                if let Some(v) = self.leaf_call(o, code, this, args) {
                    return Ok(v);
                }
                return self.call_simple(o, code, this, args);
            }
            return self.call_function(o, this, Value::UNDEFINED, args);
        }
        match o.class() {
            Class::Native => self.call_native_args(o, this, Value::UNDEFINED, args),
            Class::Bound => {
                let (target, this, all) = unbind(o, args);
                self.enter_native()?;
                self.call_value(target.int(0), this, &all)
            }
            Class::Proxy if crate::vm::is_callable(f) => {
                self.enter_native()?;
                let mut s = Scope::new(self);
                let args: Vec<Local<'_>> = args.iter().map(|a| Local::raw(a.v)).collect();
                s.proxy_call(Local::raw(f), Local::raw(this), &args).map(|l| l.v)
            }
            _ => Err(self.not_callable(f)),
        }
    }

    /// `new f(...args)`.
    pub(crate) fn construct_value(
        &mut self,
        f: Value,
        new_target: Value,
        args: &[Local<'_>],
    ) -> Result<Value, Thrown> {
        if !crate::vm::is_constructor(f) {
            let mut s = Scope::new(self);
            let t = s.describe_value(Local::raw(f));
            return Err(s.throw_type(&format!("{t} is not a constructor")));
        }
        let o = ObjRef::of(f);
        match o.class() {
            Class::Function => {
                let this = self.this_for_construct(o, new_target)?;
                self.handles.push(this);
                self.call_function(o, this, new_target, args)
            }
            Class::Native => self.call_native_args(o, Value::HOLE, new_target, args),
            Class::Bound => {
                let (last, _, all) = unbind(o, args);
                // `new.target` follows the chain from the function it is.
                let mut nt = new_target;
                let mut b = o;
                loop {
                    nt = if nt == b.value() { b.int(0) } else { nt };
                    if b == last {
                        break;
                    }
                    b = ObjRef::of(b.int(0));
                }
                self.enter_native()?;
                self.construct_value(last.int(0), nt, &all)
            }
            _ => {
                self.enter_native()?;
                let mut s = Scope::new(self);
                let args: Vec<Local<'_>> = args.iter().map(|a| Local::raw(a.v)).collect();
                s.proxy_construct(Local::raw(f), &args, Local::raw(new_target)).map(|l| l.v)
            }
        }
    }

    pub(crate) fn not_callable(&mut self, f: Value) -> Thrown {
        let mut s = Scope::new(self);
        let t = s.describe_without_source(Local::raw(f));
        s.throw_type(&format!("{t} is not a function"))
    }

    /// Fails with the stack-overflow RangeError when the native stack is nearly used up.
    pub(crate) fn enter_native(&mut self) -> Result<(), Thrown> {
        if self.native_stack_ok() { Ok(()) } else { Err(self.stack_overflow()) }
    }

    #[cold]
    pub(crate) fn stack_overflow(&mut self) -> Thrown {
        Scope::new(self).throw_range("Maximum call stack size exceeded")
    }

    /// Copies function, receiver and arguments to the top of the stack, where a window can begin.
    fn push_args(&mut self, f: Value, this: Value, args: &[Local<'_>]) -> Result<*mut Value, Thrown> {
        self.enter_native()?;
        let at = self.top;
        if !self.has_stack(at, args.len() + 2) {
            return Err(self.stack_overflow());
        }
        // SAFETY: there is room for the values above `top`, and nobody uses it.
        unsafe {
            at.write(f);
            at.add(1).write(this);
            for (i, a) in args.iter().enumerate() {
                at.add(2 + i).write(a.v);
            }
            self.top = at.add(2 + args.len());
        }
        Ok(at)
    }

    /// Puts a function without receiver and arguments at `at`; where its window begins.
    pub(crate) fn place_function(&mut self, f: ObjRef, at: *mut Value) -> Result<*mut Value, Thrown> {
        if !self.has_stack(at, 2) {
            return Err(self.stack_overflow());
        }
        // SAFETY: there is room for two values.
        unsafe {
            at.write(f.value());
            at.add(1).write(Value::UNDEFINED);
            Ok(at.add(1))
        }
    }

    /// Whether `n` values fit at `at`.
    #[inline(always)]
    pub(crate) fn has_stack(&self, at: *mut Value, n: usize) -> bool {
        let end = self.stack.as_ptr() as usize + self.stack.len() * 8;
        at as usize + n * 8 <= end
    }

    fn call_native_args(
        &mut self,
        o: ObjRef,
        this: Value,
        nt: Value,
        args: &[Local<'_>],
    ) -> Result<Value, Thrown> {
        let at = self.push_args(o.value(), this, args)?;
        // SAFETY: push_args wrote the arguments there.
        let r = self.call_native(o, this, nt, unsafe { at.add(2) }, args.len());
        self.top = at;
        r
    }

    /// Calls a native function whose arguments lie on the stack below `top`.
    #[inline(always)]
    pub(crate) fn call_native(
        &mut self,
        o: ObjRef,
        this: Value,
        new_target: Value,
        argv: *const Value,
        argc: usize,
    ) -> Result<Value, Thrown> {
        if Vm::native_realm(o) != self.realm_id {
            return self.call_foreign(o, this, new_target, argv, argc);
        }
        let f = native_fn(o);
        let saved = std::mem::replace(&mut self.native, o.value());
        let saved_new = std::mem::replace(&mut self.native_new, !new_target.is_undefined());
        let args = Args { this, callee: o.value(), new_target, argv, argc, brand: PhantomData };
        let r = f(&mut Scope::new(self), &args).map(|l| l.v);
        self.native = saved;
        self.native_new = saved_new;
        r
    }

    /// Calls a native function of another realm.
    #[cold]
    #[inline(never)]
    fn call_foreign(
        &mut self,
        o: ObjRef,
        this: Value,
        new_target: Value,
        argv: *const Value,
        argc: usize,
    ) -> Result<Value, Thrown> {
        self.in_realm(Vm::native_realm(o), |vm| vm.call_native(o, this, new_target, argv, argc))
    }

    /// Whether a script function belongs to the running realm: calls to others go by way of Rust, so that one run of the
    /// interpreter stays within one realm.
    #[inline(always)]
    pub(crate) fn is_local(&self, o: ObjRef) -> bool {
        CodeRef::of_function(o).get().realm == self.realm_id
    }

    fn call_function(
        &mut self,
        o: ObjRef,
        this: Value,
        nt: Value,
        args: &[Local<'_>],
    ) -> Result<Value, Thrown> {
        if !self.is_local(o) {
            let realm = CodeRef::of_function(o).get().realm;
            return self.in_realm(realm, |vm| vm.call_function(o, this, nt, args));
        }
        let at = self.push_args(o.value(), this, args)?;
        let (native, native_new) = (self.native, self.native_new);
        // SAFETY: the function is at `at`, the window begins behind it.
        let base = unsafe { at.add(1) };
        let r = match self.push_frame(o, base, args.len(), nt, Ret::Entry, 0) {
            Ok(()) => {
                if let Some(f) = self.frames.last_mut() {
                    f.native = native;
                    f.native_new = native_new;
                }
                self.native = Value::UNDEFINED;
                self.run()
            }
            Err(t) => Err(t),
        };
        self.native = native;
        self.top = at;
        r
    }

    /// As `call_function`, for code that needs nothing but its window: the way of callbacks and listeners.
    #[inline]
    fn call_simple(
        &mut self,
        o: ObjRef,
        code: CodeRef,
        this: Value,
        args: &[Local<'_>],
    ) -> Result<Value, Thrown> {
        let at = self.top;
        let c = code.get();
        let need = (c.nregs as usize).max(args.len()) + 2;
        if !self.native_stack_ok() || self.frames.len() >= MAX_FRAMES || !self.has_stack(at, need) {
            return Err(self.stack_overflow());
        }
        c.calls = c.calls.wrapping_add(1);
        if calls_due(c.calls) {
            self.warm(code);
        }
        // SAFETY: there is room for the function and its whole window above `top`, which nobody uses.
        let (base, end) = unsafe {
            at.write(o.value());
            let base = at.add(1);
            base.write(this);
            for (i, a) in args.iter().take(c.nparams as usize).enumerate() {
                base.add(1 + i).write(a.v);
            }
            (base, fill_window(code, base, args.len()))
        };
        self.top = end;
        let (native, native_new) = (self.native, self.native_new);
        self.frames.push(Frame { native, native_new, ..Frame::begin(code, base, end, Ret::Entry, 0) });
        self.native = Value::UNDEFINED;
        let r = self.run();
        self.native = native;
        self.top = at;
        r
    }

    /// Pushes the frame of a script function: arguments lie at `base[1..]`, `base[-1]` is the function, `base[0]` this.
    #[inline]
    pub(crate) fn push_frame(
        &mut self,
        o: ObjRef,
        base: *mut Value,
        argc: usize,
        new_target: Value,
        ret: Ret,
        dst: u32,
    ) -> Result<(), Thrown> {
        let code = CodeRef::of_function(o);
        code.ensure_ready(self);
        if code.get().simple {
            return self.push_simple(code, base, argc, new_target, ret, dst);
        }
        if code.get().simple_async {
            self.push_simple(code, base, argc, new_target, ret, dst)?;
            self.begin_async();
            return Ok(());
        }
        let t: *const looplab_bytecode::FunctionTemplate = &**code.template();
        // SAFETY: the code, which the frame keeps alive, keeps the template.
        let t = unsafe { &*t };
        let nregs = t.nregs as usize;
        if self.frames.len() >= MAX_FRAMES || !self.has_stack(base, nregs + argc + 2) {
            return Err(self.stack_overflow());
        }
        if new_target.is_undefined()
            && matches!(t.kind, FuncKind::ClassConstructor | FuncKind::DerivedConstructor)
        {
            let name = t.name.to_string();
            return Err(Scope::new(self)
                .throw_type(&format!("Class constructor {name} cannot be invoked without 'new'")));
        }
        code.get().calls = code.get().calls.wrapping_add(1);
        if calls_due(code.get().calls) {
            self.warm(code);
        }
        let nparams = t.nparams as usize;
        // SAFETY: the window fits the stack (checked above); arguments are initialised up to argc.
        unsafe {
            let rest = t.rest_reg.map(|r| (r, self.rest_array(base, nparams, argc)));
            let arguments = t.arguments_reg.map(|r| (r, self.arguments_object(o, t, base, argc)));
            for i in argc + 1..=nparams {
                base.add(i).write(Value::UNDEFINED);
            }
            for i in nparams + 1..nregs {
                base.add(i).write(Value::UNDEFINED);
            }
            if let Some((r, v)) = rest {
                base.add(r as usize).write(v);
            }
            if let Some((r, v)) = arguments {
                base.add(r as usize).write(v);
            }
            self.top = base.add(nregs);
        }
        self.frames.push(Frame { new_target, ..Frame::begin(code, base, self.top, ret, dst) });
        if t.is_async && !t.is_generator {
            self.begin_async();
        }
        Ok(())
    }

    /// The top frame, just pushed, is an async function's.
    fn begin_async(&mut self) {
        let p = self.alloc_async_promise();
        if let Some(f) = self.frames.last_mut() {
            f.co = p.value();
            f.first = true;
        }
    }

    /// As `push_frame`, for code that needs nothing but its window.
    #[inline(always)]
    fn push_simple(
        &mut self,
        code: CodeRef,
        base: *mut Value,
        argc: usize,
        new_target: Value,
        ret: Ret,
        dst: u32,
    ) -> Result<(), Thrown> {
        let c = code.get();
        let n = c.nregs as usize;
        if self.frames.len() >= MAX_FRAMES || !self.has_stack(base, n + argc + 2) {
            return Err(self.stack_overflow());
        }
        c.calls = c.calls.wrapping_add(1);
        if calls_due(c.calls) {
            self.warm(code);
        }
        // SAFETY: the window fits the stack (checked above); arguments are initialised up to argc.
        let end = unsafe { fill_window(code, base, argc) };
        self.top = end;
        self.frames.push(Frame { new_target, ..Frame::begin(code, base, end, ret, dst) });
        Ok(())
    }

    /// # Safety
    /// `argc` arguments are at `base[1..]`.
    unsafe fn rest_array(&mut self, base: *mut Value, nparams: usize, argc: usize) -> Value {
        let a = self.alloc_array(argc.saturating_sub(nparams) as u32);
        for i in nparams..argc {
            // SAFETY: promised by the caller.
            a.push_elem(&mut self.heap, unsafe { *base.add(1 + i) });
        }
        a.value()
    }

    /// # Safety
    /// `argc` arguments are at `base[1..]`.
    unsafe fn arguments_object(
        &mut self,
        f: ObjRef,
        t: &looplab_bytecode::FunctionTemplate,
        base: *mut Value,
        argc: usize,
    ) -> Value {
        let a = self.alloc_object(Class::Arguments, Some(self.realm.proto(Intrinsic::ObjectPrototype)));
        a.reserve_elems(&mut self.heap, argc as u32);
        for i in 0..argc {
            // SAFETY: promised by the caller.
            a.push_elem(&mut self.heap, unsafe { *base.add(1 + i) });
        }
        let (len, it) = (self.atoms.length.0, self.atoms.sym_iterator.0);
        self.add_property(a, len, Value::int(argc as i32), crate::shape::HIDDEN);
        let values = self.realm.get(Intrinsic::ArrayProtoValues);
        if t.strict {
            let thrower = self.realm.get(Intrinsic::ThrowTypeError);
            let pair = self.alloc_accessor(thrower, thrower);
            self.add_property(a, self.atoms.callee.0, pair, crate::shape::ACCESSOR);
        } else {
            self.add_property(a, self.atoms.callee.0, f.value(), crate::shape::HIDDEN);
        }
        self.add_property(a, it, values, crate::shape::HIDDEN);
        a.value()
    }

    /// The `this` a constructor starts with: a fresh object, or a hole in derived classes.
    pub(crate) fn this_for_construct(&mut self, f: ObjRef, new_target: Value) -> Result<Value, Thrown> {
        let code = CodeRef::of_function(f);
        if code.template().kind == FuncKind::DerivedConstructor {
            return Ok(Value::HOLE);
        }
        let nt = ObjRef::of(new_target);
        let key = self.atoms.prototype.0;
        let proto = if Vm::is_ordinary(nt) || nt.is(Class::Function) {
            self.own_raw(nt, key).filter(|p| p.attrs & crate::shape::ACCESSOR == 0).map(|p| p.value)
        } else {
            None
        };
        let proto = match proto {
            Some(p) => p,
            None => {
                let mut s = Scope::new(self);
                s.get(Local::raw(new_target), s.vm.atoms.prototype)?.v
            }
        };
        let proto = match ObjRef::from(proto) {
            Some(p) => p,
            None => {
                let mut s = Scope::new(self);
                let p = s.intrinsic_for(Local::raw(new_target), Intrinsic::ObjectPrototype)?;
                p.obj()
            }
        };
        let shape = self.root_shape(Some(proto));
        let slots = code.get().instance_slots;
        Ok(ObjRef::plain(&mut self.heap, shape, slots).value())
    }

    /// Runs a coroutine until it suspends or ends.
    pub(crate) fn enter_coroutine(&mut self, co: Value, how: Resume) -> Result<Entered, Thrown> {
        let realm = coroutine::get(&co).code.get().realm;
        if realm != self.realm_id {
            return self.in_realm(realm, |vm| vm.enter_coroutine(co, how));
        }
        self.enter_native()?;
        let at = self.top;
        let native = std::mem::replace(&mut self.native, Value::UNDEFINED);
        // SAFETY: `top` is where a window may begin.
        let r = unsafe { self.resume_frame(co, at, how, Ret::Entry, 0) }.and_then(|()| self.run());
        self.native = native;
        self.top = at;
        let v = r?;
        Ok(match coroutine::get(&co).state {
            State::Done => Entered::Returned(v),
            _ => Entered::Suspended(v),
        })
    }

    /// Puts a suspended coroutine's window on the stack at `at` and its frame on top. A throw is raised inside it: the error
    /// returned then has already been delivered to its handlers (`run` continues), or the coroutine is dead.
    ///
    /// # Safety
    /// `at` is at or above `top` and within the stack.
    pub(crate) unsafe fn resume_frame(
        &mut self,
        co: Value,
        at: *mut Value,
        how: Resume,
        ret: Ret,
        dst: u32,
    ) -> Result<(), Thrown> {
        let c = coroutine::get(&co);
        let n = c.nregs as usize;
        if self.frames.len() >= MAX_FRAMES || !self.has_stack(at, n + 2) {
            return Err(self.stack_overflow());
        }
        // SAFETY: n values fit; regs holds n values (R[-1] first).
        let base = unsafe {
            std::ptr::copy_nonoverlapping(c.regs, at, n);
            at.add(1)
        };
        let start = c.state == State::Start;
        let was_yield = c.state == State::Yield;
        c.state = State::Running;
        let (v, mode, throw) = match how {
            Resume::Next(v) => (v, 0, false),
            Resume::Return(v) => (v, 2, false),
            Resume::Throw(v) => (v, 1, !(was_yield && c.delegate)),
        };
        // SAFETY: dst and mode are registers of the window.
        unsafe {
            if !start && !throw {
                base.add(c.dst as usize).write(v);
                if was_yield {
                    base.add(c.mode as usize).write(Value::int(mode));
                }
            }
            self.top = base.add(n - 1);
        }
        c.delegate = false;
        self.frames.push(Frame {
            pc: c.pc,
            new_target: c.new_target,
            co,
            ..Frame::begin(c.code, base, self.top, ret, dst)
        });
        if throw {
            self.exception = v;
            self.throw_site = None;
            self.pending_throw = true;
        }
        Ok(())
    }

    /// Moves the top frame's window to its coroutine.
    pub(crate) fn save_window(&mut self, co: Value, state: State, dst: usize, mode: usize, delegate: bool) {
        let Some(f) = self.frames.last() else { return };
        let (base, pc, n) = (f.base, f.pc, f.code.template().nregs as usize + 1);
        let c = coroutine::get(&co);
        if c.regs.is_null() {
            c.regs = self.heap.alloc_storage(n);
            c.nregs = n as u32;
        }
        // SAFETY: the window has nregs values and the function below it; regs has room for them.
        unsafe { std::ptr::copy_nonoverlapping(base.sub(1), c.regs, n) };
        c.pc = pc;
        c.state = state;
        c.dst = dst as u16;
        c.mode = mode as u16;
        c.delegate = delegate;
    }
}

/// The innermost bound function of a chain, the receiver it binds, and all bound arguments followed by these.
fn unbind<'a>(o: ObjRef, args: &[Local<'_>]) -> (ObjRef, Value, Vec<Local<'a>>) {
    let mut chain = vec![o];
    let mut last = o;
    while let Some(next) = ObjRef::from(last.int(0)).filter(|n| n.is(Class::Bound)) {
        chain.push(next);
        last = next;
    }
    let mut all = Vec::with_capacity(args.len());
    for b in chain.iter().rev() {
        all.extend(ObjRef::of(b.int(2)).elems().iter().map(|&v| Local::raw(v)));
    }
    all.extend(args.iter().map(|a| Local::raw(a.v)));
    (last, last.int(1), all)
}
