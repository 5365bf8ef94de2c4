//! `$262`: what test262 asks of a host. Agents other than the running one are not there.

use looplab_engine::{Args, CompileGoal, Completion, Intrinsic, Scope, Source, new_realm};

/// Defines `$262` in the running realm.
pub(crate) fn install(s: &mut Scope<'_>) {
    let o = s.new_object();
    let g = s.global_object();
    let key = s.key("global");
    s.define_hidden(o, key, g);
    s.method(o, "createRealm", 0, create_realm);
    s.method(o, "detachArrayBuffer", 1, detach);
    s.method(o, "evalScript", 1, eval_script);
    s.method(o, "gc", 0, gc);
    let agent = s.new_object();
    s.method(agent, "start", 1, no_agents);
    s.method(agent, "broadcast", 1, no_agents);
    s.method(agent, "getReport", 0, |s, _| Ok(s.null()));
    s.method(agent, "sleep", 1, |s, _| Ok(s.undefined()));
    s.method(agent, "monotonicNow", 0, |s, _| {
        let date = s.intrinsic(Intrinsic::Date);
        let key = s.key("now");
        s.invoke(date, key, &[])
    });
    let key = s.key("agent");
    s.define_hidden(o, key, agent);
    let key = s.key("$262");
    s.define_hidden(g, key, o);
}

fn create_realm<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let realm = new_realm(s)?;
    s.in_realm(realm, crate::globals);
    let g = s.realm_global(realm);
    let key = s.key("$262");
    s.get(g, key)
}

/// Runs a script in the realm that this function belongs to.
fn eval_script<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = s.to_text(args.get(0))?;
    let id = s.next_script_id();
    let t = s.compile(Source::new("evalScript", text, id), CompileGoal::Script)?;
    s.run_script(t, false)
}

fn detach<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (buffer, key) = (args.get(0), s.key("detached"));
    if s.get_v(buffer, key)?.is_true() {
        return Ok(s.null());
    }
    let proto = s.intrinsic(Intrinsic::ArrayBufferPrototype);
    let key = s.key("transfer");
    let transfer = s.get(proto, key)?;
    s.call(transfer, buffer, &[])?;
    Ok(s.null())
}

fn gc<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    s.vm().collect_now();
    Ok(s.undefined())
}

fn no_agents<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Err(s.throw_type("the shell has one agent only"))
}
