//! The rules of MTA-STS as a table: of each fault the verdict and the codes of its issues.
//!
//! The letters and numbers group what belongs together: D the record in DNS, H the fetch over HTTPS, P the policy's
//! text, M the MX hosts, N whether the domain is judged at all.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use exchange_control::evaluate::Status::{self, Fail, NotApplicable, Pass, Unknown};
use exchange_control::probe::mta_sts::Code;

use crate::lab::{Address, Answer, Ask, Certificate, Domain, Fault, Framing, Handshake, Pace, Version};

/// A rule, a way to keep or to break it, and what must be said of that.
pub struct Rule {
    pub id: &'static str,
    pub name: &'static str,
    /// What is changed of a domain that is wholly valid.
    pub change: fn(&mut Domain) -> &mut Domain,
    pub status: Status,
    /// The codes of all issues, in the order of [`Code::ALL`].
    pub codes: &'static [Code],
}

impl Rule {
    /// A name under which a domain may have this fault, and no other rule's.
    pub fn domain(&self) -> String {
        format!("{}-{}.contoso.com", self.id, self.name.replace(' ', "-")).to_lowercase()
    }
}

const fn rule(
    id: &'static str,
    name: &'static str,
    change: fn(&mut Domain) -> &mut Domain,
    status: Status,
    codes: &'static [Code],
) -> Rule {
    Rule { id, name, change, status, codes }
}

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LATE: Duration = Duration::from_millis(300);
const SLOW: Duration = Duration::from_secs(1);
const QUICK: Duration = Duration::from_millis(2);

/// Every rule but those that need other settings of the run.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // D1: a TXT record at _mta-sts.<domain>.
    rule("D1", "valid", |d| d, Pass, &[]),
    rule("D1", "nxdomain", |d| d.dns(Ask::Record, Fault::NoSuchName), Fail, &[Code::RecordMissing]),
    rule("D1", "nodata", |d| d.dns(Ask::Record, Fault::NoData), Fail, &[Code::RecordMissing]),
    rule("D1", "no record", |d| d.txt([""; 0]), Fail, &[Code::RecordMissing]),
    rule("D1", "alias", |d| d.dns(Ask::Record, Fault::Alias(1)), Pass, &[]),
    rule("D1", "alias of an alias", |d| d.dns(Ask::Record, Fault::Alias(4)), Pass, &[]),
    rule("D1", "dangling alias", |d| d.dns(Ask::Record, Fault::DanglingAlias), Fail, &[Code::RecordMissing]),
    rule("D1", "alias without a record", |d| d.dns(Ask::Record, Fault::EmptyAlias), Fail, &[Code::RecordMissing]),
    rule("D1", "looping alias", |d| d.dns(Ask::Record, Fault::LoopingAlias), Fail, &[Code::RecordMissing]),
    rule("D1", "truncated", |d| d.dns(Ask::Record, Fault::Truncated), Pass, &[]),
    rule("D1", "too large for udp", |d| d.txt(large_records()), Pass, &[Code::RecordUnrelated]),
    rule("D1", "forged id first", |d| d.dns(Ask::Record, Fault::WrongIdFirst), Pass, &[]),
    rule("D1", "late", |d| d.dns(Ask::Record, Fault::Late(LATE)), Pass, &[]),

    // D2: what DNS does not say is unknown, once every server was asked.
    rule("D2", "servfail", |d| d.dns(Ask::Record, Fault::ServFail), Unknown, &[Code::DnsError]),
    rule("D2", "servfail once", |d| d.dns(Ask::Record, Fault::ServFailFirst(1)), Pass, &[]),
    rule("D2", "servfail first", |d| d.dns_from(0, Ask::Record, Fault::ServFail), Pass, &[]),
    rule("D2", "servfail second", |d| d.dns_from(1, Ask::Record, Fault::ServFail), Pass, &[]),
    rule("D2", "refused", |d| d.dns(Ask::Record, Fault::Refused), Unknown, &[Code::DnsError]),
    rule("D2", "refused first", |d| d.dns_from(0, Ask::Record, Fault::Refused), Pass, &[]),
    rule("D2", "refused then servfail", |d| d.dns_from(0, Ask::Record, Fault::Refused).dns_from(1, Ask::Record, Fault::ServFail), Unknown, &[Code::DnsError]),
    rule("D2", "silence", |d| d.dns(Ask::Record, Fault::Silence), Unknown, &[Code::DnsError]),
    rule("D2", "silence first", |d| d.dns_from(0, Ask::Record, Fault::Silence), Pass, &[]),
    rule("D2", "garbage", |d| d.dns(Ask::Record, Fault::Garbage), Unknown, &[Code::DnsError]),
    rule("D2", "garbage first", |d| d.dns_from(0, Ask::Record, Fault::Garbage), Pass, &[]),
    rule("D2", "truncated for ever", |d| d.dns(Ask::Record, Fault::TruncatedForEver), Unknown, &[Code::DnsError]),
    rule("D2", "refused first then none", |d| d.dns_from(0, Ask::Record, Fault::Refused).dns_from(1, Ask::Record, Fault::NoSuchName), Fail, &[Code::RecordMissing]),

    // D3: the strings of a record are joined with nothing between.
    rule("D3", "split strings", |d| d.txt_strings(&["v=STSv1; id=2024", "0601T120000;"]), Pass, &[]),
    rule("D3", "split version", |d| d.txt_strings(&["v=ST", "", "Sv1", ";", " id=1;"]), Pass, &[]),

    // D4: exactly one record is left of those that start with v=STSv1;.
    rule("D4", "unrelated beside", |d| d.txt(["v=spf1 -all", "v=STSv1; id=1;"]), Pass, &[Code::RecordUnrelated]),
    rule("D4", "only unrelated", |d| d.txt(["v=spf1 -all"]), Fail, &[Code::RecordMissing, Code::RecordUnrelated]),
    rule("D4", "two records", |d| d.txt(["v=STSv1; id=1;", "v=STSv1; id=2;"]), Fail, &[Code::RecordMultiple]),
    rule("D4", "the same twice", |d| d.txt(["v=STSv1; id=1;", "v=STSv1; id=1; x=y"]), Fail, &[Code::RecordMultiple]),

    // D5: the version is first and exact.
    rule("D5", "stsv10", |d| d.txt(["v=STSv10; id=1;"]), Fail, &[Code::RecordVersion]),
    rule("D5", "lower case", |d| d.txt(["v=stsv1; id=1;"]), Fail, &[Code::RecordVersion]),
    rule("D5", "leading blank", |d| d.txt([" v=STSv1; id=1;"]), Fail, &[Code::RecordVersion]),
    rule("D5", "blank round the sign", |d| d.txt(["v = STSv1; id=1;"]), Fail, &[Code::RecordVersion]),
    rule("D5", "version last", |d| d.txt(["id=1; v=STSv1;"]), Fail, &[Code::RecordVersion]),

    // D6: a blank before the first semicolon.
    rule("D6", "blank before the semicolon", |d| d.txt(["v=STSv1 ; id=1;"]), Pass, &[Code::RecordDelimiter]),

    // D7: the id.
    rule("D7", "no id", |d| d.txt(["v=STSv1;"]), Fail, &[Code::RecordId]),
    rule("D7", "other field alone", |d| d.txt(["v=STSv1; x=1;"]), Fail, &[Code::RecordId]),
    rule("D7", "empty id", |d| d.txt(["v=STSv1; id=;"]), Fail, &[Code::RecordId]),
    rule("D7", "hyphen", |d| d.txt(["v=STSv1; id=2024-06-01;"]), Fail, &[Code::RecordId]),
    rule("D7", "33 characters", |d| d.txt(["v=STSv1; id=123456789012345678901234567890123;"]), Fail, &[Code::RecordId]),
    rule("D7", "32 characters", |d| d.txt(["v=STSv1; id=12345678901234567890123456789aZ0;"]), Pass, &[]),

    // D8: fields.
    rule("D8", "unknown field", |d| d.txt(["v=STSv1; id=1; x-note_1.a=b:c/d;"]), Pass, &[]),
    rule("D8", "no last semicolon", |d| d.txt(["v=STSv1; id=1"]), Pass, &[]),
    rule("D8", "malformed field", |d| d.txt(["v=STSv1; id=1; note;"]), Fail, &[Code::RecordSyntax]),
    rule("D8", "two semicolons", |d| d.txt(["v=STSv1;; id=1;"]), Fail, &[Code::RecordSyntax]),
    rule("D8", "not ascii", |d| d.txt(["v=STSv1; id=1; note=\u{fc};"]), Fail, &[Code::RecordSyntax]),
    rule("D8", "trailing blank", |d| d.txt(["v=STSv1; id=1 "]), Fail, &[Code::RecordSyntax]),
    rule("D8", "trailing blank after semicolon", |d| d.txt(["v=STSv1; id=1; "]), Pass, &[]),

    // D9: a repeated id.
    rule("D9", "id twice", |d| d.txt(["v=STSv1; id=1; id=2;"]), Pass, &[Code::RecordDuplicate]),

    // H1: the policy host.
    rule("H1", "no such host", |d| d.dns(Ask::Host, Fault::NoSuchName), Fail, &[Code::HostMissing]),
    rule("H1", "host without address", |d| d.addresses(&[]), Fail, &[Code::HostMissing]),
    rule("H1", "host alias", |d| d.dns(Ask::Host, Fault::Alias(2)), Pass, &[]),
    rule("H1", "host dangling alias", |d| d.dns(Ask::Host, Fault::DanglingAlias), Fail, &[Code::HostMissing]),
    rule("H1", "host looping alias", |d| d.dns(Ask::Host, Fault::LoopingAlias), Fail, &[Code::HostMissing]),
    rule("H1", "host servfail", |d| d.dns(Ask::Host, Fault::ServFail), Unknown, &[Code::DnsError]),
    rule("H1", "host silence", |d| d.dns(Ask::Host, Fault::Silence), Unknown, &[Code::DnsError]),
    rule("H1", "host refused first", |d| d.dns_from(0, Ask::Host, Fault::Refused), Pass, &[]),
    rule("H1", "aaaa only", |d| d.addresses(&[Address::ServedV6]), Pass, &[]),
    rule("H1", "aaaa servfail", |d| d.dns(Ask::HostV6, Fault::ServFail), Pass, &[]),
    rule("H1", "a servfail", |d| d.addresses(&[Address::Served, Address::ServedV6]).dns(Ask::HostV4, Fault::ServFail), Pass, &[]),
    rule("H1", "a servfail and no aaaa", |d| d.dns(Ask::HostV4, Fault::ServFail), Unknown, &[Code::DnsError]),
    rule("H1", "refused connection", |d| d.addresses(&[Address::Refusing]), Fail, &[Code::ConnectRefused]),
    rule("H1", "one of two refuses", |d| d.addresses(&[Address::Refusing, Address::Served]), Pass, &[]),
    rule("H1", "silent address", |d| d.addresses(&[Address::Silent]), Unknown, &[Code::ConnectTimeout]),
    rule("H1", "one of two is silent", |d| d.addresses(&[Address::Silent, Address::Served]), Pass, &[]),
    rule("H1", "one refuses one is silent", |d| d.addresses(&[Address::Refusing, Address::Silent]), Unknown, &[Code::ConnectTimeout]),

    // H2: the certificate.
    rule("H2", "with intermediate", |d| d.certificate(Certificate::Chain), Pass, &[]),
    rule("H2", "wildcard", |d| d.certificate(Certificate::Wildcard), Pass, &[]),
    rule("H2", "wildcard for two labels", |d| d.certificate(Certificate::WildcardTooHigh), Fail, &[Code::TlsName]),
    rule("H2", "wildcard within a label", |d| d.certificate(Certificate::PartialWildcard), Fail, &[Code::TlsName]),
    rule("H2", "wrong name", |d| d.certificate(Certificate::WrongName), Fail, &[Code::TlsName]),
    rule("H2", "common name only", |d| d.certificate(Certificate::CommonNameOnly), Fail, &[Code::TlsName]),
    rule("H2", "unrecognized name", |d| d.handshake(Handshake::UnrecognizedNameAlert), Fail, &[Code::TlsName]),
    rule("H2", "expired", |d| d.certificate(Certificate::Expired), Fail, &[Code::TlsExpired]),
    rule("H2", "not yet valid", |d| d.certificate(Certificate::NotYetValid), Fail, &[Code::TlsNotYetValid]),
    rule("H2", "self signed", |d| d.certificate(Certificate::SelfSigned), Fail, &[Code::TlsUntrusted]),
    rule("H2", "unknown ca", |d| d.certificate(Certificate::UnknownCa), Fail, &[Code::TlsUntrusted]),
    rule("H2", "missing intermediate", |d| d.certificate(Certificate::MissingIntermediate), Fail, &[Code::TlsUntrusted]),

    // H3: the protocol.
    rule("H3", "tls 1.2", |d| d.handshake(Handshake::Right(Version::Tls12)), Pass, &[]),
    rule("H3", "tls 1.3", |d| d.handshake(Handshake::Right(Version::Tls13)), Pass, &[]),
    rule("H3", "tls 1.1 alert", |d| d.handshake(Handshake::ProtocolVersionAlert), Fail, &[Code::TlsProtocol]),
    rule("H3", "tls 1.1 hello", |d| d.handshake(Handshake::Tls11ServerHello), Fail, &[Code::TlsProtocol]),
    rule("H3", "no common cipher", |d| d.handshake(Handshake::NoCommonCipherAlert), Fail, &[Code::TlsProtocol]),
    rule("H3", "plain http", |d| d.handshake(Handshake::PlainHttp), Fail, &[Code::TlsProtocol]),
    rule("H3", "reset", |d| d.handshake(Handshake::Reset), Fail, &[Code::TlsHandshake]),
    rule("H3", "closed", |d| d.handshake(Handshake::Closed), Fail, &[Code::TlsHandshake]),

    // H4: the status.
    rule("H4", "204", |d| d.status(204).framing(Framing::None), Fail, &[Code::HttpStatus]),
    rule("H4", "203", |d| d.status(203), Fail, &[Code::HttpStatus]),
    rule("H4", "206", |d| d.status(206).header("Content-Range", "bytes 0-9/75"), Fail, &[Code::HttpStatus]),
    rule("H4", "304", |d| d.status(304).framing(Framing::None), Fail, &[Code::HttpStatus]),
    rule("H4", "403", |d| d.status(403), Fail, &[Code::HttpStatus]),
    rule("H4", "404", |d| d.status(404), Fail, &[Code::HttpStatus]),
    rule("H4", "500", |d| d.status(500), Fail, &[Code::HttpStatus]),
    rule("H4", "503", |d| d.status(503), Fail, &[Code::HttpStatus]),
    rule("H4", "301", |d| redirect(d, 301), Fail, &[Code::HttpRedirect]),
    rule("H4", "302", |d| redirect(d, 302), Fail, &[Code::HttpRedirect]),
    rule("H4", "303", |d| redirect(d, 303), Fail, &[Code::HttpRedirect]),
    rule("H4", "307", |d| redirect(d, 307), Fail, &[Code::HttpRedirect]),
    rule("H4", "308", |d| redirect(d, 308), Fail, &[Code::HttpRedirect]),
    rule("H4", "301 without location", |d| d.status(301), Fail, &[Code::HttpStatus]),
    rule("H4", "early hints", |d| d.answer(early_hints(&d.name)), Pass, &[]),
    rule("H4", "no http", |d| d.answer(Answer::Bytes(b"220 mail.contoso.com ESMTP\r\n".to_vec())), Fail, &[Code::HttpMalformed]),
    rule("H4", "closed", |d| d.answer(Answer::Close), Fail, &[Code::HttpMalformed]),
    rule("H4", "reset", |d| d.answer(Answer::Reset), Fail, &[Code::HttpMalformed]),
    rule("H4", "endless headers", |d| d.answer(Answer::EndlessHeaders), Fail, &[Code::HttpMalformed]),

    // H5: the media type.
    rule("H5", "charset", |d| d.content_types(&["text/plain; charset=utf-8"]), Pass, &[]),
    rule("H5", "quoted charset", |d| d.content_types(&["text/plain;charset=\"utf-8\""]), Pass, &[]),
    rule("H5", "any case", |d| d.content_types(&["Text/PLAIN"]), Pass, &[]),
    rule("H5", "html", |d| d.content_types(&["text/html"]), Fail, &[Code::MediaType]),
    rule("H5", "octets", |d| d.content_types(&["application/octet-stream"]), Fail, &[Code::MediaType]),
    rule("H5", "plainer", |d| d.content_types(&["text/plainer"]), Fail, &[Code::MediaType]),
    rule("H5", "bare", |d| d.content_types(&["text"]), Fail, &[Code::MediaType]),
    rule("H5", "missing", |d| d.content_types(&[]), Fail, &[Code::MediaType]),
    rule("H5", "empty", |d| d.content_types(&[""]), Fail, &[Code::MediaType]),
    rule("H5", "two", |d| d.content_types(&["text/plain", "text/html"]), Fail, &[Code::MediaType]),

    // H6: the body.
    rule("H6", "64 KiB", |d| d.padded_to(65_536), Pass, &[]),
    rule("H6", "64 KiB and one", |d| d.padded_to(65_537), Fail, &[Code::BodyTooLarge]),
    rule("H6", "64 KiB chunked", |d| d.padded_to(65_536).framing(Framing::Chunked), Pass, &[]),
    rule("H6", "64 KiB and one chunked", |d| d.padded_to(65_537).framing(Framing::Chunked), Fail, &[Code::BodyTooLarge]),
    rule("H6", "64 KiB until close", |d| d.padded_to(65_536).framing(Framing::Close), Pass, &[]),
    rule("H6", "64 KiB and one until close", |d| d.padded_to(65_537).framing(Framing::Close), Fail, &[Code::BodyTooLarge]),
    rule("H6", "endless chunks", |d| d.framing(Framing::ChunkedEndless), Fail, &[Code::BodyTooLarge]),
    rule("H6", "length of a terabyte", |d| d.framing(Framing::LengthOff(1 << 40)), Fail, &[Code::BodyTooLarge]),
    rule("H6", "chunked", |d| d.framing(Framing::Chunked), Pass, &[]),
    rule("H6", "chunks cut", |d| d.framing(Framing::ChunkedCut), Fail, &[Code::BodyTruncated]),
    rule("H6", "chunks broken", |d| d.framing(Framing::ChunkedBroken), Fail, &[Code::BodyTruncated]),
    rule("H6", "body shorter than its length", |d| d.framing(Framing::LengthOff(10)), Fail, &[Code::BodyTruncated]),
    // The last line, which has max_age, is 17 bytes long.
    rule("H6", "length shorter than the body", |d| d.framing(Framing::LengthOff(-17)), Fail, &[Code::PolicyFieldMissing]),
    rule("H6", "until close", |d| d.framing(Framing::Close), Pass, &[]),
    rule("H6", "cut", |d| d.framing(Framing::Cut), Fail, &[Code::BodyTruncated]),
    rule("H6", "gzip", |d| d.header("Content-Encoding", "gzip"), Fail, &[Code::ContentEncoding]),

    // H7: the deadline.
    rule("H7", "handshake stalls", |d| d.handshake(Handshake::Stalled), Fail, &[Code::FetchTimeout]),
    rule("H7", "no response", |d| d.answer(Answer::Silence), Fail, &[Code::FetchTimeout]),
    rule("H7", "header a byte a second", |d| d.pace(Pace::HeaderByteEach(SLOW)), Fail, &[Code::FetchTimeout]),
    rule("H7", "body a byte a second", |d| d.pace(Pace::ByteEach(SLOW)), Fail, &[Code::FetchTimeout]),
    rule("H7", "half a body", |d| d.pace(Pace::HalfBody), Fail, &[Code::FetchTimeout]),
    rule("H7", "a while", |d| d.pace(Pace::After(LATE)), Pass, &[]),
    rule("H7", "a byte at a time", |d| d.pace(Pace::ByteEach(QUICK)), Pass, &[]),

    // P1: the required fields.
    rule("P1", "empty", |d| d.policy(""), Fail, &[Code::PolicyFieldMissing]),
    rule("P1", "no version", |d| d.change("version: STSv1\r\n", ""), Fail, &[Code::PolicyFieldMissing]),
    rule("P1", "no mode", |d| d.change("mode: enforce\r\n", ""), Fail, &[Code::PolicyFieldMissing]),
    rule("P1", "no max age", |d| d.change("max_age: 604800\r\n", ""), Fail, &[Code::PolicyFieldMissing]),

    // P2: lines.
    rule("P2", "key in upper case", |d| d.change("version", "Version"), Fail, &[Code::PolicySyntax]),
    rule("P2", "version in lower case", |d| d.change("STSv1", "stsv1"), Fail, &[Code::PolicyVersion]),
    rule("P2", "mode in upper case", |d| d.change("enforce", "Enforce"), Fail, &[Code::PolicyMode]),
    rule("P2", "blank before the colon", |d| d.append("note : text\r\n"), Fail, &[Code::PolicySyntax]),
    rule("P2", "leading blank", |d| d.append(" note: text\r\n"), Fail, &[Code::PolicySyntax]),
    rule("P2", "no colon", |d| d.append("note\r\n"), Fail, &[Code::PolicySyntax]),
    rule("P2", "no blank after the colon", |d| d.change("mode: enforce", "mode:enforce"), Pass, &[]),

    // P3: line ends.
    rule("P3", "lf", |d| d.change("\r\n", "\n"), Pass, &[]),
    rule("P3", "mixed", |d| d.change("STSv1\r\n", "STSv1\n"), Pass, &[]),
    rule("P3", "no last line end", |d| d.change("604800\r\n", "604800"), Pass, &[]),
    rule("P3", "bare cr", |d| d.append("note: a\rb\r\n"), Fail, &[Code::PolicySyntax]),
    rule("P3", "byte order mark", |d| d.change("version", "\u{feff}version"), Fail, &[Code::PolicySyntax]),
    rule("P3", "nul", |d| d.append("note: a\0b\r\n"), Fail, &[Code::PolicySyntax]),

    // P4: blanks.
    rule("P4", "trailing blanks", |d| d.change("\r\n", " \t \r\n"), Pass, &[]),
    rule("P4", "blank line", |d| d.change("STSv1\r\n", "STSv1\r\n\r\n"), Pass, &[Code::BlankLine]),
    rule("P4", "blank line last", |d| d.append("\r\n"), Pass, &[Code::BlankLine]),

    // P5 and P6: the mode.
    rule("P5", "another mode", |d| d.change("enforce", "strict"), Fail, &[Code::PolicyMode]),
    rule("P6", "testing", |d| d.change("enforce", "testing"), Pass, &[Code::ModeTesting]),
    rule("P6", "none", |d| d.change("enforce", "none"), Pass, &[Code::ModeNone]),

    // P7: max_age.
    rule("P7", "zero", |d| d.change("604800", "0"), Pass, &[Code::MaxAgeShort]),
    rule("P7", "86399", |d| d.change("604800", "86399"), Pass, &[Code::MaxAgeShort]),
    rule("P7", "86400", |d| d.change("604800", "86400"), Pass, &[]),
    rule("P7", "ten digits", |d| d.change("604800", "0000604800"), Pass, &[]),
    rule("P7", "a year", |d| d.change("604800", "31557600"), Pass, &[]),
    rule("P7", "more than a year", |d| d.change("604800", "31557601"), Fail, &[Code::PolicyMaxAge]),
    rule("P7", "eleven digits", |d| d.change("604800", "00000604800"), Fail, &[Code::PolicyMaxAge]),
    rule("P7", "signed", |d| d.change("604800", "-1"), Fail, &[Code::PolicyMaxAge]),
    rule("P7", "with a unit", |d| d.change("604800", "7d"), Fail, &[Code::PolicyMaxAge]),

    // P8: mx.
    rule("P8", "no mx", |d| d.change("mx: mail.@\r\n", ""), Fail, &[Code::PolicyMx]),
    rule("P8", "no mx in mode none", |d| d.change("mx: mail.@\r\n", "").change("enforce", "none"), Pass, &[Code::ModeNone]),
    rule("P8", "several", |d| d.append("mx: backup.@\r\nmx: *.litware.com\r\n"), Pass, &[]),
    rule("P8", "a label", |d| d.append("mx: xn--bcher-kva.@\r\n"), Pass, &[]),
    rule("P8", "u label", |d| d.append("mx: b\u{fc}cher.@\r\n"), Fail, &[Code::PolicyMx]),
    rule("P8", "star alone", |d| d.append("mx: *\r\n"), Fail, &[Code::PolicyMx]),
    rule("P8", "star in the middle", |d| d.append("mx: mail.*.@\r\n"), Fail, &[Code::PolicyMx]),
    rule("P8", "two stars", |d| d.append("mx: *.*.@\r\n"), Fail, &[Code::PolicyMx]),
    rule("P8", "star within a label", |d| d.append("mx: mail*.@\r\n"), Fail, &[Code::PolicyMx]),
    rule("P8", "trailing dot", |d| d.append("mx: backup.@.\r\n"), Fail, &[Code::PolicyMx]),
    rule("P8", "list", |d| d.append("mx: backup.@, spare.@\r\n"), Fail, &[Code::PolicyMx]),
    rule("P8", "empty", |d| d.append("mx: \r\n"), Fail, &[Code::PolicyMx]),

    // P9: a repeated key.
    rule("P9", "mode twice", |d| d.append("mode: none\r\n"), Pass, &[Code::PolicyDuplicate]),
    rule("P9", "max age twice", |d| d.append("max_age: 1\r\n"), Pass, &[Code::PolicyDuplicate]),
    rule("P9", "version twice", |d| d.append("version: STSv2\r\n"), Pass, &[Code::PolicyDuplicate]),

    // P10: unknown keys.
    rule("P10", "unknown key", |d| d.append("note: https://contoso.com/ \u{fc}ber\r\n"), Pass, &[]),
    rule("P10", "unknown key of all signs", |d| d.append("a-B_1.c: x\r\n"), Pass, &[]),
    rule("P10", "malformed key", |d| d.append("no/te: text\r\n"), Fail, &[Code::PolicySyntax]),

    // M1: every MX host is covered.
    rule("M1", "not covered", |d| d.mx(&["mx.litware.com"]), Fail, &[Code::MxNotCovered]),
    rule("M1", "one of two", |d| d.mx(&["mail.@", "mx.litware.com"]), Fail, &[Code::MxNotCovered]),
    rule("M1", "not covered in testing", |d| d.mx(&["mx.litware.com"]).change("enforce", "testing"), Pass, &[Code::ModeTesting, Code::MxNotCovered]),
    rule("M1", "pattern", |d| d.change("mx: mail", "mx: *"), Pass, &[]),
    rule("M1", "pattern for two labels", |d| d.mx(&["a.mail.@"]).change("mx: mail", "mx: *"), Fail, &[Code::MxNotCovered]),
    rule("M1", "pattern for no label", |d| d.mx(&["@"]).change("mx: mail", "mx: *"), Fail, &[Code::MxNotCovered]),
    rule("M1", "any case", |d| d.mx(&["MAIL.@"]).change("mx: mail", "mx: Mail"), Pass, &[]),
    rule("M1", "mx servfail", |d| d.dns(Ask::Mx, Fault::ServFail), Pass, &[Code::MxUnknown]),
    rule("M1", "mx silence", |d| d.dns(Ask::Mx, Fault::Silence), Pass, &[Code::MxUnknown]),
    rule("M1", "mx refused first", |d| d.dns_from(0, Ask::Mx, Fault::Refused), Pass, &[]),
    rule("M1", "own address for want of mx", |d| d.mx(&[]).own_addresses(&[HERE]).append("mx: @\r\n"), Pass, &[]),

    // N: what is not judged.
    rule("N", "no such domain", |d| d.dns(Ask::Mx, Fault::NoSuchName).dns(Ask::Own, Fault::NoSuchName).dns(Ask::Record, Fault::NoSuchName).dns(Ask::Host, Fault::NoSuchName), NotApplicable, &[]),
    rule("N", "null mx", |d| d.mx(&[""]), NotApplicable, &[]),
    rule("N", "no mx and no address", |d| d.mx(&[]), NotApplicable, &[]),
    rule("N", "no mx and own address unknown", |d| d.mx(&[]).dns(Ask::Own, Fault::ServFail), Pass, &[Code::MxUnknown]),
];

/// What the rules say, and the probe does not.
pub const OPEN: &[Rule] = &[
    // M1 has a warning for every mode but enforce. The probe says nothing of MX hosts where the mode is none.
    rule(
        "M1",
        "not covered in none",
        |d| d.mx(&["mx.litware.com"]).change("enforce", "none"),
        Pass,
        &[Code::ModeNone, Code::MxNotCovered],
    ),
];

/// What the fetch's time-outs say of their stage.
pub const STAGES: &[(&str, &str)] = &[
    ("handshake stalls", "handshake"),
    ("no response", "header"),
    ("header a byte a second", "header"),
    ("body a byte a second", "body"),
    ("half a body", "body"),
];

fn redirect(domain: &mut Domain, status: u16) -> &mut Domain {
    domain.status(status).header("Location", &format!("https://{REDIRECT_TARGET}/.well-known/mta-sts.txt"))
}

/// A policy host that is served, and that nobody may ask.
pub const REDIRECT_TARGET: &str = "mta-sts.redirected.litware.com";

/// A right response behind another that only announces it (RFC 8297).
fn early_hints(domain: &str) -> Answer {
    let policy = format!("version: STSv1\nmode: enforce\nmx: mail.{domain}\nmax_age: 604800\n");
    let length = policy.len();
    Answer::Bytes(
        format!(
            "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n\
             HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{policy}"
        )
        .into_bytes(),
    )
}

/// Records that no UDP answer holds, the right one last.
fn large_records() -> Vec<String> {
    let unrelated = (0..40).map(|number| format!("verification-{number}={}", "x".repeat(150)));
    unrelated.chain(["v=STSv1; id=1;".to_owned()]).collect()
}
