//! A page with a form. Run `cargo run --release --example guestbook` (or with another port).
//!
//! ```console
//! $ curl -si -d 'name=Ada&text=fish+%26+chips' http://127.0.0.1:8000/ | grep Location
//! Location: /
//! $ curl -b thanks=yes http://127.0.0.1:8000/ | grep <p>
//! <p>Ada: fish &amp; chips<p>Thank you!
//! $ curl -si -d text=hello http://127.0.0.1:8000/ | grep HTTP
//! HTTP/1.1 400 who are you?
//! $ curl -si -X DELETE http://127.0.0.1:8000/ | grep Allow:
//! Allow: GET, HEAD, POST, OPTIONS
//! ```

use std::sync::Mutex;

use basehttp::{Cookie, Exchange, HTTPServer, Html, OrError, Result, html_escape, http_handler};

#[derive(Default)]
struct Guestbook {
    entries: Mutex<Vec<String>>,
}

#[http_handler(server_version = "Guestbook/1.0", protocol_version = "HTTP/1.1", unknown_method = 405)]
impl Guestbook {
    fn do_GET(&self, ex: &mut Exchange) -> Html<String> {
        let mut page = String::from(
            "<!doctype html>\n<title>Guestbook</title>\n\
             <form method=post><input name=name><input name=text><button>Send</button></form>\n",
        );
        page.extend(self.entries.lock().unwrap().iter().map(String::as_str));
        // It is shown once, since the response removes the cookie.
        if ex.cookie("thanks").is_some() {
            ex.send_cookie(Cookie::removal("thanks"));
            page.push_str("<p>Thank you!");
        }
        Html(page)
    }

    // Leads to a page, so that a reload does not send the form again.
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let form = ex.read_form(4 * 1024)?;
        let name = form.get("name").or_error((400, "who are you?"))?;
        let text = form.get("text").or_error((400, "what do you want to say?"))?;
        self.entries.lock().unwrap().push(format!("<p>{}: {}", html_escape(name), html_escape(text)));
        ex.send_cookie(Cookie::new("thanks", "yes"));
        Ok(ex.redirect(303, "/")?)
    }
}

fn main() -> Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Guestbook::default())?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
