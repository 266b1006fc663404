//! A checklist of STIG Viewer 2 (.ckl), made anew: the rules that the results' controls come from.

use std::io::{self, Write};

use quick_xml::events::{BytesText, Event};

use super::checklist::{self, Finding};
use super::xml::{self, text_element};
use super::{Head, Source};
use crate::control::Catalog;
use crate::evaluate::{Status, Summary};
use crate::problem::Problem;

/// Writes the checklist.
pub fn write(
    source: &mut dyn Source,
    catalog: &Catalog,
    mut out: &mut dyn Write,
) -> io::Result<(Summary, Vec<Problem>)> {
    let head = source.head();
    let findings = checklist::findings(source, catalog)?;
    let mut document = xml::document(&mut out)?;
    // STIG Viewer looks at this line to see whose file it is.
    document.write_event(Event::Comment(BytesText::from_escaped("DISA STIG Viewer :: 2.17")))?;
    document.create_element("CHECKLIST").write_inner_content(|document| {
        asset(document)?;
        document.create_element("STIGS").write_inner_content(|document| {
            document.create_element("iSTIG").write_inner_content(|document| {
                info(document)?;
                findings.iter().try_for_each(|finding| vuln(document, &head, finding))
            })?;
            Ok(())
        })?;
        Ok(())
    })?;
    out.write_all(b"\n")?;
    Ok(source.conclude())
}

/// The machine, which results do not name: for a person to fill in.
fn asset(document: &mut xml::Document) -> io::Result<()> {
    let members = [
        ("ROLE", "None"),
        ("ASSET_TYPE", "Computing"),
        ("HOST_NAME", ""),
        ("HOST_IP", ""),
        ("HOST_MAC", ""),
        ("HOST_FQDN", ""),
        ("TARGET_COMMENT", ""),
        ("TECH_AREA", ""),
        ("TARGET_KEY", ""),
        ("WEB_OR_DATABASE", "false"),
        ("WEB_DB_SITE", ""),
        ("WEB_DB_INSTANCE", ""),
    ];
    document.create_element("ASSET").write_inner_content(|document| {
        members.iter().try_for_each(|(name, value)| text_element(document, name, value))
    })?;
    Ok(())
}

fn info(document: &mut xml::Document) -> io::Result<()> {
    let members = [
        ("version", crate::VERSION),
        ("classification", "UNCLASSIFIED"),
        ("stigid", checklist::STIG_ID),
        ("title", checklist::STIG_TITLE),
    ];
    document.create_element("STIG_INFO").write_inner_content(|document| {
        members.iter().try_for_each(|(name, value)| pair(document, ["SI_DATA", "SID_NAME", "SID_DATA"], name, value))
    })?;
    Ok(())
}

fn vuln(document: &mut xml::Document, head: &Head, finding: &Finding) -> io::Result<()> {
    let (control, stig) = (finding.control, finding.stig);
    let mut members = vec![
        ("Vuln_Num", stig.vuln_id.as_str()),
        ("Severity", finding.severity()),
        ("Group_Title", &control.title),
        ("Rule_ID", &stig.rule_id),
        ("Rule_Ver", &control.id),
        ("Rule_Title", &control.title),
        ("Vuln_Discuss", &control.description),
        ("Fix_Text", &control.remediation.description),
        ("Weight", "10.0"),
        ("Class", "Unclass"),
        ("STIGRef", checklist::STIG_TITLE),
    ];
    members.extend(stig.legacy_ids.iter().map(|id| ("LEGACY_ID", id.as_str())));
    members.extend(stig.cci.iter().map(|id| ("CCI_REF", id.as_str())));
    let status = match finding.status() {
        Status::Fail => "Open",
        Status::Pass => "NotAFinding",
        Status::NotApplicable => "Not_Applicable",
        Status::Unknown => "Not_Reviewed",
    };
    document.create_element("VULN").write_inner_content(|document| {
        let names = ["STIG_DATA", "VULN_ATTRIBUTE", "ATTRIBUTE_DATA"];
        members.iter().try_for_each(|(name, value)| pair(document, names, name, value))?;
        text_element(document, "STATUS", status)?;
        text_element(document, "FINDING_DETAILS", &finding.details(head, ""))?;
        text_element(document, "COMMENTS", &finding.comment("").unwrap_or_default())?;
        text_element(document, "SEVERITY_OVERRIDE", "")?;
        text_element(document, "SEVERITY_JUSTIFICATION", "")
    })?;
    Ok(())
}

/// A name and its value, as checklists write both.
fn pair(document: &mut xml::Document, [outer, name, data]: [&str; 3], key: &str, value: &str) -> io::Result<()> {
    document.create_element(outer).write_inner_content(|document| {
        text_element(document, name, key)?;
        text_element(document, data, value)
    })?;
    Ok(())
}
