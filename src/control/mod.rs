//! Controls: what a control is ([`Control`]), how a control file is read ([`load()`]), and which controls there are
//! ([`Catalog`]). A control is data; nothing here knows any control by its id.

mod catalog;
pub mod condition;
pub(crate) mod document;
mod load;
pub(crate) mod reader;

pub use catalog::{Catalog, Source};
pub use load::load;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::probe::mta_sts;
use crate::target::{Kind, Value};
use condition::Condition;

/// The JSON Schema of a control file, for editors. It accepts what [`load()`] accepts, but for what a schema cannot say
/// (repeated keys, nesting, size).
pub const SCHEMA: &str = include_str!("../../module/ExchangeControl/Schemas/control.schema.json");

/// One security control.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    pub id: String,
    pub title: String,
    pub description: String,
    /// False: shown, but left out of the score.
    pub verify: bool,
    pub subject: Subject,
    pub category: String,
    pub severity: Severity,
    pub severity_weight: i64,
    pub frameworks: Vec<String>,
    pub references: Vec<Reference>,
    pub remediation: Remediation,
    pub considerations: String,
    /// The server roles that it concerns.
    pub roles: Vec<String>,
    /// What the rule is called in the STIG that it comes from.
    pub stig: Option<Stig>,
    /// What it checks. A control without is listed, and yields Unknown.
    pub check: Option<Check>,
    /// What is odd about the file without being wrong.
    pub warnings: Vec<String>,
    pub source: Source,
}

/// What a control speaks about, in EDCA's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    Organization,
    Server,
    Database,
    Mailbox,
}

/// How bad it is when a control fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Subject {
    /// Every subject.
    pub const ALL: [Subject; 4] = [Subject::Organization, Subject::Server, Subject::Database, Subject::Mailbox];

    /// The name, as files and results give it.
    pub fn name(self) -> &'static str {
        match self {
            Subject::Organization => "Organization",
            Subject::Server => "Server",
            Subject::Database => "Database",
            Subject::Mailbox => "Mailbox",
        }
    }
}

impl Severity {
    /// Every severity.
    pub const ALL: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// The weights that belong to a severity.
    pub fn weights(self) -> std::ops::RangeInclusive<i64> {
        match self {
            Severity::Low => 1..=3,
            Severity::Medium => 4..=6,
            Severity::High => 7..=8,
            Severity::Critical => 9..=10,
        }
    }

    /// The name, as files and results give it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Low => "Low",
            Severity::Medium => "Medium",
            Severity::High => "High",
            Severity::Critical => "Critical",
        }
    }
}

/// Where a control's requirement comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    pub name: String,
    pub url: String,
}

/// The identifiers of a DISA STIG rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stig {
    /// `SV-…_rule`.
    pub rule_id: String,
    /// `V-…`.
    pub vuln_id: String,
    /// Control Correlation Identifiers.
    pub cci: Vec<String>,
    /// The ids that the rule had before.
    pub legacy_ids: Vec<String>,
}

/// What a control asks of its targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub target: Kind,
    /// Where false, the control does not apply.
    pub when: Option<Condition>,
    pub requirement: Requirement,
    /// The check as the file has it.
    pub written: serde_json::Value,
}

/// What must hold where a control applies.
#[derive(Debug, Clone, PartialEq)]
pub enum Requirement {
    /// A condition on the target's properties.
    Condition(Condition),
    /// A native check that asks the network.
    Probe(Probe),
}

/// The native checks, with their settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// Whether an accepted domain publishes a valid MTA-STS policy.
    MtaSts(Arc<mta_sts::Settings>),
}

impl Probe {
    /// The name, as control files give it.
    pub fn name(&self) -> &'static str {
        match self {
            Probe::MtaSts(_) => "mta-sts",
        }
    }
}

/// How a failure is put right.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Remediation {
    pub automatable: bool,
    pub description: String,
    /// A script for people to read, for controls without `parameters`.
    pub script_template: Option<String>,
    /// The fixes, of which the first whose `when` is true is the one.
    pub fixes: Vec<Fix>,
}

/// One fix: the parameters that the target's Set cmdlet is given, in one command line.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    pub when: Option<Condition>,
    pub set: Vec<(String, Argument)>,
    /// False: a person must run it, whatever the control says.
    pub automatable: bool,
    /// What the person should know before running it.
    pub note: Option<String>,
    /// Commands that make it take effect, to be run after it.
    pub then: Vec<String>,
}

/// What a parameter is set to.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    Value(Value),
    /// The first of these properties that the target has; where it has none, a person must fill in the placeholder.
    FirstOf {
        fields: Vec<String>,
        placeholder: String,
    },
}

impl Control {
    /// Calls `visit` with every property that evaluating the control and writing its fix read.
    pub fn visit_fields<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        let Some(check) = &self.check else { return };
        check.when.iter().for_each(|condition| condition.visit_fields(visit));
        if let Requirement::Condition(condition) = &check.requirement {
            condition.visit_fields(visit);
        }
        for fix in &self.remediation.fixes {
            fix.when.iter().for_each(|condition| condition.visit_fields(visit));
            for (_, argument) in &fix.set {
                if let Argument::FirstOf { fields, .. } = argument {
                    fields.iter().for_each(|field| visit(field));
                }
            }
        }
    }

    /// The native check that it names.
    pub fn probe(&self) -> Option<&Probe> {
        match &self.check.as_ref()?.requirement {
            Requirement::Probe(probe) => Some(probe),
            Requirement::Condition(_) => None,
        }
    }

    /// The kind of target that it checks.
    pub fn target(&self) -> Option<Kind> {
        self.check.as_ref().map(|check| check.target)
    }
}

/// A control as `list`, `show` and the ABI give it.
impl Serialize for Control {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let check = self.check.as_ref();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("title", &self.title)?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("verify", &self.verify)?;
        map.serialize_entry("subject", &self.subject)?;
        map.serialize_entry("category", &self.category)?;
        map.serialize_entry("severity", &self.severity)?;
        map.serialize_entry("severityWeight", &self.severity_weight)?;
        map.serialize_entry("frameworks", &self.frameworks)?;
        map.serialize_entry("references", &self.references)?;
        map.serialize_entry(
            "remediation",
            &serde_json::json!({
                "automatable": self.remediation.automatable,
                "description": self.remediation.description,
                "scriptTemplate": self.remediation.script_template,
            }),
        )?;
        map.serialize_entry("considerations", &self.considerations)?;
        map.serialize_entry("roles", &self.roles)?;
        map.serialize_entry("stig", &self.stig)?;
        map.serialize_entry("target", &self.target())?;
        map.serialize_entry("probe", &self.probe().map(Probe::name))?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("warnings", &self.warnings)?;
        map.serialize_entry("check", &check.map(|check| &check.written))?;
        map.end()
    }
}
