//! Compiled patterns: our own matcher for nearly everything, `regress` for property escapes and the `v` flag, whose Unicode
//! tables it has. Compiled programs are kept per pattern and flags.

use super::compile::{Code, compile};
use super::matcher::{Scratch, Stop};
use super::syntax::{Modes, parse};
use looplab_vm::{Chars, HostData, Interrupt, Local, Scope, Value, Visitor};
use std::cell::RefCell;
use std::rc::Rc;

/// The flags of a regular expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the flags' own")]
pub struct Flags {
    pub has_indices: bool,
    pub global: bool,
    pub ignore_case: bool,
    pub multiline: bool,
    pub dot_all: bool,
    pub unicode: bool,
    pub unicode_sets: bool,
    pub sticky: bool,
}

impl Flags {
    /// Reads flags; `None`: unknown, repeated, or `u` with `v`.
    pub fn read(c: Chars<'_>) -> Option<Flags> {
        let mut f = Flags::default();
        for u in c.iter() {
            let slot = match char::from_u32(u32::from(u))? {
                'd' => &mut f.has_indices,
                'g' => &mut f.global,
                'i' => &mut f.ignore_case,
                'm' => &mut f.multiline,
                's' => &mut f.dot_all,
                'u' => &mut f.unicode,
                'v' => &mut f.unicode_sets,
                'y' => &mut f.sticky,
                _ => return None,
            };
            if std::mem::replace(slot, true) {
                return None;
            }
        }
        (!(f.unicode && f.unicode_sets)).then_some(f)
    }

    /// Whether positions advance by code points.
    pub fn full_unicode(self) -> bool {
        self.unicode || self.unicode_sets
    }
}

enum Backend {
    Own(Code),
    Regress(Box<regress::Regex>),
}

/// A compiled pattern.
pub struct Program {
    backend: Backend,
    /// Its flags.
    pub flags: Flags,
    /// Number of groups, the whole match included.
    pub groups: usize,
    /// Named groups, in order of appearance, with the numbers of their groups.
    pub names: Vec<(Vec<u16>, Vec<u32>)>,
    scratch: RefCell<Scratch>,
}

impl Program {
    /// Compiles; the error is V8's words for what is wrong.
    pub fn compile(pattern: &[u16], flags: Flags) -> Result<Program, &'static str> {
        let modes = Modes {
            icase: flags.ignore_case,
            multiline: flags.multiline,
            dot_all: flags.dot_all,
            unicode: flags.unicode,
            sets: flags.unicode_sets,
        };
        let tree = parse(pattern, modes)?;
        let groups = tree.groups as usize;
        let backend = if tree.foreign {
            Backend::Regress(Box::new(foreign(pattern, flags)?))
        } else {
            Backend::Own(compile(&tree, flags.full_unicode())?)
        };
        Ok(Program { backend, flags, groups, names: tree.names, scratch: RefCell::default() })
    }

    /// Whether matching wants UTF-16 whatever the text is.
    fn wants_wide(&self) -> bool {
        matches!(self.backend, Backend::Regress(_))
    }

    fn run(
        &self,
        text: Chars<'_>,
        start: usize,
        sticky: bool,
        caps: &mut Vec<u32>,
        interrupt: &Interrupt,
    ) -> Result<bool, Stop> {
        caps.clear();
        match &self.backend {
            Backend::Own(code) => {
                let mut st = self.scratch.borrow_mut();
                let found = match text {
                    Chars::Latin1(b) => code.find(b, start, sticky, &mut st, interrupt)?,
                    Chars::Utf16(u) => code.find(u, start, sticky, &mut st, interrupt)?,
                };
                if found {
                    caps.extend_from_slice(&st.caps);
                }
                Ok(found)
            }
            Backend::Regress(re) => {
                let Chars::Utf16(u) = text else { return Ok(false) };
                let Some(m) = re.find_from_utf16(u, start).next() else { return Ok(false) };
                if sticky && m.start() != start {
                    return Ok(false);
                }
                let pair = |r: Option<std::ops::Range<usize>>| {
                    r.map_or([super::matcher::UNSET; 2], |r| [r.start as u32, r.end as u32])
                };
                caps.extend(pair(Some(m.range())));
                m.captures.iter().for_each(|c| caps.extend(pair(c.clone())));
                caps.resize(self.groups * 2, super::matcher::UNSET);
                Ok(true)
            }
        }
    }
}

fn foreign(pattern: &[u16], flags: Flags) -> Result<regress::Regex, &'static str> {
    let f = regress::Flags {
        icase: flags.ignore_case,
        multiline: flags.multiline,
        dot_all: flags.dot_all,
        no_opt: false,
        unicode: flags.unicode,
        unicode_sets: flags.unicode_sets,
    };
    let points = char::decode_utf16(pattern.iter().copied())
        .map(|r| r.map_or_else(|e| u32::from(e.unpaired_surrogate()), |c| c as u32));
    let points: Vec<u32> = points.collect();
    regress::Regex::from_unicode(points.into_iter(), f).map_err(|e| match e.text.as_str() {
        "Invalid property name" => "Invalid property name",
        t if t.contains("escape") => "Invalid escape",
        _ => "Invalid character class",
    })
}

/// What regular expressions with the same pattern and flags share: host data of an object that each refers to.
pub struct Holder {
    /// The program.
    pub program: Rc<Program>,
    interrupt: Interrupt,
    /// The last Latin-1 text that had to be widened.
    wide: Option<(Value, Rc<[u16]>)>,
}

impl Holder {
    /// For a program.
    pub fn new(program: Rc<Program>, interrupt: Interrupt) -> Holder {
        Holder { program, interrupt, wide: None }
    }
}

impl HostData for Holder {
    fn trace(&self, v: &mut Visitor<'_>) {
        if let Some((text, _)) = &self.wide {
            v.visit(*text);
        }
    }
}

/// Matches the program of `holder` on a string value. Captures go to `caps`.
pub fn run<'s>(
    s: &mut Scope<'s>,
    holder: Local<'s>,
    text: Local<'s>,
    start: usize,
    sticky: bool,
    caps: &mut Vec<u32>,
) -> Result<bool, looplab_vm::Thrown> {
    let Some(h) = s.host_data::<Holder>(holder) else { return Ok(false) };
    let (program, interrupt) = (h.program.clone(), h.interrupt.clone());
    let r = if program.wants_wide() {
        let known = h.wide.as_ref().filter(|(v, _)| *v == text.value()).map(|(_, u)| u.clone());
        match (known, s.chars(text)) {
            (Some(u), _) => program.run(Chars::Utf16(&u), start, sticky, caps, &interrupt),
            (None, c @ Chars::Utf16(_)) => program.run(c, start, sticky, caps, &interrupt),
            (None, c) => {
                let u: Rc<[u16]> = c.to_units().into();
                if let Some(h) = s.host_data_mut::<Holder>(holder) {
                    h.wide = Some((text.value(), u.clone()));
                }
                program.run(Chars::Utf16(&u), start, sticky, caps, &interrupt)
            }
        }
    } else {
        program.run(s.chars(text), start, sticky, caps, &interrupt)
    };
    match r {
        Ok(found) => Ok(found),
        Err(Stop::TooDeep) => Err(s.throw_range("Maximum call stack size exceeded")),
        Err(Stop::Interrupted) => {
            s.check_interrupt()?;
            Ok(false)
        }
    }
}
