//! What the compiler hands to the interpreter: code and everything the code refers to, as plain data.

use crate::op::Insn;
use crate::text::Text;
use std::cell::OnceCell;
use std::rc::Rc;

/// A source text with its name, shared by all functions compiled from it.
#[derive(Debug)]
pub struct Source {
    /// File path, URL, or a name such as `[eval]`; what stack traces print.
    pub name: String,
    /// The text as the parser saw it (UTF-8).
    pub text: String,
    /// A number the embedder gives (script id of the log).
    pub id: u32,
    /// Bytes at the start of the text that the author did not write; positions on the first line leave them out.
    hidden: u32,
    lines: OnceCell<Vec<u32>>,
}

impl Source {
    /// A source with its line table still to be made.
    pub fn new(name: impl Into<String>, text: impl Into<String>, id: u32) -> Rc<Source> {
        Rc::new(Source { name: name.into(), text: text.into(), id, hidden: 0, lines: OnceCell::new() })
    }

    /// A source whose text begins with something the author did not write (the directive of strict eval code). The prefix has
    /// no line end.
    pub fn with_prefix(name: impl Into<String>, prefix: &str, text: &str, id: u32) -> Rc<Source> {
        let hidden = prefix.len() as u32;
        Rc::new(Source { name: name.into(), text: format!("{prefix}{text}"), id, hidden, lines: OnceCell::new() })
    }

    fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let mut v = vec![0];
            let b = self.text.as_bytes();
            let mut i = 0;
            while i < b.len() {
                match b[i] {
                    b'\n' => v.push(i as u32 + 1),
                    b'\r' if b.get(i + 1) != Some(&b'\n') => v.push(i as u32 + 1),
                    // U+2028 and U+2029 end a line too.
                    0xE2 if b.get(i + 1) == Some(&0x80) && matches!(b.get(i + 2), Some(0xA8 | 0xA9)) => {
                        v.push(i as u32 + 3)
                    }
                    _ => {}
                }
                i += 1;
            }
            v
        })
    }

    /// Line and column of a byte offset, both from 1; the column counts UTF-16 code units as V8 does.
    pub fn position(&self, offset: u32) -> (u32, u32) {
        let starts = self.line_starts();
        let line = starts.partition_point(|&s| s <= offset).max(1) - 1;
        let start = if line == 0 { self.hidden } else { starts[line] } as usize;
        let end = (offset as usize).max(start).min(self.text.len());
        let col = self.text.get(start..end).map_or(end - start, |s| s.encode_utf16().count());
        (line as u32 + 1, col as u32 + 1)
    }

    /// The text of a line (from 1) without its terminator.
    pub fn line(&self, line: u32) -> &str {
        let starts = self.line_starts();
        let i = (line.max(1) as usize - 1).min(starts.len() - 1);
        let end = starts.get(i + 1).map_or(self.text.len(), |&e| e as usize);
        let start = if i == 0 { self.hidden } else { starts[i] };
        self.text[start as usize..end].trim_end_matches(['\n', '\r', '\u{2028}', '\u{2029}'])
    }
}

/// A range of the source in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A constant of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    /// A number that is not loaded by `LoadInt`.
    Number(f64),
    /// A string; property names among them are interned when the function is first run.
    Str(Text),
    /// A BigInt in decimal digits.
    BigInt(String),
    /// A regular expression literal.
    RegExp {
        /// Between the slashes.
        pattern: Text,
        /// Behind them.
        flags: Text,
    },
    /// The strings of a tagged template: cooked (none where an escape is invalid) and raw.
    Template(Vec<(Option<Text>, Text)>),
}

/// What sort of function a template makes: decides `this`, `new`, `prototype` and what a call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FuncKind {
    /// `function` declarations and expressions: constructible unless async or generator.
    Normal,
    /// Arrow functions: no own this, arguments, super, new.target.
    Arrow,
    /// Methods, getters and setters: not constructible.
    Method,
    /// A class constructor without heritage: callable only by `new`.
    ClassConstructor,
    /// A class constructor with heritage: `this` is a hole until super() returns.
    DerivedConstructor,
    /// Field initialisers and static blocks: called by the interpreter or inline, never visible.
    ClassInit,
    /// The top of a classic script or of eval.
    Script,
    /// The top of a module.
    Module,
}

/// An exception handler: covers instructions `start..end`; the innermost covering handler comes first in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    /// First covered instruction.
    pub start: u32,
    /// One past the last covered instruction.
    pub end: u32,
    /// Where to continue.
    pub target: u32,
    /// The register that receives the exception.
    pub reg: u16,
}

/// How a binding came to be (for early errors, debuggers and eval).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingKind {
    /// var or a hoisted function.
    Var,
    /// let.
    Let,
    /// const.
    Const,
    /// class.
    Class,
    /// A formal parameter.
    Param,
    /// A catch parameter.
    Catch,
    /// A function expression's own name (assigning fails, silently in sloppy mode).
    FunctionName,
    /// An import.
    Import,
    /// Something of the compiler's own (`%this`, `%home`, computed keys …).
    Internal,
}

/// The variables of an environment, slot by slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeInfo {
    /// Name and kind of each slot.
    pub slots: Vec<(Text, Option<BindingKind>)>,
}

/// A local variable that lives in a register (for debuggers).
#[derive(Clone, Debug)]
pub struct LocalVar {
    /// Its name.
    pub name: Text,
    /// Its register.
    pub reg: u16,
    /// First instruction at which it exists.
    pub start: u32,
    /// First instruction at which it has been given a value of its own (let, const, class); the register may hold anything before.
    pub live: u32,
    /// One past the last.
    pub end: u32,
}

/// A register that holds an environment (for debuggers).
#[derive(Clone, Copy, Debug)]
pub struct EnvVar {
    /// The register.
    pub reg: u16,
    /// Which of the function's environment descriptions it is made by.
    pub scope: u16,
    /// First instruction at which it may be there.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// A compiled function.
#[derive(Debug)]
pub struct FunctionTemplate {
    /// The `name` property.
    pub name: Text,
    /// The `length` property.
    pub length: u16,
    /// Its sort.
    pub kind: FuncKind,
    /// `async`.
    pub is_async: bool,
    /// `function*`.
    pub is_generator: bool,
    /// Strict mode code.
    pub strict: bool,
    /// Uses `super` (needs a home object).
    pub uses_super: bool,
    /// Formal parameters that have a register of their own (without the rest parameter).
    pub nparams: u16,
    /// Registers of the window, `this` included.
    pub nregs: u16,
    /// Receives an array of the arguments behind the formal ones.
    pub rest_reg: Option<u16>,
    /// Receives the arguments object.
    pub arguments_reg: Option<u16>,
    /// The arguments object is tied to the parameters (sloppy, simple parameters): parameter i is slot `mapped_args[i]` of
    /// the environment that the first `NewEnv` creates. Empty: not tied.
    pub mapped_args: Vec<u16>,
    /// The instructions.
    pub code: Vec<Insn>,
    /// The constants.
    pub consts: Vec<Const>,
    /// Constant index of the property name of each inline cache (`u32::MAX`: keyed at run time).
    pub ic_keys: Vec<u32>,
    /// Nested functions.
    pub functions: Vec<Rc<FunctionTemplate>>,
    /// Environment descriptions.
    pub scopes: Vec<ScopeInfo>,
    /// Exception handlers, innermost first.
    pub handlers: Vec<Handler>,
    /// `(instruction, source offset)` sorted by instruction: where an error at or behind it is reported.
    pub positions: Vec<(u32, u32)>,
    /// `(instruction, span)` sorted: the expression to name when the instruction fails ("x.y is not a function").
    pub spans: Vec<(u32, Span)>,
    /// `(instruction, span)` of each statement's start, sorted.
    pub statements: Vec<(u32, Span)>,
    /// Locals in registers.
    pub locals: Vec<LocalVar>,
    /// Environments in registers.
    pub envs: Vec<EnvVar>,
    /// The whole function in the source (Function.prototype.toString).
    pub span: Span,
    /// The source.
    pub source: Rc<Source>,
    /// Module linkage; only of `FuncKind::Module`.
    pub module: Option<Box<ModuleInfo>>,
    /// Declarations that a script makes on the global object; only of `FuncKind::Script`.
    pub script: Option<Box<ScriptInfo>>,
}

impl FunctionTemplate {
    /// The source offset that instruction `pc` is reported at.
    pub fn offset_at(&self, pc: u32) -> u32 {
        match self.positions.partition_point(|&(p, _)| p <= pc) {
            0 => self.span.start,
            i => self.positions[i - 1].1,
        }
    }

    /// The expression instruction `pc` should name in an error.
    pub fn span_at(&self, pc: u32) -> Option<Span> {
        self.spans.binary_search_by_key(&pc, |&(p, _)| p).ok().map(|i| self.spans[i].1)
    }
}

/// What a classic script declares globally.
#[derive(Clone, Debug, Default)]
pub struct ScriptInfo {
    /// `var` names (not functions).
    pub vars: Vec<Text>,
    /// Function declarations: they are created and assigned by the code itself with SetGlobal.
    pub functions: Vec<Text>,
    /// let, const and class names with whether they are constant.
    pub lexicals: Vec<(Text, bool)>,
}

/// What a module imports and exports.
#[derive(Clone, Debug, Default)]
pub struct ModuleInfo {
    /// Requested specifiers in source order, without repeats, with import attributes and the offset of the specifier.
    pub requests: Vec<ModuleRequest>,
    /// Imported bindings, as numbered by `GetImport`.
    pub imports: Vec<ImportEntry>,
    /// Exported local bindings: export name and slot of the module environment.
    pub local_exports: Vec<(Text, u16)>,
    /// `export { a as b } from`, `export * as ns from`.
    pub indirect_exports: Vec<IndirectExport>,
    /// `export * from`: request indices.
    pub star_exports: Vec<u32>,
    /// Contains top-level await.
    pub has_tla: bool,
}

/// One requested module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleRequest {
    /// The specifier.
    pub specifier: Text,
    /// `with { type: "json" }`.
    pub attributes: Vec<(Text, Text)>,
    /// Where it stands.
    pub offset: u32,
}

/// One imported binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportEntry {
    /// Index of the request.
    pub request: u32,
    /// The name over there; none: the namespace object.
    pub import: Option<Text>,
    /// The name over here (for error messages).
    pub local: Text,
    /// Where it stands.
    pub offset: u32,
}

/// A re-export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndirectExport {
    /// The name it is exported as.
    pub export: Text,
    /// Index of the request.
    pub request: u32,
    /// The name over there; none: the namespace object.
    pub import: Option<Text>,
    /// Where it stands.
    pub offset: u32,
}
