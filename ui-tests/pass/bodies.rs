//! Parameters from bodies: types that own, types that borrow, and forms without serde. Sizes, and other parameters beside.

#![deny(warnings)]
#![forbid(unsafe_code)]

use std::borrow::Cow;

use basehttp::testing::respond;
use basehttp::{Exchange, Form, Json, http_handler};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct User<'b> {
    name: &'b str,
    #[serde(borrow)]
    town: Option<Cow<'b, str>>,
}

struct Site<T>(T);

#[http_handler]
impl<T: Send + Sync + 'static> Site<T> {
    #[path("/users/{id}")]
    fn do_POST_user(&self, id: u8, #[json(max = "1 MiB")] user: User, ex: &mut Exchange) -> std::io::Result<()> {
        ex.send_text(200, format!("{id} {} {}", user.name, user.town.as_deref().unwrap_or("nowhere")))
    }

    #[path("/users/{id}")]
    fn do_PUT_user(&self, id: u8, #[form] User { name, .. }: User, #[query] ex: Option<u8>) -> String {
        format!("{id} {name} {ex:?}")
    }

    #[path("/forms")]
    fn do_POST_form(&self, #[form(max = "100 B")] form: Form) -> String {
        form.len().to_string()
    }

    #[path("/bytes")]
    fn do_POST_bytes(&self, #[body] body: Vec<u8>) -> Vec<u8> {
        body
    }

    #[path("/bytes")]
    fn do_PUT_bytes(&self, #[body(max = "2 B")] body: &[u8]) -> Vec<u8> {
        body.to_vec()
    }

    #[path("/text")]
    fn do_POST_text(&self, #[body] body: String) -> String {
        body
    }

    #[path("/text")]
    fn do_PUT_text(&self, #[body] body: &str) -> String {
        body.to_uppercase()
    }

    // A body that is given back as it was borrowed.
    fn do_POST<'s>(&'s self, #[json] user: User) -> Json<String> {
        Json(user.name.to_owned())
    }
}

fn main() {
    let site = Site(());
    let send = |start: &str, media_type: &str, body: &str| {
        let head = format!("{start} HTTP/1.0\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n", body.len());
        let reply = String::from_utf8(respond(&site, head + body)).unwrap();
        reply.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    assert_eq!(send("POST /users/7", json, r#"{"name":"Ada","town":"L\u00f6wen"}"#), "7 Ada L\u{f6}wen");
    assert_eq!(send("PUT /users/7?ex=1", form, "name=A%64a"), "7 Ada Some(1)");
    assert_eq!(send("POST /forms", form, "a=1&b=2"), "2");
    assert_eq!(send("POST /bytes", "", "abc"), "abc");
    assert_eq!(send("PUT /bytes", "", "ab"), "ab");
    assert_eq!(send("POST /text", "", "caf\u{e9}"), "caf\u{e9}");
    assert_eq!(send("PUT /text", "", "caf\u{e9}"), "CAF\u{c9}");
    assert_eq!(send("POST /", json, r#"{"name":"Ada"}"#), "\"Ada\"");
}
