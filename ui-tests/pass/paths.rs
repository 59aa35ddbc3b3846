//! Paths, parameters with their sources, returned values, `#[before]`, links and the table.

#![deny(warnings)]
#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

use basehttp::testing::respond;
use basehttp::{Exchange, Guard, HTTPError, Html, Result, Route, http_handler};

/// A type of the program's own.
#[derive(Debug, PartialEq)]
struct Day(u8);

impl FromStr for Day {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A guard that borrows from the request.
struct Login<'c>(&'c str);

impl<'c> Guard<'c, Site> for Login<'c> {
    fn check(_: &Site, ex: &Exchange<'c>) -> Result<Self> {
        ex.headers.get("X-Login").map(Login).ok_or(HTTPError::new(401, "who are you?").into())
    }
}

/// An error that is made of the one that would have been sent.
struct Bad;

impl From<HTTPError> for Bad {
    fn from(_: HTTPError) -> Self {
        Bad
    }
}

struct Site;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Site {
    /// The first page.
    ///
    /// It says more than that.
    #[path("/")]
    fn do_GET_home(&self) -> Html<&str> {
        Html("<p>home")
    }

    #[path("/days/{day}")]
    fn do_GET_day(&self, day: Day) -> Option<String> {
        (day != Day(0)).then(|| format!("day {}", day.0))
    }

    #[path("/days/{day}")]
    fn do_PUT_day(&self, ex: &mut Exchange, day: Result<Day, Bad>) -> Result {
        let code = day.map_or_else(|Bad| 400, |_| 201);
        Ok(ex.send_text(code, "put")?)
    }

    #[path("/texts/{one}/{two}/{type}")]
    fn do_GET_texts(&self, one: &str, r#type: String, two: Result<&str, Bad>) -> String {
        format!("{one} {} {}", two.unwrap_or("-"), r#type)
    }

    // Names that the expansion could take for its own.
    #[path("/names/{ex}/{parts}/{command}/{path}/{ex_}")]
    fn do_GET_names(&self, ex: u8, parts: &str, command: String, path: &str, ex_: u8) -> String {
        format!("{ex} {parts} {command} {path} {ex_}")
    }

    #[path("/query")]
    fn do_GET_query(
        &self,
        #[query] one: u8,
        #[query] optional: Option<u8>,
        #[query] many: Vec<u8>,
        #[query("a-text")] text: &str,
        #[query] texts: Vec<&str>,
        #[query] maybe: Option<&str>,
        #[query] owned: Vec<String>,
        #[query] result: Result<u8, Bad>,
        #[query] text_result: Result<&str, Bad>,
        #[query] optional_result: Result<Option<&str>, HTTPError>,
        #[query] texts_result: Result<Vec<&str>, Bad>,
        #[query("pair")] Day(pair): Day,
    ) -> String {
        format!(
            "{one} {optional:?} {many:?} {text} {texts:?} {maybe:?} {owned:?} {} {} {} {} {pair}",
            result.is_ok(),
            text_result.is_ok(),
            optional_result.is_ok(),
            texts_result.is_ok(),
        )
    }

    #[path("/fields")]
    fn do_GET_fields(&self, #[header("X-A")] a: &str, #[cookie] b: Option<u8>, #[cookie("c-d")] c: Option<String>) -> String {
        format!("{a} {b:?} {c:?}")
    }

    #[path("/private/{*rest}")]
    #[path("/private")]
    fn do_GET_private(&self, rest: &[&str], #[guard] login: Login<'_>, ex: &Exchange) -> String {
        format!("{} {} {}", login.0, rest.len(), ex.command)
    }

    #[http_method("M-SEARCH")]
    #[path("/search")]
    fn search(&self) -> u16 {
        204
    }

    #[before]
    fn refuse(&self, ex: &Exchange) -> Result {
        match ex.headers.get("X-Refused") {
            Some(_) => Err(HTTPError::new(403, "refused"))?,
            None => Ok(()),
        }
    }

    fn do_POST(&self, #[query] n: Option<u8>) -> String {
        format!("plain {n:?}")
    }
}

/// Generic, with conditions.
struct Generic<T>(T);

#[http_handler(pace = "inline")]
impl<T: fmt::Display + Send + Sync + 'static> Generic<T> {
    #[path("/value")]
    fn do_GET_value(&self) -> (u16, [(&str, String); 1], String) {
        (200, [("X-Self", Self::path_value())], self.0.to_string())
    }

    #[cfg(any())]
    #[path("/never/{n}")]
    fn do_GET_never(&self, n: Unknown) -> Unknown {}

    #[cfg(not(any()))]
    #[path("/cfg")]
    #[pace("pool")]
    fn do_GET_cfg(&self) -> &'static str {
        "this one"
    }

    #[cfg(any())]
    #[path("/cfg")]
    fn do_GET_cfg(&self) -> Unknown {}

    #[cfg(any())]
    fn do_POST(&self) -> Unknown {}
}

/// In a macro, which groups the types.
macro_rules! typed {
    ($name:ident, $ty:ty, $text:ty) => {
        struct $name;

        #[http_handler]
        impl $name {
            #[path("/{id}")]
            fn do_GET_id(&self, id: $ty, #[query] q: $text) -> String {
                format!("{id} {q:?}")
            }
        }
    };
}

typed!(OfAMacro, u8, Option<&str>);

fn body(handler: &impl basehttp::BaseHTTPRequestHandler, head: &str) -> String {
    let (line, fields) = head.split_once('\n').unwrap_or((head, ""));
    let reply = respond(handler, format!("{line} HTTP/1.0\r\n{fields}\r\n\r\n"));
    let reply = String::from_utf8(reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let code = &head[9..12];
    if code == "200" { body.to_owned() } else { code.to_owned() }
}

fn main() {
    for (head, expected) in [
        ("GET /", "<p>home"),
        ("GET /days/7", "day 7"),
        ("GET /days/0", "404"),
        ("GET /days/x", "404"),
        ("PUT /days/7", "201"),
        ("PUT /days/x", "400"),
        ("GET /texts/a/b/c", "a b c"),
        ("GET /names/1/b/c/d/2", "1 b c d 2"),
        (
            "GET /query?one=1&many=1&many=2&a-text=%20&texts=a+b&texts=&owned=x&result=x&text_result=&pair=9",
            "1 None [1, 2]   [\"a b\", \"\"] None [\"x\"] false true true true 9",
        ),
        ("GET /query?one=1&one=2&a-text=x&pair=9", "400"),
        ("GET /query?one=x&a-text=x&pair=9", "400"),
        ("GET /query?one=1&pair=9", "400"),
        ("GET /fields\nX-A: a\r\nCookie: b=1; c-d=x", "a Some(1) Some(\"x\")"),
        ("GET /fields\nX-A: ", " None None"),
        ("GET /fields", "400"),
        ("GET /private", "401"),
        ("GET /private\nX-Login: me", "me 0 GET"),
        ("GET /private/a/b\nX-Login: me", "me 2 GET"),
        ("GET /private/a/b\nX-Refused: yes", "403"),
        ("OPTIONS /private\nX-Refused: yes", "204"),
        ("M-SEARCH /search", "204"),
        ("POST /any?n=7", "plain Some(7)"),
        ("POST /any\nX-Refused: yes", "403"),
    ] {
        assert_eq!(body(&Site, head), expected, "{head}");
    }
    assert_eq!(body(&Generic(7), "GET /value"), "7");
    assert_eq!(body(&Generic(7), "GET /cfg"), "this one");
    assert_eq!(body(&Generic(7), "GET /never/7"), "404");
    assert_eq!(body(&OfAMacro, "GET /7?q=x"), "7 Some(\"x\")");

    assert_eq!(Site::path_home(), "/");
    assert_eq!(Site::path_day(Day(7)), "/days/7");
    assert_eq!(Site::path_texts("a/b", "\u{e9}", 1), "/texts/a%2Fb/%C3%A9/1");
    assert_eq!(Site::path_private(&["a", "b"]), "/private/a/b");
    assert_eq!(Site::path_search(), "/search");
    let routes: Vec<String> = Site::ROUTES.iter().map(|Route { method, path, .. }| format!("{method} {path}")).collect();
    assert_eq!(routes[..3], ["GET /", "GET /days/{day}", "PUT /days/{day}"]);
    assert_eq!((Site::ROUTES[0].name, Site::ROUTES[0].summary), ("do_GET_home", "The first page."));
    assert_eq!(routes.last().unwrap(), "POST ");
    assert_eq!(Generic::<u8>::ROUTES.len(), 2);
}
