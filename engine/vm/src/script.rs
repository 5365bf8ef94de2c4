//! Running compiled scripts and functions from Rust.

use crate::code::CodeRef;
use crate::object::ObjRef;
use crate::realm::LexBinding;
use crate::scope::{Completion, Key, Local, Scope, Thrown};
use crate::shape::{CONFIGURABLE, ENUMERABLE, WRITABLE};
use crate::value::{PropKey, Value};
use crate::vm::{CompileGoal, Vm};
use looplab_bytecode::{FunctionTemplate, ScriptInfo, Source, Text};
use std::rc::Rc;

impl Vm {
    pub(crate) fn declared_key(&mut self, t: &Text) -> PropKey {
        let p = crate::string::new_text(&mut self.heap, t);
        self.string_key(Value::string(p))
    }
}

impl<'s> Scope<'s> {
    /// A function object of a compiled function without an outer environment (CommonJS wrapper).
    pub fn function_from(&mut self, template: Rc<FunctionTemplate>) -> Local<'s> {
        let code = CodeRef::new(&mut self.vm.heap, template, None, self.vm.realm_id);
        let f = self.vm.closure_of(code, Value::UNDEFINED);
        self.root(f)
    }

    /// Declares what a compiled script declares, then runs it; its completion value. `configurable`: its variables can be
    /// deleted (eval).
    pub fn run_script(&mut self, template: Rc<FunctionTemplate>, configurable: bool) -> Completion<'s> {
        if let Some(info) = template.script.as_deref() {
            self.declare_globals(info, configurable)?;
        }
        let f = self.function_from(template);
        let g = self.global_object();
        self.call(f, g, &[])
    }

    /// GlobalDeclarationInstantiation.
    pub(crate) fn declare_globals(&mut self, info: &ScriptInfo, configurable: bool) -> Result<(), Thrown> {
        for (t, _) in &info.lexicals {
            let k = self.vm.declared_key(t);
            let global = ObjRef::of(self.vm.realm.global);
            let restricted = self.vm.own_raw(global, k).is_some_and(|p| p.attrs & CONFIGURABLE == 0);
            if self.vm.realm.lexical(k).is_some() || restricted {
                return Err(self.throw_syntax(&format!("Identifier '{t}' has already been declared")));
            }
        }
        for t in info.vars.iter().chain(&info.functions) {
            let k = self.vm.declared_key(t);
            if self.vm.realm.lexical(k).is_some() {
                return Err(self.throw_syntax(&format!("Identifier '{t}' has already been declared")));
            }
        }
        let base = WRITABLE | ENUMERABLE | if configurable { CONFIGURABLE } else { 0 };
        let (g, undefined) = (self.global_object(), self.undefined());
        let extensible = self.is_extensible(g)?;
        for t in info.functions.iter().chain(&info.vars) {
            let k = self.vm.declared_key(t);
            if !extensible && self.vm.own_raw(g.obj(), k).is_none() {
                return Err(self.throw_type(&format!("Cannot add property {t}, object is not extensible")));
            }
        }
        for t in &info.functions {
            let k = self.vm.declared_key(t);
            match self.vm.own_raw(g.obj(), k) {
                Some(p) if p.attrs & CONFIGURABLE == 0 => {
                    if p.attrs & (WRITABLE | ENUMERABLE) != WRITABLE | ENUMERABLE {
                        return Err(self.throw_type(&format!("Identifier '{t}' has already been declared")));
                    }
                }
                _ => self.define_with(g, Key::raw(k), undefined, base),
            }
        }
        for t in &info.vars {
            let k = self.vm.declared_key(t);
            if self.vm.own_raw(g.obj(), k).is_none() {
                self.define_with(g, Key::raw(k), undefined, base);
            }
        }
        for (t, constant) in &info.lexicals {
            let k = self.vm.declared_key(t);
            let p = Value::string(self.vm.interner.intern(&mut self.vm.heap, k.0.ptr()));
            // Kept alive by the code that names it and by the binding list below.
            self.vm.globals.push(p);
            let i = self.vm.realm.lex.len() as u32;
            self.vm.realm.lex.push(LexBinding { value: Value::HOLE, constant: *constant });
            self.vm.realm.lex_index.insert(p.bits(), i);
        }
        Ok(())
    }

    /// Compiles with the installed compiler. Failures are thrown as V8 would.
    pub fn compile(
        &mut self,
        source: Rc<Source>,
        goal: CompileGoal<'_>,
    ) -> Result<Rc<FunctionTemplate>, Thrown> {
        let Some(f) = self.vm.compile else {
            return Err(self.throw_type("Code generation is not available here"));
        };
        f(source, goal).map_err(|e| {
            if e.too_deep { self.throw_range(&e.message) } else { self.throw_syntax(&e.message) }
        })
    }

    /// A fresh script id, for [`Source::new`].
    pub fn next_script_id(&mut self) -> u32 {
        self.vm.next_script_id += 1;
        self.vm.next_script_id - 1
    }
}
