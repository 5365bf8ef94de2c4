//! Property keys and functions that stream operations need all the time, looked up once.

use looplab_engine::{Global, Name, Scope};
use looplab_streams::readable::{DEFAULT_MARK, DEFAULT_OBJECT_MARK};
use std::cell::Cell;

macro_rules! names {
    ($($field:ident $text:literal)*) => {
        /// Keys as permanent names, and the module's own functions.
        pub(crate) struct Names {
            $(pub(super) $field: Name,)*
            /// What ticks call, in the order of [`super::host::TICKS`].
            pub(super) ticks: Vec<Global>,
            /// Our own methods, to see whether a program has replaced one.
            pub(super) own: Own,
        }

        impl Names {
            pub(super) fn new(s: &mut Scope<'_>) -> Names {
                $(let $field = s.nested(|s| { let k = s.key($text); s.permanent_key(k) });)*
                Names { $($field,)* ticks: super::host::tick_functions(s), own: Own::default() }
            }
        }
    };
}

names! {
    readable_state "_readableState"
    writable_state "_writableState"
    read_impl "_read"
    write_impl "_write"
    writev_impl "_writev"
    final_impl "_final"
    destroy_impl "_destroy"
    construct_impl "_construct"
    read "read"
    push "push"
    write "write"
    end "end"
    resume "resume"
    pause "pause"
    destroy "destroy"
    readable "readable"
    writable "writable"
    writable_ended "writableEnded"
    destroyed "destroyed"
    allow_half_open "allowHalfOpen"
    listener_count "listenerCount"
    data "data"
    close "close"
    drain "drain"
    prefinish "prefinish"
    finish "finish"
    error "error"
    chunk "chunk"
    encoding "encoding"
    callback "callback"
    all_buffers "allBuffers"
    buffer "buffer"
    utf8 "utf8"
    stack "stack"
    transform_impl "_transform"
    on "on"
    remove_listener "removeListener"
    remove_all_listeners "removeAllListeners"
}

/// Methods that natives call straight when no program has replaced them.
pub(super) struct Own {
    /// Watermarks of streams that ask for none: bytes, objects.
    pub(super) marks: Cell<(usize, usize)>,
    pub(super) read: Cell<Option<Global>>,
    pub(super) write: Cell<Option<Global>>,
    pub(super) push: Cell<Option<Global>>,
    pub(super) on: Cell<Option<Global>>,
    pub(super) remove_listener: Cell<Option<Global>>,
    pub(super) remove_all_listeners: Cell<Option<Global>>,
    /// The symbol under which a Transform keeps the callback of a write that waits for room.
    pub(super) transform_callback: Cell<Option<Name>>,
}

impl Default for Own {
    fn default() -> Own {
        let none = || Cell::new(None);
        Own {
            marks: Cell::new((DEFAULT_MARK, DEFAULT_OBJECT_MARK)),
            read: none(),
            write: none(),
            push: none(),
            on: none(),
            remove_listener: none(),
            remove_all_listeners: none(),
            transform_callback: Cell::new(None),
        }
    }
}
