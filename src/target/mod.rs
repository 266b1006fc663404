//! Targets: the Exchange objects that controls look at, freed from the shape that they were exported in.
//!
//! [`Inventory`] reads inputs and yields [`Targets`]; [`Facts`] are what a condition is asked about. Properties that
//! Exchange does not have but controls need (`Destinations`) are derived here, once all inputs are read.

mod accepted_domain;
mod face;
mod facts;
pub mod input;
mod inventory;
mod properties;
mod send_connector;
mod value;

pub(crate) use accepted_domain::domain_key;
pub use accepted_domain::{AcceptedDomains, DomainType};
pub use facts::Facts;
pub use inventory::{Inventory, Targets};
pub use properties::{Properties, is_never_read};
pub use send_connector::{AddressSpace, Destination};
pub use value::{Quantity, Value, same_text, truth_of};

use serde::{Deserialize, Serialize};

/// The kinds of objects that controls look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    SendConnector,
    AcceptedDomain,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 2] = [Kind::SendConnector, Kind::AcceptedDomain];

    /// The name that control files, results and the ABI give it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::SendConnector => "SendConnector",
            Kind::AcceptedDomain => "AcceptedDomain",
        }
    }

    /// The cmdlet that changes such an object.
    pub fn set_cmdlet(self) -> &'static str {
        match self {
            Kind::SendConnector => "Set-SendConnector",
            Kind::AcceptedDomain => "Set-AcceptedDomain",
        }
    }

    /// Whether objects of this kind are known to have a property, derived ones included.
    pub fn knows(self, property: &str) -> bool {
        let known = match self {
            Kind::SendConnector => send_connector::KNOWN,
            Kind::AcceptedDomain => accepted_domain::KNOWN,
        };
        self.derives(property) || known.iter().any(|name| name.eq_ignore_ascii_case(property))
    }

    /// Whether a property is computed here, and so never taken from an input.
    fn derives(self, property: &str) -> bool {
        self.derived().iter().any(|name| name.eq_ignore_ascii_case(property))
    }

    fn derived(self) -> &'static [&'static str] {
        match self {
            Kind::SendConnector => &send_connector::DERIVED,
            Kind::AcceptedDomain => &[],
        }
    }

    /// Recognises an object by its properties, or else by its type's name.
    fn of(facts: &Facts, type_name: Option<&str>) -> Option<Self> {
        if facts.has("addressspaces") && facts.has("ignorestarttls") {
            return Some(Kind::SendConnector);
        }
        if facts.has("domainname") && facts.has("domaintype") {
            return Some(Kind::AcceptedDomain);
        }
        match type_name?.rsplit('.').next()? {
            "SmtpSendConnectorConfig" => Some(Kind::SendConnector),
            "AcceptedDomain" => Some(Kind::AcceptedDomain),
            _ => None,
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One object under test.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub kind: Kind,
    /// What the cmdlets call it. Empty where the input does not say.
    pub identity: String,
    pub facts: Facts,
}

impl Target {
    /// Makes a target of an object's properties, if it is one.
    fn recognise(mut facts: Facts, type_name: Option<&str>) -> Option<Self> {
        let kind = Kind::of(&facts, type_name)?;
        match kind {
            Kind::SendConnector => send_connector::normalise(&mut facts),
            Kind::AcceptedDomain => accepted_domain::normalise(&mut facts),
        }
        let text = |key| facts.get(key).and_then(Value::as_text).filter(|text| !text.trim().is_empty());
        let name = match kind {
            Kind::SendConnector => text("identity").or_else(|| text("name")).or_else(|| text("guid")),
            Kind::AcceptedDomain => text("domainname").or_else(|| text("identity")).or_else(|| text("name")),
        };
        // An identity that contradicts itself is none: a command with another one might change another object.
        let name = name.filter(|_| facts.why_missing("identity").is_none());
        let identity = name.unwrap_or_default().to_owned();
        Some(Target { kind, identity, facts })
    }
}
