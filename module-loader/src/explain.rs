//! Explain mode: what the resolver looked at, in order, and what each look decided.

use std::fmt;

use serde::Serialize;

use crate::fs::FileKind;

/// The two module systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// `require`.
    Require,
    /// `import`.
    Import,
}

/// One look of the resolver. `Display` is a line for people, `Serialize` a tagged object for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Step {
    /// The question.
    Start {
        /// The specifier as written.
        specifier: String,
        /// The file or URL that asks.
        from: String,
        /// By which module system's rules.
        system: System,
        /// The conditions that hold.
        conditions: Vec<String>,
    },
    /// The specifier names a built-in module; no file is looked at.
    Builtin {
        /// Its name.
        name: String,
    },
    /// Answered from memory: this question was asked before.
    Remembered {
        /// The file.
        path: String,
    },
    /// The folders a bare specifier will be looked for in, nearest first.
    SearchPath {
        /// The folders.
        dirs: Vec<String>,
    },
    /// A search folder that doesn't exist.
    NoSuchDir {
        /// The folder.
        path: String,
    },
    /// A candidate was looked at.
    Tried {
        /// The path.
        path: String,
        /// Whether a file or folder stands there.
        found: bool,
        /// Whether what stands there is a folder.
        dir: bool,
    },
    /// A package.json was looked for.
    PackageJson {
        /// Its path.
        path: String,
        /// Whether it is there.
        found: bool,
    },
    /// A field of a package.json was consulted.
    Field {
        /// The package.json.
        path: String,
        /// `main`, `exports`, `imports`, `name` or `type`.
        field: String,
        /// Its value in short; `null` when absent.
        value: Option<String>,
    },
    /// A key of `exports` or `imports` matches, exactly or as a pattern.
    KeyMatched {
        /// The key.
        key: String,
        /// What the star stands for.
        star: Option<String>,
    },
    /// No key of `exports` or `imports` matches.
    NoKeyMatched {
        /// The subpath or `#name`.
        subpath: String,
    },
    /// A condition inside `exports` or `imports` holds or doesn't.
    Condition {
        /// Its name.
        name: String,
        /// Whether it holds.
        accepted: bool,
    },
    /// A target of `exports` or `imports` was taken.
    Target {
        /// As written.
        target: String,
        /// Where it leads.
        resolved: String,
    },
    /// A target of `exports` or `imports` was refused.
    TargetRejected {
        /// As written, `null` for one that blocks the subpath.
        target: String,
        /// Why.
        reason: String,
    },
    /// Symbolic links were followed.
    RealPath {
        /// From here.
        from: String,
        /// To here.
        to: String,
    },
    /// Node would print a deprecation warning here.
    Deprecated {
        /// `DEP0128` and so on.
        code: String,
        /// The warning.
        message: String,
    },
    /// The answer.
    Found {
        /// The file or URL.
        result: String,
    },
    /// There is no answer.
    Failed {
        /// The error's code.
        code: String,
        /// The error's message.
        message: String,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Start { specifier, from, system, conditions } => {
                let verb = if *system == System::Require { "require" } else { "import" };
                write!(f, "{verb} \"{specifier}\" from {from} (conditions: {})", conditions.join(", "))
            }
            Step::Builtin { name } => write!(f, "built-in module {name}"),
            Step::Remembered { path } => write!(f, "remembered: {path}"),
            Step::SearchPath { dirs } => write!(f, "will search: {}", dirs.join(", ")),
            Step::NoSuchDir { path } => write!(f, "no folder {path}"),
            Step::Tried { path, found: false, .. } => write!(f, "tried {path}: nothing there"),
            Step::Tried { path, dir: true, .. } => write!(f, "tried {path}: a folder"),
            Step::Tried { path, .. } => write!(f, "tried {path}: a file"),
            Step::PackageJson { path, found } => {
                write!(f, "{} {path}", if *found { "read" } else { "no" })
            }
            Step::Field { path, field, value: Some(value) } => write!(f, "{path}: \"{field}\" is {value}"),
            Step::Field { path, field, value: None } => write!(f, "{path}: no \"{field}\""),
            Step::KeyMatched { key, star: Some(star) } => {
                write!(f, "key \"{key}\" matches with * = \"{star}\"")
            }
            Step::KeyMatched { key, star: None } => write!(f, "key \"{key}\" matches"),
            Step::NoKeyMatched { subpath } => write!(f, "no key matches \"{subpath}\""),
            Step::Condition { name, accepted: true } => write!(f, "condition \"{name}\" holds"),
            Step::Condition { name, .. } => write!(f, "condition \"{name}\" doesn't hold"),
            Step::Target { target, resolved } => write!(f, "target \"{target}\" leads to {resolved}"),
            Step::TargetRejected { target, reason } => write!(f, "target {target} refused: {reason}"),
            Step::RealPath { from, to } => write!(f, "{from} is a link to {to}"),
            Step::Deprecated { code, message } => write!(f, "deprecated ({code}): {message}"),
            Step::Found { result } => write!(f, "found {result}"),
            Step::Failed { code, message } => write!(f, "failed ({code}): {message}"),
        }
    }
}

/// Where the resolver's steps go; nowhere, normally. A step is only made when somebody listens.
pub(crate) struct Trace<'a>(Option<&'a mut dyn FnMut(Step)>);

impl<'a> Trace<'a> {
    pub(crate) fn off() -> Self {
        Trace(None)
    }

    pub(crate) fn to(sink: &'a mut dyn FnMut(Step)) -> Self {
        Trace(Some(sink))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    pub(crate) fn note(&mut self, step: impl FnOnce() -> Step) {
        if let Some(sink) = &mut self.0 {
            sink(step());
        }
    }

    #[inline]
    pub(crate) fn tried(&mut self, path: &str, kind: Option<FileKind>) {
        self.note(|| Step::Tried {
            path: path.to_owned(),
            found: kind.is_some(),
            dir: kind == Some(FileKind::Dir),
        });
    }
}
