//! What can go wrong while resolving, with Node 24's codes, classes and messages.

use std::fmt;

use crate::url::FileUrlError;

/// The JavaScript class an error has in Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// `Error`
    Error,
    /// `TypeError`
    TypeError,
    /// `RangeError`
    RangeError,
    /// `URIError`
    UriError,
}

/// A failed resolution. [`message`](Self::message) is the text of Node's error, [`code`](Self::code) its `code`; the other
/// accessors are the further properties Node sets on some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolveError {
    /// `require('')`.
    EmptyRequest,
    /// `require` found nothing. The runtime adds the chain of requiring files with [`with_require_stack`](Self::with_require_stack).
    ModuleNotFound {
        /// The specifier as written.
        request: String,
        /// The requiring module's file, its parent's, and so on to the main module.
        require_stack: Vec<String>,
    },
    /// `require` went through `exports` or `imports` and what they name isn't there.
    TargetNotFound {
        /// The specifier or the file it led to.
        request: String,
        /// The package that sent it there.
        path: Option<String>,
    },
    /// A folder's package.json has a `main` that leads nowhere, and there is no index file either.
    InvalidMain {
        /// What `main` names.
        filename: String,
        /// The package.json.
        package_json: String,
        /// The specifier as written.
        request: String,
    },
    /// `require('node:something')` where no such built-in exists.
    UnknownBuiltin {
        /// The specifier.
        specifier: String,
    },
    /// `import` of a file that isn't there.
    EsmModuleNotFound {
        /// The file.
        path: String,
        /// The importing file.
        base: String,
        /// The URL of the missing file (`error.url`).
        url: String,
        /// What Node would suggest instead.
        hint: Option<String>,
    },
    /// `import` of a package that isn't there, or that has no entry point.
    EsmPackageNotFound {
        /// The package's name, or the entry file tried.
        name: String,
        /// The importing file.
        base: String,
        /// What Node would suggest instead.
        hint: Option<String>,
    },
    /// `import` of a folder.
    UnsupportedDirImport {
        /// The folder.
        path: String,
        /// The importing file.
        base: String,
        /// The folder's URL (`error.url`).
        url: String,
        /// What Node would suggest instead.
        hint: Option<String>,
    },
    /// The package has `exports`, and they don't include this subpath (under these conditions).
    PackagePathNotExported {
        /// The package folder, with a slash at the end.
        package: String,
        /// `.` or `./sub`.
        subpath: String,
        /// The importing file.
        base: Option<String>,
    },
    /// An `exports` or `imports` target that may not be one.
    InvalidPackageTarget {
        /// The package folder, with a slash at the end.
        package: String,
        /// The key that was matched.
        key: String,
        /// The offending target as text.
        target: String,
        /// Whether it stands in `imports`.
        internal: bool,
        /// The importing file.
        base: Option<String>,
    },
    /// The specifier itself is malformed.
    InvalidModuleSpecifier {
        /// The specifier.
        request: String,
        /// What is wrong with it, as the end of a sentence.
        reason: String,
        /// The importing file.
        base: Option<String>,
    },
    /// `#name` that the package's `imports` don't have.
    PackageImportNotDefined {
        /// The specifier.
        specifier: String,
        /// The package folder with a slash at the end, if the file is in one.
        package: Option<String>,
        /// The importing file.
        base: String,
    },
    /// A package.json that can't be used: not JSON, or contradictory `exports`.
    InvalidPackageConfig {
        /// The package.json.
        path: String,
        /// What was being imported, and from where, as Node words it.
        importing: Option<String>,
        /// What is wrong, if more than its syntax.
        message: Option<String>,
    },
    /// A relative specifier where there is nothing to be relative to (inside a `data:` module).
    UnsupportedResolveRequest {
        /// The specifier.
        specifier: String,
        /// The importing URL.
        base: String,
    },
    /// `import` of `https:` and other schemes.
    UnsupportedScheme {
        /// The scheme, without colon.
        scheme: String,
    },
    /// `import` of a file whose extension means no format.
    UnknownFileExtension {
        /// The extension, with its dot.
        extension: String,
        /// The file.
        path: String,
    },
    /// `import` of a `data:` URL with a media type that means no format.
    UnknownModuleFormat {
        /// The media type.
        format: String,
        /// The URL.
        url: String,
    },
    /// `import` of a `data:` URL without the comma that begins its data.
    InvalidUrl {
        /// The URL (`error.input`).
        input: String,
    },
    /// A URL that should name a file and doesn't.
    FileUrl(FileUrlError),
}

impl ResolveError {
    /// The error's `code`. Only a malformed percent-encoding (a bare `URIError`) has none.
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::EmptyRequest => "ERR_INVALID_ARG_VALUE",
            Self::ModuleNotFound { .. } | Self::TargetNotFound { .. } | Self::InvalidMain { .. } => {
                "MODULE_NOT_FOUND"
            }
            Self::UnknownBuiltin { .. } => "ERR_UNKNOWN_BUILTIN_MODULE",
            Self::EsmModuleNotFound { .. } | Self::EsmPackageNotFound { .. } => "ERR_MODULE_NOT_FOUND",
            Self::UnsupportedDirImport { .. } => "ERR_UNSUPPORTED_DIR_IMPORT",
            Self::PackagePathNotExported { .. } => "ERR_PACKAGE_PATH_NOT_EXPORTED",
            Self::InvalidPackageTarget { .. } => "ERR_INVALID_PACKAGE_TARGET",
            Self::InvalidModuleSpecifier { .. } => "ERR_INVALID_MODULE_SPECIFIER",
            Self::PackageImportNotDefined { .. } => "ERR_PACKAGE_IMPORT_NOT_DEFINED",
            Self::InvalidPackageConfig { .. } => "ERR_INVALID_PACKAGE_CONFIG",
            Self::UnsupportedResolveRequest { .. } => "ERR_UNSUPPORTED_RESOLVE_REQUEST",
            Self::UnsupportedScheme { .. } => "ERR_UNSUPPORTED_ESM_URL_SCHEME",
            Self::UnknownFileExtension { .. } => "ERR_UNKNOWN_FILE_EXTENSION",
            Self::UnknownModuleFormat { .. } => "ERR_UNKNOWN_MODULE_FORMAT",
            Self::InvalidUrl { .. } => "ERR_INVALID_URL",
            Self::FileUrl(error) => return error.code(),
        })
    }

    /// The JavaScript class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::EmptyRequest
            | Self::InvalidModuleSpecifier { .. }
            | Self::PackageImportNotDefined { .. }
            | Self::UnsupportedResolveRequest { .. }
            | Self::UnknownFileExtension { .. } => ErrorClass::TypeError,
            Self::FileUrl(FileUrlError::Malformed) => ErrorClass::UriError,
            Self::FileUrl(_) | Self::InvalidUrl { .. } => ErrorClass::TypeError,
            Self::UnknownModuleFormat { .. } => ErrorClass::RangeError,
            _ => ErrorClass::Error,
        }
    }

    /// The error's `message`.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// The error's `requireStack`, for the one kind that has it.
    pub fn require_stack(&self) -> Option<&[String]> {
        match self {
            Self::ModuleNotFound { require_stack, .. } => Some(require_stack),
            _ => None,
        }
    }

    /// The error's `path`, where Node sets it: the package at fault.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::TargetNotFound { path, .. } => path.as_deref(),
            Self::InvalidMain { package_json, .. } => Some(package_json),
            _ => None,
        }
    }

    /// The error's `requestPath`, where Node sets it.
    pub fn request_path(&self) -> Option<&str> {
        match self {
            Self::InvalidMain { request, .. } => Some(request),
            _ => None,
        }
    }

    /// The error's `url`, where Node sets it.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::EsmModuleNotFound { url, .. } | Self::UnsupportedDirImport { url, .. } => Some(url),
            _ => None,
        }
    }

    /// Adds who required whom to a [`ModuleNotFound`](Self::ModuleNotFound); leaves the others as they are. The resolver
    /// can't know the chain, and walking it is only worth it when something failed.
    #[must_use]
    pub fn with_require_stack(mut self, stack: Vec<String>) -> Self {
        if let Self::ModuleNotFound { require_stack, .. } = &mut self {
            *require_stack = stack;
        }
        self
    }

    pub(crate) fn set_hint(&mut self, text: String) {
        if let Self::EsmModuleNotFound { hint, .. }
        | Self::EsmPackageNotFound { hint, .. }
        | Self::UnsupportedDirImport { hint, .. } = self
        {
            *hint = Some(text);
        }
    }
}

/// ` imported from …`, or nothing.
struct From<'a>(&'a Option<String>);

impl fmt::Display for From<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(base) => write!(f, " imported from {base}"),
            None => Ok(()),
        }
    }
}

/// The suggestion on its own line, or nothing.
struct Hint<'a>(&'a Option<String>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(hint) => write!(f, "\nDid you mean to import {}?", json_string(hint)),
            None => Ok(()),
        }
    }
}

/// `JSON.stringify` of a string.
fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyRequest => f.write_str("The argument 'id' must be a non-empty string. Received ''"),
            Self::ModuleNotFound { request, require_stack } => {
                write!(f, "Cannot find module '{request}'")?;
                if require_stack.is_empty() {
                    return Ok(());
                }
                write!(f, "\nRequire stack:")?;
                require_stack.iter().try_for_each(|file| write!(f, "\n- {file}"))
            }
            Self::TargetNotFound { request, .. } => write!(f, "Cannot find module '{request}'"),
            Self::InvalidMain { filename, .. } => write!(
                f,
                "Cannot find module '{filename}'. Please verify that the package.json has a valid \"main\" entry"
            ),
            Self::UnknownBuiltin { specifier } => write!(f, "No such built-in module: {specifier}"),
            Self::EsmModuleNotFound { path, base, hint, .. } => {
                write!(f, "Cannot find module '{path}' imported from {base}{}", Hint(hint))
            }
            Self::EsmPackageNotFound { name, base, hint } => {
                write!(f, "Cannot find package '{name}' imported from {base}{}", Hint(hint))
            }
            Self::UnsupportedDirImport { path, base, hint, .. } => write!(
                f,
                "Directory import '{path}' is not supported resolving ES modules imported from {base}{}",
                Hint(hint)
            ),
            Self::PackagePathNotExported { package, subpath, base } if subpath == "." => {
                write!(f, "No \"exports\" main defined in {package}package.json{}", From(base))
            }
            Self::PackagePathNotExported { package, subpath, base } => write!(
                f,
                "Package subpath '{subpath}' is not defined by \"exports\" in {package}package.json{}",
                From(base)
            ),
            Self::InvalidPackageTarget { package, key, target, internal, base } => {
                fmt_invalid_target(f, package, key, target, *internal, base)
            }
            Self::InvalidModuleSpecifier { request, reason, base } => {
                write!(f, "Invalid module \"{request}\" {reason}{}", From(base))
            }
            Self::PackageImportNotDefined { specifier, package, base } => {
                write!(f, "Package import specifier \"{specifier}\" is not defined")?;
                if let Some(package) = package {
                    write!(f, " in package {package}package.json")?;
                }
                write!(f, " imported from {base}")
            }
            Self::InvalidPackageConfig { path, importing, message } => {
                write!(f, "Invalid package config {path}")?;
                if let Some(importing) = importing {
                    write!(f, " while importing {importing}")?;
                }
                match message {
                    Some(message) => write!(f, ". {message}"),
                    None => f.write_str("."),
                }
            }
            Self::UnsupportedResolveRequest { specifier, base } => write!(
                f,
                "Failed to resolve module specifier \"{specifier}\" from \"{base}\": \
                 Invalid relative URL or base scheme is not hierarchical."
            ),
            Self::UnsupportedScheme { scheme } => write!(
                f,
                "Only URLs with a scheme in: {} are supported by the default ESM loader. Received protocol '{scheme}:'",
                // Web schemes get as far as fetching the source, where built-in modules are no longer an option.
                if matches!(scheme.as_str(), "http" | "https") {
                    "file and data"
                } else {
                    "file, data, and node"
                }
            ),
            Self::UnknownFileExtension { extension, path } => {
                write!(f, "Unknown file extension \"{extension}\" for {path}")
            }
            Self::UnknownModuleFormat { format, url } => {
                write!(f, "Unknown module format: {format} for URL {url}")
            }
            Self::InvalidUrl { .. } => f.write_str("Invalid URL"),
            Self::FileUrl(error) => error.fmt(f),
        }
    }
}

fn fmt_invalid_target(
    f: &mut fmt::Formatter<'_>,
    package: &str,
    key: &str,
    target: &str,
    internal: bool,
    base: &Option<String>,
) -> fmt::Result {
    let quoted = json_string(target);
    let from = From(base);
    if key == "." {
        write!(
            f,
            "Invalid \"exports\" main target {quoted} defined in the package config {package}package.json{from}"
        )?;
    } else {
        let field = if internal { "imports" } else { "exports" };
        write!(
            f,
            "Invalid \"{field}\" target {quoted} defined for '{key}' in the package config {package}package.json{from}"
        )?;
    }
    if !internal && !target.is_empty() && !target.starts_with("./") {
        f.write_str("; targets must start with \"./\"")?;
    }
    Ok(())
}

impl std::error::Error for ResolveError {}

impl std::convert::From<FileUrlError> for ResolveError {
    fn from(error: FileUrlError) -> Self {
        Self::FileUrl(error)
    }
}
