//! Files behind a `#[path]` with a guard, asked for by paths that `SimpleHTTPRequestHandler` takes for theirs. The
//! guard is asked, or the answer is 404, whichever row or method could pass the request on.

use std::fmt;
use std::path::Path;

use crate::support::folder::{Folder, ask};
use basehttp::{
    BaseHTTPRequestHandler, Exchange, Guard, HTTPError, Result, SimpleHTTPRequestHandler,
    SimpleHTTPRequestHandlerBuilder, http_handler,
};

/// The content of every file behind a guard.
const SECRET: &str = "SECRET";

/// Refuses all requests, with 401.
struct Refused;

impl<'c, H> Guard<'c, H> for Refused {
    fn check(_: &H, _: &Exchange<'c>) -> Result<Self> {
        Err(HTTPError::from(401).into())
    }
}

/// All other files are served by the method without a path.
struct WithPlain(SimpleHTTPRequestHandler);

#[http_handler]
impl WithPlain {
    #[path("/bob/{*_rest}")]
    fn do_GET_bob(&self, ex: &mut Exchange, _rest: &[&str], #[guard] _user: Refused) -> Result {
        self.0.do_GET(ex)
    }

    #[path("/ann/private/{*_rest}")]
    fn do_GET_private(&self, ex: &mut Exchange, _rest: &[&str], #[guard] _user: Refused) -> Result {
        self.0.do_GET(ex)
    }

    #[path("/key.txt")]
    fn do_GET_key(&self, ex: &mut Exchange, #[guard] _user: Refused) -> Result {
        self.0.do_GET(ex)
    }

    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.0.do_GET(ex)
    }

    fn do_POST(&self) -> &'static str {
        "added"
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

/// All other files are served by a rest.
struct WithRest(SimpleHTTPRequestHandler);

#[http_handler]
impl WithRest {
    #[path("/bob/{*_rest}")]
    #[path("/ann/private/{*_rest}")]
    #[path("/key.txt")]
    fn do_GET_bob(&self, ex: &mut Exchange, _rest: &[&str], #[guard] _user: Refused) -> Result {
        self.0.do_GET(ex)
    }

    #[path("/{*_rest}")]
    #[path("/")]
    fn do_GET_all(&self, ex: &mut Exchange, _rest: &[&str]) -> Result {
        self.0.do_GET(ex)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

/// All other files are served by rows with parameters, and some by a row that is as deep as a guarded one.
struct WithParameters(SimpleHTTPRequestHandler);

#[http_handler]
impl WithParameters {
    #[path("/bob/{*_rest}")]
    #[path("/ann/private/{*_rest}")]
    #[path("/key.txt")]
    fn do_GET_bob(&self, ex: &mut Exchange, _rest: &[&str], #[guard] _user: Refused) -> Result {
        self.0.do_GET(ex)
    }

    #[path("/{_name}")]
    fn do_GET_top(&self, ex: &mut Exchange, _name: &str) -> Result {
        self.0.do_GET(ex)
    }

    #[path("/{_user}/{_name}")]
    fn do_GET_own(&self, ex: &mut Exchange, _user: &str, _name: &str) -> Result {
        self.0.do_GET(ex)
    }

    #[path("/{_user}/{_part}/{*_rest}")]
    fn do_GET_deep(&self, ex: &mut Exchange, _user: &str, _part: &str, _rest: &[&str]) -> Result {
        self.0.do_GET(ex)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

/// Files below `/static`, some of which are guarded.
struct Mounted(SimpleHTTPRequestHandler);

#[http_handler]
impl Mounted {
    #[path("/static/bob/{*_rest}")]
    fn do_GET_bob(&self, ex: &mut Exchange, _rest: &[&str], #[guard] _user: Refused) -> Result {
        self.0.do_GET(ex)
    }

    #[path("/static/{*_rest}")]
    fn do_GET_static(&self, ex: &mut Exchange, _rest: &[&str]) -> Result {
        self.0.do_GET(ex)
    }

    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.0.do_GET(ex)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

/// Guards one page, and serves all other paths.
struct WithGuardedPage(SimpleHTTPRequestHandler);

#[http_handler]
impl WithGuardedPage {
    #[path("/bob/index.html")]
    fn do_GET_page(&self, ex: &mut Exchange, #[guard] _user: Refused) -> Result {
        self.0.do_GET(ex)
    }

    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.0.do_GET(ex)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

fn folder() -> Folder {
    Folder::with(&[
        ("bob/s.txt", SECRET),
        ("bob/sub/s.txt", SECRET),
        ("bob/index.html", SECRET),
        ("ann/private/s.txt", SECRET),
        ("ann/own.txt", "hers"),
        ("key.txt", SECRET),
        ("open.txt", "open"),
    ])
}

fn built(options: SimpleHTTPRequestHandlerBuilder) -> SimpleHTTPRequestHandler {
    options.build().expect("the folder is there")
}

#[track_caller]
fn check<H: BaseHTTPRequestHandler>(handler: &H, line: &str, status: u16) {
    let reply = ask(handler, line, "");
    assert_eq!(reply.status, status, "{line}");
    assert!(!String::from_utf8_lossy(&reply.body).contains(SECRET), "{line}");
}

#[test]
fn no_spelling_of_a_guarded_path_reaches_a_method_that_serves_the_other_files() {
    let folder = folder();
    let (plain, rest) = (WithPlain(built(folder.options())), WithRest(built(folder.options())));
    let parameters = WithParameters(built(folder.options()));
    for path in
        ["/bob/s.txt", "/bob/sub/s.txt", "/bob/", "/ann/private/s.txt", "/key.txt", "/%62ob/s.txt", "//bob/s.txt"]
    {
        check(&plain, &format!("GET {path}"), 401);
        check(&rest, &format!("GET {path}"), 401);
        check(&parameters, &format!("GET {path}"), 401);
    }
    let spellings = [
        "/bob%2Fs.txt",
        "/bob%2fs.txt",
        "/b%6fb%2Fs.txt?x=/y",
        "/x/../bob/s.txt",
        "/./bob/s.txt",
        "/ann//../bob/s.txt",
        "/%2Fbob/s.txt",
        "/.//bob/s.txt",
        "/bob/%2e%2e/bob/s.txt",
        "/x/%2E./bob%2Fsub/s.txt",
        "/bob%2Fsub/s.txt",
        "/..%2fbob/s.txt",
        "/bob%2F",
        "/x%2F..%2Fbob/",
        "/ann//private/s.txt",
        "/ann/private%2Fs.txt",
        "/ann%2Fprivate/s.txt",
        "/ann%2Fprivate%2Fs.txt",
        "/ann/./private/s.txt",
        "/./key.txt",
        "/key.txt/.",
        "/%2Fkey.txt",
        "http://h/bob%2Fs.txt",
        "http://h/x/../bob/s.txt",
    ];
    for path in spellings {
        for method in ["GET", "HEAD", "OPTIONS"] {
            check(&plain, &format!("{method} {path}"), 404);
            check(&rest, &format!("{method} {path}"), 404);
            check(&parameters, &format!("{method} {path}"), 404);
        }
        check(&plain, &format!("POST {path}"), 404);
    }
}

#[test]
fn no_spelling_leads_past_a_guard_below_a_mount() {
    let folder = folder();
    let handler = Mounted(built(folder.options().mounted_at("/static")));
    check(&handler, "GET /static/bob/s.txt", 401);
    let spellings = [
        "/static%2Fbob/s.txt",
        "/static/bob%2Fs.txt",
        "/static//bob/s.txt",
        "/static/%2Fbob/s.txt",
        "/static/./bob/s.txt",
        "/x/../static/bob/s.txt",
        "/x/../static%2Fopen.txt",
    ];
    for path in spellings {
        check(&handler, &format!("GET {path}"), 404);
    }
    for path in ["/static/open.txt", "/static//open.txt", "/static/ann%2Fown.txt"] {
        check(&handler, &format!("GET {path}"), 200);
    }
}

#[test]
fn odd_paths_of_files_that_no_row_guards_are_served_as_before() {
    let folder = folder();
    let (plain, rest) = (WithPlain(built(folder.options())), WithRest(built(folder.options())));
    for path in ["/open.txt", "/ann/own.txt", "/ann%2Fown.txt", "/ann//own.txt", "/%2Fopen.txt"] {
        check(&plain, &format!("GET {path}"), 200);
        check(&rest, &format!("GET {path}"), 200);
    }
    check(&plain, "GET /x/../open.txt", 200);
    check(&plain, "GET /bob/../open.txt", 404);
    check(&plain, "GET /bob", 301);
    check(&plain, "POST /open%2Ftxt", 200);
    check(&plain, "OPTIONS *", 204);
}

/// `SECURITY.md` and the handler's documentation warn of it.
#[test]
fn a_guarded_page_is_also_sent_as_the_index_or_fallback_page_of_other_paths() {
    let folder = folder();
    let page = WithGuardedPage(built(folder.options().fallback_page("bob/index.html")));
    check(&page, "GET /bob/index.html", 401);
    for path in ["/bob/", "/x/missing"] {
        assert_eq!(Asked::ask(&page, path), (200, SECRET.to_owned()), "{path}");
    }
    let below = WithPlain(built(folder.options().fallback_page("bob/index.html").not_found_page("key.txt")));
    check(&below, "GET /bob/", 401);
    assert_eq!(
        Asked::ask(&below, "/x/missing"),
        (200, SECRET.to_owned()),
        "the row of its directory does not cover it"
    );
    assert_eq!(Asked::ask(&below, "/missing.js"), (404, SECRET.to_owned()));
}

/// Returns whether the files' handler takes a path for one that a row guards. `/bob` is only a redirect to `/bob/`.
fn is_guarded(path: &str) -> bool {
    let Some(file) = SimpleHTTPRequestHandler::translate_path(path) else { return false };
    let is_below = |directory: &str| file.strip_prefix(directory).is_ok_and(|name| name != Path::new(""));
    is_below("bob") || is_below("ann/private") || file == Path::new("key.txt")
}

#[test]
fn all_paths_of_a_few_pieces_that_lead_to_a_guarded_file_ask_the_guard() {
    const PIECES: [&str; 12] =
        ["/", "%2F", "/.", "/..", "%2f%2e%2E", "%5C", "%252F", "/x", "bob", "ann/private", "s.txt", "key.txt"];
    const LONGEST: u32 = 4;
    let folder = folder();
    let (plain, rest) = (WithPlain(built(folder.options())), WithRest(built(folder.options())));
    let parameters = WithParameters(built(folder.options()));
    let mut guarded = 0;
    for number in 0..PIECES.len().pow(LONGEST) {
        let digits = (0..LONGEST).map(|place| number / PIECES.len().pow(place) % PIECES.len());
        let path = format!("/{}", digits.map(|digit| PIECES[digit]).collect::<String>());
        if is_guarded(&path) {
            guarded += 1;
            for reply in [&plain as &dyn Asked, &rest, &parameters].map(|handler| handler.ask(&path)) {
                assert!(matches!(reply.0, 401 | 404), "{path}: {}", reply.0);
                assert!(!reply.1.contains(SECRET), "{path}");
            }
        }
    }
    assert!(guarded > 500, "{guarded} of the paths are guarded");
}

/// Any of the handlers.
trait Asked {
    /// The status and the body of the response to a GET.
    fn ask(&self, path: &str) -> (u16, String);
}

impl<H: BaseHTTPRequestHandler> Asked for H {
    fn ask(&self, path: &str) -> (u16, String) {
        let reply = ask(self, &format!("GET {path}"), "");
        (reply.status, String::from_utf8_lossy(&reply.body).into_owned())
    }
}
