//! Why a message is refused. Codes and reasons are those that Node programs know (`HPE_…`).

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal $status:literal),+ $(,)?) => {
        /// The kind of failure.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name),+
        }

        impl Code {
            /// Its name, as `error.code` shows it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$name => $text),+
                }
            }

            /// The status code that a server answers it with.
            pub fn status(self) -> u16 {
                match self {
                    $(Code::$name => $status),+
                }
            }
        }
    };
}

codes! {
    /// The method is unknown or not a method at all.
    InvalidMethod = "HPE_INVALID_METHOD" 400,
    /// The request target.
    InvalidUrl = "HPE_INVALID_URL" 400,
    /// Something else where the protocol's name was due.
    InvalidConstant = "HPE_INVALID_CONSTANT" 400,
    /// The protocol's version.
    InvalidVersion = "HPE_INVALID_VERSION" 400,
    /// The status code of a response.
    InvalidStatus = "HPE_INVALID_STATUS" 400,
    /// The name or value of a header.
    InvalidHeaderToken = "HPE_INVALID_HEADER_TOKEN" 400,
    /// A carriage return was due.
    CrExpected = "HPE_CR_EXPECTED" 400,
    /// A line feed was due.
    LfExpected = "HPE_LF_EXPECTED" 400,
    /// The content-length header.
    InvalidContentLength = "HPE_INVALID_CONTENT_LENGTH" 400,
    /// A second content-length header, or one beside a transfer-encoding.
    UnexpectedContentLength = "HPE_UNEXPECTED_CONTENT_LENGTH" 400,
    /// The transfer-encoding header.
    InvalidTransferEncoding = "HPE_INVALID_TRANSFER_ENCODING" 400,
    /// The size of a chunk.
    InvalidChunkSize = "HPE_INVALID_CHUNK_SIZE" 400,
    /// The form of a chunk.
    Strict = "HPE_STRICT" 400,
    /// The head is larger than allowed.
    HeaderOverflow = "HPE_HEADER_OVERFLOW" 431,
    /// The chunk extensions are larger than allowed.
    ChunkExtensionsOverflow = "HPE_CHUNK_EXTENSIONS_OVERFLOW" 413,
    /// Bytes after a message that was said to be the last.
    ClosedConnection = "HPE_CLOSED_CONNECTION" 400,
    /// The peer ended in the middle of a message.
    InvalidEofState = "HPE_INVALID_EOF_STATE" 400,
}

/// A refused message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    /// The kind.
    pub code: Code,
    /// In words.
    pub reason: &'static str,
    /// Where in the input of the call, as far as known.
    pub at: usize,
}

impl ParseError {
    pub(crate) fn new(code: Code, reason: &'static str) -> ParseError {
        ParseError { code, reason, at: 0 }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parse Error: {}", self.reason)
    }
}

impl std::error::Error for ParseError {}
