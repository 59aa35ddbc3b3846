//! A REST API with JSON. Run `cargo run --release --example rest --features full` (or with another port).
//!
//! ```console
//! $ curl -H 'Content-Type: application/json' -d '{"name": "Ada", "age": 36}' http://127.0.0.1:8000/users
//! /users/1
//! $ curl http://127.0.0.1:8000/users/1
//! {"name":"Ada","age":36}
//! $ curl -H 'Content-Type: application/json' -d '{"name": "Bob", "age": 300}' http://127.0.0.1:8000/users
//! {"error": "Unprocessable Content", "explanation": "age: invalid value: integer `300`, expected an integer from 0 to 255"}
//! $ curl -si -X DELETE http://127.0.0.1:8000/users/1 | grep HTTP
//! HTTP/1.1 401 who are you?
//! $ curl -si -X DELETE -H 'Authorization: Bearer secret' http://127.0.0.1:8000/users/1 | grep HTTP
//! HTTP/1.1 204 No Content
//! ```

use std::collections::BTreeMap;
use std::sync::Mutex;

use basehttp::{Exchange, Guard, HTTPError, HTTPServer, Json, Result, http_handler};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct User {
    name: String,
    age: u8,
}

/// A method with this parameter runs only if the client has sent the token.
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
struct Users(Mutex<BTreeMap<u64, User>>);

#[http_handler(
    server_version = "Users/1.0",
    protocol_version = "HTTP/1.1",
    unknown_method = 405,
    error_content_type = "application/json",
    error_message_format = r#"{"error": "%(message)s", "explanation": "%(explain)s"}"#
)]
impl Users {
    #[path("/users")]
    fn do_GET_users(&self, #[query] page: Option<usize>) -> Json<Vec<User>> {
        let first = page.unwrap_or(0).saturating_mul(10);
        Json(self.0.lock().unwrap().values().skip(first).take(10).cloned().collect())
    }

    #[path("/users")]
    fn do_POST_users(&self, #[json] user: User) -> (u16, String) {
        let mut users = self.0.lock().unwrap();
        let id = users.last_key_value().map_or(1, |(id, _)| id + 1);
        users.insert(id, user);
        (201, Users::path_user(id))
    }

    #[path("/users/{id}")]
    fn do_GET_user(&self, id: u64) -> Option<Json<User>> {
        self.0.lock().unwrap().get(&id).cloned().map(Json)
    }

    #[path("/users/{id}")]
    fn do_DELETE_user(&self, id: u64, #[guard] _admin: Admin) -> Option<u16> {
        self.0.lock().unwrap().remove(&id).map(|_| 204)
    }
}

fn main() -> Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Users::default())?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
