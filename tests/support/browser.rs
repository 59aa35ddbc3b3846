//! A real browser for tests. Chromium is driven through its `DevTools` protocol over a WebSocket (RFC 6455).
//!
//! It has as much of both as one page needs, with text frames, commands and their results, and events to wait for. It
//! talks to 127.0.0.1 alone, keeps its profile in the build's own directory, and ends with the value.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use basehttp::Query;

use super::needs::skip;

/// Time for each step of the browser before the test is given up. On a busy machine its start takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time to end by itself before it is killed.
const PATIENCE_AT_END: Duration = Duration::from_secs(5);

/// Only one browser runs at a time, because each takes some hundred megabytes.
static TURN: Mutex<()> = Mutex::new(());

// RFC 6455, section 5.2.
const LAST_FRAME: u8 = 0x80;
const TEXT: u8 = 1;
const MASKED: u8 = 0x80;
const TWO_BYTES_OF_LENGTH: u8 = 126;
const EIGHT_BYTES_OF_LENGTH: u8 = 127;

/// A browser with one page.
pub(crate) struct Browser {
    _process: Process,
    socket: BufReader<TcpStream>,
    session: String,
    commands: u64,
    _turn: MutexGuard<'static, ()>,
}

/// Its processes, which end with the value.
struct Process {
    child: Child,
    profile: PathBuf,
    /// Its log, which ends with the last of its processes.
    log: mpsc::Receiver<String>,
}

impl Browser {
    /// Starts `chromium` or `google-chrome` from the PATH. Says SKIPPED if there is none.
    #[track_caller]
    pub(crate) fn start(test: &str) -> Option<Self> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(program) = installed() else {
            skip("chromium is missing");
            return None;
        };
        let profile = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{}-{test}", std::process::id()));
        let flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync \
                     --disable-background-networking --disable-component-update --remote-debugging-port=0";
        let mut child = Command::new(program)
            .args(flags.split_whitespace())
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the browser starts");
        let log = follow_log(child.stderr.take().expect("it was asked for"));
        let process = Process { child, profile, log };
        let socket = connect(&process.log.recv_timeout(PATIENCE).expect("the browser says where it listens"));
        let mut browser = Browser { _process: process, socket, session: String::new(), commands: 0, _turn: turn };
        let target = text_of(&browser.call("Target.createTarget", r#""url":"about:blank""#), "targetId");
        let attached = browser.call("Target.attachToTarget", &format!(r#""targetId":"{target}","flatten":true"#));
        browser.session = text_of(&attached, "sessionId");
        browser.call("Page.enable", "");
        browser.call("Emulation.setFocusEmulationEnabled", r#""enabled":true"#);
        Some(browser)
    }

    /// Carries out a command and returns its result, as JSON.
    pub(crate) fn call(&mut self, method: &str, parameters: &str) -> String {
        self.commands += 1;
        let (id, session) = (self.commands, &self.session);
        let session = if session.is_empty() { String::new() } else { format!(r#""sessionId":"{session}","#) };
        let command = format!(r#"{{"id":{id},{session}"method":"{method}","params":{{{parameters}}}}}"#);
        self.send(&command).expect("the browser listens");
        loop {
            let message = self.receive();
            if message.starts_with(&format!(r#"{{"id":{id},"#)) {
                return message;
            }
        }
    }

    /// Returns the value of an expression as text. `None` while the page is being exchanged for another.
    pub(crate) fn try_evaluate(&mut self, expression: &str) -> Option<String> {
        // In its own encoding a text needs none of JSON's escapes.
        let expression = format!("encodeURIComponent(String({expression}))");
        let expression = expression.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', " ");
        let result = self.call("Runtime.evaluate", &format!(r#""expression":"{expression}""#));
        assert!(!result.contains(r#""exceptionDetails""#), "{expression}: {result}");
        let is_text = result.contains(r#""type":"string""#);
        is_text.then(|| {
            Query::parse(&format!("value={}", text_of(&result, "value"))).get("value").unwrap_or_default().into()
        })
    }

    /// The same where the page stays.
    pub(crate) fn evaluate(&mut self, expression: &str) -> String {
        self.try_evaluate(expression).expect("the page stays")
    }

    /// Waits until an expression is true, looking again whenever something happens.
    pub(crate) fn wait_until(&mut self, condition: &str) {
        let start = Instant::now();
        while self.try_evaluate(condition).as_deref() != Some("true") {
            assert!(start.elapsed() < PATIENCE, "never true: {condition}, on {:?}", self.try_evaluate("location.href"));
            self.receive();
        }
    }

    /// Shows the page at `url`.
    pub(crate) fn open(&mut self, url: &str) {
        self.call("Page.navigate", &format!(r#""url":"{url}""#));
        self.wait_until(&format!("location.href == '{url}' && document.readyState == 'complete'"));
    }

    /// Presses the mouse in the middle of an element, given as an expression.
    pub(crate) fn click(&mut self, element: &str) {
        let place = format!(
            "(element => {{ element.scrollIntoView({{ block: 'center' }}); const box = element.getClientRects()[0];
            return '\"x\":' + (box.x + box.width / 2) + ',\"y\":' + (box.y + box.height / 2) }})({element})"
        );
        let place = self.evaluate(&place);
        for kind in ["mousePressed", "mouseReleased"] {
            let press = format!(r#""type":"{kind}",{place},"button":"left","clickCount":1"#);
            self.call("Input.dispatchMouseEvent", &press);
        }
    }

    /// Presses the key `Tab` or `Enter`.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = if key == "Enter" { (13, r#","text":"\r""#) } else { (9, "") };
        for (kind, text) in [("keyDown", text), ("keyUp", "")] {
            let press = format!(r#""type":"{kind}","key":"{key}","code":"{key}","windowsVirtualKeyCode":{code}{text}"#);
            self.call("Input.dispatchKeyEvent", &press);
        }
    }

    /// One masked text frame. The mask, all zeros, guards against proxies, of which there are none here.
    fn send(&mut self, text: &str) -> io::Result<()> {
        let mut frame = vec![LAST_FRAME | TEXT];
        let length = u16::try_from(text.len()).expect("no command is longer");
        if length < u16::from(TWO_BYTES_OF_LENGTH) {
            frame.push(MASKED | length.to_be_bytes()[1]);
        } else {
            frame.push(MASKED | TWO_BYTES_OF_LENGTH);
            frame.extend(length.to_be_bytes());
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.socket.get_mut().write_all(&frame)
    }

    /// Reads one message, which may have several frames.
    fn receive(&mut self) -> String {
        let mut message = Vec::new();
        loop {
            let [first, length] = self.read();
            let length = match length {
                TWO_BYTES_OF_LENGTH => u64::from(u16::from_be_bytes(self.read())),
                EIGHT_BYTES_OF_LENGTH => u64::from_be_bytes(self.read()),
                length => u64::from(length),
            };
            let end = message.len() + usize::try_from(length).expect("it fits");
            let start = message.len();
            message.resize(end, 0);
            self.socket.read_exact(&mut message[start..]).expect("a whole frame");
            if first & LAST_FRAME != 0 {
                return String::from_utf8(message).expect("text");
            }
        }
    }

    fn read<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.socket.read_exact(&mut bytes).expect("something happens in time");
        bytes
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // If it does not hear that, it is killed.
        let _ = self.send(r#"{"id":0,"method":"Browser.close"}"#);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Most often it has ended when its log has; if not, it does now.
        let _ = self.log.recv_timeout(PATIENCE_AT_END);
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.log.recv_timeout(PATIENCE_AT_END);
        let _ = fs::remove_dir_all(&self.profile);
    }
}

fn installed() -> Option<PathBuf> {
    let folders: Vec<_> = env::split_paths(&env::var_os("PATH")?).collect();
    let names = ["chromium", "google-chrome"];
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

/// Returns the address of the browser from its log, which is read to its end.
fn follow_log(log: ChildStderr) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if let Some((_, url)) = line.split_once("DevTools listening on ws://") {
                // The test may be over.
                let _ = sender.send(url.to_owned());
            }
        }
    });
    receiver
}

/// RFC 6455, section 4.1.
fn connect(endpoint: &str) -> BufReader<TcpStream> {
    let (address, path) = endpoint.split_once('/').expect("an address and a path");
    let stream = TcpStream::connect(address).expect("the browser listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut socket = BufReader::new(stream);
    let request = format!(
        "GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    socket.get_mut().write_all(request.as_bytes()).expect("the browser listens");
    let mut line = String::new();
    socket.read_line(&mut line).expect("an answer");
    assert!(line.starts_with("HTTP/1.1 101 "), "{line}");
    while line != "\r\n" {
        line.clear();
        assert_ne!(socket.read_line(&mut line).expect("the rest of the answer"), 0, "the answer ends early");
    }
    socket
}

/// Returns the text of that name in a result. It has no escapes, since it is an identifier or was encoded.
fn text_of(result: &str, name: &str) -> String {
    let (_, text) = result.split_once(&format!("\"{name}\":\"")).unwrap_or_else(|| panic!("no {name} in {result}"));
    text.split('"').next().expect("quotes").to_owned()
}
