//! Who imports whom, while it happens: for `looplab graph`, and for the parent of a program that is watched for changes.

use super::cjs::get;
use crate::rt::Rt;
use looplab_engine::{Scope, Thrown};
use looplab_event_loop::World;
use looplab_module_loader::Required;
use looplab_module_loader::registry::{EdgeKind, Kind, ModuleId, Registry, State};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The graph of a run ([`crate::Options::graph`]); clones are the same graph.
#[derive(Clone, Debug, Default)]
pub struct ModuleGraph(Arc<Mutex<Registry<()>>>);

impl ModuleGraph {
    /// Looks into it.
    pub fn read<R>(&self, look: impl FnOnce(&Registry<()>) -> R) -> R {
        look(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Registry<()>> {
        // A registry is whole after each of its methods.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn module(r: &mut Registry<()>, kind: Kind, key: &str) -> ModuleId {
    r.find(kind, key).unwrap_or_else(|| r.insert(kind, key, ()))
}

/// `parent` (a file) required `specifier`.
pub(super) fn required(rt: &Rt, parent: &str, specifier: &str, found: &Required) {
    let Some(graph) = &rt.options.graph else { return };
    let mut r = graph.lock();
    let to = match found {
        Required::Builtin(name) => builtin(&mut r, name),
        Required::File(path) => module(&mut r, Kind::Require, path),
    };
    if parent.starts_with('/') {
        let from = module(&mut r, Kind::Require, parent);
        r.connect(from, to, specifier, EdgeKind::Require);
    }
}

fn builtin(r: &mut Registry<()>, name: &str) -> ModuleId {
    let name = name.strip_prefix("node:").unwrap_or(name);
    let id = module(r, Kind::Builtin, &format!("node:{name}"));
    r.set_state(id, State::Evaluated);
    id
}

/// The module at `parent` (a URL) imported `specifier`, which is at `url`.
pub(super) fn imported(rt: &Rt, parent: &str, specifier: &str, url: &str, dynamic: bool) {
    let Some(graph) = &rt.options.graph else { return };
    let mut r = graph.lock();
    let to = match url.strip_prefix("node:") {
        Some(name) => builtin(&mut r, name),
        None => module(&mut r, Kind::Import, url),
    };
    let from = match parent.starts_with('/') {
        true => module(&mut r, Kind::Require, parent),
        false => module(&mut r, Kind::Import, parent),
    };
    r.connect(from, to, specifier, if dynamic { EdgeKind::DynamicImport } else { EdgeKind::Import });
}

/// A module's body that runs.
pub(super) struct Running {
    id: ModuleId,
    began: u64,
}

fn now(rt: &Rt) -> u64 {
    rt.with_loop(|lp| lp.world_mut().hrtime())
}

/// A module's body begins.
pub(super) fn begin(rt: &Rt, kind: Kind, key: &str) -> Option<Running> {
    let graph = rt.options.graph.as_ref()?;
    let mut r = graph.lock();
    let id = module(&mut r, kind, key);
    r.set_state(id, State::Evaluating);
    Some(Running { id, began: now(rt) })
}

/// It is over. What it loaded meanwhile is part of its time.
pub(super) fn end(rt: &Rt, running: Option<Running>, ok: bool) {
    let (Some(graph), Some(running)) = (&rt.options.graph, running) else { return };
    let mut r = graph.lock();
    r.set_duration(running.id, now(rt).saturating_sub(running.began));
    r.set_state(running.id, if ok { State::Evaluated } else { State::Errored });
}

/// Tells a parent that watches files (`--watch`) that this one belongs to the program.
pub(super) fn report(s: &mut Scope<'_>, rt: &Rt, path: &str) -> Result<(), Thrown> {
    if !rt.options.reports_files {
        return Ok(());
    }
    s.nested(|s| {
        let process = rt.process(s);
        let send = get(s, process, "send")?;
        if send.is_callable() {
            let (file, message) = (s.str(path), s.new_object());
            let files = s.new_array(&[file]);
            super::cjs::put(s, message, "watch:require", files);
            s.call(send, process, &[message])?;
        }
        Ok(())
    })
}
