//! Listings in a real browser, with links to odd names, keys, a phone, and a dark theme. Without Chromium these tests
//! say SKIPPED.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use basehttp::SimpleHTTPRequestHandler;
use basehttp::testing::Server;

use crate::support::browser::Browser;
use crate::support::folder::quiet;

/// The files of the directory, each with its name and the text that the page shows.
const ODD_NAMES: [(&[u8], &str); 15] = [
    (b"<b>bold", "<b>bold"),
    (b"<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
    (b"&lt;", "&lt;"),
    (b"50%25", "50%25"),
    (b"what?", "what?"),
    (b"a#b", "a#b"),
    (b"a b+c", "a b+c"),
    (b"\"quoted\" 'name'", "\"quoted\" 'name'"),
    (b"javascript:alert(1)", "javascript:alert(1)"),
    (b"back\\slash", "back\\slash"),
    (b"raw\xff\xfe", "raw\u{fffd}\u{fffd}"),
    ("evil\u{202e}txt.exe".as_bytes(), "evil\u{fffd}txt.exe"),
    ("\u{5e9}\u{5dc}\u{5d5}\u{5dd}".as_bytes(), "\u{5e9}\u{5dc}\u{5d5}\u{5dd}"),
    (b"new\nline", "new\u{240a}line"),
    (
        &[b'x'; 200],
        concat!(
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        ),
    ),
];

/// The content of the file in that place. Each is longer than the one before.
fn content(place: usize) -> String {
    format!("{:.>1$}", place, place + 2)
}

/// A folder with files of odd names, each of which says its place, and folders in each other.
struct Scratch(PathBuf);

impl Scratch {
    fn new(purpose: &str) -> Self {
        let name = format!("browsed-{}-{purpose}", std::process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(path.join("docs & more/deep")).expect("scratch folders");
        for (place, (name, _)) in ODD_NAMES.iter().enumerate() {
            fs::write(path.join(OsStr::from_bytes(name)), content(place)).expect("a file");
        }
        Scratch(path)
    }

    fn server(&self) -> Server {
        let files = SimpleHTTPRequestHandler::builder().directory(&self.0).guess_type(|_| Some("text/plain".into()));
        Server::start(quiet(files)).expect("a free port")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A leftover in the build's own directory is harmless.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The names that the page shows, one a line, without the way up.
const SHOWN: &str = "[...document.querySelectorAll('tbody tr:not(.up) bdi')].map(name => name.textContent).join('\\n')";

/// The link of that many, counted from the first.
fn link(place: usize) -> String {
    format!("document.querySelectorAll('tbody tr:not(.up) a')[{place}]")
}

#[test]
fn every_name_is_shown_as_text_and_its_link_leads_to_its_file() {
    let Some(mut browser) = Browser::start("every_name_is_shown") else { return };
    let scratch = Scratch::new("names");
    let server = scratch.server();
    let listing = server.url("/?sort=size");
    browser.open(&listing);

    let names = ODD_NAMES.map(|(_, shown)| shown).join("\n");
    assert_eq!(browser.evaluate(SHOWN), format!("docs & more\n{names}"));
    assert_eq!(browser.evaluate("document.querySelectorAll('b, img, script').length"), "0", "no name became markup");
    assert_eq!(browser.evaluate("document.characterSet + ' ' + document.compatMode"), "UTF-8 CSS1Compat");

    for (place, (_, shown)) in ODD_NAMES.iter().enumerate() {
        browser.click(&link(place + 1));
        browser.wait_until(&format!("document.body?.innerText == '{}'", content(place)));
        assert_eq!(browser.evaluate("location.origin"), server.url(""), "{shown}");
        browser.open(&listing);
    }
}

#[test]
fn heads_sort_and_folders_lead_down_and_up_again() {
    let Some(mut browser) = Browser::start("heads_sort") else { return };
    let scratch = Scratch::new("sorting");
    let server = scratch.server();
    browser.open(&server.url("/"));
    let state = "[...document.querySelectorAll('[aria-sort]')].map(head => head.innerText + head.ariaSort)";
    let by_size = ODD_NAMES.map(|(_, shown)| shown);
    let largest_first: Vec<_> = by_size.iter().rev().copied().collect();
    assert_eq!(browser.evaluate(state), "Nameascending");
    let table = [("Sizedescending", &*largest_first), ("Sizeascending", &by_size), ("Sizedescending", &largest_first)];
    for (expected, names) in table {
        browser.click("document.querySelectorAll('thead a')[1]");
        browser.wait_until(&format!("document.readyState == 'complete' && {state} == '{expected}'"));
        assert_eq!(browser.evaluate(SHOWN), format!("docs & more\n{}", names.join("\n")));
    }

    let is_at = |path: &str| format!("location.pathname == '{path}' && document.readyState == 'complete'");
    browser.click(&link(0));
    browser.wait_until(&is_at("/docs%20%26%20more/"));
    browser.click(&link(0));
    browser.wait_until(&is_at("/docs%20%26%20more/deep/"));
    assert_eq!(browser.evaluate("document.title"), "Index of /docs & more/deep/");
    assert_eq!(
        browser.evaluate("document.querySelector('nav').innerText.split(/\\s*\\n\\s*/)"),
        "Home,docs & more,deep"
    );
    browser.click("document.querySelector('.up a')");
    browser.wait_until(&is_at("/docs%20%26%20more/"));
    browser.click("document.querySelector('nav a')");
    browser.wait_until(&is_at("/"));
    assert_eq!(browser.evaluate("document.querySelectorAll('nav, .up').length"), "0", "nothing is above the root");
}

#[test]
fn every_link_is_reached_by_keys_in_the_order_it_is_read() {
    let Some(mut browser) = Browser::start("every_link_is_reached") else { return };
    let scratch = Scratch::new("keys");
    let server = scratch.server();
    browser.open(&server.url("/docs%20%26%20more/"));
    let focused = "document.activeElement.getAttribute('href')";
    let mut reached = Vec::new();
    for _ in 0..6 {
        browser.press("Tab");
        reached.push(browser.evaluate(focused));
    }
    let expected = ["../", "?sort=name&order=desc", "?sort=size&order=desc", "?sort=date&order=desc", "../", "deep/"];
    assert_eq!(reached, expected);
    assert_eq!(browser.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "solid", "and it is seen");
    browser.press("Enter");
    browser.wait_until("location.pathname.endsWith('/deep/')");
}

#[test]
fn the_page_keeps_its_style_fits_a_phone_and_follows_the_night() {
    let Some(mut browser) = Browser::start("the_page_keeps_its_style") else { return };
    let scratch = Scratch::new("style");
    let server = scratch.server();
    let phone = r#""width":360,"height":640,"deviceScaleFactor":1,"mobile":true"#;
    browser.call("Emulation.setDeviceMetricsOverride", phone);
    for path in ["/", "/docs%20%26%20more/deep/"] {
        browser.open(&server.url(path));
        assert_eq!(browser.evaluate("document.styleSheets.length"), "1", "{path}: the policy lets its style in");
        assert_eq!(browser.evaluate("document.documentElement.scrollWidth"), "360", "{path}: nothing sticks out");
        let smallest =
            "Math.min(...[...document.querySelectorAll('a[href]')].map(a => a.getBoundingClientRect().height))";
        assert_eq!(browser.evaluate(&format!("{smallest} >= 24")), "true", "{path}: a finger finds every link");
    }
    let heading = "getComputedStyle(document.querySelector('h1')).color";
    let mut colours = Vec::new();
    for scheme in ["light", "dark"] {
        let wish = format!(r#""features":[{{"name":"prefers-color-scheme","value":"{scheme}"}}]"#);
        browser.call("Emulation.setEmulatedMedia", &wish);
        colours.push(browser.evaluate(heading));
    }
    assert_eq!(colours, ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);

    // If an escape ever fails, the policy holds. It allows no style, script or image from anywhere.
    let injected =
        "document.body.insertAdjacentHTML('beforeend', '<p style=color:red id=p>x</p><style>h1{color:red}</style>')
        || getComputedStyle(document.getElementById('p')).color + document.styleSheets.length";
    assert!(!browser.evaluate(injected).starts_with("rgb(255, 0, 0)"));
    assert_eq!(browser.evaluate(heading), colours[1]);
}
