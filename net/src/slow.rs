//! Clients that do not keep up with what is sent to all: what waits for each of them is bounded, and a policy says what happens to those at
//! the bound. What was dropped is counted, so that it can be shown.

use crate::conn::{Conn, End};
use crate::queue::Wrote;

/// What happens to a client for which too much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlowClient {
    /// It misses messages until what waits for it has gone out.
    Drop,
    /// Its connection is closed (as [`End::TooSlow`]).
    Disconnect,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// It is on its way.
    Taken,
    /// The client misses it.
    Dropped,
    /// It was one too many: the connection is closed.
    Disconnected,
}

/// One client's share of what is sent to many.
///
/// ```
/// use looplab_net::{Outlet, SlowClient};
/// let outlet = Outlet::new(SlowClient::Drop, 64 << 10);
/// assert_eq!(outlet.dropped(), 0);
/// ```
#[derive(Debug, Clone)]
pub struct Outlet {
    policy: SlowClient,
    limit: usize,
    dropped: u64,
    lagging: bool,
}

impl Outlet {
    /// A client for which at most `limit` bytes may wait.
    pub fn new(policy: SlowClient, limit: usize) -> Outlet {
        Outlet { policy, limit, dropped: 0, lagging: false }
    }

    /// How many messages the client has missed.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether the client is behind: it has missed the newest message.
    pub fn is_lagging(&self) -> bool {
        self.lagging
    }

    /// Sends a whole message, or none of it.
    pub fn offer(&mut self, conn: &mut Conn, message: &[u8]) -> Offered {
        // A client that lags starts again with an empty queue, not with whatever fits just now.
        let waits = conn.queued();
        let has_room =
            if self.lagging { waits == 0 } else { waits + message.len() <= self.limit || waits == 0 };
        if has_room && conn.write(&[message]) != Wrote::Full {
            self.lagging = false;
            return Offered::Taken;
        }
        self.lagging = true;
        match self.policy {
            SlowClient::Drop => {
                self.dropped += 1;
                Offered::Dropped
            }
            SlowClient::Disconnect => {
                conn.close(End::TooSlow);
                Offered::Disconnected
            }
        }
    }
}
