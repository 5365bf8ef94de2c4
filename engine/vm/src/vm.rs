//! The engine's state, and the raw operations on objects that never run JavaScript.

use crate::atoms::Atoms;
use crate::code::CodeRef;
use crate::heap::{CellKind, Header, Heap, HeapStats};
use crate::interp::Frame;
use crate::job::EngineProbe;
use crate::module::ModuleRecord;
use crate::object::{Class, EXOTIC, IS_PROTO, LAZY, NOT_EXTENSIBLE, ObjRef};
use crate::realm::{Intrinsic, Realm, mark_proto};
use crate::scope::{Global, NativeFn, Scope, Thrown};
use crate::shape::{ACCESSOR, CONFIGURABLE, ShapeRef, WRITABLE};
use crate::string::{self, Interner, JsString};
use crate::value::{PropKey, Value};
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set from any thread or signal handler to stop the running script at its next safepoint.
#[derive(Clone, Default)]
pub struct Interrupt(pub(crate) Arc<AtomicBool>);

impl Interrupt {
    /// Asks the script to stop; it ends with an uncatchable termination.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Takes the request back.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether it has been asked.
    #[inline(always)]
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the engine asks of its embedder.
pub trait Host {
    /// `import(specifier)` was called in the script or module named `referrer`. The host answers by resolving or rejecting
    /// `promise` (a promise object) now or later.
    fn dynamic_import<'s>(
        &self,
        s: &mut Scope<'s>,
        referrer: &str,
        specifier: crate::Local<'s>,
        options: crate::Local<'s>,
        promise: crate::Local<'s>,
    ) -> Result<(), Thrown>;

    /// Fills a fresh `import.meta`.
    fn import_meta<'s>(
        &self,
        s: &mut Scope<'s>,
        meta: crate::Local<'s>,
        module: crate::ModuleId,
    ) -> Result<(), Thrown>;

    /// A promise was rejected without a handler (`handled` false), or a handler was attached after that (`handled` true).
    fn rejection_tracker<'s>(&self, s: &mut Scope<'s>, promise: crate::Local<'s>, handled: bool);

    /// Milliseconds since 1970 (fractional part allowed), for Date.
    fn now_ms(&self) -> f64;

    /// A random number for Math.random, 53 bits.
    fn random_u64(&self) -> u64;

    /// The offset of local time from UTC in milliseconds at a UTC time (or, `is_utc` false, at a local time).
    fn tz_offset_ms(&self, t: f64, is_utc: bool) -> f64;

    /// The short name of the local time zone at a UTC time, such as "Coordinated Universal Time".
    fn tz_name(&self, t: f64) -> String;

    /// Stops the thread for so many milliseconds (`Atomics.wait`; infinity: until the engine is interrupted). A host whose
    /// time is virtual advances it instead. Does nothing unless the host provides it.
    fn block_ms(&self, _ms: f64) {}
}

/// Compiles source text for eval-like entry points; installed by the engine facade, which knows the compiler.
pub type CompileFn = fn(
    Rc<looplab_bytecode::Source>,
    CompileGoal<'_>,
) -> Result<Rc<looplab_bytecode::FunctionTemplate>, CompileError>;

/// What to compile.
#[derive(Clone, Copy, Debug)]
pub enum CompileGoal<'a> {
    /// A classic script.
    Script,
    /// A module.
    Module,
    /// A function body with these parameters (CommonJS wrapper).
    Body(&'a [&'a str]),
    /// One function expression (the Function constructor).
    Function,
    /// Indirect eval.
    Eval,
    /// Direct eval.
    DirectEval(&'a Rc<looplab_bytecode::eval::EvalContext>),
}

/// Why compiling failed.
#[derive(Debug, Clone)]
pub struct CompileError {
    /// The message, in V8's words where it has some.
    pub message: String,
    /// Where.
    pub span: looplab_bytecode::Span,
    /// Source nested too deeply: a RangeError instead of a SyntaxError.
    pub too_deep: bool,
}

const STACK_VALUES: usize = 1 << 20;
pub(crate) const MAX_FRAMES: usize = 11_000;

/// The engine: one heap, one thread, one global environment.
pub struct Vm {
    pub(crate) heap: Heap,
    pub(crate) interner: Interner,
    pub(crate) atoms: Atoms,
    /// The running realm.
    pub(crate) realm: Box<Realm>,
    pub(crate) realm_id: u32,
    /// Every realm by number; the running one's place is empty.
    pub(crate) other_realms: Vec<Option<Box<Realm>>>,
    pub(crate) root_shapes: FxHashMap<usize, ShapeRef>,
    /// The root of objects without a prototype, which is always among them.
    pub(crate) null_shape: ShapeRef,
    /// Registers of all frames; reserved once, so that pointers into it stay valid.
    pub(crate) stack: Box<[Value]>,
    pub(crate) frames: Vec<Frame>,
    /// One past the registers in use, when JavaScript has called into Rust.
    pub(crate) top: *mut Value,
    pub(crate) handles: Vec<Value>,
    /// Arrays whose join is running: one that meets itself gives the empty string.
    pub(crate) joining: Vec<Value>,
    pub(crate) globals: Vec<Value>,
    free_globals: Vec<u32>,
    pub(crate) exception: Value,
    /// The embedder's own state, for its native functions.
    pub(crate) embedder: Option<Rc<dyn std::any::Any>>,
    /// The native function that runs now, or undefined (stack traces).
    pub(crate) native: Value,
    /// It was called by `new`.
    pub(crate) native_new: bool,
    /// A resumed coroutine begins with a throw.
    pub(crate) pending_throw: bool,
    /// The heap limit was reached: the reason of the termination.
    pub(crate) out_of_memory: bool,
    /// A termination was requested: nothing catches it.
    pub(crate) terminating: bool,
    pub(crate) jobs: crate::queue::JobQueue,
    pub(crate) modules: Vec<ModuleRecord>,
    pub(crate) symbol_registry: FxHashMap<u64, Value>,
    /// Moves when the layout of any prototype changes: caches of inherited properties compare it.
    pub(crate) proto_epoch: u32,
    pub(crate) interrupt: Interrupt,
    /// Collect at every safepoint, or at every `gc_every`th.
    pub(crate) gc_stress: bool,
    pub(crate) gc_every: u32,
    /// See [`Vm::set_old_awaits`].
    pub(crate) old_awaits: bool,
    /// Safepoints since the last one that had a collection.
    pub(crate) gc_skipped: u32,
    pub(crate) host: Option<Rc<dyn Host>>,
    pub(crate) probe: Option<Rc<dyn EngineProbe>>,
    /// Statements, frames and variables are reported: the Debug interpreter runs.
    pub(crate) debugger: Option<Box<crate::interp::Debugger>>,
    pub(crate) compile: Option<CompileFn>,
    /// Writes the source text of an expression as messages show it.
    pub(crate) expression_printer: Option<fn(&str) -> Option<String>>,
    /// The lowest native stack address that calls into JavaScript may reach.
    pub(crate) stack_limit: usize,
    pub(crate) char_strings: Box<[Value; 256]>,
    /// Every weak collection, weak reference and registry.
    pub(crate) weak_refs: Vec<Value>,
    /// Targets that weak references gave out during the current job.
    pub(crate) kept: Vec<Value>,
    /// Registries and held values of targets that died.
    pub(crate) cleanup: std::collections::VecDeque<(Value, Value)>,
    pub(crate) stack_trace_limit: u32,
    /// The async context (AsyncLocalStorage) that jobs inherit.
    pub(crate) async_context: Value,
    /// The names of classes that objects have lost with their prototypes, made by `remember_class`.
    pub(crate) former_classes: Option<crate::scope::Global>,
    pub(crate) next_script_id: u32,
    /// Where the exception that is on its way, or the last one, was thrown: code and instruction.
    pub(crate) throw_site: Option<(Rc<looplab_bytecode::FunctionTemplate>, u32)>,
    /// Promises that have a number in the log.
    pub(crate) promises: u32,
    pub(crate) lookups: crate::lookup::LookupCache,
    pub(crate) chains: crate::lookup::ChainCache,
    /// What the instruments have noted of cells, once one has looked.
    pub(crate) eye: Option<Box<crate::eye::Eye>>,
    /// Hot functions get specialised instructions.
    pub(crate) tiering: bool,
    /// They are hot almost at once.
    pub(crate) eager_tiering: bool,
    /// Addresses of the native functions whose calls the second tier does itself.
    pub(crate) inline: [usize; looplab_bytecode::quick::Inline::ALL.len()],
    /// What the second tier has done, if anyone wants to know.
    pub(crate) tier_log: Option<Box<crate::eye::tier::TierLog>>,
    /// The program is watched instruction by instruction: the watching interpreter runs.
    pub(crate) watcher: Option<Box<crate::eye::Watcher>>,
}

impl Vm {
    /// An engine without builtins: `looplab-builtins` fills the realm.
    pub fn new() -> Box<Vm> {
        let mut heap = Heap::new();
        let mut interner = Interner::new();
        let atoms = Atoms::new(&mut heap, &mut interner);
        let char_strings =
            Box::new(std::array::from_fn(|i| Value::string(interner.latin1(&mut heap, &[i as u8]))));
        let null_root = ShapeRef::root(&mut heap, std::ptr::null_mut());
        let mut root_shapes = FxHashMap::default();
        root_shapes.insert(0, null_root);
        // Zeroed pages are the number 0 everywhere: harmless to the collector, and untouched until used.
        let stack = crate::spare::take(STACK_VALUES).unwrap_or_else(|| zeroed_values(STACK_VALUES));
        let mut vm = Box::new(Vm {
            heap,
            interner,
            atoms,
            null_shape: null_root,
            realm: Realm::new(null_root),
            realm_id: 0,
            other_realms: vec![None],
            root_shapes,
            stack,
            frames: Vec::with_capacity(MAX_FRAMES + 8),
            top: std::ptr::null_mut(),
            handles: Vec::with_capacity(256),
            joining: Vec::new(),
            globals: Vec::new(),
            free_globals: Vec::new(),
            exception: Value::UNDEFINED,
            embedder: None,
            native: Value::UNDEFINED,
            native_new: false,
            pending_throw: false,
            out_of_memory: false,
            terminating: false,
            jobs: crate::queue::JobQueue::default(),
            modules: Vec::new(),
            symbol_registry: FxHashMap::default(),
            proto_epoch: 1,
            interrupt: Interrupt::default(),
            gc_stress: false,
            gc_every: 1,
            old_awaits: false,
            gc_skipped: 0,
            host: None,
            probe: None,
            debugger: None,
            compile: None,
            expression_printer: None,
            stack_limit: native_stack_limit(),
            char_strings,
            weak_refs: Vec::new(),
            kept: Vec::new(),
            cleanup: std::collections::VecDeque::new(),
            stack_trace_limit: 10,
            async_context: Value::UNDEFINED,
            former_classes: None,
            next_script_id: 1,
            throw_site: None,
            promises: 0,
            lookups: crate::lookup::LookupCache::new(),
            chains: crate::lookup::ChainCache::new(),
            eye: None,
            tiering: true,
            eager_tiering: false,
            inline: [0; looplab_bytecode::quick::Inline::ALL.len()],
            tier_log: None,
            watcher: None,
        });
        vm.top = vm.stack.as_mut_ptr();
        vm.setup_realm();
        vm
    }

    /// The prototypes and shapes everything else is built on.
    pub(crate) fn setup_realm(&mut self) {
        let null_root = self.root_shape(None);
        let op = ObjRef::new(&mut self.heap, Class::Plain, null_root);
        self.realm.intrinsics[Intrinsic::ObjectPrototype as usize] = op.value();
        self.realm.object_shape = self.root_shape(Some(op));
        let fp = self.alloc_native(
            self.realm.object_shape,
            |s, _| Ok(s.undefined()),
            self.atoms.empty.0,
            0,
            false,
        );
        self.realm.intrinsics[Intrinsic::FunctionPrototype as usize] = fp.value();
        self.realm.function_shape = self.root_shape(Some(fp));
        let shape = self.realm.object_shape;
        let ap = ObjRef::new(&mut self.heap, Class::Array, shape);
        self.realm.intrinsics[Intrinsic::ArrayPrototype as usize] = ap.value();
        self.realm.array_shape = self.root_shape(Some(ap));
        let mut r = self.realm.object_shape;
        for k in [self.atoms.value.0, self.atoms.done.0] {
            r = r.add(&mut self.heap, k, crate::shape::ALL);
        }
        self.realm.iter_result_shape = r;
        let g = ObjRef::new(&mut self.heap, Class::Global, shape);
        self.realm.global = g.value();
        for i in [
            Intrinsic::IteratorPrototype,
            Intrinsic::AsyncIteratorPrototype,
            Intrinsic::GeneratorPrototype,
            Intrinsic::AsyncGeneratorPrototype,
            Intrinsic::GeneratorFunctionPrototype,
            Intrinsic::AsyncGeneratorFunctionPrototype,
            Intrinsic::AsyncFunctionPrototype,
            Intrinsic::PromisePrototype,
            Intrinsic::ErrorPrototype,
        ] {
            let proto = match i {
                Intrinsic::GeneratorPrototype => Intrinsic::IteratorPrototype,
                Intrinsic::AsyncGeneratorPrototype => Intrinsic::AsyncIteratorPrototype,
                Intrinsic::GeneratorFunctionPrototype
                | Intrinsic::AsyncGeneratorFunctionPrototype
                | Intrinsic::AsyncFunctionPrototype => Intrinsic::FunctionPrototype,
                _ => Intrinsic::ObjectPrototype,
            };
            let shape = self.root_shape(Some(self.realm.proto(proto)));
            let o = ObjRef::new(&mut self.heap, Class::Plain, shape);
            self.realm.intrinsics[i as usize] = o.value();
        }
        self.realm.promise_shape = self.root_shape(Some(self.realm.proto(Intrinsic::PromisePrototype)));
    }

    /// Installs the embedder's services.
    pub fn set_host(&mut self, host: Rc<dyn Host>) {
        self.host = Some(host);
    }

    /// Keeps the embedder's state; natives get it by [`Scope::embedder`].
    pub fn set_embedder(&mut self, state: Rc<dyn std::any::Any>) {
        self.embedder = Some(state);
    }

    /// Why a termination happened: the heap limit (true) or the interrupt.
    pub fn is_out_of_memory(&self) -> bool {
        self.out_of_memory
    }

    /// Installs the compiler for `Function()` and eval.
    pub fn set_compiler(&mut self, f: CompileFn) {
        self.compile = Some(f);
    }

    /// Installs what writes the source text of a failing expression as V8 shows it ("x.y is not a function").
    pub fn set_expression_printer(&mut self, f: fn(&str) -> Option<String>) {
        self.expression_printer = Some(f);
    }

    /// Whether there is an observer.
    pub fn has_probe(&self) -> bool {
        self.probe.is_some()
    }

    /// Installs or removes the observer of jobs and promises.
    pub fn set_probe(&mut self, probe: Option<Rc<dyn EngineProbe>>) {
        self.probe = probe;
    }

    /// Has the probe told about statements, frames and variables from now on, or no longer. Needs a probe; without one nothing is
    /// told. To be called while no script runs.
    pub fn set_stepping(&mut self, on: bool) {
        let probe = self.probe.clone().filter(|_| on);
        self.debugger = probe.map(|probe| Box::new(crate::interp::Debugger::new(probe)));
    }

    /// The switch that stops a running script from outside.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Collects at every safepoint: slow, finds rooting mistakes.
    pub fn set_gc_stress(&mut self, on: bool) {
        self.gc_stress = on;
        self.gc_every = 1;
    }

    /// Collects at every `n`th safepoint as well (1: at every one).
    pub fn set_gc_every(&mut self, n: u32) {
        self.gc_stress = true;
        self.gc_every = n.max(1);
    }

    /// An `await` of a promise takes three jobs instead of one, as before ECMAScript 2019's change (Node 12): the promise is taken for any
    /// thenable.
    pub fn set_old_awaits(&mut self, old: bool) {
        self.old_awaits = old;
    }

    /// The heap limit in bytes.
    pub fn set_heap_limit(&mut self, bytes: usize) {
        self.heap.limit = bytes;
    }

    /// The heap limit in bytes.
    pub fn heap_limit(&self) -> usize {
        self.heap.limit
    }

    /// Figures of the heap.
    pub fn heap_stats(&self) -> HeapStats {
        self.heap.stats()
    }

    /// Runs `f` with a scope.
    pub fn enter<R>(&mut self, f: impl for<'s> FnOnce(&mut Scope<'s>) -> R) -> R {
        f(&mut Scope::new(self))
    }

    /// The calling thread's stack has this lower bound; call when the engine moves to another thread.
    pub fn use_current_stack(&mut self) {
        self.stack_limit = native_stack_limit();
    }

    pub(crate) fn new_global(&mut self, v: Value) -> Global {
        if let Some(i) = self.free_globals.pop() {
            self.globals[i as usize] = v;
            return Global(i);
        }
        self.globals.push(v);
        Global(self.globals.len() as u32 - 1)
    }

    pub(crate) fn free_global(&mut self, g: Global) {
        self.globals[g.0 as usize] = Value::UNDEFINED;
        self.free_globals.push(g.0);
    }

    // ---- shapes and allocation ----

    /// The empty shape of objects with this prototype.
    pub(crate) fn root_shape(&mut self, proto: Option<ObjRef>) -> ShapeRef {
        if proto.is_none() {
            return self.null_shape;
        }
        let p = proto.map_or(std::ptr::null_mut(), |o| o.0);
        if let Some(&s) = self.root_shapes.get(&(p as usize)) {
            return s;
        }
        if let Some(o) = proto {
            mark_proto(o);
        }
        let s = ShapeRef::root(&mut self.heap, p);
        self.root_shapes.insert(p as usize, s);
        s
    }

    pub(crate) fn alloc_plain(&mut self) -> ObjRef {
        ObjRef::plain(&mut self.heap, self.realm.object_shape, 4)
    }

    pub(crate) fn alloc_object(&mut self, class: Class, proto: Option<ObjRef>) -> ObjRef {
        let shape = self.root_shape(proto);
        if class == Class::Plain {
            return ObjRef::plain(&mut self.heap, shape, 4);
        }
        ObjRef::new(&mut self.heap, class, shape)
    }

    pub(crate) fn alloc_array(&mut self, capacity: u32) -> ObjRef {
        let a = ObjRef::new(&mut self.heap, Class::Array, self.realm.array_shape);
        a.reserve_elems(&mut self.heap, capacity);
        a
    }

    pub(crate) fn alloc_native(
        &mut self,
        shape: ShapeRef,
        f: NativeFn,
        name: PropKey,
        length: u32,
        constructor: bool,
    ) -> ObjRef {
        let o = ObjRef::new(&mut self.heap, Class::Native, shape);
        o.set_int(0, Value::raw(f as usize));
        o.set_int(1, name.0);
        o.set_int(2, Value::int((length | u32::from(constructor) << 16 | self.realm_id << 17) as i32));
        o.set_flag(LAZY);
        o
    }

    pub(crate) fn alloc_accessor(&mut self, getter: Value, setter: Value) -> Value {
        let p = self.heap.alloc(std::mem::size_of::<Accessor>(), CellKind::Accessor).cast::<Accessor>();
        // SAFETY: fresh cell of that size.
        unsafe {
            (*p).getter = getter;
            (*p).setter = setter;
        }
        Value::cell(p)
    }

    // ---- strings ----

    pub(crate) fn str(&mut self, s: &str) -> Value {
        match s.as_bytes() {
            [] => self.atoms.empty.0.0,
            [b] if b.is_ascii() => self.char_strings[*b as usize],
            _ => Value::string(string::new_utf8(&mut self.heap, s)),
        }
    }

    pub(crate) fn str_latin1(&mut self, b: &[u8]) -> Value {
        match b {
            [] => self.atoms.empty.0.0,
            [c] => self.char_strings[*c as usize],
            _ => Value::string(string::new_latin1(&mut self.heap, b)),
        }
    }

    pub(crate) fn str_units(&mut self, u: &[u16]) -> Value {
        match u {
            [] => self.atoms.empty.0.0,
            [c] if *c < 256 => self.char_strings[*c as usize],
            _ => Value::string(string::new_utf16(&mut self.heap, u)),
        }
    }

    /// The property key of a string value.
    #[inline]
    pub(crate) fn string_key(&mut self, s: Value) -> PropKey {
        self.interner.key(&mut self.heap, s.ptr())
    }

    pub(crate) fn key_of(&mut self, s: &str) -> PropKey {
        let v = self.str(s);
        self.string_key(v)
    }

    /// A property key as a string or symbol value.
    pub(crate) fn key_value(&mut self, k: PropKey) -> Value {
        match k.as_index() {
            Some(i) => self.index_string(i),
            None => k.0,
        }
    }

    pub(crate) fn index_string(&mut self, i: u32) -> Value {
        if i < 10 {
            return self.char_strings[b'0' as usize + i as usize];
        }
        let mut buf = [0u8; 10];
        let mut at = 10;
        let mut n = i;
        while n > 0 {
            at -= 1;
            buf[at] = b'0' + (n % 10) as u8;
            n /= 10;
        }
        self.str_latin1(&buf[at..])
    }

    // ---- properties, without running JavaScript ----

    /// Adds a property that does not exist. Extensibility is the caller's business.
    pub(crate) fn add_property(&mut self, o: ObjRef, key: PropKey, v: Value, attrs: u8) {
        if let Some(i) = key.as_index() {
            o.add_elem(&mut self.heap, i, v, attrs);
        } else {
            let shape = o.shape().add(&mut self.heap, key, attrs);
            o.append_slot(&mut self.heap, shape, v);
        }
        if o.has_flag(IS_PROTO) {
            self.layout_changed();
        }
    }

    /// A prototype's layout changed: inherited-property caches are stale.
    pub(crate) fn layout_changed(&mut self) {
        self.proto_epoch = self.proto_epoch.wrapping_add(1);
    }

    /// Changes attributes (and value) of a stored property.
    pub(crate) fn reconfigure(&mut self, o: ObjRef, key: PropKey, v: Value, attrs: u8) {
        use crate::object::Loc;
        let Some(f) = o.find(key) else { return };
        if f.attrs != attrs {
            match f.loc {
                Loc::Slot(i) => {
                    let d = o.shape().own_dict(&mut self.heap);
                    d.dict_set_attrs(i, attrs);
                    o.get().shape = d;
                }
                Loc::Elem(_) => o.make_sparse(&mut self.heap),
                Loc::Sparse(_) => {}
            }
            if let (Some(i), true) = (key.as_index(), o.has_flag(crate::object::SPARSE)) {
                o.sparse().map.insert(i, (v, attrs));
            }
            if o.has_flag(IS_PROTO) {
                self.layout_changed();
            }
        } else if (attrs | f.attrs) & ACCESSOR != 0 && o.has_flag(IS_PROTO) {
            self.layout_changed();
        }
        if let Some(f) = o.find(key) {
            o.store(f.loc, v);
        }
    }

    /// Removes a stored property.
    pub(crate) fn remove_property(&mut self, o: ObjRef, key: PropKey) {
        use crate::object::Loc;
        let Some(f) = o.find(key) else { return };
        match f.loc {
            Loc::Elem(i) => o.set_elem(i, Value::HOLE),
            Loc::Sparse(i) => {
                o.sparse().map.remove(&i);
            }
            Loc::Slot(i) => {
                let d = o.shape().own_dict(&mut self.heap);
                o.get().shape = d;
                o.set_slot(i, Value::HOLE);
                let dead = d.dict_remove(i);
                if dead > 16 && dead * 2 > d.count() {
                    let values: Vec<Value> = (0..d.count()).map(|i| o.slot(i)).collect();
                    for (new, old) in d.dict_compact().into_iter().enumerate() {
                        o.set_slot(new as u32, values[old as usize]);
                    }
                }
            }
        }
        if o.has_flag(IS_PROTO) {
            self.layout_changed();
        }
    }

    /// Sets the prototype without checks.
    pub(crate) fn set_proto_raw(&mut self, o: ObjRef, proto: Option<ObjRef>) {
        let p = proto.map_or(std::ptr::null_mut(), |p| p.0);
        if o.shape().proto() == p {
            return;
        }
        if let Some(p) = proto {
            mark_proto(p);
        }
        if o.shape().count() == 0 {
            o.get().shape = self.root_shape(proto);
        } else {
            let d = o.shape().own_dict(&mut self.heap);
            d.dict_set_proto(p);
            o.get().shape = d;
        }
        if o.has_flag(IS_PROTO) {
            self.layout_changed();
        }
    }

    /// Makes a function's `length`, `name` and `prototype` real.
    #[cold]
    pub(crate) fn materialize(&mut self, f: ObjRef) {
        if f.is(Class::Error) {
            // Errors have all their properties; the value of `stack` is made by those who read it.
            return;
        }
        if f.is(Class::Function) && !self.is_local(f) {
            // Its `prototype` belongs to its own realm.
            let realm = CodeRef::of_function(f).get().realm;
            return self.in_realm(realm, |vm| vm.materialize(f));
        }
        f.clear_flag(LAZY);
        if f.is(Class::Native) {
            let name = match f.int(1) {
                v if v.is_symbol() => self.symbol_function_name(v, ""),
                v => v,
            };
            let length = f.int(2).as_int() as u32 & 0xFFFF;
            self.add_property(f, self.atoms.length.0, Value::int(length as i32), CONFIGURABLE);
            self.add_property(f, self.atoms.name.0, name, CONFIGURABLE);
            return;
        }
        let code = CodeRef::of_function(f);
        let tpl = code.template().clone();
        self.add_property(f, self.atoms.length.0, Value::int(i32::from(tpl.length)), CONFIGURABLE);
        if f.find(self.atoms.name.0).is_none() {
            let name = code.name_value(self);
            self.add_property(f, self.atoms.name.0, name, CONFIGURABLE);
        }
        let sloppy = !tpl.strict && !tpl.is_async && !tpl.is_generator;
        if sloppy && tpl.kind == looplab_bytecode::FuncKind::Normal {
            // V8 gives these to functions of sloppy mode; both are always null here.
            self.add_property(f, self.atoms.arguments.0, Value::NULL, 0);
            self.add_property(f, self.atoms.caller.0, Value::NULL, 0);
        }
        if tpl.is_generator {
            let which =
                if tpl.is_async { Intrinsic::AsyncGeneratorPrototype } else { Intrinsic::GeneratorPrototype };
            let p = self.alloc_object(Class::Plain, Some(self.realm.proto(which)));
            self.add_property(f, self.atoms.prototype.0, p.value(), WRITABLE);
        } else if tpl.kind == looplab_bytecode::FuncKind::Normal && !tpl.is_async {
            let p = self.alloc_plain();
            self.add_property(p, self.atoms.constructor.0, f.value(), crate::shape::HIDDEN);
            self.add_property(f, self.atoms.prototype.0, p.value(), WRITABLE);
        }
    }

    /// "[description]" of a symbol, as a function name.
    pub(crate) fn symbol_function_name(&mut self, sym: Value, prefix: &str) -> Value {
        let d = symbol_description(sym);
        let text = match d {
            v if v.is_undefined() => prefix.to_owned(),
            v => {
                let s = self.chars_of(v).to_utf8();
                if is_private(sym) { format!("{prefix}{s}") } else { format!("{prefix}[{s}]") }
            }
        };
        self.str(&text)
    }

    /// The characters of a string value, made flat. Valid until the next safepoint.
    pub(crate) fn chars_of<'a>(&mut self, v: Value) -> string::Chars<'a> {
        let p: *mut JsString = v.ptr();
        string::flatten(&mut self.heap, p);
        // SAFETY: a live string; callers do not keep the result across a safepoint.
        unsafe { string::deref(p) }.chars()
    }

    /// Length in code units of a string value.
    #[inline(always)]
    pub(crate) fn string_len(v: Value) -> usize {
        // SAFETY: a live string.
        unsafe { string::deref(v.ptr()) }.len()
    }

    /// Equality of string values.
    pub(crate) fn strings_equal(&mut self, a: Value, b: Value) -> bool {
        if a == b {
            return true;
        }
        // SAFETY: live strings.
        let (x, y) = unsafe { (string::deref(a.ptr()), string::deref(b.ptr())) };
        if x.len() != y.len() || (x.is_interned() && y.is_interned()) {
            return false;
        }
        self.chars_of(a).equals(self.chars_of(b))
    }

    /// Whether reads and writes may go straight to the stored properties.
    #[inline(always)]
    pub(crate) fn is_ordinary(o: ObjRef) -> bool {
        !o.has_flag(EXOTIC | LAZY)
    }

    pub(crate) fn extensible_raw(o: ObjRef) -> bool {
        !o.has_flag(NOT_EXTENSIBLE)
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        self.modules.clear();
        let mut heap = std::mem::replace(&mut self.heap, Heap::new());
        heap.release_all(crate::gc::drop_cell_quiet);
        crate::spare::give_back(std::mem::take(&mut self.stack));
    }
}

/// A getter and setter pair.
#[repr(C)]
pub(crate) struct Accessor {
    pub(crate) h: Header,
    pub(crate) getter: Value,
    pub(crate) setter: Value,
}

/// The pair behind a slot whose attributes say ACCESSOR.
pub(crate) fn accessor(v: Value) -> (Value, Value) {
    debug_assert!(v.is_cell());
    let p: *mut Accessor = v.ptr();
    // SAFETY: slots with the ACCESSOR attribute hold accessor cells.
    unsafe { ((*p).getter, (*p).setter) }
}

/// A symbol or private name.
#[repr(C)]
pub(crate) struct Symbol {
    pub(crate) h: Header,
    pub(crate) description: Value,
}
pub(crate) const PRIVATE: u8 = 1;
pub(crate) const REGISTERED: u8 = 2;

pub(crate) fn alloc_symbol(heap: &mut Heap, description: Value, flags: u8) -> Value {
    let p = heap.alloc(std::mem::size_of::<Symbol>(), CellKind::Symbol).cast::<Symbol>();
    // SAFETY: fresh cell of that size.
    unsafe {
        (*p).h.flags = flags;
        (*p).description = description;
    }
    Value::symbol(p)
}

pub(crate) fn new_symbol(heap: &mut Heap, interner: &mut Interner, description: &str) -> Value {
    let d = Value::string(interner.latin1(heap, description.as_bytes()));
    alloc_symbol(heap, d, 0)
}

pub(crate) fn symbol_description(v: Value) -> Value {
    let p: *mut Symbol = v.ptr();
    // SAFETY: a live symbol.
    unsafe { (*p).description }
}

pub(crate) fn symbol_flags(v: Value) -> u8 {
    let p: *mut Symbol = v.ptr();
    // SAFETY: a live symbol.
    unsafe { (*p).h.flags }
}

pub(crate) fn is_private(v: Value) -> bool {
    v.is_symbol() && symbol_flags(v) & PRIVATE != 0
}

/// A BigInt.
#[repr(C)]
pub(crate) struct BigIntCell {
    pub(crate) h: Header,
    pub(crate) n: num_bigint::BigInt,
}

impl Vm {
    pub(crate) fn alloc_bigint(&mut self, n: num_bigint::BigInt) -> Value {
        let p = self.heap.alloc(std::mem::size_of::<BigIntCell>(), CellKind::BigInt).cast::<BigIntCell>();
        self.heap.external((n.bits() / 8) as isize);
        // SAFETY: fresh cell of that size; the field is written without dropping the garbage before it.
        unsafe { std::ptr::addr_of_mut!((*p).n).write(n) };
        Value::bigint(p)
    }
}

/// The number behind a BigInt value. Not to be kept across a safepoint.
pub(crate) fn bigint<'a>(v: Value) -> &'a num_bigint::BigInt {
    let p: *const BigIntCell = v.ptr();
    // SAFETY: a live BigInt; callers do not keep the result across a safepoint.
    unsafe { &(*p).n }
}

pub(crate) fn is_callable(v: Value) -> bool {
    let Some(o) = ObjRef::from(v) else { return false };
    match o.class() {
        Class::Function | Class::Native | Class::Bound => true,
        Class::Proxy => o.int(2).is_true(),
        _ => false,
    }
}

pub(crate) fn is_constructor(v: Value) -> bool {
    let Some(mut o) = ObjRef::from(v) else { return false };
    // Bound functions can be bound again without end.
    while o.is(Class::Bound) {
        let Some(target) = ObjRef::from(o.int(0)) else { return false };
        o = target;
    }
    match o.class() {
        Class::Function => CodeRef::of_function(o).is_constructor(),
        Class::Native => o.int(2).as_int() & 1 << 16 != 0,
        Class::Proxy => o.int(3).is_true(),
        _ => false,
    }
}

/// Argument `i` of a native call.
#[inline(always)]
pub(crate) fn read_arg(argv: *const Value, i: usize) -> Value {
    // SAFETY: Args is only made with argc initialised values at argv, in registers that outlive the call.
    unsafe { *argv.add(i) }
}

/// Arguments `from..to` of a native call.
pub(crate) fn arg_slice<'a, 's>(argv: *const Value, from: usize, to: usize) -> &'a [crate::Local<'s>] {
    // SAFETY: as for read_arg; a Local is a transparent Value.
    unsafe { std::slice::from_raw_parts(argv.add(from).cast(), to - from) }
}

/// Values that are copied before anything can run, as arguments.
pub(crate) fn locals<'s>(v: &[Value]) -> &[crate::Local<'s>] {
    arg_slice(v.as_ptr(), 0, v.len())
}

/// The native function behind a Native object.
#[inline(always)]
pub(crate) fn native_fn(o: ObjRef) -> NativeFn {
    debug_assert!(o.is(Class::Native));
    // SAFETY: alloc_native stored a NativeFn there.
    unsafe { std::mem::transmute::<usize, NativeFn>(o.int(0).as_raw()) }
}

fn zeroed_values(n: usize) -> Box<[Value]> {
    let layout = std::alloc::Layout::array::<Value>(n).expect("stack size");
    // SAFETY: all-zero bits are a valid Value (the number 0); the allocation has the slice's layout.
    unsafe {
        let p = std::alloc::alloc_zeroed(layout).cast::<Value>();
        if p.is_null() {
            std::alloc::handle_alloc_error(layout);
        }
        Box::from_raw(std::ptr::slice_from_raw_parts_mut(p, n))
    }
}

/// How deep the native stack may grow: the soft limit of the system, less a reserve for Rust code between checks.
fn native_stack_limit() -> usize {
    // A local, not a literal: a reference to a literal is promoted to a static.
    let mark = 0u8;
    let here = std::hint::black_box(&mark) as *const u8 as usize;
    // Miri knows no resource limits.
    let limit = match cfg!(miri) {
        true => None,
        false => rustix::process::getrlimit(rustix::process::Resource::Stack).current,
    };
    let size = limit.unwrap_or(8 << 20);
    let size = (size as usize).clamp(128 << 10, 64 << 20);
    // Threads other than the first usually have 2 MiB; the embedder calls use_current_stack on a thread it sized itself.
    here.saturating_sub(size - (size / 8 * 3).min(160 << 10))
}
