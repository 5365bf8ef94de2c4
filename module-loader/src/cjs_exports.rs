//! The names a CommonJS module exports, found without running it.
//!
//! When an ES module imports a CommonJS one, the names must be known before either runs. Node reads them off the source
//! text; so does [`scan`], which recognises the same forms:
//!
//! * `exports.x =`, `exports['x'] =`, and the same on `module.exports`, at any depth;
//! * `module.exports = { a, b: …, 'c': …, ...require('d') }` as far as the literal is simple;
//! * `Object.defineProperty(exports, 'x', { value: …` or with an enumerable getter that returns an import;
//! * reexports: `module.exports = require('x')`, `__exportStar(require('x'))`, `__export(require('x'))`, and the loops over
//!   `Object.keys` that compilers write.
//!
//! It is a scan over tokens, not a parse: a name that isn't really exported comes out `undefined`, a name built at run time is
//! reachable through the default export only.

mod lexer;

use rustc_hash::FxHashMap;

use crate::{
    format::Format,
    fs::FileSystem,
    path,
    require::{Referrer, Required},
    resolver::Resolver,
};
use lexer::{Kind, Token};

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CjsExports {
    /// Exported names, each once, in order of appearance.
    pub exports: Vec<String>,
    /// Specifiers of modules whose names are exported too.
    pub reexports: Vec<String>,
}

/// Scans a CommonJS module. Source that can't be read as tokens has no names.
///
/// ```
/// use looplab_module_loader::cjs_exports::scan;
///
/// let found = scan("exports.a = 1; module.exports.b = () => {}; __exportStar(require('./more'), exports);");
/// assert_eq!(found.exports, ["a", "b"]);
/// assert_eq!(found.reexports, ["./more"]);
/// ```
pub fn scan(source: &str) -> CjsExports {
    // The one word every form contains; most of the time spent on files without it is saved here.
    if !source.contains("exports") && !source.contains("__export") {
        return CjsExports::default();
    }
    let Some(tokens) = lexer::tokens(source) else { return CjsExports::default() };
    let mut scanner =
        Scanner { source, tokens, found: CjsExports::default(), required: FxHashMap::default() };
    scanner.run();
    scanner.found
}

impl<F: FileSystem> Resolver<F> {
    /// The names that importing a CommonJS file offers besides `default`: its own and, through reexports, those of other
    /// files. Reexports that can't be resolved or read contribute nothing, as in Node: running the module will tell.
    pub fn cjs_export_names(&self, file: &str, source: &str) -> Vec<String> {
        let mut names = Vec::new();
        let mut seen = vec![file.to_owned()];
        let mut todo = vec![(file.to_owned(), source.to_owned())];
        while let Some((file, source)) = todo.pop() {
            let found = scan(&source);
            for name in found.exports {
                if name != "default" && !names.contains(&name) {
                    names.push(name);
                }
            }
            let referrer = Referrer::file(&file);
            for specifier in found.reexports.iter().rev() {
                let Ok(Required::File(target)) = self.require(specifier, &referrer) else { continue };
                let script = matches!(path::extname(&target), ".js" | ".cjs" | "")
                    && !matches!(self.format_of_require(&target), Ok(Format::Module) | Err(_));
                if script
                    && !seen.contains(&target)
                    && let Ok(text) = self.fs.read_to_string(&target)
                {
                    seen.push(target.clone());
                    todo.push((target, text));
                }
            }
        }
        names
    }
}

struct Scanner<'s> {
    source: &'s str,
    tokens: Vec<Token>,
    found: CjsExports,
    /// Variables that hold a required module, for the loops that copy one.
    required: FxHashMap<&'s str, String>,
}

impl<'s> Scanner<'s> {
    fn run(&mut self) {
        for at in 0..self.tokens.len() {
            if self.tokens[at].kind != Kind::Word
                || (at > 0 && self.is(at - 1, b'.') && !self.is_spread(at - 1))
            {
                // `x.__exportStar(…)` is the one form that is a member of something.
                if self.word(at) == "__exportStar" {
                    self.export_star(at);
                }
                continue;
            }
            match self.word(at) {
                "exports" => self.member_assignment(at + 1),
                "module" if self.is(at + 1, b'.') && self.word(at + 2) == "exports" => {
                    if self.is(at + 3, b'=') {
                        self.whole_assignment(at + 4);
                    } else {
                        self.member_assignment(at + 3);
                    }
                }
                "Object" if self.is(at + 1, b'.') => match self.word(at + 2) {
                    "defineProperty" => self.define_property(at + 3),
                    "keys" => self.copy_loop(at + 3),
                    _ => {}
                },
                "__exportStar" | "__export" => self.export_star(at),
                "var" | "let" | "const" => self.required_variable(at + 1),
                _ => {}
            }
        }
    }

    fn is(&self, at: usize, byte: u8) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == Kind::Punct(byte))
    }

    fn is_spread(&self, at: usize) -> bool {
        at >= 2 && self.is(at, b'.') && self.is(at - 1, b'.') && self.is(at - 2, b'.')
    }

    fn word(&self, at: usize) -> &'s str {
        match self.tokens.get(at) {
            Some(token) if token.kind == Kind::Word => &self.source[token.start..token.end],
            _ => "",
        }
    }

    fn string(&self, at: usize) -> Option<String> {
        let token = self.tokens.get(at).filter(|token| token.kind == Kind::String)?;
        lexer::string_value(&self.source[token.start + 1..token.end - 1])
    }

    fn export(&mut self, name: String) {
        if !name.is_empty() && !self.found.exports.contains(&name) {
            self.found.exports.push(name);
        }
    }

    fn reexport(&mut self, specifier: String) {
        if !self.found.reexports.contains(&specifier) {
            self.found.reexports.push(specifier);
        }
    }

    /// `.x =` or `['x'] =`
    fn member_assignment(&mut self, at: usize) {
        if self.is(at, b'.') && self.is(at + 2, b'=') {
            self.export(self.word(at + 1).to_owned());
        } else if self.is(at, b'[')
            && self.is(at + 2, b']')
            && self.is(at + 3, b'=')
            && let Some(name) = self.string(at + 1)
        {
            self.export(name);
        }
    }

    /// `require('x')`: the specifier and the position after it.
    fn require_call(&self, at: usize) -> Option<(String, usize)> {
        let call = self.word(at) == "require" && self.is(at + 1, b'(') && self.is(at + 3, b')');
        call.then(|| self.string(at + 2)).flatten().map(|specifier| (specifier, at + 4))
    }

    /// What stands after `module.exports =`.
    fn whole_assignment(&mut self, at: usize) {
        // The last whole assignment is the one that holds.
        self.found.reexports.clear();
        if self.is(at, b'{') {
            self.literal(at + 1);
        } else if let Some((specifier, _)) = self.require_call(at) {
            self.reexport(specifier);
        }
    }

    /// The properties of an object literal, up to the first whose end can't be told without parsing.
    fn literal(&mut self, mut at: usize) {
        loop {
            if (0..3).all(|n| self.is(at + n, b'.')) {
                match self.require_call(at + 3) {
                    Some((specifier, after)) => {
                        self.reexport(specifier);
                        at = after;
                    }
                    None if !self.word(at + 3).is_empty() => at += 4,
                    None => return,
                }
            } else {
                let word = self.word(at);
                let (name, quoted) = match self.string(at) {
                    Some(name) => (name, true),
                    None if !word.is_empty() => (word.to_owned(), false),
                    None => return,
                };
                at += 1;
                if self.is(at, b':') {
                    // A value that begins with a word still counts, even if it turns out not to end there.
                    if self.word(at + 1).is_empty() {
                        return;
                    }
                    self.export(name);
                    at += 2;
                } else if !(quoted
                    || (word == "get" && self.tokens.get(at).is_some_and(|t| t.kind == Kind::Word)))
                {
                    self.export(name);
                }
            }
            if !self.is(at, b',') {
                return;
            }
            at += 1;
        }
    }

    /// `exports` or `module.exports`: the position after it.
    fn exports_object(&self, at: usize) -> Option<usize> {
        match self.word(at) {
            "exports" => Some(at + 1),
            "module" if self.is(at + 1, b'.') && self.word(at + 2) == "exports" => Some(at + 3),
            _ => None,
        }
    }

    /// `(exports, 'x', { … })` after `Object.defineProperty`.
    fn define_property(&mut self, at: usize) {
        if !self.is(at, b'(') {
            return;
        }
        let Some(at) = self.exports_object(at + 1).filter(|at| self.is(*at, b',')) else { return };
        let Some(name) = self.string(at + 1).filter(|_| self.is(at + 2, b',') && self.is(at + 3, b'{'))
        else {
            return;
        };
        let mut at = at + 4;
        if self.word(at) == "enumerable" && self.is(at + 1, b':') {
            let truth =
                self.word(at + 2) == "true" || (self.is(at + 2, b'!') && self.tokens.get(at + 3).is_some());
            at += if self.is(at + 2, b'!') { 4 } else { 3 };
            if !truth || !self.is(at, b',') {
                return;
            }
            at += 1;
        }
        if (self.word(at) == "value" && self.is(at + 1, b':')) || self.is_simple_getter(at) {
            self.export(name);
        }
    }

    /// `get: function () { return x.y; }` or `get() { return x.y }`: a getter with no effects.
    fn is_simple_getter(&self, mut at: usize) -> bool {
        if self.word(at) != "get" {
            return false;
        }
        at += 1;
        if self.is(at, b':') {
            at += 1;
            if self.word(at) != "function" {
                return false;
            }
            at += 1;
            at += usize::from(!self.word(at).is_empty());
        }
        if !(self.is(at, b'(')
            && self.is(at + 1, b')')
            && self.is(at + 2, b'{')
            && self.word(at + 3) == "return")
        {
            return false;
        }
        at += 4;
        if self.word(at).is_empty() {
            return false;
        }
        at += 1;
        if self.is(at, b'.') && !self.word(at + 1).is_empty() {
            at += 2;
        } else if self.is(at, b'[') && self.string(at + 1).is_some() && self.is(at + 2, b']') {
            at += 3;
        }
        at += usize::from(self.is(at, b';'));
        if !self.is(at, b'}') {
            return false;
        }
        at += 1;
        at += usize::from(self.is(at, b','));
        self.is(at, b'}') && self.is(at + 1, b')')
    }

    /// `__exportStar(require('x')` and `__export(require('x')`.
    fn export_star(&mut self, at: usize) {
        if self.is(at + 1, b'(')
            && let Some((specifier, _)) = self.require_call(at + 2)
        {
            self.reexport(specifier);
        }
    }

    /// `var x = require('y')`, also through one interop helper.
    fn required_variable(&mut self, at: usize) {
        let name = self.word(at);
        if name.is_empty() || !self.is(at + 1, b'=') {
            return;
        }
        let helped = !self.word(at + 2).is_empty() && self.is(at + 3, b'(') && self.word(at + 2) != "require";
        let call = if helped { at + 4 } else { at + 2 };
        if let Some((specifier, _)) = self.require_call(call) {
            self.required.insert(name, specifier);
        }
    }

    /// `(x).forEach(function (k) { … exports[k] = x[k] … })` after `Object.keys`, or with a defineProperty of `k`.
    fn copy_loop(&mut self, at: usize) {
        /// Compilers' loops are short; further on another statement would be read as part of this one.
        const LOOP_TOKENS: usize = 90;
        let variable = self.word(at + 1);
        let opens = self.is(at, b'(')
            && self.is(at + 2, b')')
            && self.is(at + 3, b'.')
            && self.word(at + 4) == "forEach"
            && self.is(at + 5, b'(')
            && self.word(at + 6) == "function"
            && self.is(at + 7, b'(');
        let (key, Some(specifier)) = (self.word(at + 8), self.required.get(variable)) else { return };
        if !opens || key.is_empty() || !self.is(at + 9, b')') {
            return;
        }
        let specifier = specifier.clone();
        let copies = (at + 10..(at + 10 + LOOP_TOKENS).min(self.tokens.len())).any(|at| {
            let Some(after) = self.exports_object(at) else { return false };
            let assigns = self.is(after, b'[')
                && self.word(after + 1) == key
                && self.is(after + 2, b']')
                && self.is(after + 3, b'=')
                && self.word(after + 4) == variable;
            let defines = self.is(after, b',') && self.word(after + 1) == key && self.is(at - 1, b'(');
            assigns || defines
        });
        if copies {
            self.reexport(specifier);
        }
    }
}
