//! Bindings looked up by name at run time: code inside `with`, around direct evals and in them; and direct eval itself.
//!
//! A *holder* is where a name was found: an environment cell, the object of a `with`, the object of variables that evals have
//! declared ([`Class::Vars`]), or undefined for the global environment.

use crate::code::CodeRef;
use crate::interp::{env_get, env_scope, env_set, env_up};
use crate::object::{Class, ObjRef};
use crate::scope::{Key, Local, Scope, Thrown};
use crate::shape::ALL;
use crate::value::{PropKey, Value};
use crate::vm::{CompileGoal, Vm};
use looplab_bytecode::eval::{self, EvalContext, VARS_SLOT, WITH_SLOT};
use looplab_bytecode::{BindingKind, Const, ScopeInfo, ScriptInfo, Source, Text};
use std::rc::Rc;

/// The slot of a name in a scope: internal ones are invisible, except the arguments object.
fn slot_of(info: &ScopeInfo, name: &Text, own_name: bool) -> Option<usize> {
    info.slots.iter().position(|(n, kind)| {
        n == name
            && match kind {
                Some(BindingKind::Internal) => *n == Text::new("arguments"),
                Some(BindingKind::FunctionName) => own_name,
                _ => true,
            }
    })
}

fn slot_named(info: &ScopeInfo, name: &str) -> Option<usize> {
    let name = Text::new(name);
    info.slots.iter().position(|(n, _)| *n == name)
}

impl Vm {
    fn name_at(&mut self, code: CodeRef, k: usize) -> (Text, PropKey) {
        let text = match code.template().consts.get(k) {
            Some(Const::Str(t)) => t.clone(),
            _ => Text::new(""),
        };
        let v = code.get().consts[k];
        (text, self.string_key(v))
    }

    /// FindName: walks the environments from `env` outwards.
    pub(crate) fn find_name(&mut self, code: CodeRef, env: Value, k: usize) -> Result<Value, Thrown> {
        let (name, key) = self.name_at(code, k);
        let mut e = env;
        while e.is_cell() {
            let (code, scope) = env_scope(e);
            let t = code.template().clone();
            let info = &t.scopes[scope];
            if slot_of(info, &name, false).is_some() {
                return Ok(e);
            }
            if let Some(i) = slot_named(info, VARS_SLOT)
                && let Some(o) = ObjRef::from(env_get(e, i))
                && o.find(key).is_some()
            {
                return Ok(o.value());
            }
            if let Some(i) = slot_named(info, WITH_SLOT) {
                let o = env_get(e, i);
                if self.with_has(o, key)? {
                    return Ok(o);
                }
            }
            if slot_of(info, &name, true).is_some() {
                return Ok(e);
            }
            e = env_up(e, 1);
        }
        Ok(Value::UNDEFINED)
    }

    /// HasBinding of the object of a `with`.
    fn with_has(&mut self, o: Value, key: PropKey) -> Result<bool, Thrown> {
        let mut s = Scope::new(self);
        let (o, key) = (s.root(o), Key::raw(key));
        if !s.has_property(o, key)? {
            return Ok(false);
        }
        let unscopables = s.atoms().sym_unscopables;
        let hidden = s.get(o, unscopables)?;
        if !hidden.is_object() {
            return Ok(true);
        }
        let v = s.get(hidden, key)?;
        Ok(!Vm::truthy(v.v))
    }

    /// GetName. `flags`: bit 0 for typeof, bit 1 strict.
    pub(crate) fn get_name(&mut self, code: CodeRef, holder: Value, k: usize, flags: u8) -> Result<Value, Thrown> {
        let (name, key) = self.name_at(code, k);
        if holder.is_object() {
            let mut s = Scope::new(self);
            let o = s.root(holder);
            if !s.has_property(o, Key::raw(key))? {
                // It went away since it was found.
                return match flags & 2 != 0 && flags & 1 == 0 {
                    true => Err(s.throw_reference(&format!("{name} is not defined"))),
                    false => Ok(Value::UNDEFINED),
                };
            }
            return s.get(o, Key::raw(key)).map(|v| v.v);
        }
        if !holder.is_cell() {
            return self.get_global_name(key, flags & 1 != 0);
        }
        let (code, scope) = env_scope(holder);
        let slot = slot_of(&code.template().scopes[scope], &name, true).unwrap_or(0);
        match env_get(holder, slot) {
            v if v.is_hole() => Err(self.uninitialized(&name)),
            v => Ok(v),
        }
    }

    fn uninitialized(&mut self, name: &Text) -> Thrown {
        Scope::new(self).throw_reference(&format!("Cannot access '{name}' before initialization"))
    }

    /// SetName.
    pub(crate) fn set_name(
        &mut self,
        code: CodeRef,
        holder: Value,
        k: usize,
        v: Value,
        strict: bool,
    ) -> Result<(), Thrown> {
        let (name, key) = self.name_at(code, k);
        if holder.is_object() {
            let mut s = Scope::new(self);
            let (o, v, key) = (s.root(holder), s.root(v), Key::raw(key));
            let exists = o.is_class(Class::Vars) || s.has_property(o, key)?;
            if !exists && strict {
                return Err(s.throw_reference(&format!("{name} is not defined")));
            }
            if !s.set_from(o, key, v, o)? && strict {
                return Err(s.throw_set_failed(o, key));
            }
            return Ok(());
        }
        if !holder.is_cell() {
            return self.set_global_name(key, v, strict);
        }
        let (code, scope) = env_scope(holder);
        let info = &code.template().clone().scopes[scope];
        let slot = slot_of(info, &name, true).unwrap_or(0);
        if env_get(holder, slot).is_hole() {
            return Err(self.uninitialized(&name));
        }
        match info.slots[slot].1 {
            Some(BindingKind::FunctionName) if !strict => Ok(()),
            Some(BindingKind::Const | BindingKind::FunctionName | BindingKind::Import) => {
                Err(Scope::new(self).throw_type("Assignment to constant variable."))
            }
            _ => {
                env_set(holder, slot, v);
                Ok(())
            }
        }
    }

    /// DelName.
    pub(crate) fn delete_name(&mut self, code: CodeRef, holder: Value, k: usize) -> Result<bool, Thrown> {
        let (_, key) = self.name_at(code, k);
        if !holder.is_object() && holder.is_cell() {
            return Ok(false);
        }
        if holder.is_undefined() && self.realm.lexical(key).is_some() {
            return Ok(false);
        }
        let mut s = Scope::new(self);
        let o = if holder.is_object() { s.root(holder) } else { s.global_object() };
        s.delete(o, Key::raw(key))
    }

    /// WithThis.
    pub(crate) fn with_this(holder: Value) -> Value {
        match ObjRef::from(holder) {
            Some(o) if !o.is(Class::Vars) => holder,
            _ => Value::UNDEFINED,
        }
    }

    // ---- direct eval ----

    /// The environment and slot of the nearest function that evals may add variables to.
    fn variable_env(env: Value) -> Option<(Value, usize)> {
        let mut e = env;
        while e.is_cell() {
            let (code, scope) = env_scope(e);
            if let Some(slot) = slot_named(&code.template().scopes[scope], VARS_SLOT) {
                return Some((e, slot));
            }
            e = env_up(e, 1);
        }
        None
    }

    /// SetVar.
    pub(crate) fn set_eval_var(&mut self, code: CodeRef, env: Value, k: usize, v: Value) -> Result<(), Thrown> {
        let (name, key) = self.name_at(code, k);
        let Some((e, slot)) = Vm::variable_env(env) else { return self.set_global_name(key, v, false) };
        let (code, scope) = env_scope(e);
        if let Some(i) = slot_of(&code.template().scopes[scope], &name, false) {
            env_set(e, i, v);
        } else if let Some(o) = ObjRef::from(env_get(e, slot)) {
            match o.find(key) {
                Some(f) => o.store(f.loc, v),
                None => self.add_property(o, key, v, ALL),
            }
        }
        Ok(())
    }

    /// What sloppy eval code declares in the function around it: new variables are undefined.
    fn declare_eval_vars(&mut self, env: Value, info: &ScriptInfo) {
        let Some((e, slot)) = Vm::variable_env(env) else { return };
        let (code, scope) = env_scope(e);
        let t = code.template().clone();
        for name in info.vars.iter().chain(&info.functions) {
            if slot_of(&t.scopes[scope], name, false).is_some() {
                continue;
            }
            let key = self.declared_key(name);
            let o = match ObjRef::from(env_get(e, slot)) {
                Some(o) => o,
                None => {
                    let o = self.alloc_object(Class::Vars, None);
                    env_set(e, slot, o.value());
                    o
                }
            };
            if o.find(key).is_none() {
                self.add_property(o, key, Value::UNDEFINED, ALL);
            }
        }
    }

    fn eval_context(&self, code: CodeRef, env: Value, flags: u8) -> EvalContext {
        let mut scopes = Vec::new();
        let mut e = env;
        while e.is_cell() {
            let (code, scope) = env_scope(e);
            scopes.push(code.template().scopes[scope].clone());
            e = env_up(e, 1);
        }
        let imports = code.get().module.map(|id| self.import_names(id)).unwrap_or_default();
        EvalContext { flags, scopes, imports }
    }

    /// DirectEval.
    pub(crate) fn direct_eval(&mut self, code: CodeRef, v: Value, env: Value, flags: u8) -> Result<Value, Thrown> {
        if !v.is_string() {
            return Ok(v);
        }
        self.enter_native()?;
        let context = Rc::new(self.eval_context(code, env, flags));
        let mut s = Scope::new(self);
        let text = s.to_utf8_lossy(Local::raw(v));
        let id = s.next_script_id();
        let prefix = if flags & eval::STRICT != 0 { "'use strict';" } else { "" };
        let source = Source::with_prefix("<anonymous>", prefix, &text, id);
        let template = s.compile(source, CompileGoal::DirectEval(&context))?;
        if let Some(info) = template.script.as_deref() {
            match context.in_function() {
                true => s.vm.declare_eval_vars(env, info),
                false => s.declare_globals(info, true)?,
            }
        }
        let module = code.get().module;
        let code = CodeRef::new(&mut s.vm.heap, template, module, s.vm.realm_id);
        let f = s.vm.closure_of(code, env);
        let f = s.root(f);
        let undefined = s.undefined();
        s.call(f, undefined, &[]).map(|v| v.v)
    }
}
