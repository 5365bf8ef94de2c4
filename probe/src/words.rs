//! The small vocabularies of the log: each is an enum, its JSON words and their meaning, from one source.

/// One word of a vocabulary: its JSON spelling and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// How it is written in JSON and in the text trace.
    pub name: &'static str,
    /// Its meaning, one line.
    pub doc: &'static str,
}

/// A vocabulary as the docs page lists it.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary {
    /// The type name used in field lists.
    pub name: &'static str,
    /// Its words.
    pub words: &'static [Word],
}

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident $json:literal { $($(#[doc = $vdoc:literal])+ $variant:ident = $word:literal,)+ })+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
            #[repr(u8)]
            pub enum $name { $($(#[doc = $vdoc])+ $variant,)+ }

            impl $name {
                /// Every word, in order of declaration.
                pub const ALL: &'static [$name] = &[$($name::$variant,)+];
                /// The spelling and meaning of each word, in the same order.
                pub const WORDS: &'static [Word] = &[$(Word { name: $word, doc: concat!($($vdoc),+) },)+];

                /// The word as it is written in JSON and in the text trace.
                pub fn as_str(self) -> &'static str {
                    Self::WORDS[self as usize].name
                }

                /// The value that is written so.
                pub fn parse(word: &str) -> Option<$name> {
                    Self::WORDS.iter().position(|w| w.name == word).map(|i| Self::ALL[i])
                }
            }

            impl std::fmt::Display for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.pad(self.as_str())
                }
            }

            impl crate::event::Field for $name {
                const TYPE: &'static str = $json;
                fn write(self, _log: &crate::Log, out: &mut Vec<u8>) {
                    out.push(b'"');
                    out.extend_from_slice(self.as_str().as_bytes());
                    out.push(b'"');
                }
                fn read(value: Option<&crate::json::Scalar<'_>>, _log: &mut crate::Log) -> Result<Self, String> {
                    let word = value.and_then(|v| v.as_str()).ok_or("expected a word")?;
                    Self::parse(word).ok_or_else(|| format!("unknown {} `{word}`", $json))
                }
                fn numbers(self, out: &mut Vec<u64>) {
                    out.push(self as u64);
                }
            }
        )+

        /// Every vocabulary, for the docs page.
        pub const VOCABULARIES: &[Vocabulary] = &[$(Vocabulary { name: $json, words: $name::WORDS },)+];
    };
}

words! {
    /// Groups of events, so that a recording can leave out what isn't asked for.
    Group "group" {
        /// Loop, turn, phase, poll, choice.
        Loop = "loop",
        /// Callbacks and drains.
        Callback = "callback",
        /// What is put into the tick and microtask queues.
        Queue = "queue",
        /// Promises, reactions, awaits.
        Promise = "promise",
        /// Timers, immediates, handles and requests.
        Lifecycle = "lifecycle",
        /// The thread pool's lanes.
        Pool = "pool",
        /// Console output.
        Output = "output",
        /// Module loading.
        Module = "module",
        /// Statements, function frames and variables: the most frequent events by far.
        Statement = "statement",
        /// How the run ends: errors, exit code, loop end. Recorded even after the limit.
        Exit = "exit",
        /// Buffers of streams: levels, full ones, drained ones.
        Stream = "stream",
        /// Collections of the heap.
        Heap = "heap",
    }

    /// The two sides of a stream.
    StreamSide "stream side" {
        /// What can be read from it.
        Readable = "readable",
        /// What is written to it.
        Writable = "writable",
    }

    /// The phases of a turn, in libuv's words.
    Phase "phase" {
        /// Due timers.
        Timers = "timers",
        /// I/O callbacks deferred from an earlier poll.
        Pending = "pending",
        /// Idle handles.
        Idle = "idle",
        /// Prepare handles, just before the poll.
        Prepare = "prepare",
        /// Waiting for I/O and running its callbacks.
        Poll = "poll",
        /// Check handles: immediates.
        Check = "check",
        /// Close callbacks.
        Close = "close",
    }

    /// How long a call to run may go on.
    RunMode "run mode" {
        /// Until nothing keeps the loop alive or it is stopped.
        Default = "default",
        /// One turn, which may wait for I/O.
        Once = "once",
        /// One turn that never waits.
        NoWait = "nowait",
    }

    /// Why a run of the loop ended.
    EndReason "end reason" {
        /// No active handle or request, nothing pending, nothing closing.
        NothingAlive = "nothing-alive",
        /// `stop()` was called.
        Stopped = "stopped",
        /// The one turn asked for is over.
        OneTurn = "one-turn",
        /// A callback ended the run on the spot (process.exit(), an uncaught error).
        Broken = "broken",
        /// Simulated world only: something is alive, but nothing can ever happen again.
        Stalled = "stalled",
        /// The operating system refused to poll.
        Failed = "failed",
    }

    /// Why a poll may wait as long as it may.
    TimeoutReason "timeout reason" {
        /// 0: the run mode forbids waiting.
        NoWait = "nowait",
        /// 0: the loop was told to stop.
        Stopping = "stopping",
        /// 0: nothing keeps the loop alive.
        NothingAlive = "nothing-alive",
        /// 0: deferred I/O callbacks are waiting.
        Pending = "pending",
        /// 0: an idle handle is active.
        Idle = "idle-handles",
        /// 0: a ref'd immediate is waiting for the check phase (Node keeps an idle handle for it).
        Immediates = "immediates",
        /// 0: close callbacks are waiting.
        Closing = "closing",
        /// 0: a timer is due already.
        TimerDue = "timer-due",
        /// Until the nearest timer.
        NextTimer = "next-timer",
        /// For ever: only I/O, a completion or a wake-up can end it.
        Infinite = "infinite",
    }

    /// What sort of callback runs.
    CallbackKind "callback kind" {
        /// The main script's top level.
        MainScript = "main-script",
        /// The top level of an imported or required module.
        Module = "module",
        /// A timer.
        Timer = "timer",
        /// An immediate.
        Immediate = "immediate",
        /// A process.nextTick callback.
        Tick = "tick",
        /// A queueMicrotask callback, or a microtask of no better known kind.
        Microtask = "microtask",
        /// A promise reaction: the callback of then, catch or finally.
        Reaction = "reaction",
        /// An async function going on after an await.
        AsyncHop = "async-hop",
        /// The job that calls a thenable's `then`.
        Thenable = "thenable",
        /// Readiness of a socket, pipe or other descriptor.
        PollIo = "poll-io",
        /// A request that the thread pool has finished.
        Pool = "pool",
        /// A wake-up from another thread.
        Wake = "wake",
        /// A deferred I/O callback.
        Pending = "pending",
        /// An idle handle.
        Idle = "idle",
        /// A prepare handle.
        Prepare = "prepare",
        /// A check handle.
        Check = "check",
        /// A close callback.
        Close = "close",
        /// A signal handler.
        Signal = "signal",
        /// A 'beforeExit' listener.
        BeforeExit = "before-exit",
        /// An 'exit' listener.
        Exit = "exit",
        /// An 'uncaughtException' listener.
        UncaughtException = "uncaught-exception",
        /// An 'unhandledRejection' or 'rejectionHandled' listener.
        Rejection = "rejection",
        /// A FinalizationRegistry callback.
        Finalization = "finalization",
    }

    /// How a callback ended.
    Outcome "outcome" {
        /// It returned.
        Returned = "returned",
        /// It threw (or, in Rust, reported failure).
        Threw = "threw",
    }

    /// What became of a promise.
    Settlement "settlement" {
        /// Fulfilled with a value.
        Fulfilled = "fulfilled",
        /// Rejected with a reason.
        Rejected = "rejected",
        /// Resolved with another promise or thenable, which it now follows.
        Adopted = "adopted",
    }

    /// Why a promise job was queued.
    ReactionKind "reaction kind" {
        /// A then/catch/finally callback.
        Then = "then",
        /// An await in an async function or generator, or of a module.
        Await = "await",
        /// The job that calls a thenable's `then`.
        Thenable = "thenable",
        /// A step of the machinery itself (combinators, async iteration).
        Internal = "internal",
    }

    /// Kinds of handles.
    HandleKind "handle kind" {
        /// A timer.
        Timer = "timer",
        /// An immediate.
        Immediate = "immediate",
        /// An idle handle.
        Idle = "idle",
        /// A prepare handle.
        Prepare = "prepare",
        /// A check handle.
        Check = "check",
        /// A wake-up handle for other threads.
        Async = "async",
        /// A watched descriptor.
        Io = "io",
        /// Something of the runtime's own (a server, a socket, a watcher).
        Other = "other",
    }

    /// What becomes of a request.
    RequestEnd "request end" {
        /// It succeeded.
        Done = "done",
        /// It failed.
        Failed = "failed",
        /// It was cancelled before it ran.
        Cancelled = "cancelled",
        /// Its job panicked.
        Panicked = "panicked",
    }

    /// Classes of pool work, which is what declared latencies go by.
    JobClass "job class" {
        /// The file system.
        Disk = "disk",
        /// Name look-ups: slow, and held to part of the workers.
        Lookup = "lookup",
        /// Computing.
        Compute = "compute",
        /// Anything else.
        Other = "other",
    }

    /// Points where a real machine could have gone either way.
    ChoiceKind "choice kind" {
        /// Has the nearest timer come due by now? 0 no, 1 yes.
        TimerDue = "timer-due",
        /// Which of several ready things is delivered first.
        ReadyOrder = "ready-order",
        /// Which of several workers finishes first.
        WorkerOrder = "worker-order",
        /// Exploring: what a poll finds done. Either one of the jobs under way, or nothing (more) yet.
        PoolDone = "pool-done",
        /// Exploring: how long the machine holds the program up just before it starts a timer. 0 not at all.
        Pause = "pause",
        /// Anything the runtime asks on its own account.
        Other = "other",
    }

    /// Output streams.
    StdStream "stream" {
        /// Standard output.
        Stdout = "stdout",
        /// Standard error.
        Stderr = "stderr",
    }

    /// Module formats.
    ModuleFormat "module format" {
        /// CommonJS.
        CommonJs = "commonjs",
        /// An ES module.
        Esm = "module",
        /// JSON.
        Json = "json",
        /// Built into the runtime.
        Builtin = "builtin",
    }

    /// Where an error that nobody caught came from.
    ErrorOrigin "error origin" {
        /// A throw.
        Exception = "exception",
        /// A rejected promise without a handler.
        Rejection = "rejection",
        /// The program couldn't be read, parsed or linked.
        Load = "load",
    }

    /// How a function's frame is left.
    FrameEnd "frame end" {
        /// It returned.
        Returned = "returned",
        /// An error left it.
        Threw = "threw",
        /// It waits in a yield or an await, and may be entered again.
        Suspended = "suspended",
    }

    /// Whose variable it is.
    VariableScope "variable scope" {
        /// The function's own.
        Local = "local",
        /// A variable of a function around it that it uses.
        Closure = "closure",
    }

    /// Why a recording was stopped.
    StopReason "stop reason" {
        /// It had reached its limit of events.
        Limit = "limit",
        /// It had taken as long as it may.
        Time = "time",
        /// Somebody asked for it.
        Asked = "asked",
    }
}
