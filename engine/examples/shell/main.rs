//! A bare shell over the engine: runs scripts and modules with `print` and `$262`, no event loop.
//! `shell [--module] [--disasm] [--gc-stress] [--no-tier | --eager-tier] [--heap-mb N] FILE`.

mod host262;
mod modules;

use looplab_engine::{
    CompileGoal, Completion, Host, Key, Local, ModuleId, Scope, Source, Thrown, compile, new_engine,
};
use std::io::Write;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

struct ShellHost {
    modules: Rc<modules::Modules>,
}

impl Host for ShellHost {
    fn dynamic_import<'s>(
        &self,
        s: &mut Scope<'s>,
        referrer: &str,
        specifier: Local<'s>,
        options: Local<'s>,
        promise: Local<'s>,
    ) -> Result<(), Thrown> {
        self.modules.dynamic_import(s, referrer, specifier, options, promise)
    }
    fn import_meta<'s>(&self, _: &mut Scope<'s>, _: Local<'s>, _: ModuleId) -> Result<(), Thrown> {
        Ok(())
    }
    fn rejection_tracker<'s>(&self, _: &mut Scope<'s>, _: Local<'s>, _: bool) {}
    fn now_ms(&self) -> f64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_millis() as f64)
    }
    fn random_u64(&self) -> u64 {
        0x9E37_79B9_7F4A_7C15
    }
    fn tz_offset_ms(&self, _: f64, _: bool) -> f64 {
        0.0
    }
    fn tz_name(&self, _: f64) -> String {
        "Coordinated Universal Time".into()
    }
}

fn print<'s>(s: &mut Scope<'s>, args: &looplab_engine::Args<'s>) -> Completion<'s> {
    let mut line = String::new();
    for i in 0..args.len() {
        if i > 0 {
            line.push(' ');
        }
        line.push_str(&s.describe_value(args.get(i)));
    }
    line.push('\n');
    if std::io::stdout().write_all(line.as_bytes()).is_err() {
        std::process::exit(1);
    }
    Ok(s.undefined())
}

#[derive(Default)]
struct Options {
    file: Option<String>,
    module: bool,
    disasm: bool,
    stress: bool,
    no_tier: bool,
    eager_tier: bool,
    heap_mb: Option<usize>,
}

fn options() -> Options {
    let mut o = Options::default();
    let mut args = std::env::args().skip(1);
    while let Some(a) = args.next() {
        match a.as_str() {
            "--module" => o.module = true,
            "--disasm" => o.disasm = true,
            "--gc-stress" => o.stress = true,
            "--no-tier" => o.no_tier = true,
            "--eager-tier" => o.eager_tier = true,
            "--heap-mb" => o.heap_mb = args.next().and_then(|n| n.parse().ok()),
            _ => o.file = Some(a),
        }
    }
    o
}

fn main() {
    let o = options();
    let Some(file) = o.file else {
        return eprintln!(
            "usage: shell [--module] [--disasm] [--gc-stress] [--no-tier | --eager-tier] [--heap-mb N] FILE"
        );
    };
    let text = match std::fs::read(&file) {
        Ok(b) => String::from_utf8_lossy(&b).into_owned(),
        Err(e) => return eprintln!("{file}: {e}"),
    };
    if o.disasm {
        let goal = if o.module { CompileGoal::Module } else { CompileGoal::Script };
        match compile(Source::new(&*file, text, 1), goal) {
            Ok(t) => println!("{}", looplab_engine::bytecode::disasm::disassemble(&t, &Default::default())),
            Err(e) => eprintln!("{e}"),
        }
        return;
    }
    let mut vm = new_engine();
    let modules = Rc::new(modules::Modules::default());
    vm.set_host(Rc::new(ShellHost { modules: modules.clone() }));
    vm.set_embedder(modules.clone());
    vm.set_gc_stress(o.stress);
    vm.set_tiering(!o.no_tier);
    vm.set_eager_tiering(o.eager_tier);
    if let Some(mb) = o.heap_mb {
        vm.set_heap_limit(mb << 20);
    }
    let ok = vm.enter(|s| {
        globals(s);
        let started = match o.module {
            true => modules.run(s, &file),
            false => s
                .compile(Source::new(&*file, text, 1), CompileGoal::Script)
                .and_then(|t| s.run_script(t, false).map(|_| ())),
        };
        let mut ok = finish(s, started);
        while let Some(r) = s.run_job() {
            ok &= finish(s, r.map(|_| ()));
        }
        if o.module {
            let r = modules.outcome(s);
            ok &= finish(s, r);
        }
        ok
    });
    std::process::exit(i32::from(!ok));
}

/// `print`, `console.log` and `$262` of the running realm.
fn globals(s: &mut Scope<'_>) {
    let g = s.global_object();
    let key: Key<'_> = s.key("print");
    let f = s.function(key, 0, print);
    s.define_hidden(g, key, f);
    let console = s.new_object();
    let log = s.key("log");
    s.define_hidden(console, log, f);
    let key = s.key("console");
    s.define_hidden(g, key, console);
    host262::install(s);
}

fn finish(s: &mut Scope<'_>, r: Result<(), Thrown>) -> bool {
    let Err(t) = r else { return true };
    if s.is_terminating() {
        eprintln!("Uncaught termination");
        return false;
    }
    let e = s.caught(t);
    eprintln!("Uncaught {}", describe(s, e));
    false
}

/// The stack of an error; of other objects the name of their constructor, by which test harnesses know them.
fn describe<'s>(s: &mut Scope<'s>, e: Local<'s>) -> String {
    if !e.is_object() {
        return s.describe_value(e);
    }
    let key: Key<'_> = s.atoms().stack.into();
    if let Ok(v) = s.get(e, key)
        && v.is_string()
    {
        return s.to_utf8_lossy(v);
    }
    let name = |s: &mut Scope<'s>| {
        let (constructor, name) = (s.atoms().constructor, s.atoms().name);
        let c = s.get(e, constructor)?;
        let n = if c.is_object() { s.get(c, name)? } else { s.undefined() };
        let message: Key<'_> = s.atoms().message.into();
        let m = s.get(e, message)?;
        let (n, m) = (s.describe_value(n), s.describe_value(m));
        Ok::<_, Thrown>(format!("{n}: {m}"))
    };
    match name(s) {
        Ok(text) => text,
        Err(t) => {
            s.caught(t);
            s.describe_value(e)
        }
    }
}
