//! Modules of the shell: relative paths on the file system, JSON by attribute, evaluation in the specification's order.

use looplab_engine::{
    Args, CompileGoal, Completion, Global, Intrinsic, Local, ModuleId, PromiseState, Scope, Source, Thrown,
};
use looplab_module_loader::evaluation::{Action, Evaluator, NodeId, Status};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

#[derive(Clone)]
struct Entry {
    id: ModuleId,
    node: NodeId,
    /// The text of a JSON module.
    json: Option<String>,
}

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    by_path: HashMap<(PathBuf, bool), usize>,
    evaluator: Evaluator<Global>,
    /// Promises for the namespaces of modules, by the root whose evaluation they wait for.
    waiting: HashMap<NodeId, Vec<(Global, ModuleId)>>,
    main: Option<Global>,
}

/// The modules of one engine.
#[derive(Default)]
pub(crate) struct Modules {
    state: RefCell<State>,
}

impl Modules {
    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.state.borrow_mut())
    }

    /// Loads and starts the main module.
    pub(crate) fn run(&self, s: &mut Scope<'_>, file: &str) -> Result<(), Thrown> {
        let i = self.load(s, Path::new(file), false)?;
        let p = s.new_promise();
        s.promise_mark_handled(p);
        let g = s.global(p);
        self.with(|st| st.main = Some(g));
        self.evaluate(s, i, p)
    }

    /// How the main module ended, when no jobs are left.
    pub(crate) fn outcome(&self, s: &mut Scope<'_>) -> Result<(), Thrown> {
        let Some(g) = self.with(|st| st.main.take()) else { return Ok(()) };
        let p = s.open(g);
        match s.promise_state(p) {
            PromiseState::Rejected => {
                let e = s.promise_result(p);
                Err(s.throw(e))
            }
            _ => Ok(()),
        }
    }

    fn path(referrer: &str, specifier: &str) -> PathBuf {
        let base = Path::new(referrer).parent().unwrap_or(Path::new("."));
        let mut out = PathBuf::new();
        for part in base.join(specifier).components() {
            match part {
                std::path::Component::CurDir => {}
                std::path::Component::ParentDir => {
                    out.pop();
                }
                p => out.push(p),
            }
        }
        out
    }

    /// A module and everything it requests, connected.
    fn load(&self, s: &mut Scope<'_>, path: &Path, json: bool) -> Result<usize, Thrown> {
        let key = (path.to_owned(), json);
        if let Some(i) = self.with(|st| st.by_path.get(&key).copied()) {
            return Ok(i);
        }
        let name = path.to_string_lossy().into_owned();
        let text = match std::fs::read(path) {
            Ok(b) => String::from_utf8_lossy(&b).into_owned(),
            Err(_) => return Err(s.throw_type(&format!("Cannot find module '{name}'"))),
        };
        let (id, json_text) = match json {
            true => (s.module_synthetic(&name, &["default"]), Some(text)),
            false => {
                let n = s.next_script_id();
                let t = s.compile(Source::new(&*name, text, n), CompileGoal::Module)?;
                (s.module_new(t, &name), None)
            }
        };
        let has_await = s.module_has_tla(id);
        let i = self.with(|st| {
            let node = st.evaluator.add(has_await);
            st.entries.push(Entry { id, node, json: json_text });
            st.by_path.insert(key.clone(), st.entries.len() - 1);
            st.entries.len() - 1
        });
        let r = self.load_requests(s, i, &name);
        if r.is_err() {
            // A later import tries again.
            self.with(|st| st.by_path.remove(&key));
        }
        r.map(|()| i)
    }

    fn load_requests(&self, s: &mut Scope<'_>, i: usize, name: &str) -> Result<(), Thrown> {
        let id = self.with(|st| st.entries[i].id);
        let mut ids = Vec::new();
        let mut nodes = Vec::new();
        for r in s.module_requests(id) {
            let attributes: Vec<(String, String)> =
                r.attributes.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
            let json = self.is_json(s, &attributes)?;
            let k = self.load(s, &Self::path(name, &r.specifier.to_string()), json)?;
            let e = self.with(|st| st.entries[k].clone());
            ids.push(e.id);
            nodes.push(e.node);
        }
        s.module_connect(id, ids);
        self.with(|st| st.evaluator.set_requests(st.entries[i].node, nodes));
        Ok(())
    }

    fn is_json(&self, s: &mut Scope<'_>, attributes: &[(String, String)]) -> Result<bool, Thrown> {
        let mut json = false;
        for (k, v) in attributes {
            match (k.as_str(), v.as_str()) {
                ("type", "json") => json = true,
                _ => return Err(s.throw_type(&format!("Import attribute '{k}' with value '{v}' is not supported"))),
            }
        }
        Ok(json)
    }

    /// Links and evaluates a module; `promise` gets its namespace.
    fn evaluate(&self, s: &mut Scope<'_>, i: usize, promise: Local<'_>) -> Result<(), Thrown> {
        let Entry { id, node, .. } = self.with(|st| st.entries[i].clone());
        s.module_link(id)?;
        if self.with(|st| st.evaluator.status(node)) == Status::Evaluated {
            let error = self.with(|st| st.evaluator.error(node).copied());
            self.settle(s, promise, id, error.map_or(Ok(()), Err));
            return Ok(());
        }
        let g = s.global(promise);
        match self.with(|st| st.evaluator.evaluate(node)) {
            Ok(root) => self.with(|st| st.waiting.entry(root).or_default().push((g, id))),
            Err(_) => return Err(s.throw_type("the module is being evaluated")),
        }
        self.drive(s);
        Ok(())
    }

    fn settle(&self, s: &mut Scope<'_>, promise: Local<'_>, id: ModuleId, r: Result<(), Global>) {
        s.nested(|s| {
            let p = s.adopt(promise);
            match r {
                Ok(()) => {
                    let ns = s.module_namespace(id);
                    s.promise_fulfill(p, ns);
                }
                Err(e) => {
                    let e = s.open(e);
                    s.promise_reject(p, e);
                }
            }
        });
    }

    fn drive(&self, s: &mut Scope<'_>) {
        while let Some(action) = self.with(|st| st.evaluator.next()) {
            match action {
                Action::Run(node) => {
                    let r = s.nested(|s| match self.run_body(s, node) {
                        Ok(_) => Ok(()),
                        Err(t) => {
                            let e = s.caught(t);
                            Err(s.global(e))
                        }
                    });
                    self.with(|st| st.evaluator.ran(node, r));
                }
                Action::Start(node) => s.nested(|s| self.start(s, node)),
                Action::Done(node, r) => {
                    for (g, id) in self.with(|st| st.waiting.remove(&node)).unwrap_or_default() {
                        let p = s.open(g);
                        s.release(g);
                        self.settle(s, p, id, r);
                    }
                }
            }
        }
    }

    fn run_body<'s>(&self, s: &mut Scope<'s>, node: NodeId) -> Completion<'s> {
        let Entry { id, json, .. } = self.with(|st| st.entries[node.index()].clone());
        if let Some(text) = json {
            let json = s.intrinsic(Intrinsic::JSON);
            let (text, key) = (s.str(&text), s.key("parse"));
            let v = s.invoke(json, key, &[text])?;
            s.module_set_export(id, "default", v);
        }
        s.module_evaluate(id)
    }

    fn start(&self, s: &mut Scope<'_>, node: NodeId) {
        let p = match self.run_body(s, node) {
            Ok(p) => p,
            Err(t) => {
                let e = s.caught(t);
                let p = s.new_promise();
                s.promise_reject(p, e);
                p
            }
        };
        let data = s.num(node.index() as f64);
        let empty = s.atoms().empty;
        let ok = s.function_with_data(empty, 1, |s, a| settled(s, a, true), data);
        let err = s.function_with_data(empty, 1, |s, a| settled(s, a, false), data);
        s.promise_then(p, ok, err, None);
    }

    /// `import()`: loading goes on in a job of its own.
    pub(crate) fn dynamic_import<'s>(
        &self,
        s: &mut Scope<'s>,
        referrer: &str,
        specifier: Local<'s>,
        options: Local<'s>,
        promise: Local<'s>,
    ) -> Result<(), Thrown> {
        let mut attributes = Vec::new();
        if !options.is_undefined() {
            if !options.is_object() {
                return Err(s.throw_type("The second argument of import() must be an object"));
            }
            let k = s.key("with");
            let with = s.get(options, k)?;
            if !with.is_object() && !with.is_undefined() {
                return Err(s.throw_type("The 'options' argument of import() must be an object"));
            }
            if with.is_object() {
                for k in s.enumerable_own_keys(with)? {
                    let v = s.get(with, k)?;
                    if !v.is_string() {
                        return Err(s.throw_type("Import attribute value must be a string"));
                    }
                    attributes.push((s.key_text(k), s.to_utf8_lossy(v)));
                }
            }
        }
        let json = self.is_json(s, &attributes)?;
        let path = Self::path(referrer, &s.to_utf8_lossy(specifier));
        let (path, json) = (s.str(&path.to_string_lossy()), s.bool(json));
        let data = s.new_array(&[promise, path, json]);
        let empty = s.atoms().empty;
        let f = s.function_with_data(empty, 0, import_job, data);
        s.queue_microtask(f);
        Ok(())
    }
}

fn modules(s: &Scope<'_>) -> std::rc::Rc<Modules> {
    s.embedder::<Modules>().expect("the shell's state")
}

fn settled<'s>(s: &mut Scope<'s>, args: &Args<'s>, ok: bool) -> Completion<'s> {
    let m = modules(s);
    let i = args.data().as_number().unwrap_or(0.0) as usize;
    let r = if ok { Ok(()) } else { Err(s.global(args.get(0))) };
    m.with(|st| {
        let node = st.entries[i].node;
        st.evaluator.settled(node, r);
    });
    m.drive(s);
    Ok(s.undefined())
}

fn import_job<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = modules(s);
    let items = s.dense_elements(args.data()).unwrap_or_default();
    let promise = items[0];
    let path = PathBuf::from(s.to_utf8_lossy(items[1]));
    let r = m.load(s, &path, items[2].is_true()).and_then(|i| m.evaluate(s, i, promise));
    if let Err(t) = r {
        if s.is_terminating() {
            return Err(t);
        }
        let e = s.caught(t);
        s.promise_reject(promise, e);
    }
    Ok(s.undefined())
}
