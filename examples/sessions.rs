//! Users log in and out. Run `cargo run --release --example sessions` (or with another port).
//!
//! ```console
//! $ curl -si http://127.0.0.1:8000/ | grep Location
//! Location: /login
//! $ curl -si -c jar -d 'name=ada&password=lovelace' http://127.0.0.1:8000/login | grep Location
//! Location: /
//! $ curl -b jar http://127.0.0.1:8000/ | grep Welcome
//! <p>Welcome, ada!
//! $ curl -si -b jar -X POST http://127.0.0.1:8000/logout | grep Cookie
//! Set-Cookie: sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax
//! ```

use std::collections::HashMap;
use std::io::Read;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use basehttp::{Cookie, Exchange, Form, Guard, HTTPError, HTTPServer, Html, Result, html_escape, http_handler};

/// The sessions by the random text in the client's cookie. Each has its user, and the time of its end.
#[derive(Default)]
struct Site(Mutex<HashMap<String, (String, Instant)>>);

/// The user who has logged in. A method with this parameter sends all other clients to the login page.
struct User(String);

impl<'c> Guard<'c, Site> for User {
    fn check(site: &Site, ex: &Exchange<'c>) -> Result<Self> {
        match ex.cookie("sid").and_then(|id| site.0.lock().unwrap().get(id).cloned()) {
            Some((name, end)) if Instant::now() < end => Ok(User(name)),
            _ => Err(HTTPError::from(303).with_header("Location", Site::path_login()).into()),
        }
    }
}

// Only POST changes anything, and browsers send this cookie with no POST from another site, since it is `SameSite=Lax`.
#[http_handler(server_version = "Site/1.0", protocol_version = "HTTP/1.1")]
impl Site {
    #[path("/")]
    fn do_GET_home(&self, #[guard] user: User) -> Html<String> {
        let logout = "<form method=post action=/logout><button>Log out</button></form>";
        Html(format!("<p>Welcome, {}!\n{logout}\n", html_escape(&user.0)))
    }

    #[path("/login")]
    fn do_GET_login(&self) -> Html<&str> {
        Html("<form method=post><input name=name><input name=password type=password><button>Log in</button></form>\n")
    }

    #[path("/login")]
    fn do_POST_login(&self, ex: &mut Exchange, #[form] form: Form) -> Result {
        // Your program looks for the user, and compares a slow hash of the password, such as Argon2.
        let (Some(name @ "ada"), Some("lovelace")) = (form.get("name"), form.get("password")) else {
            return Err(HTTPError::new(403, "wrong name or password").into());
        };
        let mut id = [0; 16];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut id)?;
        let id = format!("{:032x}", u128::from_ne_bytes(id));
        let (mut sessions, now) = (self.0.lock().unwrap(), Instant::now());
        // A user has one session, so that there are never more sessions than users.
        sessions.retain(|_, (user, end)| user != name && now < *end);
        sessions.insert(id.clone(), (name.to_owned(), now + Duration::from_secs(8 * 60 * 60)));
        ex.send_cookie(Cookie::new("sid", id));
        Ok(ex.redirect(303, Site::path_home())?)
    }

    #[path("/logout")]
    fn do_POST_logout(&self, ex: &mut Exchange) -> Result {
        ex.cookie("sid").and_then(|id| self.0.lock().unwrap().remove(id));
        ex.send_cookie(Cookie::removal("sid"));
        Ok(ex.redirect(303, Site::path_login())?)
    }
}

fn main() -> Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Site::default())?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
