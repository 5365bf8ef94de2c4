//! Where functions and frames stand, as small keys: a recorder that meets a place for the second time need not work out its line again.

use crate::code::CodeRef;
use crate::interp::Frame;
use crate::object::{Class, ObjRef};
use crate::scope::{Local, Scope};
use crate::vm::Vm;
use looplab_bytecode::FunctionTemplate;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// The function itself, not one of its instructions.
const WHOLE: u32 = u32::MAX;

/// A function, or an instruction of one. Two are equal if they are the same place of the same compiled text.
#[derive(Clone, Debug)]
pub struct Place {
    // Kept alive, so that no other function can come to lie at its address.
    template: Rc<FunctionTemplate>,
    pc: u32,
}

impl Place {
    fn of_frame(f: &Frame) -> Place {
        Place { template: f.code.template().clone(), pc: f.pc_index().saturating_sub(1) }
    }

    /// The name of the script.
    pub fn script(&self) -> &str {
        &self.template.source.name
    }

    /// Line and column, from 1.
    pub fn position(&self) -> (u32, u32) {
        let offset =
            if self.pc == WHOLE { self.template.span.start } else { self.template.offset_at(self.pc) };
        self.template.source.position(offset)
    }

    /// The name that the function has by where it stands.
    pub fn function_name(&self) -> String {
        self.template.name.to_string()
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        self.pc == other.pc && Rc::ptr_eq(&self.template, &other.template)
    }
}

impl Eq for Place {}

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (Rc::as_ptr(&self.template) as usize ^ (self.pc as usize) << 40).hash(state);
    }
}

impl Vm {
    /// Where the innermost frame stands whose source name is wanted; the innermost one if none is.
    pub fn place_in(&self, wanted: impl Fn(&str) -> bool) -> Option<Place> {
        let mut frames = self.frames.iter().rev().filter(|f| !f.is_hidden());
        let innermost = frames.next()?;
        let of = |f: &&Frame| wanted(&f.code.template().source.name);
        let found = if of(&innermost) { Some(innermost) } else { frames.find(of) };
        Some(Place::of_frame(found.unwrap_or(innermost)))
    }

    /// Where a frame that gives up the stack stands.
    pub(crate) fn place_of(f: &Frame) -> Place {
        Place::of_frame(f)
    }
}

impl Scope<'_> {
    /// Where a function stands; nothing for natives and what is no function.
    pub fn function_place(&self, f: Local<'_>) -> Option<Place> {
        let o = ObjRef::from(f.v).filter(|o| o.is(Class::Function))?;
        Some(Place { template: CodeRef::of_function(o).template().clone(), pc: WHOLE })
    }

    /// Whether a function still has the name that it got by where it stands.
    pub fn has_its_first_name(&self, f: Local<'_>) -> bool {
        ObjRef::from(f.v).is_some_and(|o| o.is(Class::Function) && o.find(self.vm.atoms.name.0).is_none())
    }
}
