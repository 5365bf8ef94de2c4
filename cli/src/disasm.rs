//! `looplab disasm`: the bytecode of a file.

use crate::hiargs::Disasm;
use crate::output;
use looplab_engine::bytecode::{DisasmOptions, SecondTier, disassemble};
use looplab_engine::{CompileGoal, FunctionTemplate, Source, compile};
use looplab_lab::tiers::stands_for;
use looplab_runtime::{Entry, Options};
use std::rc::Rc;

/// What a CommonJS module's function is called with.
const WRAPPER: [&str; 5] = ["exports", "require", "module", "__filename", "__dirname"];

/// The exit code: 1 if the file can't be read or compiled, or has no such function.
pub fn run(what: &Disasm) -> i32 {
    if what.second_tier {
        return second_tier(what);
    }
    let name = what.file.display().to_string();
    let text = match std::fs::read(&what.file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return output::complain(&format!("can't read {name}: {error}")),
    };
    let template = match compiled(&name, &text) {
        Ok(template) => template,
        Err(problem) => return output::complain(&problem),
    };
    let options = DisasmOptions { function: what.function.clone(), ..DisasmOptions::default() };
    let listing = disassemble(&template, &options);
    match &what.function {
        Some(function) if listing.is_empty() => {
            output::complain(&format!("{name} has no function named '{function}'"))
        }
        _ => output::print(&listing),
    }
}

/// Runs the program, whose output comes first, and lists the functions that became hot. The exit code is the program's.
fn second_tier(what: &Disasm) -> i32 {
    let mut options = Options::new(Entry::File(what.file.clone()));
    options.tier_log = true;
    let finished = looplab_runtime::run(options);
    let mut listing = String::new();
    for f in &finished.second_tier {
        let named = what.function.as_deref().is_none_or(|name| name == &*f.site.function);
        if !named || f.site.script.starts_with("node:") {
            continue;
        }
        let over = f.specialised.iter().filter(|s| s.stands);
        let over = over.map(|s| (s.pc, SecondTier { op: s.into, note: stands_for(s) }));
        let options = DisasmOptions { second_tier: Some(over.collect()), ..DisasmOptions::default() };
        listing += &disassemble(&f.template, &options);
    }
    if listing.is_empty() {
        let name = what.function.as_ref().map_or(String::new(), |name| format!(" named '{name}'"));
        listing = format!("no function{name} became hot\n");
    }
    match output::print(&listing) {
        0 => finished.exit_code,
        code => code,
    }
}

/// By its extension, a module or a CommonJS function; without a telling one, whichever it can be.
fn compiled(name: &str, text: &str) -> Result<Rc<FunctionTemplate>, String> {
    let source = Source::new(name, text, 1);
    let (body, module) = (CompileGoal::Body(&WRAPPER), CompileGoal::Module);
    let first = match name.rsplit('.').next() {
        Some("mjs") => compile(source.clone(), module),
        Some("cjs") => compile(source.clone(), body),
        _ => {
            compile(source.clone(), body).or_else(|error| compile(source.clone(), module).map_err(|_| error))
        }
    };
    first.map_err(|error| {
        let (line, column) = source.position(error.span.start);
        let caret = " ".repeat(column.saturating_sub(1) as usize) + "^";
        format!("{name}:{line}:{column}: {error}\n  {}\n  {caret}", source.line(line).replace('\t', " "))
    })
}
