//! Which properties are worth reading: those that the controls ask about, and those that recognise, name and place a
//! target. Everything else in an export, most of it, is passed over unread.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Kind;

/// Names longer than this are nobody's property.
const MAX_NAME: usize = 64;

/// Property names that nobody may read: a secret, and a blob that only repeats the rest.
const NEVER_READ: [&str; 2] = ["AuthenticationCredential", "SerializationData"];

/// Whether a property must never be read, whoever asks.
pub fn is_never_read(property: &str) -> bool {
    NEVER_READ.iter().any(|name| name.eq_ignore_ascii_case(property))
}

/// The properties to read.
#[derive(Debug, Clone)]
pub struct Properties {
    /// Lower-case name to the same, shared by all targets that have the property.
    wanted: HashMap<Box<str>, Arc<str>>,
    /// By kind, as they are spelled.
    by_kind: BTreeMap<&'static str, Vec<String>>,
    all: bool,
}

/// What is read of every object, whatever the controls ask.
impl Default for Properties {
    fn default() -> Self {
        let mut properties = Properties { wanted: HashMap::new(), by_kind: BTreeMap::new(), all: false };
        let connector = [
            "Identity",
            "Name",
            "Guid",
            "AddressSpaces",
            "IgnoreSTARTTLS",
            "SmartHosts",
            "DNSRoutingEnabled",
            "CloudServicesMailEnabled",
        ];
        connector.iter().for_each(|name| properties.add(Kind::SendConnector, name));
        let domain = ["Identity", "Name", "DomainName", "DomainType"];
        domain.iter().for_each(|name| properties.add(Kind::AcceptedDomain, name));
        properties
    }
}

impl Properties {
    /// Every property of every object.
    pub fn all() -> Self {
        Properties { all: true, ..Properties::default() }
    }

    /// Adds one that a control asks about.
    pub fn add(&mut self, kind: Kind, name: &str) {
        let derived = kind.derived().iter().any(|derived| derived.eq_ignore_ascii_case(name));
        if derived || is_never_read(name) {
            return;
        }
        let key = name.to_ascii_lowercase();
        let names = self.by_kind.entry(kind.name()).or_default();
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.to_owned());
        }
        self.wanted.entry(key.clone().into()).or_insert_with(|| key.into());
    }

    /// The names to read of each kind, for a caller that collects the objects itself.
    pub fn by_kind(&self) -> &BTreeMap<&'static str, Vec<String>> {
        &self.by_kind
    }

    /// The key of a property that is to be read.
    pub(super) fn key(&self, name: &str) -> Option<Arc<str>> {
        let mut buffer = [0_u8; MAX_NAME];
        let lower = buffer.get_mut(..name.len())?;
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        let lower = std::str::from_utf8(lower).ok()?;
        if let Some(key) = self.wanted.get(lower) {
            return Some(Arc::clone(key));
        }
        let unwanted = !self.all || is_never_read(lower) || Kind::ALL.iter().any(|kind| is_derived(*kind, lower));
        if unwanted { None } else { Some(lower.into()) }
    }
}

fn is_derived(kind: Kind, lower: &str) -> bool {
    kind.derived().iter().any(|name| name.eq_ignore_ascii_case(lower))
}
