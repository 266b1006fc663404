//! What can be checked of the PowerShell part without a PowerShell: that it parses, that it stays within Windows PowerShell
//! 5.1, and that what must agree agrees: exports, manifest, help and README; native signatures and the C header; views and
//! objects; versions. Every check is a function that lists problems, and every check is shown something that it must refuse.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use quick_xml::events::Event;
use regex::Regex;
use tree_sitter::{Node, Parser, Tree};

const MODULE: &str = "module/ExchangeControl/ExchangeControl.psm1";
const MANIFEST: &str = "module/ExchangeControl/ExchangeControl.psd1";
const FORMATS: &str = "module/ExchangeControl/ExchangeControl.Format.ps1xml";
const TYPES: &str = "module/ExchangeControl/ExchangeControl.Types.ps1xml";
const SCAN: &str = "module/ExchangeControl/Scripts/Invoke-ExchangeControlScan.ps1";
const HEADER: &str = "include/exchange_control.h";

// Files

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(relative: &str) -> String {
    let path = root().join(relative);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The project's files with one of the extensions, without what was built.
fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && name != "bin" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if extensions.iter().any(|extension| name.ends_with(extension)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn scripts() -> Vec<PathBuf> {
    files(&[".ps1", ".psm1", ".psd1"])
}

/// Runs a check over files and names the file in each problem.
fn over(paths: &[PathBuf], check: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    assert!(!paths.is_empty(), "there must be something to check");
    paths
        .iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).unwrap();
            check(&text).into_iter().map(|problem| format!("{}: {problem}", path.display())).collect::<Vec<_>>()
        })
        .collect()
}

#[track_caller]
fn assert_clean(problems: &[String]) {
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

// Syntax trees

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).expect("the grammar fits the parser");
    parser.parse(text, None).expect("a parse without a time limit ends")
}

fn walk<'tree>(node: Node<'tree>, visit: &mut impl FnMut(Node<'tree>)) {
    visit(node);
    let mut cursor = node.walk();
    let children: Vec<_> = node.children(&mut cursor).collect();
    for child in children {
        walk(child, visit);
    }
}

fn nodes<'tree>(root: Node<'tree>, kind: &str) -> Vec<Node<'tree>> {
    let mut found = Vec::new();
    walk(root, &mut |node| {
        if node.kind() == kind {
            found.push(node);
        }
    });
    found
}

fn text_of<'text>(node: Node<'_>, source: &'text str) -> &'text str {
    &source[node.byte_range()]
}

fn line_of(node: Node<'_>) -> usize {
    node.start_position().row + 1
}

fn syntax_problems(source: &str) -> Vec<String> {
    let tree = parse(source);
    let mut problems = Vec::new();
    walk(tree.root_node(), &mut |node| {
        if node.is_error() || node.is_missing() {
            let start: String = text_of(node, source).chars().take(60).collect();
            problems.push(format!("line {}: does not parse: {} {start:?}", line_of(node), node.kind()));
        }
    });
    problems
}

#[test]
fn scripts_parse() {
    assert_clean(&over(&scripts(), syntax_problems));
}

#[test]
fn broken_scripts_do_not_parse() {
    for broken in
        ["function A { if ($true) { 1 }", "$a = @{ b = 1", "foreach ($a on $b) { }", "[pscustomobject] @{ a = }"]
    {
        assert!(!syntax_problems(broken).is_empty(), "{broken}");
    }
    assert_clean(&syntax_problems("function A { if ($true) { 1 } }"));
}

// Characters: Windows PowerShell reads a file without a byte order mark in the ANSI code page.

fn character_problems(text: &str) -> Vec<String> {
    text.lines()
        .enumerate()
        .filter_map(|(index, line)| {
            let wrong = line.chars().find(|c| !c.is_ascii() || (c.is_control() && *c != '\t'))?;
            Some(format!("line {}: {wrong:?} is not plain ASCII", index + 1))
        })
        .collect()
}

#[test]
fn sources_are_ascii() {
    assert_clean(&over(&files(&[".ps1", ".psm1", ".psd1", ".ps1xml", ".help.txt"]), character_problems));
}

#[test]
fn other_characters_are_found() {
    for wrong in ["a \u{2013} b", "\u{FEFF}a", "x = '\u{2019}'", "a\u{0007}"] {
        assert_eq!(character_problems(wrong).len(), 1, "{wrong:?}");
    }
    assert_clean(&character_problems("plain\r\ntext\n"));
}

// Nothing newer than Windows PowerShell 5.1

/// The source with comments and strings blanked, so that words in them are not taken for code. Line numbers stay.
fn code_only(source: &str) -> String {
    let tree = parse(source);
    let mut bytes = source.as_bytes().to_vec();
    walk(tree.root_node(), &mut |node| {
        let blank = match node.kind() {
            "comment" | "verbatim_string_characters" | "verbatim_here_string_characters" => true,
            // A string with expressions in it is looked at as code, since they are.
            "expandable_string_literal" | "expandable_here_string_literal" => nodes(node, "sub_expression").is_empty(),
            _ => false,
        };
        if blank {
            for byte in &mut bytes[node.byte_range()] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
    });
    String::from_utf8_lossy(&bytes).into_owned()
}

fn newer_syntax(source: &str) -> Vec<String> {
    let patterns = [
        (r"&&|\|\|", "a pipeline chain"),
        (r"\?\?=?", "a null-coalescing operator"),
        (r"[\w)\]}]\?[.\[]", "a null-conditional operator"),
        (r"\)\s*\?\s*[^\s{%]|\$[\w:.]+\s+\?\s+\S+.*\s:\s", "a ternary"),
        (r"(?i)\s-Parallel\b", "-Parallel"),
        (r"(?im)^\s*clean\s*\{", "a clean block"),
        (r"(?m)\S\s*&\s*$", "a background job"),
        (r"(?i)\[[\w.]*\b(NativeLibrary|SemanticVersion|semver|ordered]::)", "a type that 5.1 does not have"),
        (r"(?i)\[System\.Text\.Json", "a type that 5.1 does not have"),
        (r"(?i)\$(Is(Windows|Linux|MacOS|CoreCLR)|PSStyle|PSNativeCommand\w+)\b", "a variable that 5.1 does not have"),
        (
            r"(?i)\s-(AsHashtable|DateKind|NoEnumerate|EnumsAsStrings|AsArray|AsByteStream|LeafBase|AdditionalChildPath)\b",
            "a parameter that 5.1 does not have",
        ),
        (r"(?i)\bConvertFrom-Json\b[^|;\n]*\s-Depth\b", "a parameter that 5.1 does not have"),
        (
            r"(?i)\b(Join-String|Test-Json|Get-Error|Get-Uptime|Remove-Alias|ConvertFrom-Markdown|Import-PowerShellDataFile -SkipLimitCheck)\b",
            "a command that 5.1 does not have",
        ),
        (r"(?i)\butf8(NoBOM|BOM)\b", "an encoding that 5.1 does not have"),
        (r"(?i)`u\{", "an escape that 5.1 does not have"),
    ];
    let code = code_only(source);
    let mut problems = Vec::new();
    for (pattern, what) in patterns {
        for found in Regex::new(pattern).unwrap().find_iter(&code) {
            let line = code[..found.start()].matches('\n').count() + 1;
            problems.push(format!("line {line}: {:?} is {what}", found.as_str().trim()));
        }
    }
    problems
}

#[test]
fn scripts_stay_within_windows_powershell() {
    assert_clean(&over(&scripts(), newer_syntax));
}

#[test]
fn newer_syntax_is_found() {
    let newer = [
        "a && b",
        "a || b",
        "$a = $b ?? 1",
        "$a ??= 1",
        "${a}?.b",
        "$a = ($b) ? 1 : 2",
        "$a = $b ? 1 : 2",
        "$a | ForEach-Object -Parallel { 1 }",
        "function A {\n  process { 1 }\n  clean { 2 }\n}",
        "Start-Work &",
        "[System.Runtime.InteropServices.NativeLibrary]::Load('a')",
        "if ($IsWindows) { 1 }",
        "ConvertFrom-Json -InputObject $a -AsHashtable",
        "ConvertFrom-Json -InputObject $a -Depth 4",
        "Set-Content -Path a -Encoding utf8NoBOM",
        "\"$(a && b)\"",
    ];
    for source in newer {
        assert!(!newer_syntax(source).is_empty(), "{source}");
    }
    for source in [
        "# a && b",
        "'a ?? b'",
        "\"is it? yes: $a\"",
        "Where-Object { $_ }",
        "& $a -b",
        "ConvertTo-Json -Depth 4",
        "$a | ? { $_ }",
    ] {
        assert_clean(&newer_syntax(source));
    }
}

// Functions, parameters, help

struct Function {
    name: String,
    parameters: BTreeSet<String>,
    should_process: bool,
    /// The text of the comment in front of the parameters, if it is help.
    help: Option<String>,
}

fn functions(source: &str) -> Vec<Function> {
    let tree = parse(source);
    nodes(tree.root_node(), "function_statement")
        .into_iter()
        .map(|node| {
            let name = text_of(nodes(node, "function_name")[0], source).to_owned();
            let block = nodes(node, "param_block").into_iter().next();
            let parameters = block.into_iter().flat_map(|block| own_parameters(block, source)).collect();
            let head = block.map_or("", |block| &source[node.start_byte()..block.end_byte()]);
            let should_process = head.contains("SupportsShouldProcess = $true");
            let help = nodes(node, "comment")
                .into_iter()
                .map(|comment| text_of(comment, source))
                .find(|comment| comment.starts_with("<#") && comment.contains(".SYNOPSIS"))
                .map(str::to_owned);
            Function { name, parameters, should_process, help }
        })
        .collect()
}

/// A script as the function that it is: its parameters and its help are its own.
fn script(name: &str, source: &str) -> Function {
    let tree = parse(source);
    let block = nodes(tree.root_node(), "param_block").into_iter().next();
    Function {
        name: name.to_owned(),
        parameters: block.into_iter().flat_map(|block| own_parameters(block, source)).collect(),
        should_process: false,
        help: source.starts_with("<#").then(|| source[..source.find("#>").expect("the help ends")].to_owned()),
    }
}

/// The names in one param block, without those of blocks inside it (an argument completer has its own).
fn own_parameters(block: Node<'_>, source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut lists = Vec::new();
    let mut cursor = block.walk();
    lists.extend(block.children(&mut cursor).filter(|child| child.kind() == "parameter_list"));
    for list in lists {
        let mut cursor = list.walk();
        for parameter in list.children(&mut cursor).filter(|child| child.kind() == "script_parameter") {
            let mut cursor = parameter.walk();
            let variable = parameter.children(&mut cursor).find(|child| child.kind() == "variable").unwrap();
            names.push(text_of(variable, source).trim_start_matches('$').to_owned());
        }
    }
    names
}

/// The entries of comment-based help: keyword, argument, text.
fn help_sections(help: &str) -> Vec<(String, String, String)> {
    let keyword = Regex::new(r"^\s*\.([A-Z]+)(?:\s+(\S+))?\s*$").unwrap();
    let dotted = Regex::new(r"^\s*\.\w").unwrap();
    let mut sections: Vec<(String, String, String)> = Vec::new();
    for line in help.trim_start_matches("<#").trim_end_matches("#>").lines() {
        if let Some(found) = keyword.captures(line) {
            let argument = found.get(2).map_or("", |argument| argument.as_str());
            sections.push((found[1].to_owned(), argument.to_owned(), String::new()));
        } else if dotted.is_match(line) {
            // PowerShell takes such a line for a keyword, and drops the whole help for one that it does not know.
            sections.push(("?".to_owned(), line.trim().to_owned(), String::new()));
        } else if let Some(section) = sections.last_mut() {
            section.2.push_str(line.trim());
            section.2.push('\n');
        }
    }
    sections
}

fn help_problems(function: &Function) -> Vec<String> {
    let name = &function.name;
    let Some(help) = &function.help else {
        return vec![format!("{name} has no help")];
    };
    let sections = help_sections(help);
    let mut problems = Vec::new();
    for (keyword, least) in
        [("SYNOPSIS", 1), ("DESCRIPTION", 1), ("EXAMPLE", 2), ("INPUTS", 1), ("OUTPUTS", 1), ("NOTES", 1), ("LINK", 1)]
    {
        let count = sections.iter().filter(|section| section.0 == keyword).count();
        if count < least {
            problems.push(format!("{name}: the help has {count} of .{keyword}, and needs {least}"));
        }
    }
    for (keyword, argument, text) in &sections {
        if keyword == "?" {
            problems.push(format!("{name}: a line of the help begins with a dot: {argument}"));
        } else if text.trim().is_empty() {
            problems.push(format!("{name}: .{keyword} {argument} is empty"));
        }
    }
    let mut real = function.parameters.clone();
    if function.should_process {
        real.extend(["WhatIf".to_owned(), "Confirm".to_owned()]);
    }
    let described: BTreeSet<String> =
        sections.iter().filter(|section| section.0 == "PARAMETER").map(|section| section.1.clone()).collect();
    problems.extend(real.difference(&described).map(|parameter| format!("{name}: -{parameter} has no .PARAMETER")));
    problems
        .extend(described.difference(&real).map(|parameter| format!("{name}: .PARAMETER {parameter} is no parameter")));
    problems
}

#[test]
fn help_describes_every_parameter() {
    let source = read(MODULE);
    let exported = module_exports(&source);
    let functions = functions(&source);
    let problems: Vec<String> =
        functions.iter().filter(|function| exported.contains(&function.name)).flat_map(help_problems).collect();
    assert_clean(&problems);
}

#[test]
fn help_of_the_scan_describes_every_parameter() {
    assert_clean(&help_problems(&script("Invoke-ExchangeControlScan.ps1", &read(SCAN))));
}

#[test]
fn help_of_scripts_that_does_not_fit_is_found() {
    let good = "<#\n.SYNOPSIS\na\n.DESCRIPTION\nb\n.PARAMETER One\nc\n.EXAMPLE\nd\n.EXAMPLE\ne\n.INPUTS\nf\n.OUTPUTS\ng\n.NOTES\nh\n.LINK\ni\n#>\n\nparam([string] $One)\nfunction A { param($Two) 1 }\n";
    assert_clean(&help_problems(&script("It.ps1", good)));
    for bad in [good.replace("$One", "$Two"), good.replace("<#", "# <#"), good.replace("[string] $One", "")] {
        assert!(!help_problems(&script("It.ps1", &bad)).is_empty(), "{bad}");
    }
}

// What Register-ExchangeControlScan puts on the task's command line must be parameters of the script, and the other way round.

/// What the command takes about the task rather than the scan.
const OF_THE_TASK: [&str; 6] = ["At", "UserId", "LogonType", "Credential", "TaskName", "Force"];

fn scan_problems(module: &str, scan: &str) -> Vec<String> {
    let Some(register) = functions(module).into_iter().find(|function| function.name == "Register-ExchangeControlScan")
    else {
        return vec!["the module has no Register-ExchangeControlScan".to_owned()];
    };
    let taken: BTreeSet<String> =
        script("scan", scan).parameters.into_iter().filter(|name| name != "Unexpected").collect();
    let given: BTreeSet<String> =
        register.parameters.into_iter().filter(|name| !OF_THE_TASK.contains(&name.as_str())).collect();
    let mut problems: Vec<String> =
        given.difference(&taken).map(|name| format!("the scan has no parameter {name}")).collect();
    problems
        .extend(taken.difference(&given).map(|name| format!("Register-ExchangeControlScan has no parameter {name}")));
    let read: BTreeSet<String> =
        Regex::new(r"\$Given(?:\[|\.ContainsKey\()'(\w+)'|foreach \(\$name in ([^)]*)\) \{\s*if \(\$Given")
            .unwrap()
            .captures_iter(module)
            .flat_map(|found| match (found.get(1), found.get(2)) {
                (Some(name), _) => vec![name.as_str().to_owned()],
                (_, Some(list)) => {
                    list.as_str().split(',').map(|name| name.trim().trim_matches('\'').to_owned()).collect()
                }
                _ => Vec::new(),
            })
            .collect();
    problems.extend(taken.difference(&read).map(|name| format!("-{name} is not put on the command line")));
    problems.extend(read.difference(&taken).map(|name| format!("-{name} is put on the command line, but not taken")));
    problems
}

#[test]
fn scheduled_scans_take_what_they_are_given() {
    assert_clean(&scan_problems(&read(MODULE), &read(SCAN)));
}

#[test]
fn scheduled_scans_that_take_something_else_are_found() {
    let module = "
        function New-ScanSetting {
            param($Given)
            foreach ($name in 'Format', 'Keep') {
                if ($Given.ContainsKey($name)) { 1 }
            }
            if ($Given['Offline']) { 1 }
        }
        function Register-ExchangeControlScan { param($At, $Format, $Keep, $Offline) 1 }
    ";
    let scan = "param($Format, $Keep, $Offline, $Unexpected)";
    assert_clean(&scan_problems(module, scan));
    for (module, scan) in [
        (module.to_owned(), scan.replace("$Keep", "$Kept")),
        (module.to_owned(), scan.replace("$Unexpected", "$Other")),
        (module.replace("'Format', 'Keep'", "'Format'"), scan.to_owned()),
        (module.replace("['Offline']", "['Online']"), scan.to_owned()),
        (module.replace("$At, ", "$At, $More, "), scan.to_owned()),
        (module.replace("Register-ExchangeControlScan", "Register-It"), scan.to_owned()),
    ] {
        assert!(!scan_problems(&module, &scan).is_empty(), "{module}{scan}");
    }
}

// The formats of reports: the module's table, the values that its commands take, and what the library knows.

fn format_problems(module: &str) -> Vec<String> {
    let table = Regex::new(r"(?s)\$script:ReportExtension = \[ordered\] @\{(.*?)\n\}").unwrap();
    let Some(table) = table.captures(module) else {
        return vec!["there is no table of formats".to_owned()];
    };
    let named: Vec<String> = Regex::new(r"(?m)^\s*(\w+)\s*=\s*'\.\w+'$")
        .unwrap()
        .captures_iter(&table[1])
        .map(|entry| entry[1].to_owned())
        .collect();
    let mut problems = Vec::new();
    for name in &named {
        if serde_json::from_value::<exchange_control::report::Format>(name.as_str().into()).is_err() {
            problems.push(format!("the library has no format {name}"));
        }
    }
    let taken = Regex::new(r"ValidateSet\(([^)]*)\)\]\s*\[string(?:\[\])?\] \$Format\b").unwrap();
    let lists: Vec<Vec<String>> = taken
        .captures_iter(module)
        .map(|list| list[1].split(',').map(|name| name.trim().trim_matches('\'').to_owned()).collect())
        .collect();
    if lists.is_empty() {
        problems.push("no command takes a format".to_owned());
    }
    for list in lists.iter().filter(|list| **list != named) {
        problems.push(format!("a command takes the formats {list:?}, and the table has {named:?}"));
    }
    problems
}

#[test]
fn formats_are_those_of_the_library() {
    assert_clean(&format_problems(&read(MODULE)));
}

#[test]
fn formats_that_the_library_has_not_are_found() {
    let module = "$script:ReportExtension = [ordered] @{\n    table = '.txt'\n    json  = '.json'\n}\n[ValidateSet('table', 'json')]\n[string] $Format\n";
    assert_clean(&format_problems(module));
    for bad in [
        module.replace("json  =", "jason ="),
        module.replace("'table', 'json'", "'table'"),
        module.replace("ReportExtension", "Extension"),
        module.replace("$Format", "$Other"),
    ] {
        assert!(!format_problems(&bad).is_empty(), "{bad}");
    }
}

#[test]
fn help_that_does_not_fit_is_found() {
    let good = "function Test-It {\n<#\n.SYNOPSIS\na\n.DESCRIPTION\nb\n.PARAMETER One\nc\n.EXAMPLE\nd\n.EXAMPLE\ne\n.INPUTS\nf\n.OUTPUTS\ng\n.NOTES\nh\n.LINK\ni\n#>\n[CmdletBinding()]\nparam([string] $One)\n1\n}\n";
    assert_clean(&help_problems(&functions(good)[0]));
    for bad in [
        good.replace(".PARAMETER One\nc\n", ""),
        good.replace("$One", "$Two"),
        good.replace("$One", "$One, [string] $Two"),
        good.replace("[CmdletBinding()]", "[CmdletBinding(SupportsShouldProcess = $true)]"),
        good.replace(".EXAMPLE\ne\n", ""),
        good.replace(".NOTES\nh\n", ".NOTES\n\n"),
        good.replace(".SYNOPSIS", "SYNOPSIS"),
        good.replace("\nb\n", "\nb, or\n.txt too\n"),
    ] {
        assert!(!help_problems(&functions(&bad)[0]).is_empty(), "{bad}");
    }
}

// Exports, manifest, README

fn module_exports(source: &str) -> BTreeSet<String> {
    let code = source.lines().filter(|line| line.starts_with("Export-ModuleMember")).collect::<Vec<_>>();
    assert_eq!(code.len(), 1, "one Export-ModuleMember on a line of its own");
    let list = code[0].strip_prefix("Export-ModuleMember -Function ").expect("only functions are exported");
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

/// The strings of one entry of a manifest.
fn manifest_strings(manifest: &str, key: &str) -> BTreeSet<String> {
    let entry = Regex::new(&format!(r"(?m)^\s*{key}\s*=\s*(.*)$")).unwrap();
    let value = entry.captures(manifest).unwrap_or_else(|| panic!("the manifest has {key}"))[1].to_owned();
    Regex::new("'([^']*)'").unwrap().captures_iter(&value).map(|found| found[1].to_owned()).collect()
}

fn commands_in(text: &str) -> BTreeSet<String> {
    // A script is called like a command, but is none.
    Regex::new(r"\b[A-Z][a-z]+-ExchangeControl\w*\b(\.ps1)?")
        .unwrap()
        .captures_iter(text)
        .filter(|found| found.get(1).is_none())
        .map(|found| found[0].to_owned())
        .collect()
}

fn export_problems(module: &str, manifest: &str, texts: &[(&str, &str)]) -> Vec<String> {
    let exported = module_exports(module);
    let mut problems = Vec::new();
    let mut same = |what: &str, names: BTreeSet<String>| {
        problems.extend(exported.difference(&names).map(|name| format!("{name} is exported, but missing in {what}")));
        problems.extend(names.difference(&exported).map(|name| format!("{name} is in {what}, but not exported")));
    };
    same("the manifest's FunctionsToExport", manifest_strings(manifest, "FunctionsToExport"));
    let with_help =
        functions(module).into_iter().filter(|function| function.help.is_some()).map(|function| function.name);
    same("the functions with help", with_help.collect());
    for (what, text) in texts {
        same(what, commands_in(text));
    }
    for key in ["CmdletsToExport", "VariablesToExport", "AliasesToExport"] {
        if !manifest_strings(manifest, key).is_empty() || !manifest.contains(&format!("{key:<20} = @()")) {
            problems.push(format!("the manifest's {key} must be an empty list"));
        }
    }
    problems
}

#[test]
fn exports_manifest_help_and_readme_agree() {
    let readme = read("README.md");
    let about = read("module/ExchangeControl/en-US/about_ExchangeControl.help.txt");
    let texts = [("README.md", readme.as_str()), ("the about topic", about.as_str())];
    assert_clean(&export_problems(&read(MODULE), &read(MANIFEST), &texts));
}

#[test]
fn exports_that_differ_are_found() {
    let module = "function Test-ExchangeControl {\n<#\n.SYNOPSIS\na\n#>\nparam()\n1\n}\nExport-ModuleMember -Function Test-ExchangeControl\n";
    let manifest = "FunctionsToExport    = @('Test-ExchangeControl')\nCmdletsToExport      = @()\nVariablesToExport    = @()\nAliasesToExport      = @()\n";
    let readme = "Run Test-ExchangeControl, or Scripts/Invoke-ExchangeControlScan.ps1.";
    assert_clean(&export_problems(module, manifest, &[("README.md", readme)]));
    let differing = [
        (module.replace(".SYNOPSIS", ""), manifest.to_owned(), readme.to_owned()),
        (
            module.replace("-Function Test-ExchangeControl", "-Function Test-ExchangeControl, Get-It"),
            manifest.to_owned(),
            readme.to_owned(),
        ),
        (module.to_owned(), manifest.replace("@('Test-ExchangeControl')", "@('*')"), readme.to_owned()),
        (
            module.to_owned(),
            manifest.replace("AliasesToExport      = @()", "AliasesToExport      = @('tec')"),
            readme.to_owned(),
        ),
        (
            module.to_owned(),
            manifest.to_owned(),
            "Run Test-ExchangeControl or Export-ExchangeControlReport.".to_owned(),
        ),
        (module.to_owned(), manifest.to_owned(), "Run it.".to_owned()),
    ];
    for (module, manifest, readme) in differing {
        assert!(
            !export_problems(&module, &manifest, &[("README.md", &readme)]).is_empty(),
            "{module}{manifest}{readme}"
        );
    }
}

fn version_problems(cargo: &str, module: &str, manifest: &str) -> Vec<String> {
    let cargo = Regex::new(r#"(?m)^version\s*=\s*"([^"]+)""#).unwrap().captures(cargo).unwrap()[1].to_owned();
    let mut problems = Vec::new();
    if manifest_strings(manifest, "ModuleVersion") != BTreeSet::from([cargo.clone()]) {
        problems.push(format!("the manifest's ModuleVersion is not {cargo}"));
    }
    // The module has no version of its own; where one is written, it must be this one.
    for found in Regex::new(r"(?im)^\$script:(?:Module)?Version\s*=\s*'([^']*)'").unwrap().captures_iter(module) {
        if found[1] != cargo {
            problems.push(format!("the module says version {}, Cargo.toml {cargo}", &found[1]));
        }
    }
    problems
}

#[test]
fn versions_agree() {
    assert_clean(&version_problems(&read("Cargo.toml"), &read(MODULE), &read(MANIFEST)));
}

#[test]
fn versions_that_differ_are_found() {
    let cargo = "version = \"0.1.0\"\n";
    assert_clean(&version_problems(cargo, "", "ModuleVersion = '0.1.0'"));
    assert!(!version_problems(cargo, "", "ModuleVersion = '0.2.0'").is_empty());
    assert!(!version_problems(cargo, "$script:Version = '0.2.0'", "ModuleVersion = '0.1.0'").is_empty());
}

#[test]
fn manifest_names_files_that_exist() {
    let manifest = read(MANIFEST);
    let folder = root().join(MODULE);
    for key in ["RootModule", "TypesToProcess", "FormatsToProcess"] {
        let names = manifest_strings(&manifest, key);
        assert!(!names.is_empty(), "{key}");
        for name in names {
            assert!(folder.with_file_name(&name).is_file(), "{key}: {name}");
        }
    }
}

/// The module's own files, without the controls, their schema and the library.
fn module_files() -> BTreeSet<String> {
    let folder = root().join(MODULE).parent().unwrap().to_owned();
    let own = files(&[".psd1", ".psm1", ".ps1", ".ps1xml", ".txt"]);
    own.iter()
        .filter_map(|path| path.strip_prefix(&folder).ok())
        .map(|path| path.to_string_lossy().replace('\\', "/"))
        .filter(|name| !name.starts_with("Controls/") && !name.starts_with("Schemas/"))
        .collect()
}

#[test]
fn manifest_lists_the_files() {
    let manifest = read(MANIFEST);
    let list =
        Regex::new(r"(?s)FileList\s*=\s*@\((.*?)\)").unwrap().captures(&manifest).expect("a FileList")[1].to_owned();
    let listed: BTreeSet<String> =
        Regex::new("'([^']*)'").unwrap().captures_iter(&list).map(|found| found[1].to_owned()).collect();
    assert_eq!(listed, module_files());
}

// Native signatures: the table in the module against the C header. A signature is its return and its parameters, each as one of
// the kinds that both sides can say.

type Signatures = BTreeMap<String, (String, Vec<String>)>;

/// `name = @(return, @(parameter, ...))` of Get-NativeSignature.
fn declared_signatures(module: &str) -> Signatures {
    let entry = Regex::new(r"(?m)^\s*(xc_\w+)\s*=\s*@\(\s*(\S+)\s*,\s*@\((.*)\)\s*\)\s*$").unwrap();
    let kind = |text: &str| {
        match text.trim() {
            "[void]" => "void",
            "[uint32]" => "u32",
            "$size" => "size",
            "$ptr" => "pointer",
            "$bytes" => "bytes",
            "$refPtr" => "pointer out",
            "$refSize" => "size out",
            other => other,
        }
        .to_owned()
    };
    entry
        .captures_iter(module)
        .map(|found| {
            let parameters = found[3].split(',').filter(|part| !part.trim().is_empty()).map(kind).collect();
            (found[1].to_owned(), (kind(&found[2]), parameters))
        })
        .collect()
}

fn header_signatures(header: &str) -> Signatures {
    let comments = Regex::new(r"(?sm)/\*.*?\*/|//[^\n]*|^\s*#[^\n]*").unwrap();
    let plain = comments.replace_all(header, " ");
    let blank = Regex::new(r"\s+").unwrap();
    let prototype = Regex::new(r"((?:\w+\s+)*\w+\s*\**)\s*\b(xc_\w+)\s*\(([^()]*)\)\s*;").unwrap();
    prototype
        .captures_iter(&plain)
        .map(|found| {
            let parameters = found[3].trim();
            let parameters = if parameters.is_empty() || parameters == "void" {
                Vec::new()
            } else {
                parameters
                    .split(',')
                    .map(|parameter| c_kind(&without_name(&blank.replace_all(parameter, " "))))
                    .collect()
            };
            (found[2].to_owned(), (c_kind(&blank.replace_all(&found[1], " ")), parameters))
        })
        .collect()
}

/// A C parameter without its name.
fn without_name(parameter: &str) -> String {
    Regex::new(r"\b\w+\s*$").unwrap().replace(parameter.trim(), "").into_owned()
}

/// The kind of a C type: a pointer to constant bytes is what the caller hands over, other pointers are handles and buffers.
fn c_kind(text: &str) -> String {
    let stars = text.matches('*').count();
    let base: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty() && !matches!(*word, "struct" | "extern" | "const" | "XC_API" | "enum"))
        .collect();
    let constant = Regex::new(r"\bconst\b").unwrap().is_match(text);
    match (base.as_slice(), stars) {
        (["void"], 0) => "void".to_owned(),
        (["uint32_t" | "xc_status"], 0) => "u32".to_owned(),
        (["size_t" | "uintptr_t"], 0) => "size".to_owned(),
        (["size_t" | "uintptr_t"], 1) => "size out".to_owned(),
        (["uint8_t"], 1) if constant => "bytes".to_owned(),
        (_, 1) => "pointer".to_owned(),
        (_, 2) => "pointer out".to_owned(),
        _ => text.trim().to_owned(),
    }
}

fn signature_problems(module: &str, header: &str) -> Vec<String> {
    let (declared, defined) = (declared_signatures(module), header_signatures(header));
    let mut problems = Vec::new();
    if defined.is_empty() {
        problems.push("the header has no functions".to_owned());
    }
    let names: BTreeSet<&String> = declared.keys().chain(defined.keys()).collect();
    for name in names {
        match (declared.get(name), defined.get(name)) {
            (Some(declared), Some(defined)) if declared == defined => {}
            (Some(declared), Some(defined)) => {
                problems.push(format!("{name}: the module declares {declared:?}, the header {defined:?}"))
            }
            (Some(_), None) => problems.push(format!("{name} is declared in the module, but not in the header")),
            (None, _) => problems.push(format!("{name} is in the header, but not declared in the module")),
        }
    }
    // Every call in the module must be of a declared function.
    for found in Regex::new(r"::(xc_\w+)\(").unwrap().captures_iter(module) {
        if !declared.contains_key(&found[1]) {
            problems.push(format!("{} is called, but not declared", &found[1]));
        }
    }
    problems
}

#[test]
fn native_signatures_match_the_header() {
    assert_clean(&signature_problems(&read(MODULE), &read(HEADER)));
}

#[test]
fn native_signatures_that_differ_are_found() {
    let module = "
        xc_version     = @([uint32], @($refPtr, $refSize))
        xc_run_start   = @([uint32], @($bytes, $size, $refPtr, $refPtr, $refSize))
        xc_run_next    = @([uint32], @($ptr, [uint32], $refPtr, $refSize))
        xc_run_free    = @([void], @($ptr))
        xc_live_runs   = @([uint32], @())
    ";
    let header = "
        #define XC_OK 0
        typedef struct xc_run xc_run;
        #ifdef __cplusplus
        extern \"C\" {
        #endif // __cplusplus
        /* asks; see xc_run_free(run); */
        uint32_t xc_version(uint8_t **answer, size_t *answer_length);
        uint32_t xc_run_start(const uint8_t *request,
                              size_t request_length,
                              struct xc_run **run,
                              uint8_t **answer,
                              size_t *answer_length);
        uint32_t xc_run_next(xc_run *run, uint32_t timeout_ms, uint8_t **answer, size_t *answer_length);
        void xc_run_free(xc_run *run);
        extern uint32_t xc_live_runs(void);
    ";
    assert_clean(&signature_problems(module, header));
    let differing = [
        (module.to_owned(), header.replace("uint32_t timeout_ms", "size_t timeout_ms")),
        (module.to_owned(), header.replace("const uint8_t *request", "uint8_t *request")),
        (module.to_owned(), header.replace("void xc_run_free", "uint32_t xc_run_free")),
        (module.to_owned(), header.replace("uint32_t timeout_ms, ", "")),
        (module.to_owned(), header.replace("xc_live_runs", "xc_live")),
        (module.to_owned(), header.replace("size_t *answer_length", "size_t answer_length")),
        (module.replace("xc_live_runs   = @([uint32], @())", ""), header.to_owned()),
        (format!("{module}\n$script:Native::xc_other($a)"), header.to_owned()),
        (module.to_owned(), String::new()),
    ];
    for (module, header) in differing {
        assert!(!signature_problems(&module, &header).is_empty(), "{module}{header}");
    }
}

// What the module asks for is what the header documents, comes from its parameters, and an error about it names them again.

/// The texts of a table `$script:Name = @{ key = 'value' }`.
fn script_table(module: &str, name: &str) -> BTreeMap<String, String> {
    let table = Regex::new(&format!(r"(?s)\$script:{name} = @\{{(.*?)\n?\}}")).unwrap();
    let Some(found) = table.captures(module) else {
        return BTreeMap::new();
    };
    Regex::new(r"(\w+)\s*=\s*'(\w+)'")
        .unwrap()
        .captures_iter(&found[1])
        .map(|entry| (entry[1].to_owned(), entry[2].to_owned()))
        .collect()
}

/// The members of requests that the module writes: texts that begin with `"member":`.
fn sent_members(module: &str) -> BTreeSet<String> {
    Regex::new(r#"'"(\w+)":"#).unwrap().captures_iter(module).map(|found| found[1].to_owned()).collect()
}

fn request_problems(module: &str, header: &str) -> Vec<String> {
    let sent = sent_members(module);
    let table = script_table(module, "RequestParameter");
    let parameters: BTreeSet<String> = functions(module)
        .into_iter()
        .filter(|function| ["Test-ExchangeControl", "Export-ExchangeControlReport"].contains(&function.name.as_str()))
        .flat_map(|function| function.parameters)
        .collect();
    let mut problems = Vec::new();
    if table.is_empty() {
        problems.push("there is no table of parameters".to_owned());
    }
    for (member, parameter) in &table {
        if !sent.contains(member) {
            problems.push(format!("the member {member} is never sent"));
        }
        if !parameters.contains(parameter) {
            problems.push(format!("no command that sends requests has a parameter {parameter}"));
        }
    }
    problems.extend(
        sent.iter()
            .filter(|member| !header.contains(&format!("\"{member}\"")))
            .map(|member| format!("the header does not name the member {member}")),
    );
    // What is read of the bound parameters by name is checked by nobody else: a slip would be a setting that is not sent.
    for found in Regex::new(r"\$Parameter(?:\[|\.ContainsKey\()'(\w+)'").unwrap().captures_iter(module) {
        if !table.values().any(|parameter| *parameter == found[1]) {
            problems.push(format!("-{} is sent, but no member stands for it", &found[1]));
        }
    }
    problems
}

#[test]
fn requests_come_from_parameters() {
    assert_clean(&request_problems(&read(MODULE), &read(HEADER)));
}

#[test]
fn requests_from_elsewhere_are_found() {
    let module = "
        $script:RequestParameter = @{
            proxy = 'Proxy'
        }
        function New-NetworkJson { '\"proxy\":' + $Parameter['Proxy'] }
        function Test-ExchangeControl { param([string] $Proxy) 1 }
    ";
    let header = "/* {\"proxy\":\"http://proxy:8080\"} */";
    assert_clean(&request_problems(module, header));
    assert!(!request_problems(module, "/* proxy */").is_empty());
    for bad in [
        module.replace("proxy = 'Proxy'", "server = 'Proxy'"),
        module.replace("[string] $Proxy", "[string] $Server"),
        module.replace("$Parameter['Proxy']", "$Parameter['Proxi']"),
        module.replace("$Parameter['Proxy']", "$Parameter.ContainsKey('Server')"),
        module.replace("'\"proxy\":'", "'\"proxi\":'"),
        module.replace("RequestParameter", "Parameters"),
    ] {
        assert!(!request_problems(&bad, header).is_empty(), "{bad}");
    }
}

// The results that the Pester tests turn into objects and back must be such as the library writes and reads.

/// The text of a variable that is made of strings in single quotes, one after another.
fn quoted_text(script: &str, variable: &str) -> String {
    let start = Regex::new(&format!(r"(?m)^\s*\${variable} = ")).unwrap().find(script).expect("the variable").end();
    let pieces = Regex::new(r"^(?:\s*\+?\s*'([^']*)')").unwrap();
    let (mut text, mut rest) = (String::new(), &script[start..]);
    while let Some(piece) = pieces.captures(rest) {
        text.push_str(&piece[1]);
        rest = &rest[piece[0].len()..];
        if !rest.trim_start_matches([' ', '\r']).starts_with('+') {
            break;
        }
    }
    text
}

#[test]
fn pester_results_are_the_librarys() {
    let script = read("tests/pester/Export-ExchangeControlReport.Tests.ps1");
    for variable in ["one", "bare"] {
        let text = quoted_text(&script, variable);
        let result: exchange_control::evaluate::ControlResult = serde_json::from_str(&text).expect(variable);
        let written: serde_json::Value = serde_json::to_value(&result).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(&text).unwrap(), "{variable}");
    }
    assert_eq!(quoted_text("$a = 'x' +\n    'y'\n$b = 'z'", "a"), "xy");
}

// The Pester tests must not ask the network.

/// Calls that would: ones that name domains or collect, unless they are offline, ask a DNS server of the test's own, or select
/// controls that ask nothing.
fn network_problems(source: &str) -> Vec<String> {
    let code = code_only(source);
    Regex::new(r"(\|\s*)?Test-ExchangeControl\b([^|\n]*)")
        .unwrap()
        .captures_iter(&code)
        .filter_map(|found| {
            // Of the source, as the code has no strings.
            let arguments = &source[found.get(2)?.range()];
            let asks =
                arguments.contains("-Domain ") || (found.get(1).is_none() && !arguments.contains("-InputObject "));
            let spared = arguments.contains("-Offline")
                || arguments.contains("-DnsServer ")
                || (arguments.contains("-ControlId ") && !arguments.contains("TLS-025"));
            let line = source[..found.get(0)?.start()].matches('\n').count() + 1;
            (asks && !spared).then(|| format!("line {line}: Test-ExchangeControl{arguments} may ask the network"))
        })
        .collect()
}

#[test]
fn pester_tests_ask_no_network() {
    assert_clean(&over(&files(&[".Tests.ps1"]), network_problems));
}

#[test]
fn calls_that_ask_the_network_are_found() {
    for asking in [
        "Test-ExchangeControl",
        "$a = @(Test-ExchangeControl | Where-Object { $_ })",
        "Test-ExchangeControl -Domain 'contoso.com'",
        "$a | Test-ExchangeControl -Domain 'contoso.com'",
        "Test-ExchangeControl -ControlId 'EDCA-TLS-025'",
    ] {
        assert_eq!(network_problems(asking).len(), 1, "{asking}");
    }
    for quiet in [
        "'Test-ExchangeControl'",
        "# Test-ExchangeControl",
        "$a | Test-ExchangeControl",
        "Test-ExchangeControl -InputObject $a",
        "Test-ExchangeControl -ControlId 'EDCA-TLS-011'",
        "Test-ExchangeControl -Domain 'contoso.com' -Offline",
        "Test-ExchangeControl -Domain 'contoso.com' -DnsServer $server",
    ] {
        assert_clean(&network_problems(quiet));
    }
}

// Objects and their views

/// The properties of each `[pscustomobject] @{ PSTypeName = '...'; ... }`.
fn object_properties(module: &str) -> BTreeMap<String, BTreeSet<String>> {
    let tree = parse(module);
    let mut objects = BTreeMap::new();
    for literal in nodes(tree.root_node(), "hash_literal_expression") {
        let mut cursor = literal.walk();
        let bodies: Vec<_> =
            literal.children(&mut cursor).filter(|child| child.kind() == "hash_literal_body").collect();
        let mut names = BTreeSet::new();
        let mut type_name = None;
        for body in bodies {
            let mut cursor = body.walk();
            for entry in body.children(&mut cursor).filter(|child| child.kind() == "hash_entry") {
                let (key, value) = text_of(entry, module).split_once('=').unwrap();
                match key.trim() {
                    "PSTypeName" => {
                        type_name = Some(value.trim().trim_end_matches(';').trim().trim_matches('\'').to_owned());
                    }
                    name => {
                        names.insert(name.to_owned());
                    }
                }
            }
        }
        if let Some(type_name) = type_name.filter(|name| name.starts_with("ExchangeControl.")) {
            objects.insert(type_name, names);
        }
    }
    objects
}

/// Type names with the properties that a format or types file names for them, or why the file is not XML.
fn named_properties(xml: &str) -> Result<Vec<(String, String)>, String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut type_name = String::new();
    let mut named = Vec::new();
    let scripted = Regex::new(r"\$(?:_|this)\.(\w+)").unwrap();
    loop {
        match reader.read_event().map_err(|error| format!("at byte {}: {error}", reader.error_position()))? {
            Event::Start(start) => {
                path.push(start.name().as_ref().to_owned());
                text.clear();
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(reference) => text.push_str(&format!("&{};", &*reference)),
            Event::End(_) => {
                let element = path.pop().expect("an end follows a start");
                let parent = path.last().map_or("", String::as_str);
                match (parent, element.as_str()) {
                    (_, "TypeName") | ("Type", "Name") => type_name = text.trim().to_owned(),
                    (_, "PropertyName" | "ReferencedMemberName") => {
                        named.push((type_name.clone(), text.trim().to_owned()))
                    }
                    (_, "ScriptBlock" | "Script") => {
                        // Behind a pipe, $_ is an element of a list and no longer this object.
                        let own = text.split('|').next().unwrap_or_default();
                        named.extend(scripted.captures_iter(own).map(|found| (type_name.clone(), found[1].to_owned())));
                    }
                    _ => {}
                }
                text.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if path.is_empty() { Ok(named) } else { Err(format!("{} is not closed", path.join("/"))) }
}

fn view_problems(module: &str, xml: &str) -> Vec<String> {
    let objects = object_properties(module);
    match named_properties(xml) {
        Err(error) => vec![error],
        Ok(named) if named.is_empty() => vec!["the file names no property".to_owned()],
        Ok(named) => named
            .into_iter()
            .filter(|(type_name, property)| {
                !objects.get(type_name).is_some_and(|properties| properties.contains(property))
            })
            .map(|(type_name, property)| format!("{type_name} has no property {property}"))
            .collect(),
    }
}

#[test]
fn views_name_properties_that_exist() {
    let module = read(MODULE);
    for path in [FORMATS, TYPES] {
        assert_clean(&view_problems(&module, &read(path)));
    }
    let objects = object_properties(&module);
    for name in ["ExchangeControl.Result", "ExchangeControl.Repair", "ExchangeControl.Control"] {
        assert!(objects.get(name).is_some_and(|properties| properties.len() > 5), "{name}: {objects:?}");
    }
}

#[test]
fn views_of_missing_properties_are_found() {
    let module = "[pscustomobject] @{ PSTypeName = 'ExchangeControl.It'; One = 1; List = @(2) }";
    let view = "<View><TypeName>ExchangeControl.It</TypeName><PropertyName>One</PropertyName><ScriptBlock>@($_.List | ForEach-Object { $_.Inner }) -join ''</ScriptBlock></View>";
    assert_clean(&view_problems(module, view));
    for bad in [
        view.replace("<PropertyName>One", "<PropertyName>Two"),
        view.replace("$_.List", "$_.Lists"),
        view.replace("ExchangeControl.It", "ExchangeControl.Other"),
        view.replace("</View>", ""),
        view.replace("</PropertyName>", "</Property>"),
        view.replace("ForEach-Object", "ForEach-Object <"),
        String::new(),
    ] {
        assert!(!view_problems(module, &bad).is_empty(), "{bad}");
    }
}

#[test]
fn format_and_types_files_are_well_formed() {
    assert_clean(&over(&files(&[".ps1xml"]), |xml| named_properties(xml).err().into_iter().collect()));
}

// A result piped into Set-SendConnector must bind by its Identity alone.

fn binding_problems(module: &str) -> Vec<String> {
    const PARAMETERS: [&str; 47] = [
        "AddressSpaces",
        "AuthenticationCredential",
        "CloudServicesMailEnabled",
        "Comment",
        "Confirm",
        "ConnectionInactivityTimeOut",
        "ConnectorType",
        "DNSRoutingEnabled",
        "DomainController",
        "DomainSecureEnabled",
        "Enabled",
        "ErrorPolicies",
        "Force",
        "ForceHELO",
        "Fqdn",
        "FrontendProxyEnabled",
        "IgnoreSTARTTLS",
        "IsCoexistenceConnector",
        "IsScopedConnector",
        "LinkedReceiveConnector",
        "MaxMessageSize",
        "Name",
        "Port",
        "ProtocolLoggingLevel",
        "RequireOorg",
        "RequireTLS",
        "SmartHostAuthMechanism",
        "SmartHosts",
        "SmtpMaxMessagesPerConnection",
        "SourceIPAddress",
        "SourceTransportServers",
        "TlsAuthLevel",
        "TlsCertificateName",
        "TlsDomain",
        "UseExternalDNSServersEnabled",
        "WhatIf",
        "Verbose",
        "Debug",
        "ErrorAction",
        "ErrorVariable",
        "InformationAction",
        "InformationVariable",
        "OutVariable",
        "OutBuffer",
        "PipelineVariable",
        "WarningAction",
        "WarningVariable",
    ];
    let Some(properties) = object_properties(module).remove("ExchangeControl.Result") else {
        return vec!["the module makes no ExchangeControl.Result".to_owned()];
    };
    let mut problems: Vec<String> = properties
        .iter()
        .filter(|property| PARAMETERS.iter().any(|parameter| parameter.eq_ignore_ascii_case(property)))
        .map(|property| format!("Set-SendConnector has a parameter {property}"))
        .collect();
    if !properties.contains("Identity") {
        problems.push("there is no Identity to bind".to_owned());
    }
    problems
}

#[test]
fn results_bind_by_identity_alone() {
    assert_clean(&binding_problems(&read(MODULE)));
}

#[test]
fn results_that_bind_more_are_found() {
    let module = "[pscustomobject] @{ PSTypeName = 'ExchangeControl.Result'; Identity = 1; Status = 2 }";
    assert_clean(&binding_problems(module));
    for bad in [module.replace("Status", "name"), module.replace("Identity", "Id"), module.replace("Result", "Other")] {
        assert!(!binding_problems(&bad).is_empty(), "{bad}");
    }
}

// What a fix may set must leave out what it must never set.

#[test]
fn repairs_never_set_addresses_names_or_credentials() {
    let module = read(MODULE);
    let list = Regex::new(r"(?s)\$script:RepairParameter = @\((.*?)\)")
        .unwrap()
        .captures(&module)
        .expect("the list of what a fix may set")[1]
        .to_owned();
    let allowed: BTreeSet<String> =
        Regex::new("'([^']*)'").unwrap().captures_iter(&list).map(|found| found[1].to_owned()).collect();
    assert!(allowed.contains("IgnoreSTARTTLS"), "{allowed:?}");
    for never in [
        "AddressSpaces",
        "AuthenticationCredential",
        "Name",
        "Identity",
        "Confirm",
        "WhatIf",
        "Force",
        "DomainController",
    ] {
        assert!(!allowed.contains(never), "{never}");
    }
}
