//! Why did I get this file? Explains one resolution: `why SPECIFIER [FILE]`, by the rules of the file's module system.

use std::process::ExitCode;

use looplab_module_loader::{Options, Referrer, Resolver, StdFileSystem, path, url::path_to_file_url};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(specifier) = args.next() else {
        eprintln!("usage: why SPECIFIER [FILE]");
        return ExitCode::from(9);
    };
    let cwd = std::env::current_dir()
        .ok()
        .and_then(|dir| dir.into_os_string().into_string().ok())
        .unwrap_or("/".into());
    let file = path::resolve(&cwd, &args.next().unwrap_or("main.js".into()));
    let resolver = Resolver::new(StdFileSystem::new(), Options::new(&cwd));
    let mut tell = |step| println!("{step}");
    let found = if file.ends_with(".mjs") {
        resolver.explain_import(&specifier, Some(&path_to_file_url(&file)), &mut tell).is_ok()
    } else {
        resolver.explain_require(&specifier, &Referrer::file(&file), &mut tell).is_ok()
    };
    if found { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
