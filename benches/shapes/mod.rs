//! Exports of any size for the benches: the connectors of the fixtures over and over, each with a name of its own, in the
//! shapes that PowerShell writes.

/// One shape of export, as a fixture shows it.
#[derive(Clone, Copy)]
// One bench names the shapes, another does not.
#[allow(dead_code)]
pub struct Shape {
    pub name: &'static str,
    pub extension: &'static str,
    fixture: &'static str,
}

macro_rules! shape {
    ($name:literal, $extension:literal) => {
        Shape {
            name: concat!($name, ".", $extension),
            extension: $extension,
            fixture: include_str!(concat!("../../tests/fixtures/send-connectors.", $name, ".", $extension)),
        }
    };
}

/// The Exchange Management Shell's objects and those of a remote session, by `Export-Clixml` and by `ConvertTo-Json`.
pub const ALL: [Shape; 4] =
    [shape!("ems", "clixml"), shape!("remote", "clixml"), shape!("ems", "json"), shape!("remote", "json")];

/// The accepted domains that tell where the connectors lead.
pub const ACCEPTED_DOMAINS: &str = include_str!("../../tests/fixtures/accepted-domains.remote.json");

/// The connectors of a fixture.
pub const NAMES: [&str; 9] = [
    "Internet",
    "Internet (legacy gateway)",
    "Internet (old, disabled)",
    "EdgeSync - Inbound to Default-First-Site-Name",
    "Outbound to Office 365 - 4d1c2c9e-8c1d-4c61-9a5e-0d6d9b8a7f10",
    "Branch office",
    "Plant relay",
    "Partner Litware",
    "X400 archive",
];

/// More objects than a fixture has, so that the copies' numbers differ.
const OBJECTS: usize = 1000;

impl Shape {
    /// An export of the fixture's connectors, `copies` times. Each is given SerializationData that takes about `blob`
    /// bytes of the file; none for 0.
    pub fn repeated(self, copies: usize, blob: usize) -> String {
        let clixml = self.extension == "clixml";
        let blob = if clixml { bytes_in_clixml(blob) } else { bytes_in_json(blob) };
        let mut lines: Vec<&str> = self.fixture.trim_end().lines().collect();
        let (first, last) = (lines.remove(0), lines.pop().expect("an end"));
        let mut export = String::with_capacity(copies * (self.fixture.len() * 5 / 4 + NAMES.len() * blob.len()) + 100);
        export.push_str(first);
        for copy in 0..copies {
            if copy > 0 && !clixml {
                export.push(',');
            }
            let mut in_type_names = false;
            for line in &lines {
                let plain = line.trim_start();
                in_type_names |= copy > 0 && plain.starts_with("<TN ");
                if plain.starts_with("<TN ") && in_type_names {
                    // Names that were spelled out are referred to from then on.
                    export.push_str(&line.replace("<TN ", "\n<TNRef ").replace('>', " />"));
                } else if !in_type_names {
                    export.push('\n');
                    export.push_str(&numbered(&renamed(line, copy), copy));
                }
                in_type_names &= plain != "</TN>";
                if plain.contains("IsValid") {
                    export.push_str(&blob);
                }
            }
        }
        export.push('\n');
        export.push_str(last);
        export.push('\n');
        export
    }
}

/// A line with the name of a connector's copy.
fn renamed(line: &str, copy: usize) -> String {
    for name in NAMES {
        for (before, after) in [('"', '"'), ('>', '<'), ('=', ',')] {
            let found = format!("{before}{name}{after}");
            if copy > 0 && line.contains(&found) {
                return line.replace(&found, &format!("{before}{name} {copy}{after}"));
            }
        }
    }
    line.to_owned()
}

/// A line with the number of an object's copy.
fn numbered(line: &str, copy: usize) -> String {
    const ID: &str = "RefId=\"";
    match line.split_once(ID).and_then(|(before, rest)| Some((before, rest.split_once('"')?))) {
        Some((before, (id, after))) if before.trim_start().starts_with("<Obj ") => {
            let id = copy * OBJECTS + id.parse::<usize>().expect("a number");
            format!("{before}{ID}{id}\"{after}")
        }
        _ => line.to_owned(),
    }
}

fn bytes_in_clixml(length: usize) -> String {
    let base64: String =
        "AAEAAAD/////AQAAAAAAAAAMAgAAAF1NaWNyb3NvZnQuRXhjaGFuZ2UuRGF0YSwg".chars().cycle().take(length).collect();
    if length == 0 { base64 } else { format!("\n      <BA N=\"SerializationData\">{base64}</BA>") }
}

fn bytes_in_json(length: usize) -> String {
    let line = |byte: &u8| format!("      {byte}");
    let bytes: Vec<String> = [0, 1, 255, 17, 101, 120, 99, 104].iter().cycle().map(line).take(length / 10).collect();
    if length == 0 { String::new() } else { format!("\n    \"SerializationData\": [\n{}\n    ],", bytes.join(",\n")) }
}
