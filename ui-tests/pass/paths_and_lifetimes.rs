//! Values of a path live as long as the exchange, a returned value may borrow from all that the method has, and a
//! `MessageClass` of one's own goes with guards.

#![deny(warnings, elided_lifetimes_in_paths)]

use std::borrow::Cow;

use basehttp::testing::respond;
use basehttp::{Exchange, Field, Guard, HTTPError, IntoResponse, MessageClass, Result, http_handler};

/// The headers, as this program wants them.
struct Count<'c>(&'c [Field<'c>]);

impl<'c> MessageClass<'c> for Count<'c> {
    fn parse(fields: &'c [Field<'c>]) -> Result<Self, HTTPError> {
        Ok(Count(fields))
    }
}

/// A guard for every handler whatever its headers are.
struct Anyone<'c>(&'c str);

impl<'c, H, M> Guard<'c, H, M> for Anyone<'c> {
    fn check(_: &H, ex: &Exchange<'c, M>) -> Result<Self> {
        Ok(Anyone(ex.command))
    }
}

struct Site<'s> {
    name: Cow<'s, str>,
}

#[http_handler(MessageClass = Count<'c>)]
impl Site<'static> {
    #[path("/own/{id}")]
    fn do_GET_own<'a>(&'a self, id: &str) -> Option<&'a str> {
        (id == "1").then_some(&self.name)
    }

    #[path("/taken/{id}")]
    fn do_GET_taken<'c>(&self, ex: &mut Exchange<'c, Count<'c>>, id: &'c str) -> &'c str {
        if ex.headers.0.is_empty() { ex.path } else { id }
    }

    #[path("/rest/{*rest}")]
    fn do_GET_rest<'c>(&self, rest: &[&'c str]) -> impl IntoResponse + use<'c> {
        rest.last().copied()
    }

    #[path("/any/{id}")]
    fn do_GET_any(&self, id: &str, #[query] q: Option<&str>) -> impl IntoResponse {
        (200, format!("{id} {q:?} {}", self.name))
    }

    #[path("/guarded")]
    fn do_GET_guarded<'c>(&self, ex: &Exchange<'c, Count<'c>>, #[guard] anyone: Anyone<'c>) -> Result<Cow<'c, str>> {
        Ok(Cow::Borrowed(if ex.path.is_empty() { "" } else { anyone.0 }))
    }

    #[before]
    fn count(&self, ex: &Exchange<'_, Count<'_>>) -> Result {
        if ex.headers.0.len() > 1 { Err("too many fields".into()) } else { Ok(()) }
    }

    fn do_POST(&self, ex: &Exchange<'_, Count<'_>>) -> std::io::Result<()> {
        ex.send_text(200, "sent with a shared exchange")
    }
}

fn main() {
    let site = Site { name: Cow::Borrowed("site") };
    for (request, expected) in [
        ("GET /own/1", "site"),
        ("GET /taken/%41", "/taken/%41"),
        ("GET /taken/%41 HTTP/1.0\r\nHost: a", "A"),
        ("GET /rest/a/%62", "b"),
        ("GET /any/x?q=y", "x Some(\"y\") site"),
        ("GET /guarded", "GET"),
        ("POST /", "sent with a shared exchange"),
    ] {
        let line_end = if request.contains("HTTP/1.0") { "" } else { " HTTP/1.0" };
        let reply = String::from_utf8(respond(&site, format!("{request}{line_end}\r\n\r\n"))).unwrap();
        assert!(reply.starts_with("HTTP/1.0 200 "), "{request}: {reply}");
        assert_eq!(reply.split_once("\r\n\r\n").unwrap().1, expected, "{request}");
    }
}
