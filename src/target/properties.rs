//! Which properties are worth reading: those that the controls ask about, and those that recognise, name and place a
//! target. Everything else in an export, most of it, is passed over unread.

use std::collections::BTreeMap;
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
    /// Lower-case names by their length, shared by all targets that have the property. Names of one length are few, and
    /// most properties of an object have no match among them.
    wanted: Vec<Vec<Arc<str>>>,
    /// By kind, as they are spelled.
    by_kind: BTreeMap<&'static str, Vec<String>>,
    all: bool,
}

/// What is read of every object, whatever the controls ask.
impl Default for Properties {
    fn default() -> Self {
        let mut properties =
            Properties { wanted: vec![Vec::new(); MAX_NAME + 1], by_kind: BTreeMap::new(), all: false };
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
        if kind.derives(name) || is_never_read(name) {
            return;
        }
        let names = self.by_kind.entry(kind.name()).or_default();
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.to_owned());
        }
        if let Some(bucket) = self.wanted.get_mut(name.len())
            && !bucket.iter().any(|known| known.eq_ignore_ascii_case(name))
        {
            bucket.push(name.to_ascii_lowercase().into());
        }
    }

    /// The names to read of each kind, for a caller that collects the objects itself.
    pub fn by_kind(&self) -> &BTreeMap<&'static str, Vec<String>> {
        &self.by_kind
    }

    /// The key of a property that is to be read.
    pub(super) fn key(&self, name: &str) -> Option<Arc<str>> {
        let bucket = self.wanted.get(name.len())?;
        if let Some(key) = bucket.iter().find(|key| key.eq_ignore_ascii_case(name)) {
            return Some(Arc::clone(key));
        }
        let unwanted = !self.all || is_never_read(name) || Kind::ALL.iter().any(|kind| kind.derives(name));
        if unwanted { None } else { Some(name.to_ascii_lowercase().into()) }
    }
}
