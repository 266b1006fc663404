//! DNS questions and what comes of them.

/// What a question yields: records, or why there are none.
pub type Answer<T> = Result<Vec<T>, NoAnswer>;

/// Why a question has no records for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// NXDOMAIN: the name does not exist.
    NoSuchName,
    /// NODATA: the name exists, without a record of this type.
    NoData,
    /// The name is an alias (CNAME) of a name without such a record.
    DanglingAlias(String),
    /// It could not be had (SERVFAIL, REFUSED, no answer in time, no server reachable), in words: what each server said.
    Failed(String),
}

/// The host of an MX record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailExchanger {
    pub preference: u16,
    /// In lower case, as A-labels, without a trailing dot. Empty: the root, as a null MX (RFC 7505) has it.
    pub host: String,
}
