//! The scope pass: which names each scope declares, what every reference means, which variables closures capture.
//!
//! One walk over the tree. Names of a scope are declared when it is entered (`hoist`), so a reference resolves at once
//! through a table from name to the stack of live bindings; results are written into the tree's own id cells
//! (`scope_id`, `symbol_id`, `reference_id`, and `node_id` where a node has no other), which the code generator reads back.
//!
//! A reference also learns here whether it needs a check for the temporal dead zone: not when its declaration was
//! passed earlier in the text of the same scope instance, because closures that are created later can't run earlier.
//! Function declarations are created when their block is entered, so they are walked first.

mod class;
mod dynamic;
mod hoist;
mod visit;
mod walk;

use looplab_bytecode::eval::EvalContext;
use looplab_bytecode::{BindingKind, Span};
use rustc_hash::{FxHashMap, FxHashSet};

pub(crate) use dynamic::is_direct as is_direct_eval;
pub(crate) use hoist::hoisted_function;

/// Index of a variable.
pub(crate) type VarIx = u32;
/// Index of a scope.
pub(crate) type ScopeIx = u32;
/// Index of a function.
pub(crate) type FuncIx = u32;

/// "No scope", "no variable".
pub(crate) const NONE: u32 = u32::MAX;

/// A declared variable.
#[derive(Debug)]
pub(crate) struct Var<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: BindingKind,
    pub(crate) scope: ScopeIx,
    pub(crate) func: FuncIx,
    /// Used by another function than its own: lives in an environment.
    pub(crate) captured: bool,
    /// Assigned other than by its declaration.
    pub(crate) assigned: bool,
    /// Some reference must check that it is initialised.
    pub(crate) checked: bool,
    /// During the walk: its declaration has been passed.
    pub(crate) initialized: bool,
    /// Referred to at all.
    pub(crate) used: bool,
    /// A function declared at the top of its function: has its value from the start.
    pub(crate) is_function: bool,
    /// Environment slot when captured; import number when `kind` is `Import`.
    pub(crate) slot: u16,
}

/// What a scope stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ScopeKind {
    /// The outside of everything.
    Root,
    /// An environment around a direct eval, made by code that was compiled before.
    Outside,
    /// Parameters, and the body's names too unless the function needs a scope of its own for them.
    Function,
    /// The body of a function whose parameters hold expressions that create closures.
    Body,
    Block,
    Switch,
    Loop,
    Catch,
    Class,
    /// The object of a `with` statement.
    With,
}

/// A scope.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) kind: ScopeKind,
    pub(crate) parent: ScopeIx,
    pub(crate) func: FuncIx,
    pub(crate) vars: Vec<VarIx>,
    /// Has an environment at run time.
    pub(crate) has_env: bool,
    /// How many environments there are from here outwards, this one included.
    pub(crate) depth: u32,
}

/// What sort of code a function is, as far as scoping is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FnKind {
    Script,
    Module,
    Normal,
    Arrow,
    Method,
    Constructor,
    DerivedConstructor,
    /// Field initialisers and static blocks.
    ClassInit,
}

/// A function.
#[derive(Debug)]
pub(crate) struct Func {
    pub(crate) kind: FnKind,
    /// The scope it stands in.
    pub(crate) outer: ScopeIx,
    /// The nearest function that is not an arrow: the owner of `this` and the like (itself when not an arrow).
    pub(crate) owner: FuncIx,
    pub(crate) scope: ScopeIx,
    /// The separate scope of the body, or `scope`.
    pub(crate) body_scope: ScopeIx,
    pub(crate) strict: bool,
    pub(crate) is_async: bool,
    pub(crate) is_generator: bool,
    /// Every parameter is a plain identifier.
    pub(crate) simple_params: bool,
    /// Refers to `this`, itself or through arrows.
    pub(crate) uses_this: bool,
    /// Refers to `super` properties, itself or through arrows (or is a class's constructor with super calls).
    pub(crate) uses_super: bool,
    /// Uses the environment it was created in, or creates one.
    pub(crate) needs_env: bool,
    /// `this` captured by an arrow, as a variable.
    pub(crate) this_var: VarIx,
    /// `new.target` likewise.
    pub(crate) new_target_var: VarIx,
    /// The home object likewise.
    pub(crate) home_var: VarIx,
    /// The running function likewise (for super calls in arrows).
    pub(crate) callee_var: VarIx,
    /// The arguments object.
    pub(crate) arguments_var: VarIx,
    /// The arguments object is used other than by `arguments.length` and `arguments[i]` reads.
    pub(crate) arguments_escape: bool,
    /// The arguments object is tied to the parameters.
    pub(crate) mapped: bool,
    /// The own name of a function expression, when referred to.
    pub(crate) self_var: VarIx,
    /// The first of several formal parameters of the same name is dead; for each formal parameter its variable.
    pub(crate) params: Vec<VarIx>,
    /// Variables of a separate body scope that start with the value of a parameter.
    pub(crate) copies: Vec<(VarIx, VarIx)>,
    /// Declares `var`s and functions on the global object.
    pub(crate) global: bool,
    /// Contains await outside nested functions (a module with top-level await).
    pub(crate) has_await: bool,
    /// Where it stands in the text (`dynamic::PROGRAM`: the whole text).
    pub(crate) start: u32,
    /// A direct eval in it, or in a function in it, can see its variables: all live in environments.
    pub(crate) sees_eval: bool,
    /// The scope around the parameters for variables that direct evals in parameter expressions declare.
    pub(crate) vars_scope: ScopeIx,
}

/// A private name's members.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Private {
    /// The variable holding the private name.
    pub(crate) name: VarIx,
    /// The variables holding an instance method, getter and setter.
    pub(crate) method: VarIx,
    pub(crate) getter: VarIx,
    pub(crate) setter: VarIx,
    pub(crate) is_static: bool,
}

/// What the scope pass found out about a class, by its scope.
#[derive(Debug)]
pub(crate) struct ClassInfo<'a> {
    /// The inner binding of the class's name.
    pub(crate) inner: VarIx,
    /// The function that initialises instance fields.
    pub(crate) instance_init: FuncIx,
    /// The function that runs static fields and blocks.
    pub(crate) static_init: FuncIx,
    /// Element number → variable holding its computed key.
    pub(crate) computed_keys: FxHashMap<usize, VarIx>,
    /// Private names in order of appearance.
    pub(crate) privates: Vec<(&'a str, Private)>,
}

/// Where the value of a function declared in a block goes besides its block (Annex B).
#[derive(Clone, Copy, Debug)]
pub(crate) enum AnnexB {
    /// A variable of the enclosing function.
    Var(VarIx),
    /// A global property.
    Global,
    /// A variable that this eval code declares in the function around it.
    Eval,
}

/// An early error found by the scope pass.
#[derive(Debug)]
pub(crate) struct ScopeError {
    pub(crate) message: String,
    pub(crate) span: Span,
}

/// Everything the scope pass found out.
#[derive(Debug, Default)]
pub(crate) struct Analysis<'a> {
    pub(crate) vars: Vec<Var<'a>>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) funcs: Vec<Func>,
    pub(crate) classes: FxHashMap<ScopeIx, ClassInfo<'a>>,
    pub(crate) annex_b: FxHashMap<u32, AnnexB>,
    /// Global declarations of a script.
    pub(crate) global_vars: Vec<&'a str>,
    pub(crate) global_functions: Vec<&'a str>,
    pub(crate) global_lexicals: Vec<(&'a str, bool)>,
    /// Exported local names of a module: export name and variable.
    pub(crate) exports: Vec<(String, VarIx)>,
    pub(crate) error: Option<ScopeError>,
    /// The function that is the whole text.
    pub(crate) top: FuncIx,
    /// Where identifiers stand that must be looked up by name at run time: a `with`, or a function that direct evals may add
    /// variables to, lies between them and what they seem to mean.
    pub(crate) dynamic: FxHashSet<u32>,
}

impl<'a> Analysis<'a> {
    pub(crate) fn var(&self, v: VarIx) -> &Var<'a> {
        &self.vars[v as usize]
    }

    pub(crate) fn scope(&self, s: ScopeIx) -> &Scope {
        &self.scopes[s as usize]
    }

    pub(crate) fn func(&self, f: FuncIx) -> &Func {
        &self.funcs[f as usize]
    }

    /// Gives captured variables their slots and scopes their environments and depths.
    fn lay_out(&mut self) {
        for i in 0..self.scopes.len() {
            let mut slots = 0u32;
            let seen = self.funcs.get(self.scopes[i].func as usize).is_some_and(|f| f.sees_eval);
            for k in 0..self.scopes[i].vars.len() {
                let v = self.scopes[i].vars[k] as usize;
                self.vars[v].captured |= seen;
                if self.vars[v].captured && self.vars[v].kind != BindingKind::Import {
                    self.vars[v].slot = slots.min(65535) as u16;
                    slots += 1;
                }
            }
            if slots > 65535 && self.error.is_none() {
                self.error = Some(ScopeError {
                    message: "Too many variables captured in one scope".into(),
                    span: Span::default(),
                });
            }
            let s = &self.scopes[i];
            let module = s.kind == ScopeKind::Function
                && self.funcs.get(s.func as usize).is_some_and(|f| f.kind == FnKind::Module);
            let has_env = slots > 0 || module || s.kind == ScopeKind::Outside;
            let above = if s.parent == NONE { 0 } else { self.scopes[s.parent as usize].depth };
            let func = s.func;
            self.scopes[i].has_env = has_env;
            self.scopes[i].depth = above + u32::from(has_env);
            if has_env && func != NONE {
                self.funcs[func as usize].needs_env = true;
            }
        }
    }
}

/// What the text is, for the scope pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Top {
    /// Declarations are global.
    Script,
    /// Like a script, but let, const, class (and in strict code var) are local.
    Eval {
        strict: bool,
    },
    /// Eval code that sees the variables around it; in sloppy code, `in_function` says that its `var`s belong to a function.
    DirectEval {
        strict: bool,
        in_function: bool,
    },
    Module,
    /// The body of a function.
    Body {
        strict: bool,
    },
    /// The program is one function declaration whose closure is wanted.
    Function,
}

/// Runs the pass.
pub(crate) fn analyze<'a>(
    program: &oxc_ast::ast::Program<'a>,
    top: Top,
    params: &[&'a str],
    around: Option<(&EvalContext, &'a oxc_allocator::Allocator)>,
) -> Analysis<'a> {
    let mut w = walk::Walker::new(program, top);
    if let Some((context, allocator)) = around {
        w.surroundings(context, allocator);
    }
    w.program(program, top, params);
    let mut a = w.into_analysis();
    a.lay_out();
    a
}
