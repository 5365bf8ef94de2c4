//! Node's flags that change how a program is found and loaded.

/// What the flags ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadFlags {
    /// `--conditions`: hold for both module systems.
    pub conditions: Vec<String>,
    /// `--preserve-symlinks`
    pub preserve_symlinks: bool,
    /// `--preserve-symlinks-main`
    pub preserve_symlinks_main: bool,
    /// `--import`: evaluated before the program.
    pub import: Vec<String>,
    /// `--loader`: modules whose hooks the hooks thread runs.
    pub loader: Vec<String>,
    /// `--input-type`: what `-e` and standard input are.
    pub input_type: Option<String>,
    /// `--check`: compile, do not run.
    pub check: bool,
    /// `--no-experimental-require-module`: ES modules can only be imported.
    pub no_require_module: bool,
}

impl LoadFlags {
    /// Takes a flag if it is one of these, asking for its value if it has one. False: it is none of these.
    ///
    /// # Errors
    /// No value, or one that the flag does not know, in one line.
    pub fn take(
        &mut self,
        name: &str,
        value: &mut dyn FnMut() -> Result<String, String>,
    ) -> Result<bool, String> {
        match name {
            "-C" | "--conditions" => self.conditions.push(value()?),
            "--preserve-symlinks" => self.preserve_symlinks = true,
            "--preserve-symlinks-main" => self.preserve_symlinks_main = true,
            "--import" => self.import.push(value()?),
            "--loader" | "--experimental-loader" => self.loader.push(value()?),
            "--input-type" => self.input_type = Some(input_type(value()?)?),
            "-c" | "--check" => self.check = true,
            "--experimental-require-module" => self.no_require_module = false,
            "--no-experimental-require-module" | "--no-require-module" => self.no_require_module = true,
            // node:test reads these from process.execArgv.
            "--test-reporter" => drop(value()?),
            "--test-only" => {}
            // Memory is always filled with zeros here.
            "--zero-fill-buffers" => {}
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn input_type(text: String) -> Result<String, String> {
    match text.as_str() {
        "commonjs" | "module" | "commonjs-typescript" | "module-typescript" => Ok(text),
        _ => Err(
            "--input-type must be \"module\", \"commonjs\", \"module-typescript\" or \"commonjs-typescript\""
                .into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_taken_with_their_values() {
        let mut f = LoadFlags::default();
        for (name, given) in [("-C", "dev"), ("--import", "./x"), ("--input-type", "module"), ("--check", "")]
        {
            assert!(f.take(name, &mut || Ok(given.to_owned())).unwrap(), "{name}");
        }
        assert_eq!((f.conditions, f.import, f.check), (vec!["dev".to_owned()], vec!["./x".to_owned()], true));
        assert!(!LoadFlags::default().take("--foo", &mut || Ok(String::new())).unwrap());
        assert!(LoadFlags::default().take("--input-type", &mut || Ok("x".into())).is_err());
    }
}
