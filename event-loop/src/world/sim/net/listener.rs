//! Where simulated connections arrive.

use super::stream::SimStream;
use super::{Id, Net, Node, Shared, Watch, collide};
use crate::world::network::{Address, ListenOptions, Listener, Stream};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::io;

/// The longest line of those who wait, whatever is asked for (Linux's somaxconn).
const LONGEST_LINE: usize = 4096;

/// A listener, as the program holds it.
pub(super) struct SimListener {
    pub(super) net: Shared,
    pub(super) id: Id,
}

/// And as the network does.
#[derive(Debug)]
pub(super) struct Hear {
    pub(super) watch: Watch,
    pub(super) at: Address,
    pub(super) v6_only: bool,
    shared: bool,
    pub(super) backlog: usize,
    pub(super) waiting: VecDeque<Id>,
    /// Connections so far.
    pub(super) taken: usize,
}

impl Hear {
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() > self.backlog
    }
}

impl Net {
    pub(super) fn listen(&mut self, at: &Address, options: ListenOptions) -> io::Result<Id> {
        self.call("net.listen")?;
        let at = match at {
            Address::Ip(ip) => Address::Ip(self.with_port(*ip)?),
            Address::Path(_) => at.clone(),
            Address::Unnamed => return Err(io::ErrorKind::InvalidInput.into()),
        };
        let taken = self.nodes.values().any(|node| match (node, &at) {
            (Node::Hear(hear), Address::Ip(ip)) if !(hear.shared && options.reuse_port) => {
                let bound = hear.at.ip();
                bound.is_some_and(|bound| collide((bound, hear.v6_only), (*ip, options.ipv6_only)))
            }
            (Node::Hear(hear), Address::Path(_)) => hear.at == at,
            _ => false,
        });
        if taken {
            return Err(Errno::ADDRINUSE.into());
        }
        let backlog = usize::try_from(options.backlog).unwrap_or(0).min(LONGEST_LINE);
        Ok(self.insert(Node::Hear(Box::new(Hear {
            watch: Watch::default(),
            at,
            v6_only: options.ipv6_only,
            shared: options.reuse_port,
            backlog,
            waiting: VecDeque::new(),
            taken: 0,
        }))))
    }

    /// The next one who waits, and its far end.
    fn accept(&mut self, id: Id) -> io::Result<(Id, Address)> {
        self.call("")?;
        let hear = self.hear_mut(id).ok_or(Errno::BADF)?;
        if hear.waiting.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.faults.check("net.accept")?;
        let hear = self.hear_mut(id).ok_or(Errno::BADF)?;
        let next = hear.waiting.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        let far = self.link(next).map(|link| link.remote().clone()).unwrap_or(Address::Unnamed);
        Ok((next, far))
    }
}

impl Listener for SimListener {
    fn accept(&mut self) -> io::Result<(Box<dyn Stream>, Address)> {
        let (id, far) = self.net.borrow_mut().accept(self.id)?;
        Ok((Box::new(SimStream { net: self.net.clone(), id }), far))
    }

    fn local(&self) -> io::Result<Address> {
        match self.net.borrow().nodes.get(&self.id) {
            Some(Node::Hear(hear)) => Ok(hear.at.clone()),
            _ => Err(Errno::BADF.into()),
        }
    }

    fn descriptor(&self) -> Option<i32> {
        None
    }
}
