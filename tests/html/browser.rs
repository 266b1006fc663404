//! A headless Chromium, driven by the DevTools protocol over a pipe: JSON messages that end with a zero byte.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Once;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

/// How long an answer may take; a loaded machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// The browser that tests drive, if there is one.
fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

/// Says what is missing where even a captured test is heard.
fn say_skipped() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let line = "*".repeat(79);
        let text = "THE TESTS OF THE HTML PAGE WERE SKIPPED: there is no Chromium here.\nOn Debian: apt-get install -y chromium";
        let _ = writeln!(std::io::stderr(), "{line}\n{text}\n{line}");
    });
}

/// A browser with one page, as a person has it before them.
pub struct Browser {
    process: Child,
    requests: ChildStdin,
    answers: Receiver<Value>,
    session: Option<String>,
    last: u64,
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one; None, and a loud word, where there is none.
    pub fn start() -> Option<Self> {
        let Some(program) = chromium() else {
            say_skipped();
            return None;
        };
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut process = Command::new("sh")
            // The browser reads from descriptor 3 and writes to 4.
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#])
            .arg(program)
            .args(["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--hide-scrollbars"])
            .args(["--disable-dev-shm-usage", "--force-color-profile=srgb", "--lang=en-US"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let requests = process.stdin.take().expect("a pipe");
        let mut output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                let text = message.strip_suffix(&[0]).unwrap_or(&message);
                if sender.send(serde_json::from_slice(text).expect("JSON")).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let (session, last, events) = (None, 0, Vec::new());
        let mut browser = Browser { process, requests, answers, session, last, events, _profile: profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            browser.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Calls a method and waits for its answer.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut text = message.to_string().into_bytes();
        text.push(0);
        self.requests.write_all(&text).expect("the browser lives");
        loop {
            let mut answer = self.answers.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{method}: {error}"));
            if answer["id"] == self.last {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.events.push(answer);
        }
    }

    /// Opens a file and waits until it is loaded.
    pub fn open(&mut self, path: &Path) {
        self.events.clear();
        self.call("Page.navigate", json!({ "url": format!("file://{}", path.display()) }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.answers.recv_timeout(PATIENCE).expect("the page loads");
            self.events.push(event);
        }
    }

    /// The value of an expression, which may be a promise, as if a person had acted.
    pub fn eval(&mut self, expression: &str) -> Value {
        let parameters =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true });
        let mut answer = self.call("Runtime.evaluate", parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// The text of an expression's value.
    pub fn text(&mut self, expression: &str) -> String {
        self.eval(expression).as_str().unwrap_or_default().to_owned()
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, None),
            "Enter" => (13, Some("\r")),
            " " => (32, Some(" ")),
            other => panic!("no such key: {other}"),
        };
        let down = json!({ "type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
        let down = if text.is_none() {
            json!({ "type": "rawKeyDown", "key": key, "code": key, "windowsVirtualKeyCode": code })
        } else {
            down
        };
        self.call("Input.dispatchKeyEvent", down);
        self.call(
            "Input.dispatchKeyEvent",
            json!({ "type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code }),
        );
    }

    /// Types into what has the focus.
    pub fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Makes the window so wide (CSS pixels).
    pub fn resize(&mut self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Makes the page believe in a medium ("screen", "print") and a colour scheme ("light", "dark").
    pub fn emulate(&mut self, medium: &str, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "media": medium, "features": features }));
    }

    /// The page as PNG at a width, whole or no higher than `most` pixels.
    pub fn picture(&mut self, width: u32, most: u32) -> Vec<u8> {
        self.resize(width, 900);
        let height = self.call("Page.getLayoutMetrics", json!({}))["cssContentSize"]["height"].as_f64();
        // What is out of sight is not drawn, so the window is made as high as the page.
        self.resize(width, (height.expect("a height") as u32).min(most));
        self.eval("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))");
        let answer = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        BASE64.decode(answer["data"].as_str().expect("a picture").as_bytes()).expect("Base64")
    }

    /// What the browser had to say against the page: exceptions, console messages, violations of its policy.
    pub fn complaints(&mut self) -> Vec<String> {
        // Whatever is under way has been said when this is answered.
        self.eval("new Promise(done => setTimeout(done, 50))");
        let methods = [
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Log.entryAdded",
            "Audits.issueAdded",
            "Page.javascriptDialogOpening",
        ];
        let told = self.events.iter().filter(|event| methods.iter().any(|method| event["method"] == *method));
        told.map(ToString::to_string).collect()
    }

    /// Every address that was asked for.
    pub fn requested(&self) -> Vec<String> {
        let sent = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        sent.map(|event| event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.requests.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.process.wait();
    }
}
