//! The HTML page in a real browser. Needs Chromium, and says so loudly where there is none.
#![cfg(unix)]

mod browser;
mod documents;

use std::path::{Path, PathBuf};
use std::time::Instant;

use browser::Browser;
use data_encoding::BASE64;
use documents::{HOSTILE, document, everything, example, many, page, result, trend};
use exchange_control::report::html::Trend;
use serde_json::json;

/// A page in a folder of its own.
struct Shown {
    folder: tempfile::TempDir,
}

impl Shown {
    fn new(page: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("report.html"), page).expect("the page is written");
        Shown { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("report.html")
    }
}

/// Opens a page; None where there is no browser.
fn opened(page: &[u8]) -> Option<(Browser, Shown)> {
    let mut browser = Browser::start()?;
    let shown = Shown::new(page);
    browser.resize(1400, 900);
    browser.emulate("screen", "light");
    browser.open(&shown.path());
    Some((browser, shown))
}

/// What is to be seen of the rows: their names.
const VISIBLE: &str = "[...document.querySelectorAll('.r')].filter(row => row.checkVisibility()).map(row => row.querySelector('bdi').textContent)";

fn visible(browser: &mut Browser) -> Vec<String> {
    serde_json::from_value(browser.eval(VISIBLE)).expect("names")
}

fn choose(browser: &mut Browser, value: &str) {
    browser.eval(&format!("document.querySelector('[data-value={}]').click()", json!(value)));
}

#[test]
fn filters_and_search_show_what_matches() {
    let Some((mut browser, _page)) = opened(&page(everything(), Trend::default())) else { return };
    let everything = 15;
    assert_eq!(browser.text("matches.textContent"), format!("{everything} results"));
    let cases: [(&[&str], &str, &[&str]); 11] = [
        (&["unknown"], "", &["Migration test"]),
        (&["unknown", "na"], "", &["Migration test", "Fax gateway"]),
        (&["pass"], "", &["To the Internet", "To the Internet", "Subsidiary Tailspin"]),
        (&["accepted"], "", &["Partner Litware"]),
        (&["Medium", "fail"], "", &["Partner Fabrikam"]),
        (&["DISA"], "", &["Partner Fabrikam", "Partner Litware", "Subsidiary Tailspin"]),
        (&["new", "fixed"], "", &["Newsletter gateway", "Subsidiary Tailspin"]),
        (&[], "  PARTNER lit ", &["Partner Litware"]),
        (&[], "xc-critical", &["To the Internet"]),
        (&["High"], "missing from", &["Migration test"]),
        (&["pass"], "no such thing", &[]),
    ];
    for (choices, words, expected) in cases {
        choices.iter().for_each(|choice| choose(&mut browser, choice));
        browser.eval("search.value = ''; search.focus()");
        browser.type_text(words);
        browser.eval("new Promise(done => setTimeout(done, 150))");
        assert_eq!(visible(&mut browser), expected, "{choices:?} {words:?}");
        let told = browser.text("matches.textContent");
        assert_eq!(told, format!("{} of {everything} results", expected.len()), "{choices:?} {words:?}");
        let pressed =
            browser.eval("[...document.querySelectorAll('form [aria-pressed=true]')].map(b => b.dataset.value)");
        assert_eq!(pressed.as_array().map(Vec::len), Some(choices.len()));
        browser.eval("document.getElementById('clear').click()");
        assert_eq!(browser.text("matches.textContent"), format!("{everything} results"));
        assert_eq!(browser.eval("document.querySelectorAll('[hidden], .rest[open]').length"), json!(0));
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_fix_is_copied_as_it_is_shown() {
    let Some((mut browser, _page)) = opened(&page(everything(), Trend::default())) else { return };
    let expected = "Set-SendConnector -Identity 'Newsletter gateway' -IgnoreSTARTTLS $false";
    let press = "document.querySelector('#c2-1 .r').open = true; document.querySelector('#c2-1 .copy').click(); \
        new Promise(done => setTimeout(() => done(document.querySelector('#c2-1 .copy').textContent), 300))";
    // By the clipboard, which a window without permission refuses, and by the selection where there is none.
    browser.eval("navigator.clipboard.writeText = async text => { window.copied = text }");
    assert_eq!(browser.text(press), "Copied");
    assert_eq!(browser.text("window.copied"), expected);
    assert_eq!(browser.text("document.querySelector('#said[role=status]').textContent"), "The fix is copied.");
    browser.eval("navigator.clipboard.writeText = async () => { throw new Error('refused') }");
    browser.eval("document.addEventListener('copy', () => { window.selected = getSelection().toString() })");
    assert_eq!(browser.text(press), "Copied");
    assert_eq!(browser.text("window.selected"), expected);
    browser.eval("document.execCommand = () => false");
    assert_eq!(browser.text(press), "Press Ctrl+C");
    assert_eq!(browser.text("getSelection().toString()"), expected);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn the_theme_follows_the_system_until_it_is_chosen() {
    let Some((mut browser, shown)) = opened(&page(everything(), Trend::default())) else { return };
    let look = "getComputedStyle(document.body).backgroundColor + theme.getAttribute('aria-pressed')";
    let (light, dark) = ("rgb(244, 246, 249)false", "rgb(18, 22, 28)true");
    assert_eq!(browser.text(look), light);
    browser.emulate("screen", "dark");
    browser.eval("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))");
    assert_eq!(browser.text(look), dark);
    browser.eval("theme.click()");
    assert_eq!(browser.text(look), light);
    browser.open(&shown.path());
    assert_eq!(browser.text(look), light);
    browser.eval("theme.click()");
    assert_eq!(browser.text(look), dark);
    // Storage that is refused is done without.
    let refuse = "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('refused') } })";
    browser.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": refuse }));
    browser.emulate("screen", "light");
    browser.open(&shown.path());
    assert_eq!(browser.text(look), light);
    browser.eval("theme.click()");
    assert_eq!(browser.text(look), dark);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn hostile_names_stay_text_and_nothing_is_asked_for() {
    let Some((mut browser, shown)) = opened(&page(everything(), trend())) else { return };
    browser.eval("document.querySelectorAll('details').forEach(details => { details.open = true })");
    let names: Vec<String> = visible(&mut browser);
    for name in HOSTILE {
        let expected = name.replace('\u{202e}', "\\u{202e}").replace('\u{200f}', "\\u{200f}");
        assert!(names.contains(&expected), "{expected}");
        let text = browser.text("document.body.textContent");
        assert!(text.contains(&expected), "{expected}");
        assert!(!text.contains(['\u{202e}', '\u{200f}']));
    }
    let foreign =
        "document.querySelectorAll('img, iframe, object, embed, link, base, svg[onload], body script').length";
    assert_eq!(browser.eval(foreign), json!(0));
    let attributes = "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => /^on|^style$/.test(a.name)).length";
    assert_eq!(browser.eval(attributes), json!(0));
    let links =
        browser.eval("[...document.links].map(link => link.protocol).filter(p => p !== 'https:' && p !== 'file:')");
    assert_eq!(links, json!([]));
    choose(&mut browser, HOSTILE[0]);
    assert_eq!(visible(&mut browser).len(), 7);
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert_eq!(browser.requested(), [format!("file://{}", shown.path().display())]);
}

#[test]
fn the_policy_holds() {
    let Some((mut browser, _page)) = opened(&page(everything(), Trend::default())) else { return };
    browser.eval(
        "const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s)",
    );
    browser.eval("const i = new Image(); i.src = 'https://127.0.0.1:9/x'; document.body.append(i)");
    browser.eval("fetch('https://127.0.0.1:9/y').catch(() => 0)");
    browser.eval("document.body.insertAdjacentHTML('beforeend', '<b onclick=\"window.ran = true\" id=probe>x</b>'); probe.click()");
    assert_eq!(browser.eval("window.ran === undefined"), json!(true));
    assert!(browser.complaints().len() >= 4, "{:?}", browser.complaints());
}

#[test]
fn the_keyboard_reaches_everything() {
    let Some((mut browser, _page)) = opened(&page(everything(), trend())) else { return };
    let focused = "(e => e.id || e.textContent.trim().slice(0, 40))(document.activeElement)";
    let mut reached = Vec::new();
    for _ in 0..200 {
        browser.press("Tab");
        let here = browser.text(focused);
        if here == "Newsletter gateway" || here.starts_with("Fail Newsletter") {
            break;
        }
        let outlined = browser.eval("getComputedStyle(document.activeElement).outlineStyle !== 'none'");
        assert_eq!(outlined, json!(true), "the focus is not to be seen on {here}");
        reached.push(here);
    }
    for expected in ["Skip to the results", "theme", "search", "clear", "Fail", "DISA"] {
        assert!(reached.iter().any(|here| here == expected), "{expected} in {reached:?}");
    }
    browser.press("Enter");
    assert_eq!(browser.eval("document.activeElement.parentElement.open"), json!(true));
    browser.press("Tab");
    assert_eq!(
        browser.text("document.activeElement.getAttribute('aria-label')"),
        "Copy the fix for Newsletter gateway"
    );
    browser.eval("document.querySelector('[data-value=unknown]').focus()");
    browser.press(" ");
    assert_eq!(visible(&mut browser), ["Migration test"]);
    browser.eval("document.querySelector('.skip').focus()");
    browser.press("Enter");
    assert_eq!(browser.text("document.activeElement.id"), "results");
}

#[test]
fn print_shows_everything_and_no_buttons() {
    let Some((mut browser, _page)) = opened(&page(everything(), trend())) else { return };
    browser.emulate("print", "dark");
    browser.eval("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))");
    let hidden = "[...document.querySelectorAll('.r, .d, .d td:not(:empty), .about li')].filter(e => e.getBoundingClientRect().height === 0).length";
    assert_eq!(browser.eval(hidden), json!(0));
    let shown = "document.querySelector('h1').checkVisibility()";
    assert_eq!(browser.eval(shown), json!(true));
    let buttons = "[...document.querySelectorAll('button, input, .skip')].filter(e => e.checkVisibility()).length";
    assert_eq!(browser.eval(buttons), json!(0));
    assert_eq!(browser.text("getComputedStyle(document.documentElement).colorScheme"), "light");
    let printed = browser.call("Page.printToPDF", json!({ "printBackground": false }));
    let printed = BASE64.decode(printed["data"].as_str().expect("Base64").as_bytes()).expect("Base64");
    assert!(printed.starts_with(b"%PDF"));
    keep("print.pdf", &printed);
}

#[test]
fn without_script_everything_is_there() {
    let mut browser = match Browser::start() {
        Some(browser) => browser,
        None => return,
    };
    let shown = Shown::new(&page(everything(), trend()));
    browser.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.resize(800, 900);
    browser.open(&shown.path());
    let buttons = "[...document.querySelectorAll('button, input')].filter(e => e.checkVisibility()).length";
    assert_eq!(browser.eval(buttons), json!(0));
    let rows = browser.eval("document.querySelectorAll('.r').length");
    assert_eq!(rows, json!(15));
    let shown = browser.eval("[...document.querySelectorAll('.r')].filter(e => e.checkVisibility()).length");
    assert_eq!(shown, json!(12));
}

#[test]
fn what_assistive_technology_is_told() {
    let Some((mut browser, _page)) = opened(&page(everything(), trend())) else { return };
    browser.eval("document.querySelectorAll('details').forEach(details => { details.open = true })");
    let tree = browser.call("Accessibility.getFullAXTree", json!({}));
    let nodes: Vec<_> =
        tree["nodes"].as_array().expect("nodes").iter().filter(|node| node["ignored"] == false).collect();
    let named = |role: &str| -> Vec<String> {
        let of_role = nodes.iter().filter(|node| node["role"]["value"] == role);
        of_role.map(|node| node["name"]["value"].as_str().unwrap_or_default().to_owned()).collect()
    };
    for (role, least) in [("button", 20), ("searchbox", 1), ("link", 5), ("image", 3), ("group", 4), ("region", 2)] {
        let names = named(role);
        assert!(
            names.len() >= least && (role == "group" || names.iter().all(|name| !name.is_empty())),
            "{role}: {names:?}"
        );
    }
    for role in ["main", "banner", "contentinfo", "navigation", "search"] {
        assert_eq!(named(role).len(), 1, "{role}");
    }
    let levels = browser.eval("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => +h.tagName[1])");
    let levels: Vec<i64> = serde_json::from_value(levels).expect("levels");
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    let ids =
        browser.eval("(ids => ids.length - new Set(ids).size)([...document.querySelectorAll('[id]')].map(e => e.id))");
    assert_eq!(ids, json!(0), "ids that are not unique");
    assert_eq!(browser.text("matches.getAttribute('aria-live')"), "polite");
}

/// The contrast of every text with what is behind it (WCAG 2.2, 1.4.3): those below 4.5 to 1.
const TOO_FAINT: &str = r#"(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const rgba = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = element => { for (let e = element; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
    const faint = new Set();
    for (const e of document.querySelectorAll("body *")) {
        if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) continue;
        const style = getComputedStyle(e);
        const [a, b] = [light(rgba(e.closest("svg") ? style.fill : style.color)), light(behind(e))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) faint.add(`${e.tagName}.${e.className.baseVal ?? e.className} ${ratio.toFixed(2)}`);
    }
    return [...faint];
})()"#;

#[test]
fn texts_stand_out_and_fit_in_both_themes() {
    let Some((mut browser, _page)) = opened(&page(everything(), trend())) else { return };
    for width in [360, 800, 1400] {
        for scheme in ["light", "dark"] {
            browser.resize(width, 900);
            browser.emulate("screen", scheme);
            picture(&mut browser, width, &format!("closed-{width}-{scheme}"));
            browser.eval("document.querySelectorAll('.r:nth-child(-n+2), .rest, .about').forEach(details => { details.open = true })");
            browser.eval(
                "choice = document.querySelector('[data-value=High]'); choice.setAttribute('aria-pressed', 'true')",
            );
            assert_eq!(browser.eval(TOO_FAINT), json!([]), "{width} {scheme}");
            assert_eq!(browser.eval("document.documentElement.scrollWidth"), json!(width), "it scrolls sideways");
            picture(&mut browser, width, &format!("open-{width}-{scheme}"));
            browser.eval("document.querySelectorAll('main details').forEach(details => { details.open = false })");
            browser.eval("choice.setAttribute('aria-pressed', 'false')");
        }
    }
}

#[test]
fn counts_leave_accepted_risks_aside_and_changes_are_told() {
    let list = |browser: &mut Browser, of: &str| {
        browser.text(&format!(
            "[...document.querySelectorAll('{of}')].map(e => e.textContent.replace(/\\s+/g, ' ')).join('; ')"
        ))
    };
    let since = "New 1; Fixed 1; Still failing 1; Changed evidence 0; Gone 2";
    // Of what is accepted, a document with only what is new need not have the rows.
    let cases = [
        (false, 0, "Fail 9; Unknown 1; Accepted risk 1; Pass 3; Not applicable 1"),
        (true, 2, "Fail 7; Unknown 1; Accepted risk 3; Pass 3; Not applicable 1"),
    ];
    for (only_new, accepted_elsewhere, expected) in cases {
        let mut document = everything();
        document.summary.counts.excepted += accepted_elsewhere;
        document.summary.counts.excepted_fail += accepted_elsewhere;
        document.summary.comparison.as_mut().expect("a comparison").only_new = only_new;
        let Some((mut browser, _page)) = opened(&page(document, Trend::default())) else { return };
        assert_eq!(list(&mut browser, ".card:not(.since) > .legend li"), expected);
        assert_eq!(browser.text("document.querySelector('.since h3').textContent"), "Since 2026-02-28 23:59 UTC");
        assert_eq!(list(&mut browser, ".since .legend li"), since);
        let gone = format!("XC-HIGH Old gateway Fail; XC-LOW {} Pass", HOSTILE[0]);
        assert_eq!(list(&mut browser, ".gone li"), gone);
        let told = browser.text("document.querySelector('.since').textContent").contains("Only what is new");
        assert_eq!(told, only_new);
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

#[test]
fn documents_with_little_in_them() {
    let Some((mut browser, _page)) = opened(&page(document(vec![], json!([])), Trend::default())) else { return };
    assert!(browser.text("document.body.textContent").contains("Nothing was tested"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
    let one = document(vec![result("XC-1", "Low", "Pass", "")], json!([]));
    let shown = Shown::new(&page(one, Trend::default()));
    browser.open(&shown.path());
    assert_eq!(browser.text("document.querySelector('.rest summary').textContent"), "1 that passes or does not apply");
    assert_eq!(browser.text("document.querySelector('.r bdi').textContent"), "(SendConnector)");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// How long the browser's main thread works on something (CPU time in milliseconds, which a loaded machine changes little).
fn worked(browser: &mut Browser, act: impl FnOnce(&mut Browser)) -> f64 {
    let so_far = |browser: &mut Browser| {
        let metrics = browser.call("Performance.getMetrics", json!({}))["metrics"].take();
        let tasks = metrics.as_array().and_then(|all| all.iter().find(|metric| metric["name"] == "TaskDuration"));
        tasks.and_then(|metric| metric["value"].as_f64()).expect("seconds")
    };
    let before = so_far(browser);
    act(browser);
    1000.0 * (so_far(browser) - before)
}

/// The bounds are many times what an idle machine takes; the figures are printed.
#[test]
fn six_thousand_results_open_and_filter_without_lag() {
    let many = many();
    let started = Instant::now();
    let page = page(many, Trend::default());
    let rendered = started.elapsed();
    assert!(page.len() < 12_000_000, "{} bytes", page.len());
    let Some(mut browser) = Browser::start() else { return };
    browser.call("Performance.enable", json!({ "timeDomain": "threadTicks" }));
    let frame = "new Promise(done => requestAnimationFrame(() => setTimeout(done)))";
    let shown = Shown::new(&page);
    let opening = worked(&mut browser, |browser| {
        browser.open(&shown.path());
        browser.eval(frame);
    });
    let paint = browser.eval("performance.getEntriesByName('first-contentful-paint')[0].startTime");
    let paint = paint.as_f64().expect("milliseconds");
    let press = |value: &str| format!("document.querySelector('[data-value={value}]').click(); {frame}");
    let search = |words: &str| {
        format!(
            "search.value = '{words}'; search.dispatchEvent(new Event('input')); new Promise(done => setTimeout(done, 61)).then(() => {frame})"
        )
    };
    let changes = [
        ("Fail", press("fail")),
        ("and Pass", press("pass")),
        ("and High", press("High")),
        ("cleared", format!("document.getElementById('clear').click(); {frame}")),
        ("search", search("domain1999")),
        ("another", search("domain19")),
    ];
    let changes = changes.map(|(name, act)| (name, worked(&mut browser, |browser| _ = browser.eval(&act))));
    println!(
        "6,000 results: {} KB written in {rendered:?}; first paint after {paint:.0} ms, opened in {opening:.0} ms; filters {changes:.0?} ms",
        page.len() / 1024
    );
    assert!(opening < 8_000.0 && paint < 8_000.0, "{opening} {paint}");
    assert!(changes.iter().all(|(_, time)| *time < 2_000.0), "{changes:?}");
}

/// The picture of the README. To remake it: UPDATE_PICTURES=1 cargo test --test html picture, and then
/// pngquant --speed 1 --strip --ext .png --force 64 docs/images/report.png.
#[test]
fn the_picture_of_the_readme() {
    let Some((mut browser, _page)) = opened(&example()) else { return };
    browser.resize(1200, 900);
    browser.eval("document.querySelector('.r[data-s=fail]').open = true; document.querySelector('time').textContent = '2026-01-15 08:00 UTC'");
    let png = browser.picture(1200, 1000);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images/report.png");
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::write(&path, &png).expect("the picture is written");
    }
    let kept = std::fs::read(&path).expect("the picture is there");
    assert!(kept.starts_with(b"\x89PNG") && kept.len() < 150_000, "{} bytes", kept.len());
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// Keeps a picture of the page for people to look at.
fn picture(browser: &mut Browser, width: u32, name: &str) {
    keep(&format!("{name}.png"), &browser.picture(width, 6000));
}

/// Keeps a file in target/screenshots.
fn keep(name: &str, content: &[u8]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(name), content).expect("the file is written");
}
