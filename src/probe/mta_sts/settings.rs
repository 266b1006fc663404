//! What a control may ask of the probe.

/// The settings of a check that names the probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// A policy in a lower mode is an error.
    pub minimum_mode: Mode,
    /// Suffixes of names that the Internet does not know, each with a leading dot and in lower case.
    pub internal_suffixes: Vec<String>,
}

/// The modes of a policy, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    None,
    Testing,
    Enforce,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 3] = [Mode::None, Mode::Testing, Mode::Enforce];

    /// The name, as policies and control files give it.
    pub fn name(self) -> &'static str {
        match self {
            Mode::None => "none",
            Mode::Testing => "testing",
            Mode::Enforce => "enforce",
        }
    }

    /// The mode of a name, in exactly this case (RFC 8461 section 3.2).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

impl Settings {
    /// The suffixes that are internal unless a control says otherwise: in use for networks of one's own, or reserved
    /// (RFC 2606, RFC 6761, RFC 6762, RFC 8375).
    pub const INTERNAL_SUFFIXES: [&str; 12] = [
        ".local",
        ".lan",
        ".internal",
        ".corp",
        ".home",
        ".home.arpa",
        ".localdomain",
        ".localhost",
        ".test",
        ".invalid",
        ".example",
        ".onmicrosoft.com",
    ];
}

impl Default for Settings {
    fn default() -> Self {
        Settings { minimum_mode: Mode::None, internal_suffixes: Self::INTERNAL_SUFFIXES.map(str::to_owned).to_vec() }
    }
}
