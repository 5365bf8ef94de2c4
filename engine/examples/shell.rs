//! A bare shell over the engine: runs scripts with `print`, no event loop. `shell [--module] FILE`.

use looplab_engine::{
    CompileGoal, Completion, Host, Key, Local, ModuleId, Scope, Source, Thrown, compile, new_engine,
};
use std::io::Write;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

struct ShellHost;

impl Host for ShellHost {
    fn dynamic_import<'s>(
        &self,
        s: &mut Scope<'s>,
        _: &str,
        _: Local<'s>,
        _: Local<'s>,
        _: Local<'s>,
    ) -> Result<(), Thrown> {
        Err(s.throw_type("the shell has no modules"))
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

fn main() {
    let mut args = std::env::args().skip(1);
    let mut file = None;
    let mut disasm = false;
    let mut stress = false;
    for a in args.by_ref() {
        match a.as_str() {
            "--disasm" => disasm = true,
            "--gc-stress" => stress = true,
            _ => file = Some(a),
        }
    }
    let Some(file) = file else { return eprintln!("usage: shell [--disasm] FILE") };
    let text = match std::fs::read(&file) {
        Ok(b) => String::from_utf8_lossy(&b).into_owned(),
        Err(e) => return eprintln!("{file}: {e}"),
    };
    let template = match compile(Source::new(&*file, text, 1), CompileGoal::Script) {
        Ok(t) => t,
        Err(e) => {
            eprintln!("SyntaxError: {}", e.message);
            std::process::exit(1);
        }
    };
    if disasm {
        println!("{}", looplab_engine::bytecode::disasm::disassemble(&template, &Default::default()));
        return;
    }
    let mut vm = new_engine();
    vm.set_host(Rc::new(ShellHost));
    vm.set_gc_stress(stress);
    let ok = vm.enter(|s| {
        let g = s.global_object();
        let key: Key<'_> = s.key("print");
        let f = s.function(key, 0, print);
        s.define_hidden(g, key, f);
        let console = s.new_object();
        let log = s.key("log");
        s.define_hidden(console, log, f);
        let key = s.key("console");
        s.define_hidden(g, key, console);
        let r = s.run_script(template, false).map(|_| ());
        let mut fails = r.is_err();
        if let Err(t) = r {
            report(s, t);
        }
        while let Some(r) = s.run_job() {
            if let Err(t) = r {
                report(s, t);
                fails = true;
            }
        }
        !fails
    });
    std::process::exit(i32::from(!ok));
}

fn report(s: &mut Scope<'_>, t: Thrown) {
    let e = s.caught(t);
    let text = if e.is_object() {
        let key: Key<'_> = s.atoms().stack.into();
        match s.get(e, key) {
            Ok(v) if v.is_string() => s.to_utf8_lossy(v),
            _ => s.describe_value(e),
        }
    } else {
        s.describe_value(e)
    };
    eprintln!("Uncaught {text}");
}
