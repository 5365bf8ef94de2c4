//! What code in a direct eval can see of its surroundings.

use crate::template::ScopeInfo;
use crate::text::Text;

/// Strict mode code calls.
pub const STRICT: u8 = 1;
/// `new.target` is allowed.
pub const NEW_TARGET: u8 = 2;
/// `super.x` is allowed.
pub const SUPER_PROPERTY: u8 = 4;
/// `super()` is allowed.
pub const SUPER_CALL: u8 = 8;
/// A field initialiser or static block: `arguments` is not allowed.
pub const CLASS_INIT: u8 = 16;
/// The top of a module, or an arrow function there.
pub const MODULE: u8 = 32;

/// The slot of an environment that holds the object of a `with` statement.
pub const WITH_SLOT: &str = "%with";
/// The slot of a sloppy function's environment that holds the object of variables which direct evals have declared.
pub const VARS_SLOT: &str = "%vars";

/// The surroundings of a direct eval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvalContext {
    /// What is allowed: the sum of the constants above.
    pub flags: u8,
    /// The environments around the call, innermost first.
    pub scopes: Vec<ScopeInfo>,
    /// The imported names of the module around, as numbered by `GetImport`.
    pub imports: Vec<Text>,
}

impl EvalContext {
    /// Whether `var` in sloppy eval code declares a variable of a function rather than of the global object.
    pub fn in_function(&self) -> bool {
        let vars = Text::new(VARS_SLOT);
        self.scopes.iter().any(|s| s.slots.iter().any(|(n, _)| *n == vars))
    }
}
