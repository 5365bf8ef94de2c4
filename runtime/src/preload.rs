//! What comes before the program (`--import`), code that is in no file, and `--check`.

use crate::errors;
use crate::modules::{self, cjs, compile, esm, resolver};
use crate::rt::Rt;
use looplab_engine::{Args, CompileGoal, Completion, Scope, Thrown};
use looplab_module_loader::wrapper::PARAMETERS;
use looplab_module_loader::{Format, url::path_to_file_url};
use std::rc::Rc;

/// Imports what `--import` names, one after the other, and runs the program when all have been evaluated.
pub(crate) fn imported(s: &mut Scope<'_>, rt: &Rc<Rt>) -> Result<(), Thrown> {
    s.nested(|s| {
        let Some(load_all) = modules::builtin(s, rt, "/preload")? else { return Ok(()) };
        let names: Vec<_> = rt.options.load.import.iter().map(|n| s.str(n)).collect();
        let names = s.new_array(&names);
        let loaders: Vec<_> = rt.options.load.loader.iter().map(|n| s.str(n)).collect();
        let loaders = s.new_array(&loaders);
        let k = s.key("import");
        let import = s.function(k, 1, import_one);
        let k = s.key("main");
        let main = s.function(k, 0, |s, _| {
            let rt = Rt::of(s);
            crate::run::program(s, &rt)?;
            Ok(s.undefined())
        });
        let u = s.undefined();
        s.call(load_all, u, &[names, import, main, loaders]).map(|_| ())
    })
}

fn import_one<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let cwd = resolver(&rt).options().cwd.clone();
    let promise = s.new_promise();
    let (referrer, u) = (path_to_file_url(&format!("{cwd}/")), s.undefined());
    esm::dynamic_import(s, &rt, &referrer, args.get(0), u, promise)?;
    Ok(promise)
}

/// Runs code that is in no file: as `--input-type` says, or as what it looks like.
pub(crate) fn eval(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    name: &str,
    code: &str,
    print: bool,
) -> Result<(), Thrown> {
    let kind = rt.options.load.input_type.clone();
    let stripped = match kind.as_deref() {
        Some(k) if k.ends_with("-typescript") => Some(modules::strip(s, name, code)?),
        _ => None,
    };
    let code = stripped.as_deref().unwrap_or(code);
    let module = match kind.as_deref() {
        Some(k) => k.starts_with("module"),
        None => is_module(s, rt, name, code),
    };
    if module {
        if print {
            let text = "--print cannot be used with ESM input";
            return Err(errors::throw(s, errors::Kind::Error, "ERR_EVAL_ESM_CANNOT_PRINT", text));
        }
        if rt.options.load.check {
            return compile(s, rt, name, code, CompileGoal::Module).map(|_| ());
        }
        let cwd = resolver(rt).options().cwd.clone();
        let url = path_to_file_url(&format!("{cwd}/{name}1"));
        return esm::run_text(s, rt, &url, code);
    }
    if rt.options.load.check {
        return compile(s, rt, name, code, CompileGoal::Script).map(|_| ());
    }
    s.nested(|s| cjs::run_eval(s, rt, name, code, print).map(|_| ()))
}

/// Whether a text only makes sense as an ES module.
fn is_module(s: &mut Scope<'_>, rt: &Rc<Rt>, name: &str, code: &str) -> bool {
    if !code.contains("import") && !code.contains("export") && !code.contains("await") {
        return false;
    }
    for (goal, answer) in [(CompileGoal::Script, false), (CompileGoal::Module, true)] {
        match compile(s, rt, name, code, goal) {
            Ok(_) => return answer,
            Err(t) => {
                s.caught(t);
            }
        }
    }
    false
}

/// `--check`: compiles the program's file.
pub(crate) fn check(s: &mut Scope<'_>, rt: &Rc<Rt>, path: &str) -> Result<(), Thrown> {
    let format = match resolver(rt).format_of_require(path) {
        Ok(f) => f,
        Err(e) => return Err(cjs::throw_resolve(s, e)),
    };
    let text = cjs::read_source(s, path)?;
    let typescript =
        matches!(format, Format::CommonJsTypescript | Format::AmbiguousTypescript | Format::ModuleTypescript);
    let text = if typescript { modules::strip(s, path, &text)? } else { text };
    let name = path_to_file_url(path);
    match format {
        Format::Module | Format::ModuleTypescript => {
            compile(s, rt, &name, &text, CompileGoal::Module).map(|_| ())
        }
        Format::Ambiguous | Format::AmbiguousTypescript => {
            match compile(s, rt, path, &text, CompileGoal::Body(&PARAMETERS)) {
                Ok(_) => Ok(()),
                Err(t) => {
                    let first = s.caught(t);
                    match compile(s, rt, &name, &text, CompileGoal::Module) {
                        Ok(_) => Ok(()),
                        Err(t) => {
                            s.caught(t);
                            Err(s.throw(first))
                        }
                    }
                }
            }
        }
        _ => compile(s, rt, path, &text, CompileGoal::Body(&PARAMETERS)).map(|_| ()),
    }
}
