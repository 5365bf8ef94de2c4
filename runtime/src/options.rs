//! What a run is asked to do, and what came of it.

use looplab_event_loop::{ExploreOptions, Profile, TrailPoint};
use looplab_probe::Log;
use std::path::PathBuf;

/// The program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file, by path as typed.
    File(PathBuf),
    /// `-e CODE`.
    Eval(String),
    /// `-p CODE`: the completion value is printed.
    Print(String),
    /// `-`: the text of standard input.
    Stdin,
    /// Lines from standard input, each answered (`-i`).
    Repl,
}

/// What becomes of a rejection that nobody takes (`--unhandled-rejections`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unhandled {
    /// 'unhandledRejection'; without a listener it is an uncaught exception.
    #[default]
    Throw,
    /// An uncaught exception first.
    Strict,
    /// 'unhandledRejection' and a warning in any case.
    Warn,
    /// 'unhandledRejection' and nothing more.
    None,
}

/// Node's flags that programs can feel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeFlags {
    /// `--no-warnings`
    pub no_warnings: bool,
    /// `--trace-warnings`
    pub trace_warnings: bool,
    /// `--no-deprecation`
    pub no_deprecation: bool,
    /// `--trace-deprecation`
    pub trace_deprecation: bool,
    /// `--throw-deprecation`
    pub throw_deprecation: bool,
    /// `--pending-deprecation`
    pub pending_deprecation: bool,
    /// `--trace-uncaught`
    pub trace_uncaught: bool,
    /// `--disable-warning`, each a code or a name.
    pub disable_warning: Vec<String>,
    /// `--redirect-warnings`
    pub redirect_warnings: Option<String>,
    /// `--unhandled-rejections`
    pub unhandled: Unhandled,
    /// `--env-file` (true) and `--env-file-if-exists` (false), in order.
    pub env_files: Vec<(String, bool)>,
    /// `--title`
    pub title: Option<String>,
    /// `--experimental-eventsource`
    pub event_source: bool,
    /// `-r`: modules that are loaded before the program.
    pub require: Vec<String>,
    /// Of `net` and `http`.
    pub net: NetFlags,
}

/// Node's flags for `net` and `http`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetFlags {
    /// `--insecure-http-parser`
    pub insecure_http_parser: bool,
    /// `--max-http-header-size`, in bytes.
    pub max_header_size: Option<u32>,
    /// `--network-family-autoselection-attempt-timeout`, in milliseconds.
    pub attempt_timeout: Option<u32>,
    /// `--no-network-family-autoselection`
    pub one_family: bool,
}

/// Tells in words what a log holds from a record on.
pub type Explain = fn(&Log, &[Script], usize) -> String;

/// How to run it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program.
    pub entry: Entry,
    /// What follows the program on the command line: `process.argv[2..]`.
    pub args: Vec<String>,
    /// Flags before it: `process.execArgv`.
    pub exec_args: Vec<String>,
    /// The loop rules of which Node.
    pub profile: Profile,
    /// Run in the simulated world: virtual clock, same output every time.
    pub simulated: bool,
    /// What the simulated world is like.
    pub simulation: crate::Simulation,
    /// Run in the simulated world with these decisions: what the explorer asks for. Goes before `simulated`.
    pub explore: Option<Decisions>,
    /// Record a log with these options.
    pub record: Option<looplab_probe::Options>,
    /// Heap limit in bytes (`--max-old-space-size`).
    pub heap_limit: Option<usize>,
    /// Collect at every so manyth safepoint (a call or a backward jump) as well.
    pub gc_every: Option<u32>,
    /// Look at how functions run: caches, types, what the second tier does. Slow.
    pub tiers: bool,
    /// Note what the second tier does: [`Finished::second_tier`].
    pub tier_log: bool,
    /// Hot functions get specialised instructions.
    pub tiering: bool,
    /// Look at the heap.
    pub heap: Option<crate::HeapWatch>,
    /// How the program is found and loaded.
    pub load: crate::LoadFlags,
    /// `--expose-gc`.
    pub expose_gc: bool,
    /// `--stack-trace-limit`.
    pub stack_trace_limit: Option<u32>,
    /// Ends the program from outside, and by itself when the recording is full.
    pub stop: Option<crate::StopSwitch>,
    /// Console output is collected in the log only, not written (trace shows it in place).
    pub quiet: bool,
    /// Node's own flags.
    pub node: NodeFlags,
    /// Notes who imports whom.
    pub graph: Option<crate::ModuleGraph>,
    /// Tells the parent process which files are loaded (`--watch`).
    pub reports_files: bool,
    /// How the REPL's `.trace` tells what the log holds from a record on.
    pub explain: Option<Explain>,
    /// It is a worker of another runtime of this process.
    pub(crate) worker: Option<std::sync::Arc<crate::node::worker::Setup>>,
}

impl Options {
    /// Defaults for a program.
    pub fn new(entry: Entry) -> Options {
        Options {
            entry,
            args: Vec::new(),
            exec_args: Vec::new(),
            profile: Profile::Node24,
            simulated: false,
            simulation: crate::Simulation::default(),
            explore: None,
            record: None,
            heap_limit: None,
            gc_every: None,
            tiers: false,
            tier_log: false,
            tiering: true,
            heap: None,
            load: crate::LoadFlags::default(),
            expose_gc: false,
            stack_trace_limit: None,
            stop: None,
            quiet: false,
            node: NodeFlags::default(),
            graph: None,
            reports_files: false,
            explain: None,
            worker: None,
        }
    }
}

/// How it ended.
#[derive(Debug)]
pub struct Finished {
    /// The process's exit code.
    pub exit_code: i32,
    /// The log, if one was asked for.
    pub log: Option<Log>,
    /// Script ids of the log (positions) and their names and texts.
    pub scripts: Vec<Script>,
    /// Every decision of the run, if [`Options::explore`] was given.
    pub trail: Vec<TrailPoint>,
    /// What was found of the heap at the points of [`Options::heap`], as far as the run came to them.
    pub heap: Vec<crate::HeapLook>,
    /// It has started threads or processes, or could have: another run in the same process would not be like the first.
    pub beyond: bool,
    /// How the program's functions ran, if [`Options::tiers`] was given.
    pub functions: Vec<crate::FunctionProfile>,
    /// What the second tier did, if [`Options::tier_log`] was given.
    pub second_tier: Vec<crate::TierProfile>,
}

/// One way through the points where a machine could go either way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// What to take at each point, in order; 0 at those beyond.
    pub taken: Vec<u32>,
    /// What counts as possible.
    pub limits: ExploreOptions,
}

/// Takes given decisions one by one.
#[derive(Debug)]
pub(crate) struct Given(pub(crate) std::vec::IntoIter<u32>);

impl looplab_event_loop::Chooser for Given {
    fn choose(&mut self, _: looplab_event_loop::ChoiceKind, _: u32) -> u32 {
        self.0.next().unwrap_or(0)
    }
}

/// A source that positions in the log refer to.
#[derive(Clone, Debug)]
pub struct Script {
    /// The id.
    pub id: u32,
    /// Path or URL.
    pub name: String,
    /// The text.
    pub text: String,
}
