//! Module records: linking, environments, namespaces. Which file a specifier means, and the order of evaluation, are the
//! embedder's business.

use crate::code::CodeRef;
use crate::coroutine::{self, CoKind, State};
use crate::heap::Heap;
use crate::interp::{Entered, Frame, Resume, Ret, env_get};
use crate::object::{Class, EXOTIC, NOT_EXTENSIBLE, ObjRef};
use crate::property::Desc;
use crate::scope::{Completion, Key, Local, Scope, Thrown};
use crate::value::{PropKey, Value};
use crate::vm::Vm;
use looplab_bytecode::{FunctionTemplate, ModuleRequest};
use std::rc::Rc;

/// A module of this engine. Modules live as long as the engine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ModuleId(pub u32);

/// How far a module has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModuleState {
    /// Its requests are not connected yet.
    Unlinked,
    /// Its environment stands and imports are resolved.
    Linked,
    /// Its body has been started.
    Evaluated,
}

/// Where an imported name leads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Slot(ModuleId, u16),
    Namespace(ModuleId),
}

enum Resolution {
    Found(Target),
    Missing,
    Ambiguous,
}

/// One module.
pub(crate) struct ModuleRecord {
    template: Option<Rc<FunctionTemplate>>,
    name: String,
    /// The environment of a source module.
    env: Value,
    /// Export names and values of a synthetic module; names are interned.
    synthetic: Vec<(PropKey, Value)>,
    co: Value,
    imports: Vec<Option<Target>>,
    requested: Vec<ModuleId>,
    namespace: Value,
    meta: Value,
    state: ModuleState,
}

/// Marks what a module refers to.
pub(crate) fn trace(m: &ModuleRecord, heap: &mut Heap) {
    [m.env, m.co, m.namespace, m.meta].iter().for_each(|&v| heap.mark_value(v));
    for &(k, v) in &m.synthetic {
        heap.mark_value(k.0);
        heap.mark_value(v);
    }
}

/// What a module refers to, with names.
pub(crate) fn each(m: &ModuleRecord, f: &mut dyn FnMut(String, Value)) {
    let file = m.name.rsplit('/').next().unwrap_or_default();
    for (what, v) in
        [("variables", m.env), ("body", m.co), ("namespace", m.namespace), ("import.meta", m.meta)]
    {
        f(format!("{what} of module {file}"), v);
    }
    for &(k, v) in &m.synthetic {
        f(format!("name of an export of module {file}"), k.0);
        f(format!("export of module {file}"), v);
    }
}

impl Vm {
    fn module(&mut self, id: ModuleId) -> &mut ModuleRecord {
        &mut self.modules[id.0 as usize]
    }

    /// The local names of a module's imports, as numbered by GetImport.
    pub(crate) fn import_names(&self, id: ModuleId) -> Vec<looplab_bytecode::Text> {
        let t = self.modules[id.0 as usize].template.as_ref().and_then(|t| t.module.as_ref());
        t.map(|m| m.imports.iter().map(|i| i.local.clone()).collect()).unwrap_or_default()
    }

    fn binding(&self, t: Target) -> Value {
        match t {
            Target::Namespace(m) => self.modules[m.0 as usize].namespace,
            Target::Slot(m, slot) => {
                let m = &self.modules[m.0 as usize];
                match m.template {
                    None => m.synthetic[slot as usize].1,
                    Some(_) if m.env.is_cell() => env_get(m.env, slot as usize),
                    Some(_) => Value::HOLE,
                }
            }
        }
    }

    /// GetImport.
    #[inline(never)]
    pub(crate) fn import_value(&mut self, code: CodeRef, n: usize) -> Result<Value, Thrown> {
        let Some(id) = code.get().module else { return Ok(Value::UNDEFINED) };
        let Some(Some(t)) = self.modules[id.0 as usize].imports.get(n).copied() else {
            return Ok(Value::UNDEFINED);
        };
        let v = self.binding(t);
        if v.is_hole() {
            let template = self.modules[id.0 as usize].template.clone();
            let local = template.and_then(|t| t.module.as_ref().map(|m| m.imports[n].local.to_string()));
            let local = local.unwrap_or_default();
            return Err(
                Scope::new(self).throw_reference(&format!("Cannot access '{local}' before initialization"))
            );
        }
        Ok(v)
    }

    /// The running module body has set up its environment: suspend it until evaluation.
    #[inline(never)]
    pub(crate) fn module_started(&mut self, env: Value) {
        let Some(f) = self.frames.last() else { return };
        let (co, id) = (f.co, f.code.get().module);
        self.save_window(co, State::Start, 0, 0, false);
        self.frames.pop();
        if let Some(id) = id {
            self.module(id).env = env;
        }
    }

    /// ResolveExport.
    fn resolve_export(
        &mut self,
        id: ModuleId,
        name: PropKey,
        seen: &mut Vec<(ModuleId, PropKey)>,
    ) -> Resolution {
        if seen.contains(&(id, name)) {
            return Resolution::Missing;
        }
        seen.push((id, name));
        let Some(t) = self.module(id).template.clone() else {
            let slot = self.module(id).synthetic.iter().position(|(k, _)| *k == name);
            return match slot {
                Some(i) => Resolution::Found(Target::Slot(id, i as u16)),
                None => Resolution::Missing,
            };
        };
        let Some(info) = t.module.as_ref() else { return Resolution::Missing };
        for (n, slot) in &info.local_exports {
            if self.text_key(n) == name {
                return Resolution::Found(Target::Slot(id, *slot));
            }
        }
        for e in &info.indirect_exports {
            if self.text_key(&e.export) == name {
                let Some(&from) = self.module(id).requested.get(e.request as usize) else {
                    return Resolution::Missing;
                };
                return match &e.import {
                    None => Resolution::Found(Target::Namespace(from)),
                    Some(n) => {
                        let n = self.text_key(n);
                        self.resolve_export(from, n, seen)
                    }
                };
            }
        }
        if name == self.atoms.default.0 {
            return Resolution::Missing;
        }
        let mut found: Option<Target> = None;
        for &r in &info.star_exports {
            let Some(&from) = self.module(id).requested.get(r as usize) else { continue };
            match self.resolve_export(from, name, seen) {
                Resolution::Missing => {}
                Resolution::Ambiguous => return Resolution::Ambiguous,
                Resolution::Found(t) if found.is_some_and(|f| f != t) => return Resolution::Ambiguous,
                Resolution::Found(t) => found = Some(t),
            }
        }
        found.map_or(Resolution::Missing, Resolution::Found)
    }

    fn text_key(&mut self, t: &looplab_bytecode::Text) -> PropKey {
        let p = crate::string::new_text(&mut self.heap, t);
        PropKey(Value::string(self.interner.intern(&mut self.heap, p)))
    }

    /// GetExportedNames.
    fn exported_names(&mut self, id: ModuleId, seen: &mut Vec<ModuleId>) -> Vec<PropKey> {
        if seen.contains(&id) {
            return Vec::new();
        }
        seen.push(id);
        let Some(t) = self.module(id).template.clone() else {
            return self.module(id).synthetic.iter().map(|(k, _)| *k).collect();
        };
        let Some(info) = t.module.as_ref() else { return Vec::new() };
        let mut out: Vec<PropKey> = info.local_exports.iter().map(|(n, _)| self.text_key(n)).collect();
        out.extend(info.indirect_exports.iter().map(|e| self.text_key(&e.export)));
        for &r in &info.star_exports {
            let Some(&from) = self.module(id).requested.get(r as usize) else { continue };
            for n in self.exported_names(from, seen) {
                if n != self.atoms.default.0 && !out.contains(&n) {
                    out.push(n);
                }
            }
        }
        out
    }

    // ---- namespaces, as the property protocol sees them ----

    /// The export behind a key: outer none never happens for strings; inner none: no such export. Holes are let through.
    pub(crate) fn namespace_get(&mut self, o: ObjRef, key: PropKey) -> Option<Option<Value>> {
        let exports = ObjRef::of(o.int(1));
        let target = exports.find(namespace_key(self, key)).map(|f| f.value);
        Some(target.map(|t| {
            let (m, slot) = (t.as_raw() >> 20, t.as_raw() & 0xF_FFFF);
            let t = if slot == 0xF_FFFF {
                Target::Namespace(ModuleId(m as u32))
            } else {
                Target::Slot(ModuleId(m as u32), slot as u16)
            };
            self.binding(t)
        }))
    }

    /// Export names in code unit order.
    pub(crate) fn namespace_keys(&mut self, o: ObjRef) -> Vec<PropKey> {
        let names = ObjRef::of(o.int(2));
        let names: Vec<Value> = names.elems().to_vec();
        names.into_iter().map(|v| self.string_key(v)).collect()
    }
}

/// Exports are kept under interned strings; index-like names come as indices.
fn namespace_key(vm: &mut Vm, key: PropKey) -> PropKey {
    match key.as_index() {
        None => key,
        Some(i) => {
            let v = vm.index_string(i);
            PropKey(Value::string(vm.interner.intern(&mut vm.heap, v.ptr())))
        }
    }
}

impl<'s> Scope<'s> {
    /// A module from its compiled source. `name` is its URL.
    pub fn module_new(&mut self, template: Rc<FunctionTemplate>, name: &str) -> ModuleId {
        self.add_module(Some(template), name, Vec::new())
    }

    /// A module whose exports are set from outside (builtins, JSON, CommonJS). Values are undefined until set.
    pub fn module_synthetic(&mut self, name: &str, exports: &[&str]) -> ModuleId {
        let mut list = Vec::new();
        for e in exports {
            let v = self.vm.str(e);
            let k = PropKey(Value::string(self.vm.interner.intern(&mut self.vm.heap, v.ptr())));
            if !list.iter().any(|(x, _)| *x == k) {
                list.push((k, Value::UNDEFINED));
            }
        }
        self.add_module(None, name, list)
    }

    fn add_module(
        &mut self,
        template: Option<Rc<FunctionTemplate>>,
        name: &str,
        synthetic: Vec<(PropKey, Value)>,
    ) -> ModuleId {
        let id = ModuleId(self.vm.modules.len() as u32);
        self.vm.modules.push(ModuleRecord {
            template,
            name: name.to_owned(),
            env: Value::UNDEFINED,
            synthetic,
            co: Value::UNDEFINED,
            imports: Vec::new(),
            requested: Vec::new(),
            namespace: Value::UNDEFINED,
            meta: Value::UNDEFINED,
            state: ModuleState::Unlinked,
        });
        id
    }

    /// Sets an export of a synthetic module; false when it has no such export.
    pub fn module_set_export(&mut self, id: ModuleId, export: &str, v: Local<'s>) -> bool {
        let t = self.vm.str(export);
        let k = PropKey(Value::string(self.vm.interner.intern(&mut self.vm.heap, t.ptr())));
        match self.vm.module(id).synthetic.iter_mut().find(|(x, _)| *x == k) {
            Some(e) => {
                e.1 = v.v;
                true
            }
            None => false,
        }
    }

    /// What a module requests, in source order. Synthetic ones request nothing.
    pub fn module_requests(&self, id: ModuleId) -> Vec<ModuleRequest> {
        let t = self.vm.modules[id.0 as usize].template.as_ref();
        t.and_then(|t| t.module.as_ref()).map(|m| m.requests.clone()).unwrap_or_default()
    }

    /// Whether its body awaits at the top level.
    pub fn module_has_tla(&self, id: ModuleId) -> bool {
        let t = self.vm.modules[id.0 as usize].template.as_ref();
        t.and_then(|t| t.module.as_ref()).is_some_and(|m| m.has_tla)
    }

    /// Its URL.
    pub fn module_name(&self, id: ModuleId) -> &str {
        &self.vm.modules[id.0 as usize].name
    }

    /// How far it has come.
    pub fn module_state(&self, id: ModuleId) -> ModuleState {
        self.vm.modules[id.0 as usize].state
    }

    /// Connects its requests, in the order of `module_requests`.
    pub fn module_connect(&mut self, id: ModuleId, requested: Vec<ModuleId>) {
        self.vm.module(id).requested = requested;
    }

    /// Links a module and everything it reaches: environments, hoisted functions, imports. Fails with V8's SyntaxError when
    /// an import has no export to lead to.
    pub fn module_link(&mut self, root: ModuleId) -> Result<(), Thrown> {
        let mut order = Vec::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            if self.module_state(id) == ModuleState::Unlinked && !order.contains(&id) {
                order.push(id);
                stack.extend(self.vm.module(id).requested.clone());
            }
        }
        for &id in &order {
            self.resolve_imports(id)?;
        }
        for &id in &order {
            self.instantiate(id)?;
            self.vm.module(id).state = ModuleState::Linked;
        }
        Ok(())
    }

    fn resolve_imports(&mut self, id: ModuleId) -> Result<(), Thrown> {
        let Some(t) = self.vm.module(id).template.clone() else { return Ok(()) };
        let Some(info) = t.module.as_ref() else { return Ok(()) };
        for e in &info.indirect_exports {
            if let Some(n) = &e.import {
                self.resolve_one(id, e.request, n, &t, e.offset)?;
            }
        }
        let mut targets = Vec::with_capacity(info.imports.len());
        for e in &info.imports {
            let target = match &e.import {
                None => {
                    let Some(&m) = self.vm.module(id).requested.get(e.request as usize) else { continue };
                    Target::Namespace(m)
                }
                Some(n) => self.resolve_one(id, e.request, n, &t, e.offset)?,
            };
            if let Target::Namespace(m) = target {
                self.module_namespace(m);
            }
            targets.push(Some(target));
        }
        self.vm.module(id).imports = targets;
        Ok(())
    }

    fn resolve_one(
        &mut self,
        id: ModuleId,
        request: u32,
        name: &looplab_bytecode::Text,
        t: &Rc<FunctionTemplate>,
        _offset: u32,
    ) -> Result<Target, Thrown> {
        let key = self.vm.text_key(name);
        let from = self.vm.module(id).requested.get(request as usize).copied();
        let specifier =
            t.module.as_ref().map(|m| m.requests[request as usize].specifier.to_string()).unwrap_or_default();
        let r = match from {
            Some(from) => self.vm.resolve_export(from, key, &mut Vec::new()),
            None => Resolution::Missing,
        };
        match r {
            Resolution::Found(t) => Ok(t),
            Resolution::Missing => Err(self.throw_syntax(&format!(
                "The requested module '{specifier}' does not provide an export named '{name}'"
            ))),
            Resolution::Ambiguous => Err(self.throw_syntax(&format!(
                "The requested module '{specifier}' contains conflicting star exports for name '{name}'"
            ))),
        }
    }

    /// Runs the body up to the point where its environment stands.
    fn instantiate(&mut self, id: ModuleId) -> Result<(), Thrown> {
        let Some(t) = self.vm.module(id).template.clone() else { return Ok(()) };
        let has_tla = t.module.as_ref().is_some_and(|m| m.has_tla);
        let code = CodeRef::new(&mut self.vm.heap, t, Some(id), self.vm.realm_id);
        let f = self.vm.closure_of(code, Value::UNDEFINED);
        let f = self.root(f);
        let (kind, object) =
            if has_tla { (CoKind::Async, self.new_promise().v) } else { (CoKind::Module, Value::UNDEFINED) };
        let co = coroutine::new(&mut self.vm.heap, kind, code, object, Value::UNDEFINED);
        self.vm.module(id).co = co;
        self.vm.run_module_prologue(f.obj(), co)
    }

    /// Runs the body of a linked module. With top-level await the result is a promise, otherwise undefined.
    pub fn module_evaluate(&mut self, id: ModuleId) -> Completion<'s> {
        let m = self.vm.module(id);
        m.state = ModuleState::Evaluated;
        let co = m.co;
        if !co.is_cell() {
            return Ok(self.undefined());
        }
        let promise = coroutine::get(&co).object;
        match self.vm.enter_coroutine(co, Resume::Next(Value::UNDEFINED))? {
            Entered::Returned(_) | Entered::Suspended(_) => Ok(self.root(promise)),
        }
    }

    /// The namespace object of a module (its graph must be connected).
    pub fn module_namespace(&mut self, id: ModuleId) -> Local<'s> {
        let known = self.vm.module(id).namespace;
        if known.is_object() {
            return self.root(known);
        }
        let names = self.vm.exported_names(id, &mut Vec::new());
        let null = self.null();
        let ns = self.new_object_of(Class::Namespace, null);
        let table = self.new_object_with_proto(null);
        let mut listed = Vec::new();
        for k in names {
            let t = match self.vm.resolve_export(id, k, &mut Vec::new()) {
                Resolution::Found(Target::Slot(m, slot)) => (m.0 as usize) << 20 | slot as usize,
                Resolution::Found(Target::Namespace(m)) => (m.0 as usize) << 20 | 0xF_FFFF,
                _ => continue,
            };
            if table.obj().find(k).is_none() {
                self.vm.add_property(table.obj(), k, Value::raw(t), crate::shape::ALL);
                listed.push(self.root(k.0));
            }
        }
        listed.sort_by(|a, b| self.vm.chars_of(a.v).compare(self.vm.chars_of(b.v)));
        let list = self.new_array(&listed);
        ns.obj().set_int(0, Value::int(id.0 as i32));
        ns.obj().set_int(1, table.v);
        ns.obj().set_int(2, list.v);
        let tag = self.str("Module");
        let key = self.vm.atoms.sym_to_string_tag;
        self.define_with(ns, key, tag, 0);
        ns.obj().set_flag(EXOTIC | NOT_EXTENSIBLE);
        self.vm.module(id).namespace = ns.v;
        // Namespaces that are re-exported must exist when they are read.
        let nested: Vec<u32> = table
            .obj()
            .shape()
            .entries()
            .iter()
            .map(|&(_, slot, _)| table.obj().slot(slot).as_raw())
            .filter(|t| t & 0xF_FFFF == 0xF_FFFF)
            .map(|t| (t >> 20) as u32)
            .collect();
        for m in nested {
            self.module_namespace(ModuleId(m));
        }
        ns
    }

    /// Reading an export that is not initialised throws.
    pub(crate) fn namespace_check(&mut self, o: Local<'s>, key: Key<'s>) -> Result<(), Thrown> {
        if let Some(Some(v)) = self.vm.namespace_get(o.obj(), key.k)
            && v.is_hole()
        {
            let name = self.key_text(key);
            return Err(self.throw_reference(&format!("Cannot access '{name}' before initialization")));
        }
        Ok(())
    }

    /// `[[DefineOwnProperty]]` of a namespace: only what is already so.
    pub(crate) fn namespace_define(
        &mut self,
        o: Local<'s>,
        key: Key<'s>,
        d: &Desc<'s>,
    ) -> Result<bool, Thrown> {
        let Some(cur) = self.get_own_property(o, key)? else { return Ok(false) };
        if d.is_accessor()
            || d.configurable == Some(true)
            || d.enumerable == Some(false)
            || d.writable == Some(false)
        {
            return Ok(false);
        }
        Ok(match (d.value, cur.value) {
            (Some(a), Some(b)) => self.same_value(a, b),
            _ => true,
        })
    }
}

impl Vm {
    fn run_module_prologue(&mut self, f: ObjRef, co: Value) -> Result<(), Thrown> {
        let at = self.top;
        let native = std::mem::replace(&mut self.native, Value::UNDEFINED);
        let r = self.push_module_frame(f, at, co).and_then(|()| self.run().map(|_| ()));
        self.native = native;
        self.top = at;
        r
    }

    fn push_module_frame(&mut self, f: ObjRef, at: *mut Value, co: Value) -> Result<(), Thrown> {
        let base = self.place_function(f, at)?;
        self.push_frame(f, base, 0, Value::UNDEFINED, Ret::Entry, 0)?;
        if let Some(fr) = self.frames.last_mut() {
            let fr: &mut Frame = fr;
            fr.co = co;
            fr.first = false;
        }
        Ok(())
    }

    /// `import(specifier, options)`.
    #[inline(never)]
    pub(crate) fn import_call(
        &mut self,
        code: CodeRef,
        specifier: Value,
        options: Value,
    ) -> Result<Value, Thrown> {
        let referrer = code.template().source.referrer().to_owned();
        let mut s = Scope::new(self);
        let p = s.new_promise();
        let text = s.to_string(Local::raw(specifier));
        let r = match (text, s.vm.host.clone()) {
            (Ok(t), Some(h)) => h.dynamic_import(&mut s, &referrer, t, Local::raw(options), p),
            (Ok(_), None) => Err(s.throw_type("import() is not available here")),
            (Err(t), _) => Err(t),
        };
        if let Err(t) = r {
            if s.is_terminating() {
                return Err(t);
            }
            let e = s.caught(t);
            s.promise_reject(p, e);
        }
        Ok(p.v)
    }

    /// `import.meta`.
    #[inline(never)]
    pub(crate) fn import_meta(&mut self, code: CodeRef) -> Result<Value, Thrown> {
        let Some(id) = code.get().module else { return Ok(Value::UNDEFINED) };
        let known = self.module(id).meta;
        if known.is_object() {
            return Ok(known);
        }
        let mut s = Scope::new(self);
        let null = s.null();
        let meta = s.new_object_with_proto(null);
        if let Some(h) = s.vm.host.clone() {
            h.import_meta(&mut s, meta, id)?;
        }
        s.vm.module(id).meta = meta.v;
        Ok(meta.v)
    }
}

impl<'s> Scope<'s> {
    /// The export names of a synthetic module.
    pub fn module_export_names(&mut self, id: ModuleId) -> Vec<String> {
        let keys: Vec<PropKey> = self.vm.module(id).synthetic.iter().map(|(k, _)| *k).collect();
        keys.into_iter().map(|k| self.vm.chars_of(k.0).to_utf8()).collect()
    }
}

impl Scope<'_> {
    /// Where a module's body is suspended in a top-level await: URL, line and column.
    pub fn module_waits_at(&mut self, id: ModuleId) -> Option<(String, u32, u32)> {
        let co = self.vm.module(id).co;
        if !co.is_cell() || coroutine::get(&co).state != State::Await {
            return None;
        }
        let c = coroutine::get(&co);
        let t = c.code.template();
        let (line, column) = t.source.position(t.offset_at(c.code.pc_index(c.pc).saturating_sub(1)));
        Some((t.source.name.clone(), line, column))
    }
}
