//! What the calls are asked, and what they answer. Safe code: text in, JSON out.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Failure, json};
use super::{XC_ABI_VERSION, XC_ERROR_NO_CONTROL};
use crate::control::Catalog;
use crate::evaluate::ControlResult;
use crate::probe::dns::parse_server;
use crate::probe::{Network, Proxy, Roots};
use crate::problem::{Problem, pointer};
use crate::report::{Checklist, Document, Format, Report, SCHEMA_VERSION, document};
use crate::review::{Day, Earlier, Review, Reviewed};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ControlsRequest {
    control_ids: Vec<String>,
    control_paths: Vec<String>,
}

/// The request of a run. Its targets are left as they stand until it is known what is to be read of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunRequest<'a> {
    #[serde(borrow, default)]
    pub targets: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub accepted_domains: Option<&'a RawValue>,
    #[serde(default)]
    pub domains: Vec<String>,
    #[serde(default)]
    pub network: NetworkRequest,
    #[serde(default)]
    exceptions_path: Option<PathBuf>,
    #[serde(default)]
    baseline_path: Option<PathBuf>,
    #[serde(default)]
    only_new: bool,
    #[serde(default)]
    control_ids: Vec<String>,
    #[serde(default)]
    control_paths: Vec<String>,
    #[cfg(feature = "test-panic")]
    #[serde(default)]
    test_panic: bool,
}

impl RunRequest<'_> {
    /// Reads the accepted risks and the earlier document that the results are held against.
    pub fn review(&self) -> Result<Review, Failure> {
        review(self.exceptions_path.as_deref(), self.baseline_path.as_deref(), self.only_new)
    }
}

/// What results are held against: accepted risks, and an earlier document.
pub fn review(exceptions: Option<&Path>, baseline: Option<&Path>, only_new: bool) -> Result<Review, Failure> {
    if only_new && baseline.is_none() {
        return Err(Failure::request("\"onlyNew\" needs \"baselinePath\": the earlier document").at_path("/onlyNew"));
    }
    let earlier = baseline.map(|document| Earlier { document, only_new });
    Review::read(exceptions, earlier, Day::today())
        .map_err(|problem| Failure::request(problem.to_string()).at_path("/baselinePath"))
}

/// How the network is to be asked; what is left out is as [`Network`] has it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NetworkRequest {
    offline: bool,
    dns_servers: Vec<String>,
    timeout_seconds: Option<u64>,
    throttle_limit: Option<usize>,
    roots: Option<String>,
    proxy: Option<String>,
    allow_private_address: bool,
}

impl NetworkRequest {
    /// The settings, or which of them cannot be used.
    pub fn settings(&self) -> Result<Network, Failure> {
        let refused = |member: &str| {
            let path = pointer("/network", member);
            move |why: String| Failure::request(why).at_path(path)
        };
        let mut network = Network {
            offline: self.offline,
            allow_private_addresses: self.allow_private_address,
            ..Network::default()
        };
        for (index, server) in self.dns_servers.iter().enumerate() {
            let server = parse_server(server)
                .map_err(|why| Failure::request(why).at_path(pointer("/network/dnsServers", index)))?;
            network.dns_servers.push(server);
        }
        if let Some(seconds) = self.timeout_seconds {
            network.timeout = Network::timeout_of(seconds).map_err(refused("timeoutSeconds"))?;
        }
        if let Some(limit) = self.throttle_limit {
            network.throttle = Network::throttle_of(limit).map_err(refused("throttleLimit"))?;
        }
        if let Some(roots) = &self.roots {
            network.roots = Roots::parse(roots).map_err(refused("roots"))?;
        }
        network.proxy = self.proxy.as_deref().map(Proxy::parse).transpose().map_err(refused("proxy"))?;
        Ok(network)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReportRequest<'a> {
    format: Format,
    /// The document, or else the results that one would have.
    #[serde(borrow, default)]
    document: Option<&'a RawValue>,
    #[serde(default)]
    results: Option<Vec<ControlResult>>,
    #[serde(default)]
    errors: Vec<Problem>,
    #[serde(default)]
    control_paths: Vec<String>,
    /// The text of the checklist to bring up to date.
    #[serde(default)]
    checklist: Option<String>,
    #[serde(default)]
    exceptions_path: Option<PathBuf>,
    #[serde(default)]
    baseline_path: Option<PathBuf>,
    #[serde(default)]
    only_new: bool,
    /// A folder of earlier documents, for the format html.
    #[serde(default)]
    trend_path: Option<PathBuf>,
}

/// The answer of `xc_version`.
pub fn version() -> Vec<u8> {
    json(&serde_json::json!({ "name": crate::NAME, "version": crate::VERSION, "abiVersion": XC_ABI_VERSION }))
}

/// The answer of `xc_controls`.
pub fn controls(request: &str) -> Result<Vec<u8>, Failure> {
    let request: ControlsRequest = if request.trim().is_empty() { Default::default() } else { parse(request)? };
    let catalog = catalog(&request.control_paths, &request.control_ids);
    Ok(json(&serde_json::json!({
        "schemaVersion": SCHEMA_VERSION,
        "controls": catalog.controls(),
        "fields": catalog.properties().by_kind(),
        "errors": catalog.problems(),
    })))
}

/// The request of `xc_run_start`, and the controls that it asks for.
pub fn run(request: &str) -> Result<(RunRequest<'_>, Cow<'static, Catalog>), Failure> {
    let request: RunRequest = parse(request)?;
    #[cfg(feature = "test-panic")]
    if request.test_panic {
        panic!("asked for by the test");
    }
    if request.targets.is_none() && request.domains.is_empty() {
        return Err(Failure::request("there is nothing to test: \"targets\" is missing, or \"domains\""));
    }
    let lists = [("/targets", request.targets), ("/acceptedDomains", request.accepted_domains)];
    for (path, list) in lists {
        if list.is_some_and(|list| !list.get().starts_with(['[', '{'])) {
            return Err(Failure::request("expected a list of objects").at_path(path));
        }
    }
    let catalog = catalog(&request.control_paths, &request.control_ids);
    if catalog.controls().is_empty() {
        let why: Vec<String> = catalog.problems().iter().map(ToString::to_string).collect();
        let message = format!("no control is left to run: {}", why.join("; "));
        return Err(Failure::new(XC_ERROR_NO_CONTROL, "no-control", message));
    }
    Ok((request, catalog))
}

/// The answer of `xc_report`.
pub fn report(request: &str) -> Result<Vec<u8>, Failure> {
    let mut request: ReportRequest = parse(request)?;
    let catalog = catalog(&request.control_paths, &[]);
    let mut document = document_of(&mut request, &catalog)?;
    let format = request.format;
    if request.checklist.is_some() && format != Format::Cklb {
        return Err(Failure::request("only the format cklb brings a checklist up to date").at_path("/checklist"));
    }
    let checklist = request.checklist.as_deref().map(Checklist::read).transpose();
    let checklist = checklist.map_err(|problem| {
        Failure::request(format!("the checklist cannot be read: {problem}")).at_path("/checklist")
    })?;
    // Documents that cannot be read leave a gap in the chart; there is no place but the report to tell of them.
    let (trend, skipped) = request.trend_path.as_deref().map(crate::review::trend).unwrap_or_default();
    document.errors.extend(skipped);
    let report = Report { catalog: &catalog, checklist: checklist.as_ref(), trend: &trend, ..Report::new(format) };
    let mut bytes = Vec::new();
    let review = review(request.exceptions_path.as_deref(), request.baseline_path.as_deref(), request.only_new)?;
    let mut source = Reviewed::document(document, "the document", review)
        .map_err(|problem| Failure::request(problem.message).at_path("/document/summary/comparison/onlyNew"))?;
    report.write_plain(&mut source, &mut bytes).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput => Failure::request(error.to_string()),
        _ => Failure::internal(error.to_string()),
    })?;
    Ok(bytes)
}

/// The document of a request, or the one that its results make.
fn document_of(request: &mut ReportRequest, catalog: &Catalog) -> Result<Document, Failure> {
    match (request.document, request.results.take()) {
        (Some(document), None) if request.errors.is_empty() => {
            document::read(document.get()).map_err(|problem| refused("/document", problem))
        }
        (None, Some(results)) => Ok(Document::of(results, std::mem::take(&mut request.errors), catalog)),
        (None, None) => Err(Failure::request("there is nothing to report: \"document\" is missing, or \"results\"")),
        _ => Err(Failure::request("expected \"document\", or \"results\" with \"errors\"; found both")),
    }
}

/// Reads a request's text; what does not fit is named by its place.
fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Failure> {
    document::from_json(text).map_err(|problem| refused("", problem))
}

/// The answer to a text that cannot be read and stands at `place` in its request.
fn refused(place: &str, problem: Problem) -> Failure {
    let path = format!("{place}{}", problem.path.unwrap_or_default());
    Failure::request(format!("the request cannot be read: {}", problem.message)).at_path(path)
}

/// The built-in controls as they are, or what the request makes of them.
fn catalog(folders: &[String], ids: &[String]) -> Cow<'static, Catalog> {
    if folders.is_empty() && ids.is_empty() {
        return Cow::Borrowed(Catalog::built_in());
    }
    Cow::Owned(Catalog::with_folders(folders).select(ids))
}
