//! `looplab disasm`: the bytecode of a file.

use crate::hiargs::Disasm;
use crate::output;
use looplab_engine::bytecode::{DisasmOptions, disassemble};
use looplab_engine::{CompileGoal, FunctionTemplate, Source, compile};
use std::rc::Rc;

/// What a CommonJS module's function is called with.
const WRAPPER: [&str; 5] = ["exports", "require", "module", "__filename", "__dirname"];

/// The exit code: 1 if the file can't be read or compiled, or has no such function.
pub fn run(what: &Disasm) -> i32 {
    let name = what.file.display().to_string();
    let text = match std::fs::read(&what.file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return output::complain(&format!("can't read {name}: {error}")),
    };
    let template = match compiled(&name, &text) {
        Ok(template) => template,
        Err(problem) => return output::complain(&problem),
    };
    let options = DisasmOptions { function: what.function.clone(), no_source: false };
    let listing = disassemble(&template, &options);
    match &what.function {
        Some(function) if listing.is_empty() => {
            output::complain(&format!("{name} has no function named '{function}'"))
        }
        _ => output::print(&listing),
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
