//! ExchangeControl evaluates security controls against Exchange transport configuration.
//!
//! A *control* is data: a JSON file that says which objects it looks at, when it applies and what it requires
//! ([`control`]). A *target* is an Exchange object, a send connector or an accepted domain, in whichever shape
//! PowerShell exported it ([`target`]). Evaluation is pure and three-valued, so that what is missing from the input
//! is never mistaken for what is right ([`evaluate`]). Results are marked by
//! [`review`] (accepted risks, comparison) and written by [`report`]; [`ffi`] is the C ABI.
//!
//! ```
//! use exchange_control::{control::Catalog, evaluate::{Run, Status}, target::Inventory};
//!
//! let catalog = Catalog::built_in().clone();
//! let mut inventory = Inventory::new(catalog.properties());
//! inventory.read_text("export.json", r#"{
//!     "Name": "Internet", "Identity": "Internet", "Enabled": true, "IgnoreSTARTTLS": true,
//!     "AddressSpaces": ["SMTP:*;1"], "SmartHosts": [], "DNSRoutingEnabled": true
//! }"#);
//! let results: Vec<_> = Run::new(&catalog, &inventory.finish()).results().collect();
//! assert_eq!(results[0].control_id, "EDCA-TLS-011");
//! assert_eq!(results[0].status, Status::Fail);
//! assert_eq!(
//!     results[0].remediation.command.as_deref(),
//!     Some("Set-SendConnector -Identity 'Internet' -IgnoreSTARTTLS $false"),
//! );
//! ```

pub mod control;
pub mod evaluate;
pub mod ffi;
pub mod probe;
pub mod problem;
mod quiet;
pub mod report;
pub mod review;
pub mod target;

/// The product's name, as reports and the ABI give it.
pub const NAME: &str = env!("CARGO_PKG_NAME");
/// The version of the crate, the library, the header and the module.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
