//! What is found: a code that is stable, how bad it is, where, and a message for a person.

use std::fmt;

use crate::evaluate::{Issue, IssueSeverity};

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub severity: Severity,
    /// Where in the record or the policy.
    pub place: Option<Place>,
    /// What was found, what was expected, what to do.
    pub message: String,
}

impl From<Finding> for Issue {
    fn from(finding: Finding) -> Self {
        Issue { code: finding.code.name().to_owned(), severity: finding.severity.into(), message: finding.message }
    }
}

/// How bad a finding is. An error makes the verdict Fail; what is undetermined makes it Unknown, unless it is Fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Undetermined,
    Warning,
    Info,
}

impl From<Severity> for IssueSeverity {
    /// Results know no severity for what is undetermined: their status says that.
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => IssueSeverity::Error,
            Severity::Undetermined | Severity::Warning => IssueSeverity::Warning,
            Severity::Info => IssueSeverity::Info,
        }
    }
}

/// A place in a text: line and column, both counted from 1. The column counts bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The codes of findings. Their names are stable: scripts may compare them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// The name, as results give it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$variant => $name,)*
                }
            }
        }
    };
}

codes! {
    /// There is no record (RFC 8461 section 3.1).
    RecordMissing = "record-missing",
    /// There is more than one record (3.1).
    RecordMultiple = "record-multiple",
    /// The record does not begin with exactly `v=STSv1` (3.1).
    RecordVersion = "record-version",
    /// A blank stands before the first `;`, which some senders do not accept (3.1, erratum 6285).
    RecordDelimiter = "record-delimiter",
    /// `id` is missing or is not 1 to 32 letters and digits (3.1).
    RecordId = "record-id",
    /// A field is malformed (3.1).
    RecordSyntax = "record-syntax",
    /// `id` stands there twice (3.2).
    RecordDuplicate = "record-duplicate",
    /// A TXT record beside it is not about MTA-STS.
    RecordUnrelated = "record-unrelated",
    /// DNS could not be asked.
    DnsError = "dns-error",
    /// The policy host has no address (3.3).
    HostMissing = "host-missing",
    /// The policy host has no address that the Internet sees.
    PrivateAddress = "private-address",
    ConnectRefused = "connect-refused",
    ConnectTimeout = "connect-timeout",
    /// The proxy did not connect.
    ProxyError = "proxy-error",
    TlsUntrusted = "tls-untrusted",
    TlsExpired = "tls-expired",
    TlsNotYetValid = "tls-not-yet-valid",
    TlsName = "tls-name",
    TlsProtocol = "tls-protocol",
    TlsHandshake = "tls-handshake",
    HttpStatus = "http-status",
    HttpRedirect = "http-redirect",
    /// What came is no HTTP response.
    HttpMalformed = "http-malformed",
    FetchTimeout = "fetch-timeout",
    MediaType = "media-type",
    ContentEncoding = "content-encoding",
    BodyTooLarge = "body-too-large",
    BodyTruncated = "body-truncated",
    PolicyFieldMissing = "policy-field-missing",
    PolicySyntax = "policy-syntax",
    BlankLine = "blank-line",
    PolicyVersion = "policy-version",
    PolicyMode = "policy-mode",
    ModeTesting = "mode-testing",
    ModeNone = "mode-none",
    PolicyMaxAge = "policy-max-age",
    MaxAgeShort = "max-age-short",
    PolicyMx = "policy-mx",
    PolicyDuplicate = "policy-duplicate",
    /// An MX host that no `mx` of the policy matches (4.1).
    MxNotCovered = "mx-not-covered",
    /// The domain's MX could not be looked up.
    MxUnknown = "mx-unknown",
    /// The accepted domain includes subdomains, which need policies of their own.
    Subdomains = "subdomains",
}
