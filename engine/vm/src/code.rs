//! A function's code on the heap: instructions (which the interpreter may quicken in place), constants, inline caches.
//!
//! INVARIANT: a [`CodeRef`] points to a live Code cell; its constants and caches are filled in before the code first runs.

use crate::heap::{CellKind, Header, Heap};
use crate::interp::leaf::Leaf;
use crate::module::ModuleId;
use crate::object::ObjRef;
use crate::shape::ShapeRef;
use crate::string;
use crate::value::{PropKey, Value};
use crate::vm::Vm;
use looplab_bytecode::{Const, FuncKind, FunctionTemplate, Insn};
use std::cell::Cell;
use std::rc::Rc;

/// How an inline cache entry was filled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum IcKind {
    Empty,
    /// The value is in the receiver's own slot.
    Own,
    /// The value is in slot `slot` of `holder`; valid while `epoch` is the engine's.
    Proto,
    /// A getter: own (holder null) or inherited.
    Getter,
    /// No object of the chain has it.
    Absent,
    /// Writing adds a property: `holder` is the next shape.
    Add,
    /// A setter of the chain is called.
    Setter,
    /// A script-level lexical binding; `slot` is its index.
    Lexical,
    /// The receiver is a string; as `Proto`.
    Text,
}

/// One remembered receiver shape.
#[derive(Clone, Copy)]
pub(crate) struct IcEntry {
    pub(crate) shape: ShapeRef,
    /// The object that has the property, or (Add) the next shape.
    pub(crate) holder: *mut u8,
    pub(crate) slot: u32,
    pub(crate) epoch: u32,
}

/// The cache of one property access in the code.
pub(crate) struct Ic {
    pub(crate) first: IcEntry,
    pub(crate) kind: IcKind,
    /// Receivers seen beyond what `more` holds: megamorphic.
    pub(crate) misses: u8,
    pub(crate) key: PropKey,
    pub(crate) more: Vec<(IcKind, IcEntry)>,
}

impl Ic {
    fn new(key: PropKey) -> Ic {
        let first = IcEntry { shape: ShapeRef::NULL, holder: std::ptr::null_mut(), slot: 0, epoch: 0 };
        Ic { first, kind: IcKind::Empty, misses: 0, key, more: Vec::new() }
    }

    /// Whether it remembers one receiver, and a value that needs no call.
    pub(crate) fn is_simple(&self) -> bool {
        matches!(self.kind, IcKind::Own | IcKind::Proto) && self.more.is_empty()
    }
}

/// A code cell.
#[repr(C)]
pub struct Code {
    h: Header,
    tpl: Rc<FunctionTemplate>,
    /// Cells: the second tier writes over instructions while frames point at them.
    insns: Box<[Cell<Insn>]>,
    pub(crate) consts: Box<[Value]>,
    pub(crate) ics: Box<[Ic]>,
    pub(crate) children: Box<[Value]>,
    name: Value,
    /// The module whose imports it sees.
    pub(crate) module: Option<ModuleId>,
    /// The realm of its functions.
    pub(crate) realm: u32,
    ready: bool,
    /// Nothing to set up on a call but the window itself: no rest, no arguments object, no coroutine, callable without `new`.
    pub(crate) simple: bool,
    /// The same but for the promise of an async function.
    pub(crate) simple_async: bool,
    /// Its functions have a home object, or initialisers for the fields of their instances.
    pub(crate) has_home: bool,
    /// The template's window, at hand.
    pub(crate) nregs: u32,
    pub(crate) nparams: u32,
    /// Slots that instances made by this constructor turned out to need.
    pub(crate) instance_slots: u8,
    /// Calls and backward jumps, which tell when it is hot.
    pub(crate) calls: u32,
    pub(crate) loops: u32,
    /// Whether built-in functions get its result without calling it.
    pub(crate) leaf: Leaf,
    /// What is remembered of its second tier, once it has been hot.
    pub(crate) tier: Option<Box<crate::interp::tier::Tier>>,
}

/// A live code cell.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct CodeRef(pub(crate) *mut Code);

impl Code {
    /// The function's name, if it has been made into a string value.
    pub(crate) fn name_if_made(&self) -> Value {
        self.name
    }
}

impl CodeRef {
    /// For functions of the realm `realm`.
    pub(crate) fn new(
        heap: &mut Heap,
        tpl: Rc<FunctionTemplate>,
        module: Option<ModuleId>,
        realm: u32,
    ) -> CodeRef {
        let p = heap.alloc(std::mem::size_of::<Code>(), CellKind::Code).cast::<Code>();
        let class = matches!(tpl.kind, FuncKind::ClassConstructor | FuncKind::DerivedConstructor);
        let window_only =
            !(tpl.is_generator || class) && tpl.rest_reg.is_none() && tpl.arguments_reg.is_none();
        let (simple, simple_async) = (window_only && !tpl.is_async, window_only && tpl.is_async);
        let (nregs, nparams) = (u32::from(tpl.nregs), u32::from(tpl.nparams));
        // SAFETY: fresh cell of that size; the header is already there.
        unsafe {
            let h = p.cast::<Header>().read();
            p.write(Code {
                h,
                simple,
                simple_async,
                has_home: class || tpl.uses_super,
                nregs,
                nparams,
                tpl,
                insns: Box::default(),
                consts: Box::default(),
                ics: Box::default(),
                children: Box::default(),
                name: Value::UNDEFINED,
                module,
                realm,
                ready: false,
                instance_slots: 4,
                calls: 0,
                loops: 0,
                leaf: Leaf::No,
                tier: None,
            });
        }
        CodeRef(p)
    }

    #[inline(always)]
    #[expect(
        clippy::mut_from_ref,
        reason = "cells are reached through raw pointers; see the module's invariant"
    )]
    pub(crate) fn get(&self) -> &mut Code {
        // SAFETY: the module's invariant; no reference is kept across another call.
        unsafe { &mut *self.0 }
    }

    /// The code of a Function object.
    #[inline(always)]
    pub(crate) fn of_function(f: ObjRef) -> CodeRef {
        debug_assert!(f.is(crate::object::Class::Function));
        CodeRef(f.int(0).ptr())
    }

    pub(crate) fn value(self) -> Value {
        Value::cell(self.0)
    }

    #[inline(always)]
    pub(crate) fn template(&self) -> &Rc<FunctionTemplate> {
        &self.get().tpl
    }

    pub(crate) fn is_constructor(self) -> bool {
        let t = self.template();
        match t.kind {
            FuncKind::Normal => !t.is_async && !t.is_generator,
            FuncKind::ClassConstructor | FuncKind::DerivedConstructor => true,
            _ => false,
        }
    }

    /// Whether constants and caches are made.
    #[inline(always)]
    pub(crate) fn is_ready(&self) -> bool {
        self.get().ready
    }

    /// The function's name as a string value.
    pub(crate) fn name_value(self, vm: &mut Vm) -> Value {
        if self.get().name.is_undefined() {
            let v = text_value(vm, &self.template().clone().name, true);
            self.get().name = v;
        }
        self.get().name
    }

    /// Makes constants and caches real; done once, before the first run.
    #[cold]
    fn prepare(self, vm: &mut Vm) {
        let tpl = self.template().clone();
        let names: std::collections::HashSet<u32> = tpl.ic_keys.iter().copied().collect();
        let consts: Box<[Value]> = (tpl.consts.iter().enumerate())
            .map(|(i, c)| match c {
                Const::Number(n) => Value::number(*n),
                Const::Str(t) => text_value(vm, t, names.contains(&(i as u32)) || t.len() <= 32),
                Const::BigInt(d) => vm.alloc_bigint(d.parse().unwrap_or_default()),
                // Made per evaluation or per site.
                Const::RegExp { .. } | Const::Template(_) => Value::UNDEFINED,
            })
            .collect();
        let ics = tpl.ic_keys.iter().map(|&k| match consts.get(k as usize) {
            Some(&s) => Ic::new(vm.string_key(s)),
            None => Ic::new(PropKey::NONE),
        });
        let ics = ics.collect();
        let (module, realm) = (self.get().module, self.get().realm);
        let children =
            tpl.functions.iter().map(|f| CodeRef::new(&mut vm.heap, f.clone(), module, realm).value());
        let children = children.collect();
        let c = self.get();
        c.insns = tpl.code.iter().map(|&i| Cell::new(i)).collect();
        c.consts = consts;
        c.ics = ics;
        c.children = children;
        c.ready = true;
        if vm.eager_tiering {
            (c.calls, c.loops) = crate::interp::tier::EAGER;
        }
    }

    #[inline(always)]
    pub(crate) fn ensure_ready(self, vm: &mut Vm) {
        if !self.get().ready {
            self.prepare(vm);
        }
    }

    /// Index of the instruction at `pc`.
    #[inline]
    pub(crate) fn pc_index(self, pc: *const Insn) -> u32 {
        // SAFETY: pc points into (or one past) this code's instructions.
        unsafe { pc.offset_from(self.start()) as u32 }
    }

    /// The first instruction.
    #[inline(always)]
    pub(crate) fn start(&self) -> *const Insn {
        self.get().insns.as_ptr().cast()
    }

    /// The instruction at an index, as it stands now.
    pub(crate) fn word(self, pc: usize) -> Insn {
        self.get().insns[pc].get()
    }

    /// Writes over an instruction, with one of the second tier or the template's.
    pub(crate) fn set_word(self, pc: usize, word: Insn) {
        self.get().insns[pc].set(word);
    }

    /// All instructions as they stand now.
    pub(crate) fn words(self) -> Vec<Insn> {
        self.get().insns.iter().map(Cell::get).collect()
    }
}

fn text_value(vm: &mut Vm, t: &looplab_bytecode::Text, intern: bool) -> Value {
    let p = string::new_text(&mut vm.heap, t);
    if intern { Value::string(vm.interner.intern(&mut vm.heap, p)) } else { Value::string(p) }
}

/// Marks what code refers to.
pub(crate) fn trace(heap: &mut Heap, c: *mut Code) {
    let c = CodeRef(c);
    let c = c.get();
    heap.mark_value(c.name);
    c.consts.iter().chain(c.children.iter()).for_each(|&v| heap.mark_value(v));
    for ic in &mut c.ics {
        heap.mark_value(ic.key.0);
        // Caches are weak in spirit: forget them rather than keep shapes and holders alive. They refill at once.
        ic.kind = IcKind::Empty;
        ic.first.shape = ShapeRef::NULL;
        ic.more.clear();
    }
}

/// Releases what dead code owns.
pub(crate) fn drop_code(c: *mut Code) {
    // SAFETY: the cell is dead; its Rust fields are dropped exactly once.
    unsafe {
        std::ptr::drop_in_place(std::ptr::addr_of_mut!((*c).tpl));
        std::ptr::drop_in_place(std::ptr::addr_of_mut!((*c).insns));
        std::ptr::drop_in_place(std::ptr::addr_of_mut!((*c).consts));
        std::ptr::drop_in_place(std::ptr::addr_of_mut!((*c).ics));
        std::ptr::drop_in_place(std::ptr::addr_of_mut!((*c).children));
        std::ptr::drop_in_place(std::ptr::addr_of_mut!((*c).tier));
    }
}
