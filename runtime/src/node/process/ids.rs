//! Users and groups of the process.

use looplab_engine::{Args, Completion, Local, Scope, Thrown};
use nix::unistd::{self, Gid, Group, Uid, User};
use std::ffi::CString;

/// A user's number: numbers as they are, names looked up. `None`: no such user.
fn uid_of<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Option<Uid>, Thrown> {
    if v.is_number() {
        return Ok(Some(Uid::from_raw(s.to_uint32(v)?)));
    }
    let name = s.to_text(v)?;
    Ok(User::from_name(&name).ok().flatten().map(|u| u.uid))
}

fn gid_of<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Option<Gid>, Thrown> {
    if v.is_number() {
        return Ok(Some(Gid::from_raw(s.to_uint32(v)?)));
    }
    let name = s.to_text(v)?;
    Ok(Group::from_name(&name).ok().flatten().map(|g| g.gid))
}

/// What the JavaScript side makes errors of: 0, a negative error number, or null when a name is not known.
fn answer<'s>(s: &mut Scope<'s>, r: Option<nix::Result<()>>) -> Local<'s> {
    match r {
        None => s.null(),
        Some(Ok(())) => s.int(0),
        Some(Err(e)) => s.int(-(e as i32)),
    }
}

/// `setId(kind, id)`: 'uid', 'euid', 'gid' or 'egid'.
pub(crate) fn set_id<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let kind = s.to_text(args.get(0))?;
    let id = args.get(1);
    let r = match kind.as_str() {
        "uid" => uid_of(s, id)?.map(unistd::setuid),
        "euid" => uid_of(s, id)?.map(unistd::seteuid),
        "gid" => gid_of(s, id)?.map(unistd::setgid),
        _ => gid_of(s, id)?.map(unistd::setegid),
    };
    Ok(answer(s, r))
}

/// `getgroups()`: also the effective one.
pub(crate) fn groups<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let mut list = unistd::getgroups().unwrap_or_default();
    let own = unistd::getegid();
    if !list.contains(&own) {
        list.push(own);
    }
    let list: Vec<Local<'s>> = list.into_iter().map(|g| s.num(f64::from(g.as_raw()))).collect();
    Ok(s.new_array(&list))
}

/// `setGroups(array)`: the index + 1 of a group that is not known, or what [`answer`] gives.
pub(crate) fn set_groups<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut list = Vec::new();
    for (i, v) in s.list_from_array_like(args.get(0))?.into_iter().enumerate() {
        match gid_of(s, v)? {
            Some(g) => list.push(g),
            None => return Ok(s.num(i as f64 + 1.0)),
        }
    }
    let r = unistd::setgroups(&list);
    Ok(answer(s, Some(r)))
}

/// `initGroups(user, extra)`: 1 when the user is not known, 2 when the group is not, or what [`answer`] gives.
pub(crate) fn init_groups<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let user = args.get(0);
    let name = if user.is_number() {
        let uid = Uid::from_raw(s.to_uint32(user)?);
        User::from_uid(uid).ok().flatten().map(|u| u.name)
    } else {
        let name = s.to_text(user)?;
        User::from_name(&name).ok().flatten().map(|u| u.name)
    };
    let Some(name) = name.and_then(|n| CString::new(n).ok()) else { return Ok(s.int(1)) };
    let Some(group) = gid_of(s, args.get(1))? else { return Ok(s.int(2)) };
    let r = unistd::initgroups(&name, group);
    Ok(answer(s, Some(r)))
}
