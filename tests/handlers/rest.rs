//! A program with the whole face of paths: a table of users, its links, JSON and forms in and out. The tests are below.

use std::collections::BTreeMap;
use std::sync::Mutex;

use basehttp::{Exchange, Guard, HTTPError, HTTPServer, Json, Result, http_handler};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct User {
    name: String,
    age: u8,
}

struct Admin;

impl<'c> Guard<'c, Users> for Admin {
    fn check(_: &Users, ex: &Exchange<'c>) -> Result<Self> {
        match ex.headers.get("Authorization") {
            Some("Bearer secret") => Ok(Admin),
            _ => Err(HTTPError::new(401, "who are you?").with_header("WWW-Authenticate", "Bearer").into()),
        }
    }
}

#[derive(Default)]
struct Users {
    all: Mutex<BTreeMap<u64, User>>,
}

#[http_handler(server_version = "Users/1.0", protocol_version = "HTTP/1.1")]
impl Users {
    /// Lists users, a page of ten at a time.
    #[path("/users")]
    fn do_GET_users(&self, #[query] page: Option<usize>) -> Json<Vec<User>> {
        let all = self.all.lock().unwrap();
        Json(all.values().skip(page.unwrap_or(0).saturating_mul(10)).take(10).cloned().collect())
    }

    #[path("/users")]
    fn do_POST_users(&self, #[json] user: User) -> (u16, String) {
        let mut all = self.all.lock().unwrap();
        let id = all.last_key_value().map_or(1, |(id, _)| id + 1);
        all.insert(id, user);
        (201, Users::path_user(id))
    }

    #[path("/users/{id}")]
    fn do_GET_user(&self, id: u64) -> Option<Json<User>> {
        self.all.lock().unwrap().get(&id).cloned().map(Json)
    }

    #[path("/users/{id}")]
    #[pace("pool")]
    fn do_DELETE_user(&self, id: u64, #[guard] _admin: Admin) -> Result<&'static str> {
        self.all.lock().unwrap().remove(&id).ok_or(HTTPError::new(404, "no such user"))?;
        Ok("gone")
    }

    #[path("/users/me")]
    fn do_GET_me(&self) -> &'static str {
        "me"
    }

    #[path("/echo/{word}/{count}")]
    fn do_GET_echo(&self, word: &str, count: u8, #[header("X-Sep")] sep: Option<String>) -> String {
        vec![word; count.into()].join(sep.as_deref().unwrap_or(","))
    }

    #[path("/static/{*rest}")]
    fn do_GET_static(&self, rest: &[&str]) -> String {
        rest.join("|")
    }

    #[path("/search")]
    fn do_GET_search(&self, #[query] q: String, #[query] tag: Vec<String>) -> String {
        format!("{q}:{}", tag.join("+"))
    }

    #[path("/form")]
    fn do_POST_form(&self, #[form] user: User) -> String {
        format!("{} is {}", user.name, user.age)
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(8000);
    for route in Users::ROUTES {
        println!("{route:?}");
    }
    HTTPServer::bind(("127.0.0.1", port), Users::default())?.serve_forever()
}

#[cfg(test)]
mod tests {
    use basehttp::testing::respond;

    use super::Users;

    const JSON: &str = "Content-Type: application/json\r\n";
    const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
    const TOKEN: &str = "Authorization: Bearer secret\r\n";

    /// The status and the body of the response.
    fn ask(users: &Users, line: &str, fields: &str, body: &str) -> (u16, String) {
        let length = body.len();
        let head =
            format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}Content-Length: {length}\r\n\r\n");
        let reply = String::from_utf8(respond(users, head + body)).unwrap();
        (reply[9..12].parse().unwrap(), reply.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    #[test]
    fn the_program_answers() {
        let users = Users::default();
        let ada = r#"{"name":"Ada","age":36}"#;
        for (line, fields, body, code, expected) in [
            ("GET /users", "", "", 200, "[]"),
            ("POST /users", JSON, ada, 201, "/users/1"),
            ("POST /users", "Content-Type: application/vnd.user+json\r\n", ada, 201, "/users/2"),
            ("GET /users/1", "", "", 200, ada),
            ("GET /users?page=0", "", "", 200, &format!("[{ada},{ada}]")),
            ("GET /users?page=1", "", "", 200, "[]"),
            ("GET /users/me", "", "", 200, "me"),
            ("DELETE /users/1", TOKEN, "", 200, "gone"),
            ("HEAD /users/2", "", "", 200, ""),
            ("GET /echo/a%2Fb/2", "X-Sep: -\r\n", "", 200, "a/b-a/b"),
            ("GET /echo/a/2", "", "", 200, "a,a"),
            ("GET /static/a/b", "", "", 200, "a|b"),
            ("GET /search?q=a+b&tag=x&tag=y", "", "", 200, "a b:x+y"),
            ("POST /form", FORM, "name=A%64a&age=36", 200, "Ada is 36"),
        ] {
            assert_eq!(ask(&users, line, fields, body), (code, expected.to_owned()), "{line}");
        }
    }

    #[test]
    fn the_program_refuses() {
        let users = Users::default();
        for (line, fields, body, code, part) in [
            ("GET /users/1", "", "", 404, ""),
            ("GET /users/x", "", "", 404, ""),
            ("GET /users?page=x", "", "", 400, "page"),
            ("GET /echo/a/256", "", "", 404, ""),
            ("GET /search?tag=x", "", "", 400, "q"),
            ("PUT /users", "", "", 501, ""),
            ("DELETE /users", "", "", 405, ""),
            ("DELETE /users/1", "", "", 401, "who are you?"),
            ("DELETE /users/1", TOKEN, "", 404, "no such user"),
            ("POST /users", "", "{}", 415, "application/json"),
            ("POST /users", JSON, "{", 400, "not valid JSON"),
            ("POST /users", JSON, r#"{"name":"Ada"}"#, 422, "missing field `age`"),
            ("POST /form", FORM, "name=Ada&age=360", 422, "age: invalid value: string &quot;360&quot;"),
            ("POST /form", JSON, "name=Ada&age=36", 415, "application/x-www-form-urlencoded"),
        ] {
            let (status, page) = ask(&users, line, fields, body);
            assert!(status == code && page.contains(part), "{line}: {status} {page}");
        }
        assert!(users.all.lock().unwrap().is_empty());
    }
}
