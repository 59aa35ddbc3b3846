//! errors: 2
//! says: `#[json]` needs the feature `json` of basehttp
//! says: `#[form]` for types other than `Form` needs the feature `json` of basehttp
//! says: write `features = ["json"]` beside the version of `basehttp` in Cargo.toml

use basehttp::{Form, http_handler};

struct User;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_POST_user(&self, #[json] user: User) -> &str {
        drop(user);
        "posted"
    }

    fn do_PUT(&self, #[form] user: User) -> &str {
        drop(user);
        "put"
    }

    fn do_POST(&self, #[form(max = "100 B")] form: Form) -> String {
        form.len().to_string()
    }

    fn do_PATCH(&self, #[body] text: &str) -> String {
        text.to_owned()
    }
}

fn main() {}
