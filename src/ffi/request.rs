//! What the calls are asked, and what they answer. Safe code: text in, JSON out.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Failure, json};
use super::{XC_ABI_VERSION, XC_ERROR_NO_CONTROL};
use crate::control::Catalog;
use crate::probe::dns::parse_server;
use crate::probe::{Network, Proxy, Roots};
use crate::problem::{pointer, pointer_to};
use crate::report::{self, Document, DocumentSource, Format, SCHEMA_VERSION};
use crate::review::{Day, Earlier, Review};

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
    #[serde(borrow)]
    document: &'a RawValue,
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
    let request: ReportRequest = parse(request)?;
    let document = request.document.get();
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        schema_version: Option<u64>,
    }
    let head: Head = parse_at("/document", document)?;
    if head.schema_version != Some(u64::from(SCHEMA_VERSION)) {
        let found = head.schema_version.map_or("none".to_owned(), |version| version.to_string());
        let message = format!("expected a result document of schemaVersion {SCHEMA_VERSION}, found {found}");
        return Err(Failure::request(message).at_path("/document/schemaVersion"));
    }
    let document: Document = parse_at("/document", document)?;
    let mut bytes = anstream::StripStream::new(Vec::new());
    report::write(request.format, &mut DocumentSource::new(document), &mut bytes)
        .map_err(|error| Failure::internal(error.to_string()))?;
    Ok(bytes.into_inner())
}

/// Reads a request's text; what does not fit is named by its place.
fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Failure> {
    parse_at("", text)
}

/// Reads a text that stands at `path` in its request.
fn parse_at<'a, T: Deserialize<'a>>(path: &str, text: &'a str) -> Result<T, Failure> {
    // A list would be taken for the members in their order.
    if text.trim_start().starts_with('[') {
        return Err(Failure::request("expected an object, found a list").at_path(path));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let place = format!("{path}{}", pointer_to(error.path()));
        Failure::request(format!("the request cannot be read: {}", error.inner())).at_path(place)
    })?;
    let end = deserializer.end().map_err(|error| Failure::request(format!("the request cannot be read: {error}")));
    end.map(|()| value)
}

/// The built-in controls as they are, or what the request makes of them.
fn catalog(folders: &[String], ids: &[String]) -> Cow<'static, Catalog> {
    if folders.is_empty() && ids.is_empty() {
        return Cow::Borrowed(Catalog::built_in());
    }
    Cow::Owned(Catalog::with_folders(folders).select(ids))
}
