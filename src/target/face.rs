//! The text that an Exchange object shows itself by, where an export has only its properties: `ConvertTo-Json` writes an
//! address space as `{"Address":"*","Type":"SMTP","Cost":1}`, Exchange as `SMTP:*;1`.

use super::Value;
use super::value::time_span_text;

/// The sub-properties of a nested object, as exported.
pub type Members = Vec<(String, Value)>;

/// The value that a nested object stands for.
pub fn face(mut members: Members) -> Value {
    if let Some(list) = wrapped_list(&mut members) {
        return list;
    }
    let object = Object(&members);
    enumeration(object)
        .or_else(|| address_space(object))
        .or_else(|| smart_host(object))
        .or_else(|| domain(object))
        .or_else(|| unlimited(object))
        .or_else(|| time_span(object))
        .or_else(|| certificate(object))
        .or_else(|| ip_address(object))
        .or_else(|| object.text("Text").map(str::to_owned))
        .or_else(|| directory_object(object))
        .map_or(Value::Opaque, Value::text)
}

/// The properties of an object by name; `value` and `Value` are two.
#[derive(Clone, Copy)]
struct Object<'a>(&'a Members);

impl<'a> Object<'a> {
    fn get(self, name: &str) -> Option<&'a Value> {
        let exact = self.0.iter().find(|(key, _)| key == name);
        exact.or_else(|| self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))).map(|(_, value)| value)
    }

    fn text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_text()
    }

    fn truth(self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool) == Some(true)
    }
}

/// Windows PowerShell's `{"value":[…],"Count":2}`.
fn wrapped_list(members: &mut Members) -> Option<Value> {
    let counted = members.len() == 2 && members.iter().any(|(key, _)| key == "Count");
    let index = members.iter().position(|(key, value)| key == "value" && matches!(value, Value::List(_)))?;
    counted.then(|| members.swap_remove(index).1)
}

/// `{"value":2,"Value":"CertificateValidation"}`.
fn enumeration(object: Object) -> Option<String> {
    let exact = |name: &str| object.0.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    match (exact("value")?, exact("Value")?) {
        (Value::Integer(_), Value::Text(name)) => Some(name.to_string()),
        _ => None,
    }
}

fn address_space(object: Object) -> Option<String> {
    let (kind, address) = (object.text("Type")?, object.text("Address")?);
    let Value::Integer(cost) = object.get("Cost")? else { return None };
    let local = if object.truth("IsLocal") || object.truth("IsScoped") { "Local:" } else { "" };
    Some(format!("{local}{kind}:{address};{cost}"))
}

fn smart_host(object: Object) -> Option<String> {
    object.get("IsIPAddress")?;
    if object.truth("IsIPAddress") {
        let address = object.text("Address").map(str::to_owned);
        return address.map(|address| format!("[{}]", address.trim_matches(['[', ']'])));
    }
    object.text("Domain").map(str::to_owned)
}

/// An `SmtpDomainWithSubdomains`.
fn domain(object: Object) -> Option<String> {
    object.get("IncludeSubDomains")?;
    if object.truth("IsStar") {
        return Some("*".to_owned());
    }
    let domain = object.text("Domain").or_else(|| object.text("SmtpDomain"))?;
    let prefix = if object.truth("IncludeSubDomains") && domain != "*" { "*." } else { "" };
    Some(format!("{prefix}{domain}"))
}

fn unlimited(object: Object) -> Option<String> {
    object.get("IsUnlimited")?;
    if object.truth("IsUnlimited") {
        return Some("Unlimited".to_owned());
    }
    object.text("Value").map(str::to_owned)
}

fn time_span(object: Object) -> Option<String> {
    object.get("TotalSeconds")?;
    match object.get("Ticks")? {
        Value::Integer(ticks) => Some(time_span_text(*ticks)),
        _ => None,
    }
}

fn certificate(object: Object) -> Option<String> {
    let (issuer, subject) = (object.text("CertificateIssuer")?, object.text("CertificateSubject")?);
    Some(format!("<I>{issuer}<S>{subject}"))
}

/// .NET keeps an IPv4 address as a number whose lowest byte comes first.
fn ip_address(object: Object) -> Option<String> {
    if let Some(text) = object.text("IPAddressToString") {
        return Some(text.to_owned());
    }
    let ipv4 = match object.get("AddressFamily")? {
        Value::Integer(family) => *family == 2,
        Value::Text(family) => family.eq_ignore_ascii_case("InterNetwork"),
        _ => false,
    };
    match object.get("Address")? {
        Value::Integer(address) if ipv4 => {
            let bytes = u32::try_from(*address).ok()?.to_le_bytes();
            Some(std::net::Ipv4Addr::from(bytes).to_string())
        }
        _ => None,
    }
}

/// An `ADObjectId` shows its name.
fn directory_object(object: Object) -> Option<String> {
    object.get("DistinguishedName").or_else(|| object.get("ObjectGuid"))?;
    object.text("Name").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(members: &[(&str, Value)]) -> Value {
        face(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    #[test]
    fn faces() {
        let text = |text: &str| Value::text(text);
        let (yes, no) = (Value::Bool(true), Value::Bool(false));
        let cases = [
            (
                vec![("value", Value::Integer(2)), ("Value", text("CertificateValidation"))],
                text("CertificateValidation"),
            ),
            (vec![("Address", text("*")), ("Type", text("SMTP")), ("Cost", Value::Integer(1))], text("SMTP:*;1")),
            (
                vec![
                    ("Address", text("*")),
                    ("Type", text("SMTP")),
                    ("Cost", Value::Integer(1)),
                    ("IsLocal", yes.clone()),
                ],
                text("Local:SMTP:*;1"),
            ),
            (
                vec![("Address", text("192.0.2.1")), ("IsIPAddress", yes.clone()), ("Domain", text(""))],
                text("[192.0.2.1]"),
            ),
            (vec![("Address", text("0.0.0.0")), ("IsIPAddress", no.clone()), ("Domain", text("--"))], text("--")),
            (vec![("Domain", text("contoso.com")), ("IncludeSubDomains", yes.clone())], text("*.contoso.com")),
            (vec![("Domain", text("contoso.com")), ("IncludeSubDomains", no.clone())], text("contoso.com")),
            (vec![("IsStar", yes.clone()), ("IncludeSubDomains", yes.clone())], text("*")),
            (vec![("IsUnlimited", yes), ("Value", Value::Null)], text("Unlimited")),
            (vec![("IsUnlimited", no), ("Value", text("10 MB (10,485,760 bytes)"))], text("10 MB (10,485,760 bytes)")),
            (vec![("Ticks", Value::Integer(6_000_000_000)), ("TotalSeconds", Value::Number(600.0))], text("00:10:00")),
            (vec![("CertificateIssuer", text("CN=a")), ("CertificateSubject", text("CN=b"))], text("<I>CN=a<S>CN=b")),
            (vec![("AddressFamily", Value::Integer(2)), ("Address", Value::Integer(0x0A02_00C0))], text("192.0.2.10")),
            (vec![("Text", text("35 MB"))], text("35 MB")),
            (vec![("Name", text("EX01")), ("DistinguishedName", text("CN=EX01"))], text("EX01")),
            (
                vec![("value", Value::List(Box::new([text("a")]))), ("Count", Value::Integer(1))],
                Value::List(Box::new([text("a")])),
            ),
            (vec![("Name", text("EX01"))], Value::Opaque),
            (vec![], Value::Opaque),
        ];
        for (members, expected) in cases {
            assert_eq!(of(&members), expected, "{members:?}");
        }
    }
}
