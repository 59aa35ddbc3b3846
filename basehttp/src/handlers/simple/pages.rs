//! The pages that stand in for what is not there: where in the folder they are.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::listing::HtmlWish;
use super::path::{self, ServedPath};

/// See the builder's options of these names.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    fallback: Option<ServedPath<'static>>,
    not_found: Option<ServedPath<'static>>,
}

impl Pages {
    /// Both are paths beneath the root.
    pub fn new(fallback: Option<&Path>, not_found: Option<&Path>) -> io::Result<Self> {
        let page = |path: &Path| {
            let served =
                ServedPath::of_path(path.as_os_str().as_bytes(), "").filter(|served| !served.is_directory_form());
            served.ok_or_else(|| {
                let path = path.display();
                let text = format!("\"{path}\" is no page: write a file's path beneath the root, such as 404.html");
                io::Error::new(io::ErrorKind::InvalidInput, text)
            })
        };
        Ok(Pages { fallback: fallback.map(page).transpose()?, not_found: not_found.map(page).transpose()? })
    }

    /// Returns the fallback page for a request for `path` by a client that has this wish for HTML, if it is to have it.
    pub fn fallback_for(&self, path: &str, wish: impl FnOnce() -> HtmlWish) -> Option<&ServedPath<'static>> {
        self.fallback.as_ref().filter(|_| is_client_side_route(path, wish()))
    }

    pub fn not_found(&self) -> Option<&ServedPath<'static>> {
        self.not_found.as_ref()
    }
}

/// A browser that goes to a page of such a program says that it wants HTML, whatever the path (`/user/john.doe`). A client
/// that takes anything may want a file: what has a dot in its last segment is a file's name, and a page in place of a
/// script that is gone would only be harder to understand than a 404.
fn is_client_side_route(raw: &str, html: HtmlWish) -> bool {
    match html {
        HtmlWish::Named => true,
        HtmlWish::Taken => !path::last_name(path::without_query(raw).as_bytes()).contains(&b'.'),
        HtmlWish::Refused => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_dot_in_its_last_segment_is_a_files() {
        let table = [
            ("/", true),
            ("/users/7", true),
            ("/users/7/", true),
            ("/v1.2/users", true),
            ("/users?file=a.js", true),
            ("/app.js", false),
            ("/a/b.c?d", false),
            ("/.env", false),
        ];
        for (raw, expected) in table {
            assert_eq!(is_client_side_route(raw, HtmlWish::Taken), expected, "{raw}");
            assert!(is_client_side_route(raw, HtmlWish::Named), "{raw}: except for browsers that go to a page");
            assert!(!is_client_side_route(raw, HtmlWish::Refused), "{raw}: and never for clients that take no page");
        }
    }

    #[test]
    fn a_page_is_a_file_beneath_the_root() {
        for (path, is_page) in [("404.html", true), ("/a/404.html", true), ("", false), ("..", false), ("a\0", false)] {
            assert_eq!(Pages::new(None, Some(Path::new(path))).is_ok(), is_page, "{path:?}");
        }
    }
}
