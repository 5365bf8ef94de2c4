//! Variables: scopes entered and left, reads, writes, initialisation.

use super::Gen;
use super::builder::Reg;
use crate::scope::{NONE, ScopeIx, VarIx};
use looplab_bytecode::{BindingKind, EnvVar, LocalVar, Op, ScopeInfo, Text};
use oxc_ast::ast::*;

/// Where a variable lives.
pub(crate) enum Place {
    Reg(Reg),
    Env { base: Reg, depth: u8, slot: u16 },
    Import(u16),
}

/// A scope that was entered, to be handed to `leave`.
pub(crate) struct Entered {
    scope: ScopeIx,
    mark: u32,
    start: u32,
    env: Option<Reg>,
}

impl<'a> Gen<'a> {
    // ---- scopes ----

    /// Enters a block-like scope: makes its environment and gives its other variables registers.
    pub(crate) fn enter(&mut self, scope: Option<oxc_syntax::scope::ScopeId>) -> Option<Entered> {
        scope.map(|s| self.enter_ix(s.index() as u32))
    }

    pub(crate) fn enter_ix(&mut self, scope: ScopeIx) -> Entered {
        let e = Entered { scope, mark: self.b.next_reg, start: self.b.pc(), env: self.b.env };
        self.new_env(scope);
        self.alloc_vars(scope);
        self.mark_holes(scope);
        e
    }

    pub(crate) fn leave(&mut self, e: Option<Entered>) {
        if let Some(e) = e {
            self.list_locals(e.scope, e.start);
            self.b.env = e.env;
            self.b.free_to(e.mark);
        }
    }

    /// Gives every variable of a scope that closures don't capture a register.
    pub(crate) fn alloc_vars(&mut self, scope: ScopeIx) {
        for i in 0..self.a.scope(scope).vars.len() {
            let v = self.a.scope(scope).vars[i];
            if !self.a.var(v).captured && self.a.var(v).kind != BindingKind::Import {
                self.regs[v as usize] = self.b.alloc_local();
            }
        }
    }

    /// Makes checked register variables holes.
    pub(crate) fn mark_holes(&mut self, scope: ScopeIx) {
        for i in 0..self.a.scope(scope).vars.len() {
            let v = self.a.scope(scope).vars[i];
            let var = self.a.var(v);
            if var.checked && !var.captured {
                let r = self.regs[v as usize];
                self.b.abx(Op::LoadHole, r, 0);
            }
        }
    }

    /// Emits NewEnv for a scope that has an environment.
    pub(crate) fn new_env(&mut self, scope: ScopeIx) {
        if !self.a.scope(scope).has_env {
            return;
        }
        let mut info = ScopeInfo::default();
        for &v in &self.a.scope(scope).vars {
            let var = self.a.var(v);
            if var.captured && var.kind != BindingKind::Import {
                info.slots.push((Text::new(var.name), Some(var.kind)));
            }
        }
        let ix = self.b.scope_info(info);
        let r = self.b.alloc_local();
        let parent = self.env_reg();
        self.b.abc(Op::NewEnv, r, parent, ix);
        self.env_regs[scope as usize] = r;
        self.env_ix[scope as usize] = ix;
        self.b.env = Some(r);
    }

    /// The register of the innermost environment.
    pub(crate) fn env_reg(&mut self) -> Reg {
        match self.b.env {
            Some(r) => r,
            None => {
                // The scope pass says so of every function that needs it; this is the safe way out.
                let r = self.b.alloc();
                self.b.abc(Op::FuncEnv, r, 0, 0);
                r
            }
        }
    }

    /// A let, const or class has just been given its value: from here on debuggers may look at its register.
    pub(crate) fn born(&mut self, id: &BindingIdentifier<'a>) {
        if let Some(symbol) = id.symbol_id.get() {
            self.born_at[symbol.index()] = self.b.pc();
        }
    }

    /// Notes the register variables of a scope, and its environment, for debuggers.
    pub(crate) fn list_locals(&mut self, scope: ScopeIx, start: u32) {
        let end = self.b.pc();
        if self.a.scope(scope).has_env {
            let (reg, scope) = (self.env_regs[scope as usize], self.env_ix[scope as usize]);
            self.b.envs.push(EnvVar { reg, scope, start, end });
        }
        for &v in &self.a.scopes[scope as usize].vars {
            let var = &self.a.vars[v as usize];
            if !var.captured && !matches!(var.kind, BindingKind::Import | BindingKind::Internal) {
                let reg = self.regs[v as usize];
                let live = self.born_at[v as usize].max(start);
                self.b.locals.push(LocalVar { name: Text::new(var.name), reg, start, live, end });
            }
        }
    }

    // ---- places ----

    pub(crate) fn place_of(&mut self, v: VarIx) -> Place {
        let var = self.a.var(v);
        let (slot, scope) = (var.slot, var.scope);
        if var.kind == BindingKind::Import {
            return Place::Import(slot);
        }
        if !var.captured {
            return Place::Reg(self.regs[v as usize]);
        }
        if self.a.scope(scope).func == self.b.func {
            return Place::Env { base: self.env_regs[scope as usize], depth: 0, slot };
        }
        let outer = self.a.func(self.b.func).outer;
        let mut depth = self.a.scope(outer).depth.saturating_sub(self.a.scope(scope).depth);
        let mut base = match self.b.outer_env {
            Some(r) => r,
            None => self.env_reg(),
        };
        if depth > 255 {
            let r = self.b.alloc();
            self.b.abc(Op::EnvParent, r, base, 0);
            depth -= 1;
            while depth > 255 {
                self.b.abc(Op::EnvParent, r, r, 0);
                depth -= 1;
            }
            base = r;
        }
        Place::Env { base, depth: depth as u8, slot }
    }

    /// The register of a variable that lives in one.
    pub(crate) fn var_reg(&self, v: VarIx) -> Option<Reg> {
        let var = self.a.var(v);
        (!var.captured && var.kind != BindingKind::Import && var.func == self.b.func)
            .then(|| self.regs[v as usize])
    }

    /// What an identifier means: its variable and whether to check for the dead zone.
    pub(crate) fn resolved(&self, id: &IdentifierReference<'a>) -> Option<(VarIx, bool)> {
        id.reference_id.get().map(|r| ((r.index() >> 1) as u32, r.index() & 1 == 1))
    }

    // ---- reads ----

    /// Reads a variable: in place when it is a register and no destination is wanted.
    pub(crate) fn load_var(&mut self, v: VarIx, check: bool, dst: Option<Reg>, at: u32) -> Reg {
        let mark = self.b.next_reg;
        match self.place_of(v) {
            Place::Reg(r) => {
                if check {
                    let name = self.b.str_const(self.a.vars[v as usize].name);
                    self.b.at(at);
                    self.b.abx(Op::CheckHole, r, name);
                }
                if let Some(d) = dst {
                    self.b.mov(d, r);
                    return d;
                }
                r
            }
            Place::Env { base, depth, slot } => {
                self.b.free_to(mark);
                let d = dst.unwrap_or_else(|| self.b.alloc());
                let op = if check { Op::GetEnvChecked } else { Op::GetEnv };
                if check {
                    self.b.at(at);
                }
                self.b.xabc(op, depth, d, base, slot);
                d
            }
            Place::Import(n) => {
                let d = dst.unwrap_or_else(|| self.b.alloc());
                self.b.at(at);
                self.b.abc(Op::GetImport, d, n, 0);
                d
            }
        }
    }

    /// Reads an identifier. `typeof`: a missing global is undefined.
    pub(crate) fn load_ident(
        &mut self,
        id: &IdentifierReference<'a>,
        dst: Option<Reg>,
        typeof_: bool,
    ) -> Reg {
        if let Some((v, check)) = self.resolved(id) {
            return self.load_var(v, check, dst, id.span.start);
        }
        if self.is_dynamic(id.span.start) {
            return self.load_dynamic(id, dst, typeof_);
        }
        let d = dst.unwrap_or_else(|| self.b.alloc());
        match id.name.as_str() {
            "undefined" => self.b.abx(Op::LoadUndef, d, 0),
            "NaN" => self.load_number(f64::NAN, d),
            "Infinity" => self.load_number(f64::INFINITY, d),
            name => {
                let ic = self.global_ic(name, Op::GetGlobal);
                self.b.at(id.span.start);
                self.b.xabc(Op::GetGlobal, u8::from(typeof_), d, ic, 0);
            }
        }
        d
    }

    pub(crate) fn global_ic(&mut self, name: &str, op: Op) -> u16 {
        let k = self.b.str_const(name);
        match self.b.global_ic(k, op) {
            Some(i) => i,
            None => {
                self.b.failure = Some("function refers to too many globals and properties");
                0
            }
        }
    }

    // ---- writes ----

    /// Assigns a variable (not its initialisation).
    pub(crate) fn store_var(&mut self, v: VarIx, check: bool, src: Reg, at: u32) {
        let var = self.a.var(v);
        let (kind, name) = (var.kind, var.name);
        if matches!(kind, BindingKind::Const | BindingKind::Import | BindingKind::FunctionName) {
            if check {
                let mark = self.b.next_reg;
                let t = self.b.alloc();
                self.load_var(v, true, Some(t), at);
                self.b.free_to(mark);
            }
            if kind == BindingKind::FunctionName && !self.a.func(self.b.func).strict {
                return;
            }
            self.b.at(at);
            self.throw_error(0, "Assignment to constant variable.");
            return;
        }
        let mark = self.b.next_reg;
        match self.place_of(v) {
            Place::Reg(r) => {
                if check {
                    let k = self.b.str_const(name);
                    self.b.at(at);
                    self.b.abx(Op::CheckHole, r, k);
                }
                self.b.mov(r, src);
            }
            Place::Env { base, depth, slot } => {
                let op = if check { Op::SetEnvChecked } else { Op::SetEnv };
                if check {
                    self.b.at(at);
                }
                self.b.xabc(op, depth, base, slot, src);
            }
            Place::Import(_) => {}
        }
        self.b.free_to(mark);
    }

    /// Gives a variable its first value.
    pub(crate) fn init_var(&mut self, v: VarIx, src: Reg) {
        let mark = self.b.next_reg;
        match self.place_of(v) {
            Place::Reg(r) => self.b.mov(r, src),
            Place::Env { base, depth, slot } => self.b.xabc(Op::SetEnv, depth, base, slot, src),
            Place::Import(_) => {}
        }
        if matches!(self.a.var(v).kind, BindingKind::Let | BindingKind::Const | BindingKind::Class) {
            self.born_at[v as usize] = self.b.pc();
        }
        self.b.free_to(mark);
    }

    pub(crate) fn store_ident(&mut self, id: &IdentifierReference<'a>, src: Reg, at: u32) {
        match self.resolved(id) {
            Some((v, check)) => self.store_var(v, check, src, at),
            None if self.is_dynamic(id.span.start) => {
                let mark = self.b.next_reg;
                let holder = self.find_name(id.name.as_str(), id.span.start);
                self.store_dynamic(holder, id.name.as_str(), src, at);
                self.b.free_to(mark);
            }
            None => {
                let ic = self.global_ic(id.name.as_str(), Op::SetGlobal);
                let strict = u8::from(self.strict());
                self.b.at(at);
                self.b.xabc(Op::SetGlobal, strict, src, ic, 0);
            }
        }
    }

    /// Binds a declared name. `lexical`: by let, const or class, otherwise by var.
    pub(crate) fn bind_ident(&mut self, id: &BindingIdentifier<'a>, src: Reg, lexical: bool) {
        match id.symbol_id.get() {
            Some(s) => self.init_var(s.index() as u32, src),
            None if self.is_dynamic(id.span.start) => {
                let mark = self.b.next_reg;
                let holder = self.find_name(id.name.as_str(), id.span.start);
                self.store_dynamic(holder, id.name.as_str(), src, id.span.start);
                self.b.free_to(mark);
            }
            None => {
                let ic =
                    self.global_ic(id.name.as_str(), if lexical { Op::InitGlobal } else { Op::SetGlobal });
                self.b.at(id.span.start);
                if lexical {
                    self.b.abc(Op::InitGlobal, src, ic, 0);
                } else {
                    let strict = u8::from(self.strict());
                    self.b.xabc(Op::SetGlobal, strict, src, ic, 0);
                }
            }
        }
    }

    /// The register to evaluate a declaration's value into: the variable's own if it has one.
    pub(crate) fn binding_reg(&self, id: &BindingIdentifier<'a>) -> Option<(Reg, VarIx)> {
        let v = id.symbol_id.get()?.index() as u32;
        self.var_reg(v).map(|r| (r, v))
    }

    // ---- this and its kin ----

    pub(crate) fn strict(&self) -> bool {
        self.a.func(self.b.func).strict
    }

    /// Whether `this` must be checked and where it is: none, when it is register 0.
    fn this_var(&self) -> (VarIx, bool) {
        let f = self.a.func(self.b.func);
        let owner = self.a.func(f.owner);
        let derived = owner.kind == crate::scope::FnKind::DerivedConstructor;
        let own = f.owner == self.b.func;
        (if own && !derived { NONE } else { owner.this_var }, derived)
    }

    /// Reads `this`.
    pub(crate) fn load_this(&mut self, dst: Option<Reg>, at: u32) -> Reg {
        use crate::scope::FnKind;
        let f = self.a.func(self.b.func);
        let own = f.owner == self.b.func;
        let owner_kind = self.a.func(f.owner).kind;
        let (v, derived) = self.this_var();
        if !own && matches!(owner_kind, FnKind::Script | FnKind::Module) {
            let d = dst.unwrap_or_else(|| self.b.alloc());
            let op = if owner_kind == FnKind::Script { Op::LoadGlobalThis } else { Op::LoadUndef };
            self.b.abx(op, d, 0);
            return d;
        }
        let r = if v != NONE {
            self.load_var(v, false, dst, at)
        } else if let Some(d) = dst {
            self.b.mov(d, 0);
            d
        } else {
            0
        };
        if derived {
            self.b.at(at);
            self.b.abc(Op::CheckThis, r, 0, 0);
        }
        r
    }

    /// Reads `this` of a derived constructor without a check, for its return.
    pub(crate) fn load_this_raw(&mut self) -> Reg {
        let (v, _) = self.this_var();
        if v == NONE { 0 } else { self.load_var(v, false, None, 0) }
    }

    /// Binds `this` after super().
    pub(crate) fn bind_this(&mut self, src: Reg, at: u32) {
        let current = self.load_this_raw();
        let ok = self.b.label();
        self.b.jump_if(Op::JumpIfHole, current, ok);
        self.b.at(at);
        self.throw_error(1, "Super constructor may only be called once");
        self.b.place(ok);
        let (v, _) = self.this_var();
        if v == NONE {
            self.b.mov(0, src);
        } else {
            self.init_var(v, src);
        }
    }

    pub(crate) fn load_new_target(&mut self, dst: Reg) {
        use crate::scope::FnKind;
        let f = self.a.func(self.b.func);
        let owner = self.a.func(f.owner);
        if f.owner == self.b.func {
            self.b.abx(Op::LoadNewTarget, dst, 0);
        } else if matches!(owner.kind, FnKind::Script | FnKind::Module) {
            self.b.abx(Op::LoadUndef, dst, 0);
        } else {
            let v = owner.new_target_var;
            self.load_var(v, false, Some(dst), 0);
        }
    }

    pub(crate) fn load_home(&mut self, dst: Reg) {
        let f = self.a.func(self.b.func);
        if f.owner == self.b.func {
            self.b.abx(Op::LoadHome, dst, 0);
        } else {
            let v = self.a.func(f.owner).home_var;
            self.load_var(v, false, Some(dst), 0);
        }
    }

    pub(crate) fn load_callee(&mut self, dst: Reg) {
        let f = self.a.func(self.b.func);
        if f.owner == self.b.func {
            self.b.abx(Op::LoadCallee, dst, 0);
        } else {
            let v = self.a.func(f.owner).callee_var;
            self.load_var(v, false, Some(dst), 0);
        }
    }

    /// Emits ThrowError; `kind` as the instruction has it. What follows is treated as reachable, so that callers need not
    /// care.
    pub(crate) fn throw_error(&mut self, kind: u8, message: &str) {
        let k = self.b.str_const(message);
        self.b.emit(looplab_bytecode::Insn::abx(Op::ThrowError, kind, 0, k));
        self.b.dead = true;
    }
}
