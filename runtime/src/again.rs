//! Running a program many times in one process: what is compiled once is kept, what a run leaves behind is freed.
//!
//! A process that runs one program never frees its heap, since its end frees everything at once. The explorer runs the same program
//! thousands of times, and most of the time of a short run would be spent compiling the same texts again.

use crate::options::{Finished, Options};
use looplab_engine::{CompileGoal, FunctionTemplate, Source};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;

/// Texts kept at most: a program may make up any number of them.
const MOST: usize = 1_000;

/// Runs programs one after the other.
#[derive(Debug, Default)]
pub struct Again {
    compiled: Rc<Compiled>,
}

impl Again {
    /// Nothing is compiled yet.
    pub fn new() -> Again {
        Again::default()
    }

    /// Runs a program to its end, as [`crate::run()`] does.
    ///
    /// What belongs to the process and not to the run stays as the program has left it: working folder, file mode mask, open files,
    /// signal handlers. See [`Finished::beyond`] for what cannot be seen from outside.
    pub fn run(&self, options: Options) -> Finished {
        crate::run::run_keeping(options, Some(self.compiled.clone()))
    }
}

/// A text that has been compiled is known by its name, the number it had in the log, and as what it was compiled.
type Key = (String, u32, u64);

/// What has been compiled.
#[derive(Debug, Default)]
pub(crate) struct Compiled(RefCell<FxHashMap<Key, Rc<FunctionTemplate>>>);

impl Compiled {
    /// What this text would be known by; `None` if it isn't worth keeping.
    pub(crate) fn key(source: &Source, goal: &CompileGoal<'_>) -> Option<Key> {
        use std::hash::{Hash, Hasher};
        let mut hasher = rustc_hash::FxHasher::default();
        match goal {
            CompileGoal::Script => 0u8.hash(&mut hasher),
            CompileGoal::Module => 1u8.hash(&mut hasher),
            CompileGoal::Body(params) => (2u8, params).hash(&mut hasher),
            // Code that a program makes while it runs.
            _ => return None,
        }
        Some((source.name.clone(), source.id, hasher.finish()))
    }

    /// The template of this very text, if it is kept.
    pub(crate) fn get(&self, source: &Source, goal: &CompileGoal<'_>) -> Option<Rc<FunctionTemplate>> {
        let kept = self.0.borrow().get(&Compiled::key(source, goal)?).cloned()?;
        (kept.source.text == source.text).then_some(kept)
    }

    /// Keeps a template.
    pub(crate) fn keep(&self, key: Option<Key>, template: &Rc<FunctionTemplate>) {
        let mut kept = self.0.borrow_mut();
        if let Some(key) = key.filter(|_| kept.len() < MOST) {
            kept.insert(key, template.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Entry;

    #[test]
    fn runs_share_what_is_compiled_and_nothing_else() {
        let again = Again::new();
        let run = |code: &str| {
            let mut options = Options::new(Entry::Eval(code.into()));
            (options.quiet, options.record) = (true, Some(looplab_probe::Options::default()));
            again.run(options)
        };
        let first = run("globalThis.left = 1; require('util').left = 2; process.exitCode = 3");
        assert_eq!((first.exit_code, first.beyond), (3, false));
        let keeps = |code: &str| again.compiled.0.borrow().values().any(|t| t.source.text.contains(code));
        assert!(keeps("globalThis.left = 1"));
        let second = run("process.exitCode = globalThis.left === undefined && !require('util').left ? 4 : 5");
        assert_eq!(second.exit_code, 4);
        assert!(keeps("globalThis.left === undefined"), "another text is compiled anew");
        assert!(run("require('worker_threads')").beyond);
    }
}
