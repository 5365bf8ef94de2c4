//! From options to exit code: sets the engine and the loop up, runs the program, then the loop until nothing is left.

use crate::HeapPoint;
use crate::again::Compiled;
use crate::driver::Machine;
use crate::host::{RtHost, RtProbe};
use crate::modules::{self, cjs, esm, registered, resolver};
use crate::options::{Decisions, Entry, Finished, Given, Options};
use crate::rt::{Rt, RtWorld};
use crate::uncaught::{self, Origin};
use crate::{node, ticks, timers};
use looplab_engine::{Args, Completion, Scope, new_engine};
use looplab_event_loop::{EndReason, Loop, RealOptions, RealWorld, RunMode, World};
use looplab_module_loader::Format;
use looplab_module_loader::url::path_to_file_url;
use looplab_probe::{CallbackKind, Event, Group, Recorder};
use std::io::Read;
use std::rc::Rc;

/// Exit code of an unsettled top-level await.
const UNSETTLED: i32 = 13;

/// Runs a program to its end.
pub fn run(options: Options) -> Finished {
    run_keeping(options, None)
}

/// The same for a process that goes on afterwards: `compiled` holds the texts of earlier runs and takes those of this one.
pub(crate) fn run_keeping(options: Options, compiled: Option<Rc<Compiled>>) -> Finished {
    let world = match world(&options) {
        Ok(w) => w,
        Err(e) => {
            eprintln!("looplab: cannot set the event loop up: {e}");
            return Finished {
                exit_code: 1,
                log: None,
                scripts: Vec::new(),
                trail: Vec::new(),
                heap: Vec::new(),
                functions: Vec::new(),
                second_tier: Vec::new(),
                beyond: false,
            };
        }
    };
    let mut options = options;
    options.reports_files |= std::env::var_os("WATCH_REPORT_DEPENDENCIES").is_some();
    let probe = options.record.clone().map(|o| Recorder::new(o, world.time_source()));
    let lp = Box::new(Loop::new(world, probe.clone(), options.profile));
    let mut vm = new_engine();
    if let Some(limit) = options.heap_limit {
        vm.set_heap_limit(limit);
    }
    vm.set_old_awaits(options.profile.rules().old_awaits);
    if let Some(n) = options.gc_every {
        vm.set_gc_every(n);
    }
    vm.set_tiering(options.tiering);
    vm.set_tier_log(options.tiers || options.tier_log);
    let rt = Rc::new(Rt::new(lp, probe.clone(), options));
    let goes_on = compiled.is_some();
    if let Some(compiled) = compiled {
        // Nobody has set it before.
        let _ = rt.compiled.set(compiled);
    }
    vm.set_embedder(rt.clone());
    vm.set_host(Rc::new(RtHost(rt.clone())));
    let paced = rt.paces();
    if rt.records_jobs() || rt.records_collections() || paced {
        vm.set_probe(Some(Rc::new(RtProbe::new(rt.clone()))));
    }
    let steps = rt.options.record.as_ref().is_some_and(|o| !o.without.contains(&Group::Statement));
    vm.set_stepping(steps || paced);
    let mut m = Machine::new(vm, rt.clone());
    m.enter(set_up);
    m.enter(|s, rt| crate::stop::attach(s, rt));
    let sites = rt.options.heap.as_ref().is_some_and(|watch| watch.sites);
    if sites || rt.options.tiers {
        m.vm.set_watching(sites, rt.options.tiers, |source| !source.starts_with("node:"));
    }
    if rt.exit.get().is_none() {
        m.enter(|s, rt| crate::heap::look(s, rt, HeapPoint::Start));
        m.enter(main_program);
        m.enter(|s, rt| crate::heap::look(s, rt, HeapPoint::Main));
    }
    let code = run_loop(&mut m);
    m.enter(|s, rt| crate::heap::look(s, rt, HeapPoint::End));
    rt.emit(|_| Event::ExitCode { code });
    let log = probe.map(|p| p.take());
    let functions = m.vm.function_profiles();
    let second_tier = if rt.options.tier_log { m.vm.tier_profiles() } else { Vec::new() };
    let heap = std::mem::take(&mut rt.looks.borrow_mut().found);
    let scripts = std::mem::take(&mut *rt.scripts.borrow_mut());
    // Process end frees everything at once; tearing the heap down cell by cell would only take time.
    m.take_loop();
    let trail = match m.lp.as_mut().map(|lp| lp.world_mut()) {
        Some(RtWorld::Sim(world)) => world.take_trail(),
        _ => Vec::new(),
    };
    rt.workers.borrow().stop_all();
    let beyond = modules::reach_beyond(&rt);
    if rt.options.worker.is_none() && !goes_on {
        std::mem::forget(m);
    }
    Finished { exit_code: code, log, scripts, trail, heap, functions, second_tier, beyond }
}

/// As many open files and sockets as the system lets us have: as Node does at its start.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // Where it is refused, the usual limit stays.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
}

fn world(options: &Options) -> std::io::Result<RtWorld> {
    let workers = std::env::var("UV_THREADPOOL_SIZE").ok().and_then(|v| v.parse::<usize>().ok());
    let workers = workers.map_or(4, |n| n.clamp(1, 1024));
    if let Some(Decisions { taken, limits }) = &options.explore {
        let world = options.simulation.world(workers);
        return Ok(RtWorld::Sim(
            world.ending(node::fs::has_ended).exploring(*limits, Given(taken.clone().into_iter())),
        ));
    }
    if options.simulated {
        return Ok(RtWorld::Sim(options.simulation.world(workers)));
    }
    if options.worker.is_none() {
        raise_descriptor_limit();
    }
    let real = RealOptions { workers, ..RealOptions::default() }.eager();
    Ok(RtWorld::Real(RealWorld::new(real)?))
}

/// Globals and builtin state.
fn set_up(s: &mut Scope<'_>, rt: &Rc<Rt>) {
    timers::init(rt);
    timers::init_immediates(rt);
    timers::register(s);
    crate::modules::cjs_module::register(s);
    let r = s.nested(|s| {
        node::process::install(s, rt)?;
        let g = s.global_object();
        timers::install(s, g);
        let k = s.key("global");
        s.define_hidden(g, k, g);
        let tag: looplab_engine::Key<'_> = s.atoms().sym_to_string_tag.into();
        let v = s.str("global");
        s.define_with(g, tag, v, looplab_engine::CONFIGURABLE);
        let k = s.key("queueMicrotask");
        let f = s.function(k, 1, queue_microtask);
        s.define_with(g, k, f, looplab_engine::ALL);
        let console = node::console::object(s, rt)?;
        let k = s.key("console");
        s.define_hidden(g, k, console);
        if rt.options.expose_gc {
            let k = s.key("gc");
            let f = s.function(k, 0, |s, _| {
                s.vm().collect_now();
                let rt = Rt::of(s);
                crate::heap::gc_called(s, &rt);
                Ok(s.undefined())
            });
            s.define_hidden(g, k, f);
        }
        node::stacks::install(s);
        node::install_globals(s, rt)
    });
    if let Some(n) = rt.options.stack_trace_limit {
        s.set_stack_trace_limit(n);
    }
    if let Err(t) = r {
        uncaught::uncaught(s, rt, t, Origin::Load);
    }
}

fn queue_microtask<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = args.get(0);
    if !f.is_callable() {
        return Err(crate::errors::invalid_arg_type(s, "callback", "of type function", f));
    }
    s.queue_microtask(f);
    Ok(s.undefined())
}

/// Loads and runs what `--import` names, then the program's first file; then drains.
fn main_program(s: &mut Scope<'_>, rt: &Rc<Rt>) {
    let joined = s.nested(|s| match rt.options.worker {
        Some(_) => modules::builtin(s, rt, "/worker_thread").map(|_| ()),
        None => node::child::join(s, rt),
    });
    let r = joined.and_then(|()| s.nested(|s| preload(s, rt))).and_then(|()| {
        s.nested(|s| match rt.options.load.import.is_empty() && rt.options.load.loader.is_empty() {
            true => program(s, rt),
            false => crate::preload::imported(s, rt),
        })
    });
    if let Err(t) = r {
        uncaught::uncaught(s, rt, t, Origin::Exception);
    }
    if rt.exit.get().is_none() {
        ticks::drain(s, rt);
    }
    crate::finalize::notice(s, rt);
}

/// Loads the modules of `-r`, as if a file in the working directory required them.
fn preload(s: &mut Scope<'_>, rt: &Rc<Rt>) -> Result<(), looplab_engine::Thrown> {
    if rt.options.node.require.is_empty() {
        return Ok(());
    }
    let cwd = std::env::current_dir().unwrap_or_default().join("[preload]");
    let u = s.undefined();
    let parent = cjs::new_module(s, &cwd.to_string_lossy(), u)?;
    let require = cjs::make_require(s, parent);
    for name in &rt.options.node.require {
        let (u, name) = (s.undefined(), s.str(name));
        s.call(require, u, &[name])?;
    }
    Ok(())
}

/// Runs the program itself.
pub(crate) fn program(s: &mut Scope<'_>, rt: &Rc<Rt>) -> Result<(), looplab_engine::Thrown> {
    match rt.options.entry.clone() {
        Entry::File(path) => run_file(s, rt, &path.to_string_lossy()),
        Entry::Eval(code) => crate::preload::eval(s, rt, "[eval]", &code, false),
        Entry::Print(code) => crate::preload::eval(s, rt, "[eval]", &code, true),
        Entry::Repl => modules::builtin(s, rt, "/repl_main").map(|_| ()),
        Entry::Stdin => {
            let mut text = Vec::new();
            match std::io::stdin().read_to_end(&mut text) {
                Ok(_) => crate::preload::eval(s, rt, "[stdin]", &String::from_utf8_lossy(&text), false),
                Err(e) => Err(node::sys::throw(s, &e, "read", None, None)),
            }
        }
    }
}

fn run_file(s: &mut Scope<'_>, rt: &Rc<Rt>, typed: &str) -> Result<(), looplab_engine::Thrown> {
    let full = std::path::absolute(typed)
        .map(|p| p.to_string_lossy().into_owned())
        .unwrap_or_else(|_| typed.to_owned());
    let r = resolver(rt);
    let path = match r.resolve_main(&full) {
        Ok(p) => p,
        Err(e) => return Err(cjs::throw_resolve(s, e)),
    };
    if rt.options.load.check {
        return crate::preload::check(s, rt, &path);
    }
    match r.format_of_require(&path) {
        Ok(Format::Module | Format::ModuleTypescript) => esm::run_main(s, rt, &path_to_file_url(&path)),
        Ok(_) if !rt.options.load.loader.is_empty() => esm::run_main(s, rt, &path_to_file_url(&path)),
        Ok(_) => s.nested(|s| {
            let u = s.undefined();
            // A preloaded module may have put its own function there.
            let (ours, class) = (registered(s, "Module.runMain"), registered(s, "Module"));
            if ours.is_callable() {
                let k = s.key("runMain");
                let now = s.get(class, k)?;
                if now.is_callable() && !now.is_identical(ours) {
                    return s.call(now, class, &[]).map(|_| ());
                }
            }
            match crate::modules::hooks::on_require(rt) {
                true => cjs::load_request(s, &path, u, true).map(|_| ()),
                false => cjs::load(s, rt, &path, u, true).map(|_| ()),
            }
        }),
        Err(e) => Err(cjs::throw_resolve(s, e)),
    }
}

/// The loop until nothing is left, 'beforeExit' as often as its listeners revive it, then 'exit'.
fn run_loop(m: &mut Machine) -> i32 {
    let rt = m.rt.clone();
    while rt.exit.get().is_none() {
        m.take_loop();
        let ended = match Loop::run(m, RunMode::Default) {
            Ok(ended) => ended,
            Err(e) => {
                eprintln!("looplab: the event loop failed: {e}");
                return 1;
            }
        };
        // Stalled: in the simulated world nothing can ever happen again, whatever is alive.
        if rt.exit.get().is_some() || ended.reason == EndReason::Stalled {
            break;
        }
        m.enter(before_exit);
        m.take_loop();
        let alive = m.lp.as_ref().is_some_and(|lp| lp.is_alive());
        if !alive {
            break;
        }
    }
    m.take_loop();
    let code = m.enter(end);
    node::os::restore_terminal(&rt);
    code
}

fn before_exit(s: &mut Scope<'_>, rt: &Rc<Rt>) {
    crate::finalize::finish(s, rt);
    if rt.exit.get().is_some() {
        return;
    }
    s.nested(|s| {
        let code = uncaught::exit_code(s, rt).unwrap_or(0);
        let code = s.int(code);
        uncaught::emit(s, rt, CallbackKind::BeforeExit, "beforeExit", &[code]);
    });
    if rt.exit.get().is_none() {
        ticks::drain(s, rt);
    }
}

/// 'exit' (unless it has been emitted) and the code to end with.
fn end(s: &mut Scope<'_>, rt: &Rc<Rt>) -> i32 {
    let mut code = match rt.exit.get() {
        Some(code) => code,
        None => {
            let set = uncaught::exit_code(s, rt);
            let unsettled = esm::main_is_unsettled(s, rt);
            let code = set.unwrap_or(if unsettled { UNSETTLED } else { 0 });
            if unsettled && set.is_none() {
                let url = s.nested(|s| {
                    let v = crate::modules::registered(s, "main url");
                    if v.is_string() { s.to_utf8_lossy(v) } else { String::new() }
                });
                let place = esm::unsettled_place(s, rt).unwrap_or_else(|| format!("{url}\n"));
                let text = format!("Warning: Detected unsettled top-level await at {place}\n\n");
                node::stdio::write_stderr(rt, text.as_bytes());
            }
            let code = uncaught::run_exit_listeners(s, rt, code, true);
            rt.exit.get().unwrap_or(code)
        }
    };
    if code == 0 && rt.stdout_failed.get() {
        code = 1;
    }
    code
}
