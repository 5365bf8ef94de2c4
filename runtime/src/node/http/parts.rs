//! What an HTTP server makes its messages of: models of the two objects, the slots in which messages differ, keys and functions, looked up once.

use looplab_engine::{Global, Key, Local, Name, Scope, Thrown};
use std::cell::RefCell;

macro_rules! keys {
    ($($field:ident $text:literal)*; $($symbol:ident $name:literal)*) => {
        /// Keys as permanent names. The symbols are the scripts' own.
        pub(crate) struct Keys {
            $(pub(super) $field: Name,)*
            $(pub(super) $symbol: Name,)*
        }

        impl Keys {
            fn new<'s>(s: &mut Scope<'s>, symbols: Local<'s>) -> Result<Keys, Thrown> {
                $(let $field = s.nested(|s| { let k = s.key($text); s.permanent_key(k) });)*
                $(let $symbol = {
                    let k = s.key($name);
                    let symbol = s.get(symbols, k)?;
                    let k = s.to_key(symbol)?;
                    s.permanent_key(k)
                };)*
                Ok(Keys { $($field,)* $($symbol,)* })
            }
        }
    };
}

keys! {
    socket "socket"
    client "client"
    method "method"
    url "url"
    raw_headers "rawHeaders"
    raw_trailers "rawTrailers"
    events "_events"
    events_count "_eventsCount"
    readable_state "_readableState"
    writable_state "_writableState"
    incoming "incoming"
    outgoing "outgoing"
    outgoing_data "outgoingData"
    timeout_set "keepAliveTimeoutSet"
    max_requests "maxRequestsPerSocket"
    paused "_paused"
    http_message "_httpMessage"
    parser "parser"
    req "req"
    should_keep_alive "shouldKeepAlive"
    own_timeout "_keepAliveTimeout"
    own_max_requests "_maxRequestsPerSocket"
    server_timeout "keepAliveTimeout"
    on_pending "_onPendingData"
    on_head "onhead"
    on_incoming "onIncoming"
    joins_duplicates "joinDuplicateHeaders"
    most_pairs "maxHeaderPairs"
    has_body "_hasBody"
    handle "_handle"
    write "write"
    header "_header"
    header_sent "_headerSent"
    finished "finished"
    destroyed "destroyed"
    output_data "outputData"
    strict_length "strictContentLength"
    trailer "_trailer"
    chunked "chunkedEncoding"
    content_length "_contentLength"
    implicit_header "_implicitHeader"
    write_head "writeHead"
    status_code "statusCode"
    status_message "statusMessage"
    last "_last"
    send_date "sendDate"
    removed_connection "_removedConnection"
    removed_length "_removedContLen"
    removed_te "_removedTE"
    chunks_by_default "useChunkedEncodingByDefault"
    at_limit "maxRequestsOnConnectionReached"
    default_keep_alive "_defaultKeepAlive"
    expects_continue "_expect_continue"
    complete "complete"
    dumped "_dumped"
    upgrade "upgrade"
    closed "_closed"
    timeout "timeout"
    had_error "_hadError"
    arm_idle "armIdle"
    request "request"
    prefinish "prefinish";
    out_headers "kOutHeaders"
    own_socket "kSocket"
    corked "kCorked"
    held_chunks "kChunked"
    high_water_mark "kHighWaterMark"
    unique_headers "kUniqueHeaders"
    exchange "kExchange"
}

/// Slots of the model of a request that differ from message to message.
pub(super) struct RequestSlots {
    pub(super) socket: u32,
    pub(super) client: u32,
    pub(super) method: u32,
    pub(super) url: u32,
    pub(super) raw_headers: u32,
    pub(super) raw_trailers: u32,
    pub(super) events: u32,
    pub(super) state: u32,
    pub(super) status_code: u32,
    pub(super) status_message: u32,
    pub(super) upgrade: u32,
    pub(super) joins_duplicates: u32,
}

/// The same of a response.
pub(super) struct ResponseSlots {
    pub(super) socket: u32,
    pub(super) req: u32,
    pub(super) events: u32,
    pub(super) output_data: u32,
    pub(super) should_keep_alive: u32,
    pub(super) keep_alive_timeout: u32,
    pub(super) on_pending: u32,
    pub(super) has_body: u32,
    pub(super) mark: u32,
    pub(super) exchange: u32,
}

/// See the module.
pub(crate) struct Parts {
    pub(super) k: Keys,
    pub(super) request: Global,
    pub(super) response: Global,
    pub(super) r: RequestSlots,
    pub(super) w: ResponseSlots,
    /// What is told in a tick when a response has been written.
    pub(super) finish: Global,
    /// The scripts' function for the same, for all that is out of the ordinary.
    pub(super) finish_slow: Global,
    /// `ServerResponse.prototype._implicitHeader` and our own `writeHead`, to see whether a program has replaced them.
    pub(super) implicit_header: Global,
    pub(super) write_head: Global,
    /// The scripts' `onhead`.
    pub(super) on_head: Global,
    /// Channels on which diagnostics tools may listen, and the prototype of those on which nobody does.
    pub(super) channels: Vec<Global>,
    pub(super) silent: Global,
    /// The second for which the text of the Date header was made.
    pub(super) date: RefCell<(u64, String)>,
}

impl Parts {
    /// From what `http_server.js` has put together. `None`: the models are not as they should be, and everything goes the scripts' way.
    pub(super) fn new<'s>(s: &mut Scope<'s>, given: Local<'s>) -> Result<Option<Parts>, Thrown> {
        let mut part = |name: &str| -> Result<Local<'s>, Thrown> {
            let k: Key<'s> = s.key(name);
            s.get(given, k)
        };
        let (request, response) = (part("request")?, part("response")?);
        let (symbols, channels, silent) = (part("symbols")?, part("channels")?, part("silent")?);
        let functions = [part("finish")?, part("implicitHeader")?, part("writeHead")?, part("onhead")?];
        let k = Keys::new(s, symbols)?;
        let r = {
            let slot = |name: Name| s.own_slot(request, name);
            let all = (|| {
                Some(RequestSlots {
                    socket: slot(k.socket)?,
                    client: slot(k.client)?,
                    method: slot(k.method)?,
                    url: slot(k.url)?,
                    raw_headers: slot(k.raw_headers)?,
                    raw_trailers: slot(k.raw_trailers)?,
                    events: slot(k.events)?,
                    state: slot(k.readable_state)?,
                    status_code: slot(k.status_code)?,
                    status_message: slot(k.status_message)?,
                    upgrade: slot(k.upgrade)?,
                    joins_duplicates: slot(k.joins_duplicates)?,
                })
            })();
            let Some(all) = all else { return Ok(None) };
            all
        };
        let w = {
            let slot = |name: Name| s.own_slot(response, name);
            let all = (|| {
                Some(ResponseSlots {
                    socket: slot(k.own_socket)?,
                    req: slot(k.req)?,
                    events: slot(k.events)?,
                    output_data: slot(k.output_data)?,
                    should_keep_alive: slot(k.should_keep_alive)?,
                    keep_alive_timeout: slot(k.own_timeout)?,
                    on_pending: slot(k.on_pending)?,
                    has_body: slot(k.has_body)?,
                    mark: slot(k.high_water_mark)?,
                    exchange: slot(k.exchange)?,
                })
            })();
            let Some(all) = all else { return Ok(None) };
            all
        };
        let channels = s.list_from_array_like(channels)?.into_iter().map(|c| s.global(c)).collect();
        let [finish_slow, implicit_header, write_head, on_head] = functions.map(|f| s.global(f));
        let name = s.key("onFinish");
        let finish = s.function(name, 1, super::lane::finish);
        Ok(Some(Parts {
            k,
            request: s.global(request),
            response: s.global(response),
            r,
            w,
            finish: s.global(finish),
            finish_slow,
            implicit_header,
            write_head,
            on_head,
            channels,
            silent: s.global(silent),
            date: RefCell::default(),
        }))
    }

    /// Whether some tool listens to what servers tell of their messages.
    pub(super) fn is_observed(&self, s: &mut Scope<'_>) -> bool {
        s.nested(|s| {
            let silent = s.open(self.silent);
            self.channels.iter().any(|&channel| {
                let channel = s.open(channel);
                !s.has_prototype(channel, silent)
            })
        })
    }
}
