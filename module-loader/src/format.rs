//! Which kind of module a file holds.

use crate::{
    error::ResolveError,
    explain::Trace,
    fs::FileSystem,
    package::{PackageType, Scope},
    path,
    resolver::Resolver,
    url::ModuleUrl,
};

/// The kind of module behind a URL or file name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// CommonJS.
    CommonJs,
    /// An ES module.
    Module,
    /// `.js` (or no extension) where no package.json says which. Compile it as CommonJS; if that fails with a syntax error
    /// that only an ES module may cause (`import`, `export`, `import.meta`, top-level `await`, redeclared wrapper
    /// parameters), it is an ES module.
    Ambiguous,
    /// JSON.
    Json,
    /// WebAssembly.
    Wasm,
    /// A native addon.
    Addon,
    /// A built-in module.
    Builtin,
    /// TypeScript whose types are stripped to CommonJS.
    CommonJsTypescript,
    /// TypeScript whose types are stripped to an ES module.
    ModuleTypescript,
    /// [`Ambiguous`](Self::Ambiguous) TypeScript.
    AmbiguousTypescript,
}

impl Format {
    /// Node's name of the format, as loader hooks see it; `None` for the ambiguous ones.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Format::CommonJs => "commonjs",
            Format::Module => "module",
            Format::Json => "json",
            Format::Wasm => "wasm",
            Format::Addon => "addon",
            Format::Builtin => "builtin",
            Format::CommonJsTypescript => "commonjs-typescript",
            Format::ModuleTypescript => "module-typescript",
            Format::Ambiguous | Format::AmbiguousTypescript => return None,
        })
    }
}

impl<F: FileSystem> Resolver<F> {
    /// The format of a module to be imported. `Ok(None)`: a scheme this loader doesn't load.
    ///
    /// # Errors
    /// `ERR_UNKNOWN_FILE_EXTENSION`, `ERR_UNKNOWN_MODULE_FORMAT` for `data:` URLs, and a package.json that can't be parsed.
    pub fn format_of_url(&self, url: &ModuleUrl) -> Result<Option<Format>, ResolveError> {
        match url {
            ModuleUrl::File(file) => self.format_of_import(&file.to_path()?).map(Some),
            ModuleUrl::Other { scheme, href } => match scheme.as_str() {
                "node" => Ok(Some(Format::Builtin)),
                "data" => format_of_data(href).map(Some),
                _ => Ok(None),
            },
        }
    }

    /// What loading an imported URL starts with: its scheme must be one the loader knows, then its format is told.
    ///
    /// # Errors
    /// `ERR_UNSUPPORTED_ESM_URL_SCHEME`, `ERR_UNKNOWN_BUILTIN_MODULE`, and those of [`format_of_url`](Self::format_of_url).
    pub fn format_to_load(&self, url: &str) -> Result<Format, ResolveError> {
        let unsupported = |scheme: &str| ResolveError::UnsupportedScheme { scheme: scheme.to_owned() };
        let parsed = ModuleUrl::parse(url).ok_or_else(|| unsupported(""))?;
        if parsed.scheme() == "node" && !crate::builtins::is_builtin(url) {
            return Err(ResolveError::UnknownBuiltin { specifier: url.to_owned() });
        }
        self.format_of_url(&parsed)?.ok_or_else(|| unsupported(parsed.scheme()))
    }

    /// The format of a file to be imported.
    ///
    /// # Errors
    /// `ERR_UNKNOWN_FILE_EXTENSION`, and a package.json that can't be parsed.
    pub fn format_of_import(&self, file: &str) -> Result<Format, ResolveError> {
        let extension = path::extname(file);
        match extension {
            ".mjs" => Ok(Format::Module),
            ".cjs" => Ok(Format::CommonJs),
            ".json" => Ok(Format::Json),
            ".wasm" => Ok(Format::Wasm),
            ".node" => Ok(Format::Addon),
            ".js" | "" => Ok(match self.type_around(file, Scope::Import)? {
                PackageType::Module => Format::Module,
                PackageType::CommonJs => Format::CommonJs,
                PackageType::None => Format::Ambiguous,
            }),
            ".ts" | ".mts" | ".cts" if self.options.strip_types => {
                self.typescript(file, extension, Scope::Import)
            }
            _ => Err(ResolveError::UnknownFileExtension {
                extension: extension.to_owned(),
                path: file.to_owned(),
            }),
        }
    }

    /// The format of a file to be required. No extension is unknown here: what isn't JSON or an addon is JavaScript.
    ///
    /// # Errors
    /// A package.json that can't be parsed.
    pub fn format_of_require(&self, file: &str) -> Result<Format, ResolveError> {
        match path::extname(file) {
            ".json" => Ok(Format::Json),
            ".node" => Ok(Format::Addon),
            ".cjs" => Ok(Format::CommonJs),
            ".mjs" => Ok(Format::Module),
            ".js" => Ok(match self.type_around(file, Scope::Require)? {
                PackageType::Module => Format::Module,
                PackageType::CommonJs => Format::CommonJs,
                PackageType::None => Format::Ambiguous,
            }),
            extension @ (".ts" | ".mts" | ".cts") if self.options.strip_types => {
                self.typescript(file, extension, Scope::Require)
            }
            _ => Ok(Format::Ambiguous),
        }
    }

    fn typescript(&self, file: &str, extension: &str, scope: Scope) -> Result<Format, ResolveError> {
        Ok(match extension {
            ".mts" => Format::ModuleTypescript,
            ".cts" => Format::CommonJsTypescript,
            _ => match self.type_around(file, scope)? {
                PackageType::Module => Format::ModuleTypescript,
                PackageType::CommonJs => Format::CommonJsTypescript,
                PackageType::None => Format::AmbiguousTypescript,
            },
        })
    }

    fn type_around(&self, file: &str, scope: Scope) -> Result<PackageType, ResolveError> {
        let package = self.packages.nearest(&self.fs, file, scope, &mut Trace::off())?;
        Ok(package.map_or(PackageType::None, |package| package.package_type))
    }
}

/// `data:TYPE/SUBTYPE[;…],` tells its format by the media type.
fn format_of_data(href: &str) -> Result<Format, ResolveError> {
    let Some((media, _)) = href["data:".len()..].split_once(',') else {
        return Err(ResolveError::InvalidUrl { input: href.to_owned() });
    };
    let kind = media.split(';').next().unwrap_or_default();
    match kind.trim().to_ascii_lowercase().as_str() {
        "text/javascript" | "application/javascript" => Ok(Format::Module),
        "application/json" => Ok(Format::Json),
        "application/wasm" => Ok(Format::Wasm),
        _ => Err(ResolveError::UnknownModuleFormat {
            format: if kind.contains('/') { kind.to_owned() } else { "null".to_owned() },
            url: href.to_owned(),
        }),
    }
}
