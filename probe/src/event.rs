//! The one event table: enum, JSON names, fields and docs from a single declaration.

use crate::json::{Fields, Scalar};
use crate::words::*;
use crate::{EventId, Log, Pos, Str};
use std::io::Write as _;

/// A field's metadata.
#[derive(Debug, Clone, Copy)]
pub struct FieldInfo {
    /// The JSON key.
    pub name: &'static str,
    /// The JSON type as the docs name it.
    pub ty: &'static str,
    /// Its meaning, one line.
    pub doc: &'static str,
}

/// An event's metadata.
#[derive(Debug, Clone, Copy)]
pub struct EventInfo {
    /// The word in the `ev` key.
    pub name: &'static str,
    /// The group it is recorded with.
    pub group: Group,
    /// Its meaning, one line.
    pub doc: &'static str,
    /// Its fields, in order.
    pub fields: &'static [FieldInfo],
}

/// How a field goes to JSON and back. Absent fields ("none", "") are left out of the object.
pub(crate) trait Field: Copy {
    const TYPE: &'static str;
    fn absent(self) -> bool {
        false
    }
    fn write(self, log: &Log, out: &mut Vec<u8>);
    fn read(value: Option<&Scalar<'_>>, log: &mut Log) -> Result<Self, String>;
    /// The field as whole numbers: see [`Event::numbers`].
    fn numbers(self, out: &mut Vec<u64>);
}

macro_rules! events {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal $group:ident {
        $($(#[doc = $fdoc:literal])+ $field:ident: $ty:ty,)*
    })+) => {
        /// Everything that can be reported. Small and `Copy`: texts are [`Str`]s in the log's table.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[repr(u8)]
        pub enum Event {
            $($(#[doc = $doc])+ $variant { $($(#[doc = $fdoc])+ $field: $ty,)* },)+
        }

        /// Row numbers of the table.
        enum Row { $($variant,)+ }

        /// The table itself, in order of declaration.
        pub const TABLE: &[EventInfo] = &[$(EventInfo {
            name: $name,
            group: Group::$group,
            doc: concat!($($doc),+),
            fields: &[$(FieldInfo { name: stringify!($field), ty: <$ty as Field>::TYPE, doc: concat!($($fdoc),+) },)*],
        },)+];

        impl Event {
            /// The event's word, group, fields and meaning.
            pub fn info(&self) -> &'static EventInfo {
                &TABLE[match self { $(Event::$variant { .. } => Row::$variant as usize,)+ }]
            }

            /// The group the event is recorded with.
            #[inline]
            pub fn group(&self) -> Group {
                match self { $(Event::$variant { .. } => Group::$group,)+ }
            }

            /// The event's row in [`TABLE`].
            pub fn row(&self) -> usize {
                match self { $(Event::$variant { .. } => Row::$variant as usize,)+ }
            }

            /// Appends the fields as whole numbers, in the table's order: for compact encodings. A signed number is zigzagged, a word is
            /// its place in its vocabulary, a text its place in [`Log::texts`], an event id one more than its index (0 for none), a position three
            /// numbers.
            pub fn numbers(&self, out: &mut Vec<u64>) {
                match *self {
                    $(Event::$variant { $($field,)* } => { $(Field::numbers($field, out);)* let _ = out; })+
                }
            }

            /// Appends `,"ev":"name","field":…` to a JSON object under way.
            pub(crate) fn write_fields(&self, log: &Log, out: &mut Vec<u8>) {
                match *self {
                    $(Event::$variant { $($field,)* } => {
                        out.extend_from_slice(concat!(",\"ev\":\"", $name, "\"").as_bytes());
                        $(if !$field.absent() {
                            out.extend_from_slice(concat!(",\"", stringify!($field), "\":").as_bytes());
                            $field.write(log, out);
                        })*
                        let _ = log;
                    })+
                }
            }

            /// Reads the event out of a JSON object. Texts go into `log`'s table.
            pub(crate) fn read_fields(object: &Fields<'_>, log: &mut Log) -> Result<Event, String> {
                let name = object.get("ev").and_then(Scalar::as_str).ok_or("no `ev`")?;
                match name {
                    $($name => Ok(Event::$variant {
                        $($field: <$ty as Field>::read(object.get(stringify!($field)), log)
                            .map_err(|e| format!(concat!("{}: field `", stringify!($field), "`: {}"), name, e))?,)*
                    }),)+
                    _ => Err(format!("unknown event `{name}`")),
                }
            }
        }
    };
}

events! {
    /// A run of the loop begins.
    LoopStart "loop-start" Loop {
        /// The Node major version whose rules the loop follows.
        profile: u32,
        /// Whether the world (and with it all time in this log) is simulated.
        simulated: bool,
        /// How long the run may go on.
        mode: RunMode,
    }
    /// The run is over.
    LoopEnd "loop-end" Exit {
        /// Why.
        reason: EndReason,
        /// Turns taken in this run.
        turns: u32,
    }
    /// A turn of the loop begins.
    TurnBegin "turn-begin" Loop {
        /// Its number, from 1, over the whole life of the loop.
        turn: u32,
    }
    /// The turn is over.
    TurnEnd "turn-end" Loop {
        /// Its number.
        turn: u32,
        /// Whether anything keeps the loop alive.
        alive: bool,
    }
    /// A phase that has something to do begins. A phase with nothing to do leaves no event (poll leaves its own).
    PhaseBegin "phase-begin" Loop {
        /// Which.
        phase: Phase,
        /// How many things were ready when it began.
        ready: u32,
    }
    /// The phase is over.
    PhaseEnd "phase-end" Loop {
        /// Which.
        phase: Phase,
        /// How many callbacks the loop ran in it (ticks and microtasks not counted).
        ran: u32,
    }
    /// The loop asks the system for events.
    PollBegin "poll-begin" Loop {
        /// The longest it may wait, in milliseconds; -1 for ever.
        timeout: i64,
        /// Why that long.
        why: TimeoutReason,
    }
    /// The system answered.
    PollEnd "poll-end" Loop {
        /// How many things are ready (descriptors, completions, wake-ups).
        ready: u32,
        /// How long it took, in nanoseconds.
        waited: u64,
    }
    /// The simulated world decided a point where a real machine could have gone either way.
    Choice "choice" Loop {
        /// What was decided.
        kind: ChoiceKind,
        /// How many ways there were.
        options: u32,
        /// Which was taken, from 0.
        taken: u32,
    }
    /// A callback begins.
    CallbackBegin "callback-begin" Callback {
        /// Its kind.
        kind: CallbackKind,
        /// The number of its timer, immediate, tick, request … within its kind.
        number: u32,
        /// Its name, such as the function's.
        label: Str,
        /// Where it stands in the source.
        pos: Pos,
        /// The event that scheduled it.
        cause: EventId,
    }
    /// The callback is over.
    CallbackEnd "callback-end" Callback {
        /// Its `callback-begin`.
        begin: EventId,
        /// How it ended.
        outcome: Outcome,
    }
    /// Ticks and microtasks are about to be run. Only where there are any.
    DrainBegin "drain-begin" Callback {
        /// The callback after which they run.
        after: EventId,
    }
    /// Both queues are empty.
    DrainEnd "drain-end" Callback {
        /// Ticks run.
        ticks: u32,
        /// Microtasks run.
        microtasks: u32,
    }
    /// process.nextTick was called.
    TickQueued "tick-queued" Queue {
        /// The tick's number.
        number: u32,
        /// The callback's name.
        label: Str,
        /// Where the call stands.
        pos: Pos,
    }
    /// A microtask that is no promise reaction was queued.
    MicrotaskQueued "microtask-queued" Queue {
        /// The microtask's number.
        number: u32,
        /// The callback's name.
        label: Str,
        /// Where the call stands.
        pos: Pos,
    }
    /// A promise was created.
    PromiseCreated "promise-created" Promise {
        /// The promise's number.
        promise: u32,
        /// The promise it is derived from (by then, or by an async function's await); 0 if none.
        parent: u32,
        /// Where.
        pos: Pos,
    }
    /// A promise was settled, or bound to follow another.
    PromiseResolved "promise-resolved" Promise {
        /// The promise's number.
        promise: u32,
        /// What became of it.
        settlement: Settlement,
        /// The promise it follows, if adopted; 0 otherwise.
        follows: u32,
        /// Where.
        pos: Pos,
    }
    /// A promise job entered the microtask queue.
    ReactionQueued "reaction-queued" Promise {
        /// The microtask's number.
        number: u32,
        /// What the job is for.
        kind: ReactionKind,
        /// The promise whose settling queued it.
        promise: u32,
        /// The callback's name.
        label: Str,
        /// Where the reaction was attached.
        pos: Pos,
    }
    /// An async function gave up the stack at an await.
    AwaitSuspended "await-suspended" Promise {
        /// The promise awaited.
        promise: u32,
        /// The function's name.
        label: Str,
        /// Where the await stands.
        pos: Pos,
    }
    /// It goes on.
    AwaitResumed "await-resumed" Promise {
        /// The promise awaited.
        promise: u32,
        /// Its `await-suspended`.
        suspended: EventId,
        /// Whether the promise was fulfilled or rejected.
        settlement: Settlement,
    }
    /// A timer was armed.
    TimerStart "timer-start" Lifecycle {
        /// The timer's number.
        number: u32,
        /// Delay in milliseconds (at most what 32 bits hold).
        delay: u32,
        /// Repeat interval in milliseconds; 0 for once.
        repeat: u32,
        /// The loop time at which it comes due, in milliseconds.
        due: u64,
        /// The callback's name.
        label: Str,
        /// Where the call stands.
        pos: Pos,
    }
    /// A timer was taken off without firing.
    TimerStop "timer-stop" Lifecycle {
        /// The timer's number.
        number: u32,
        /// Where.
        pos: Pos,
    }
    /// A timer is due and is about to run.
    TimerFire "timer-fire" Lifecycle {
        /// The timer's number.
        number: u32,
        /// How late it is against its due time, in milliseconds.
        late: u64,
    }
    /// An immediate was queued.
    ImmediateStart "immediate-start" Lifecycle {
        /// The immediate's number.
        number: u32,
        /// The callback's name.
        label: Str,
        /// Where the call stands.
        pos: Pos,
    }
    /// An immediate was cleared before it ran.
    ImmediateStop "immediate-stop" Lifecycle {
        /// The immediate's number.
        number: u32,
        /// Where.
        pos: Pos,
    }
    /// A handle came into being.
    HandleInit "handle-init" Lifecycle {
        /// The handle's number.
        number: u32,
        /// Its kind.
        kind: HandleKind,
        /// What it is for.
        label: Str,
        /// Where.
        pos: Pos,
    }
    /// A handle became active.
    HandleStart "handle-start" Lifecycle {
        /// The handle's number.
        number: u32,
        /// Its kind.
        kind: HandleKind,
    }
    /// A handle became inactive.
    HandleStop "handle-stop" Lifecycle {
        /// The handle's number.
        number: u32,
        /// Its kind.
        kind: HandleKind,
    }
    /// A handle keeps the loop alive again while active.
    HandleRef "handle-ref" Lifecycle {
        /// The handle's number.
        number: u32,
        /// Its kind.
        kind: HandleKind,
    }
    /// A handle no longer keeps the loop alive.
    HandleUnref "handle-unref" Lifecycle {
        /// The handle's number.
        number: u32,
        /// Its kind.
        kind: HandleKind,
    }
    /// A handle is being closed; its close callback runs in the closing phase.
    HandleClosing "handle-closing" Lifecycle {
        /// The handle's number.
        number: u32,
        /// Its kind.
        kind: HandleKind,
    }
    /// A handle is gone.
    HandleClosed "handle-closed" Lifecycle {
        /// The handle's number.
        number: u32,
        /// Its kind.
        kind: HandleKind,
    }
    /// A descriptor is ready.
    IoReady "io-ready" Lifecycle {
        /// The handle's number.
        number: u32,
        /// It can be read (or has reached its end).
        readable: bool,
        /// It can be written.
        writable: bool,
    }
    /// A socket is watched by the loop: it listens, connects, or was accepted.
    SocketOpen "socket-open" Lifecycle {
        /// The number of its handle.
        number: u32,
        /// `listening`, `connecting` or `accepted`.
        label: Str,
    }
    /// A connect is decided.
    SocketConnect "socket-connect" Lifecycle {
        /// The number of the socket's handle.
        number: u32,
        /// Whether the connection stands.
        ok: bool,
    }
    /// Bytes were read from a socket.
    SocketRead "socket-read" Lifecycle {
        /// The number of its handle.
        number: u32,
        /// How many.
        bytes: u32,
    }
    /// Bytes were written to a socket.
    SocketWrite "socket-write" Lifecycle {
        /// The number of its handle.
        number: u32,
        /// How many.
        bytes: u32,
        /// Bytes that now wait because the peer doesn't take them.
        waiting: u32,
    }
    /// All that waited at a socket is written.
    SocketDrain "socket-drain" Lifecycle {
        /// The number of its handle.
        number: u32,
    }
    /// The peer of a socket sends no more.
    SocketEnd "socket-end" Lifecycle {
        /// The number of its handle.
        number: u32,
    }
    /// A socket was closed.
    SocketClose "socket-close" Lifecycle {
        /// The number of its handle.
        number: u32,
    }
    /// An HTTP message's head was read: a request by a server, a response by a client.
    HttpHead "http-head" Lifecycle {
        /// The number of the socket's handle.
        number: u32,
        /// Which message of this connection, from 1.
        message: u32,
        /// `GET /path`, or `200 OK`.
        label: Str,
    }
    /// An HTTP message was read to its end.
    HttpEnd "http-end" Lifecycle {
        /// The number of the socket's handle.
        number: u32,
        /// Which message of this connection, from 1.
        message: u32,
    }
    /// The head of an HTTP message was made: a response by a server, a request by a client.
    HttpSend "http-send" Lifecycle {
        /// The number of the socket's handle; 0 when it has none yet.
        number: u32,
        /// Its first line.
        label: Str,
    }
    /// A callback was deferred to the pending phase.
    Deferred "deferred" Lifecycle {
        /// The callback's name.
        label: Str,
        /// Where.
        pos: Pos,
    }
    /// A request (an operation that ends once) began.
    RequestStart "request-start" Lifecycle {
        /// The request's number.
        number: u32,
        /// What it does, such as `fs.open`.
        label: Str,
        /// Where it was asked for.
        pos: Pos,
    }
    /// A request ended and its callback is about to run.
    RequestEnd "request-end" Lifecycle {
        /// The request's number.
        number: u32,
        /// How it ended.
        end: RequestEnd,
    }
    /// A request was put into the pool's queue.
    PoolQueued "pool-queued" Pool {
        /// The request's number.
        number: u32,
        /// What sort of work.
        class: JobClass,
        /// Requests waiting in the queue once this one is in it (0 if a worker took it at once).
        waiting: u32,
    }
    /// A worker took the request. Stamped by the worker: recorded with its completion, so `t` may lie before its neighbours'.
    PoolStarted "pool-started" Pool {
        /// The request's number.
        number: u32,
        /// The worker, from 0.
        worker: u32,
        /// How long it stood in the queue, in nanoseconds.
        wait: u64,
    }
    /// The worker is done with it. Stamped by the worker, like `pool-started`.
    PoolFinished "pool-finished" Pool {
        /// The request's number.
        number: u32,
        /// The worker, from 0.
        worker: u32,
        /// How long it ran, in nanoseconds.
        run: u64,
    }
    /// The request was taken out of the queue before a worker got to it.
    PoolCancelled "pool-cancelled" Pool {
        /// The request's number.
        number: u32,
    }
    /// Text was written to standard output or standard error.
    Console "console" Output {
        /// Which of the two.
        stream: StdStream,
        /// The text, line end included.
        text: Str,
    }
    /// The level of a stream's buffer has changed.
    StreamLevel "stream-level" Stream {
        /// The stream's number.
        number: u32,
        /// Its class.
        label: Str,
        /// Which of its buffers.
        side: StreamSide,
        /// What the buffer holds now: bytes, or chunks in object mode.
        length: u32,
        /// The watermark, where it begins to push back.
        mark: u32,
    }
    /// A writer was told to wait: the stream is slower than what feeds it.
    StreamFull "stream-full" Stream {
        /// The stream's number.
        number: u32,
        /// Its class.
        label: Str,
        /// What its buffer holds.
        length: u32,
        /// The watermark.
        mark: u32,
        /// Where it was written to.
        pos: Pos,
    }
    /// The buffer has run empty: writers that wait may go on.
    StreamDrain "stream-drain" Stream {
        /// The stream's number.
        number: u32,
        /// Its class.
        label: Str,
    }
    /// A module is being loaded.
    ModuleBegin "module-begin" Module {
        /// The module's file name or URL.
        name: Str,
        /// Its format.
        format: ModuleFormat,
        /// The module that asked for it.
        parent: Str,
        /// Where it was asked for.
        pos: Pos,
    }
    /// The module is loaded (or failed).
    ModuleEnd "module-end" Module {
        /// Its `module-begin`.
        begin: EventId,
        /// How it ended.
        outcome: Outcome,
    }
    /// A statement is about to run. The variables below it are as its function's `variable` events said last.
    Statement "statement" Statement {
        /// Where it begins.
        pos: Pos,
        /// The line it ends on.
        to_line: u32,
        /// The column behind its last character.
        to_column: u32,
    }
    /// A function of the script is entered: it is the innermost frame now.
    FrameEnter "frame-enter" Statement {
        /// The function's name.
        label: Str,
        /// Where the function stands.
        pos: Pos,
        /// Whether it goes on after a yield or an await (its variables are told anew), rather than begins.
        resumed: bool,
    }
    /// The innermost frame is left.
    FrameLeave "frame-leave" Statement {
        /// How.
        how: FrameEnd,
        /// What it gave, as a short text: the result, the error, what was yielded or awaited.
        value: Str,
    }
    /// A variable of the innermost frame appeared or changed (told just before the next statement), or went out of scope.
    Variable "variable" Statement {
        /// Whose it is.
        scope: VariableScope,
        /// Its name.
        name: Str,
        /// Its value as a short text, made without running any code; absent: it is no longer in scope.
        value: Str,
    }
    /// A statement threw, or called something built in that did.
    Thrown "thrown" Statement {
        /// The error, as a short text.
        value: Str,
        /// Where.
        pos: Pos,
    }
    /// From here to the end of the innermost callback statements, frames and variables are left out: it had used up its share of the recording.
    StatementsCut "statements-cut" Statement {
        /// How many such events of this callback were recorded.
        recorded: u32,
    }
    /// A collection of the heap begins: whatever runs stands still until it is over.
    CollectionBegin "collection-begin" Heap {
        /// Bytes in use.
        used: u64,
    }
    /// The collection is over. The time between the two is its pause.
    CollectionEnd "collection-end" Heap {
        /// Its `collection-begin`.
        begin: EventId,
        /// Cells that the roots referred to (the stack, the global object, what the runtime and waiting jobs hold).
        roots: u32,
        /// Cells that were found alive.
        marked: u32,
        /// Cells that were freed.
        swept: u32,
        /// Bytes in use afterwards.
        used: u64,
        /// Bytes that the heap has from the system.
        committed: u64,
    }
    /// An error that no one caught.
    UncaughtError "uncaught-error" Exit {
        /// Where it came from.
        origin: ErrorOrigin,
        /// Its first line, such as `TypeError: x is not a function`.
        text: Str,
        /// Where it was thrown.
        pos: Pos,
        /// Whether a listener of the process took it.
        handled: bool,
    }
    /// The process is about to end.
    ExitCode "exit-code" Exit {
        /// The exit code.
        code: i32,
    }
    /// The recording was ended from outside, and the program with it. It would have gone on.
    RecordingStopped "recording-stopped" Exit {
        /// Why.
        why: StopReason,
    }
    /// From here on events were cut (except how the run ends), because the recording reached its limit.
    Truncated "truncated" Exit {
        /// How many.
        cut: u64,
    }
}

macro_rules! number_fields {
    ($($ty:ty => $read:ident, $name:literal;)+) => {$(
        impl Field for $ty {
            const TYPE: &'static str = $name;
            fn write(self, _log: &Log, out: &mut Vec<u8>) {
                // Writing to a Vec can't fail.
                let _ = write!(out, "{self}");
            }
            fn read(value: Option<&Scalar<'_>>, _log: &mut Log) -> Result<Self, String> {
                let number = value.and_then(Scalar::$read).ok_or("expected a number")?;
                <$ty>::try_from(number).map_err(|_| format!("{number} is out of range"))
            }
            fn numbers(self, out: &mut Vec<u64>) {
                let signed = <$ty>::MIN != 0;
                let wide = self as i64;
                out.push(if signed { ((wide << 1) ^ (wide >> 63)) as u64 } else { self as u64 });
            }
        }
    )+};
}

number_fields! {
    u32 => as_u64, "number";
    u64 => as_u64, "number";
    i32 => as_i64, "integer";
    i64 => as_i64, "integer";
}

impl Field for bool {
    const TYPE: &'static str = "boolean";
    fn write(self, _log: &Log, out: &mut Vec<u8>) {
        out.extend_from_slice(if self { b"true" } else { b"false" });
    }
    fn read(value: Option<&Scalar<'_>>, _log: &mut Log) -> Result<Self, String> {
        value.and_then(Scalar::as_bool).ok_or_else(|| "expected a boolean".into())
    }
    fn numbers(self, out: &mut Vec<u64>) {
        out.push(u64::from(self));
    }
}

impl Field for EventId {
    const TYPE: &'static str = "event id?";
    fn absent(self) -> bool {
        self.is_none()
    }
    fn write(self, log: &Log, out: &mut Vec<u8>) {
        self.0.write(log, out);
    }
    fn read(value: Option<&Scalar<'_>>, log: &mut Log) -> Result<Self, String> {
        match value {
            None | Some(Scalar::Null) => Ok(EventId::NONE),
            some => u32::read(some, log).map(EventId),
        }
    }
    fn numbers(self, out: &mut Vec<u64>) {
        out.push(self.index().map_or(0, |index| index as u64 + 1));
    }
}

impl Field for Str {
    const TYPE: &'static str = "string?";
    fn absent(self) -> bool {
        self.is_none()
    }
    fn write(self, log: &Log, out: &mut Vec<u8>) {
        // Serialising a string into a Vec can't fail.
        let _ = serde_json::to_writer(out, log.str(self));
    }
    fn read(value: Option<&Scalar<'_>>, log: &mut Log) -> Result<Self, String> {
        match value {
            None | Some(Scalar::Null) => Ok(Str::NONE),
            Some(Scalar::Text(text)) => Ok(log.intern(text)),
            Some(_) => Err("expected a string".into()),
        }
    }
    fn numbers(self, out: &mut Vec<u64>) {
        out.push(u64::from(self.0));
    }
}

impl Field for Pos {
    const TYPE: &'static str = "position?";
    fn absent(self) -> bool {
        self.is_none()
    }
    fn write(self, log: &Log, out: &mut Vec<u8>) {
        out.extend_from_slice(b"[");
        self.script.write(log, out);
        // Writing to a Vec can't fail.
        let _ = write!(out, ",{},{}]", self.line, self.column);
    }
    fn read(value: Option<&Scalar<'_>>, log: &mut Log) -> Result<Self, String> {
        match value {
            None | Some(Scalar::Null) => Ok(Pos::NONE),
            Some(Scalar::Place(script, line, column)) => {
                Ok(Pos { script: log.intern(script), line: *line, column: *column })
            }
            Some(_) => Err("expected [script, line, column]".into()),
        }
    }
    fn numbers(self, out: &mut Vec<u64>) {
        out.extend([u64::from(self.script.0), u64::from(self.line), u64::from(self.column)]);
    }
}
