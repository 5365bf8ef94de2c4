//! Loading programs: CommonJS (`cjs`), ES modules (`esm`), and what both share.

pub(crate) mod cjs;
pub(crate) mod cjs_module;
pub(crate) mod cycles;
pub(crate) mod esm;
pub(crate) mod eval_globals;
pub(crate) mod graph;

use crate::again::Compiled;
use crate::options::Script;
use crate::rt::Rt;
use looplab_engine::{CompileGoal, FunctionTemplate, Global, Local, Scope, Source, Thrown};
use looplab_module_loader::{Options, Resolver, StdFileSystem};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Builtin modules that reach beyond the run: threads and processes are numbered and waited for by the whole process.
const BEYOND: &[&str] = &["worker_threads", "child_process", "cluster"];

/// The loader's state.
pub(crate) struct Modules {
    pub(crate) resolver: Rc<Resolver<StdFileSystem>>,
    /// Values that the runtime's own functions need again: prototypes, functions, builtin modules.
    values: FxHashMap<String, Global>,
    builtins: FxHashMap<String, Global>,
    pub(crate) cjs: cjs::State,
    pub(crate) esm: esm::State,
}

impl Modules {
    pub(crate) fn new(flags: &crate::LoadFlags) -> Modules {
        let cwd = std::env::current_dir().map_or_else(|_| "/".into(), |d| d.to_string_lossy().into_owned());
        let mut options = Options::new(&cwd);
        let home = std::env::var("HOME").ok();
        let node_path = std::env::var("NODE_PATH").unwrap_or_default();
        let exec = std::env::current_exe().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        options.global_paths = looplab_module_loader::global_paths(Some(&node_path), home.as_deref(), &exec);
        flags.conditions.iter().for_each(|name| options.add_condition(name));
        options.preserve_symlinks = flags.preserve_symlinks;
        options.preserve_symlinks_main = flags.preserve_symlinks_main;
        Modules {
            resolver: Rc::new(Resolver::new(StdFileSystem::default(), options)),
            values: FxHashMap::default(),
            builtins: FxHashMap::default(),
            cjs: cjs::State::default(),
            esm: esm::State::default(),
        }
    }
}

/// Whether the program has asked for a module whose doings outlast it.
pub(crate) fn reach_beyond(rt: &Rt) -> bool {
    BEYOND.iter().any(|name| rt.modules.borrow().builtins.contains_key(*name))
}

/// The resolver.
pub(crate) fn resolver(rt: &Rt) -> Rc<Resolver<StdFileSystem>> {
    rt.modules.borrow().resolver.clone()
}

/// Resolves, and tells of what was deprecated on the way.
///
/// # Errors
/// What a listener of warnings is not the place for: a failure to warn.
pub(crate) fn resolving<R>(
    s: &mut Scope<'_>,
    rt: &Rt,
    f: impl FnOnce(&Resolver<StdFileSystem>) -> R,
) -> Result<R, Thrown> {
    let resolver = resolver(rt);
    let r = f(&resolver);
    for d in resolver.take_deprecations() {
        crate::node::process::emit_warning(s, &d.message, "DeprecationWarning", Some(d.code))?;
    }
    Ok(r)
}

/// Keeps a value under a name.
pub(crate) fn register_value(s: &mut Scope<'_>, name: &str, v: Local<'_>) {
    let rt = Rt::of(s);
    let g = s.global(v);
    let values = &mut rt.modules.borrow_mut().values;
    if let Some(old) = values.get_mut(name) {
        s.release(std::mem::replace(old, g));
    } else {
        values.insert(name.to_owned(), g);
    }
}

/// The value kept under a name; undefined when there is none.
pub(crate) fn registered<'s>(s: &mut Scope<'s>, name: &str) -> Local<'s> {
    let rt = Rt::of(s);
    let g = rt.modules.borrow().values.get(name).copied();
    match g {
        Some(g) => s.open(g),
        None => s.undefined(),
    }
}

/// The exports of a builtin module (name without `node:`), made on first use. `None`: there is no such module here.
pub(crate) fn builtin<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, name: &str) -> Result<Option<Local<'s>>, Thrown> {
    let known = rt.modules.borrow().builtins.get(name).copied();
    if let Some(g) = known {
        return Ok(Some(s.open(g)));
    }
    let Some(exports) = crate::node::load(s, rt, name)? else { return Ok(None) };
    let g = s.global(exports);
    rt.modules.borrow_mut().builtins.insert(name.to_owned(), g);
    Ok(Some(exports))
}

/// Compiles a text, remembering it for positions in errors and the log. Syntax errors get the source excerpt Node prints.
pub(crate) fn compile(
    s: &mut Scope<'_>,
    rt: &Rt,
    name: &str,
    text: &str,
    goal: CompileGoal<'_>,
) -> Result<Rc<FunctionTemplate>, Thrown> {
    let id = s.next_script_id();
    let source = Source::new(name, text, id);
    rt.scripts.borrow_mut().push(Script { id, name: name.to_owned(), text: text.to_owned() });
    if let Some(known) = rt.compiled.get().and_then(|kept| kept.get(&source, &goal)) {
        return Ok(known);
    }
    let kept = rt.compiled.get().map(|kept| (kept, Compiled::key(&source, &goal)));
    match looplab_engine::compile(source.clone(), goal) {
        Ok(t) => {
            if let Some((kept, key)) = kept {
                kept.keep(key, &t);
            }
            Ok(t)
        }
        Err(e) => {
            let (line, column) = source.position(e.span.start);
            let too_deep = matches!(e.kind, looplab_engine::compiler::ErrorKind::Range);
            let t = if too_deep { s.throw_range(&e.message) } else { s.throw_syntax(&e.message) };
            let err = s.caught(t);
            let width = source.position(e.span.end).1.saturating_sub(column).max(1) as usize;
            let mut arrow = crate::uncaught::place(name, text, line, column);
            let carets = "^".repeat(if source.position(e.span.end).0 == line { width } else { 1 });
            arrow = arrow.trim_end().trim_end_matches('^').to_owned() + &carets + "\n\n";
            let arrow = s.str(&arrow);
            let k = s.key("looplab.arrow");
            s.define_hidden(err, k, arrow);
            Err(s.throw(err))
        }
    }
}

/// A TypeScript text with its types blanked out.
///
/// # Errors
/// Node's error for syntax that is wrong, or that is more than types.
pub(crate) fn strip(s: &mut Scope<'_>, name: &str, text: &str) -> Result<String, Thrown> {
    let module = match looplab_module_loader::path::extname(name) {
        ".mts" => Some(true),
        ".cts" => Some(false),
        _ => None,
    };
    looplab_engine::compiler::strip_types(text, module).map_err(|e| {
        let code =
            if e.unsupported { "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX" } else { "ERR_INVALID_TYPESCRIPT_SYNTAX" };
        s.nested(|s| {
            let proto = s.intrinsic(looplab_engine::Intrinsic::SyntaxErrorPrototype);
            let message = s.str(&e.message);
            let error = s.new_error_object(proto, message);
            s.capture_stack(error, None);
            let (k, v) = (s.key("code"), s.str(code));
            s.define_with(error, k, v, looplab_engine::ALL);
            if !name.is_empty() {
                let source = Source::new(name, text, 0);
                let (line, column) = source.position(e.at);
                let arrow = crate::uncaught::place(name, text, line, column) + "\n\n";
                let (k, v) = (s.key("looplab.arrow"), s.str(&arrow));
                s.define_hidden(error, k, v);
            }
            s.throw(error)
        })
    })
}
