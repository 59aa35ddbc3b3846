//! The paths of the pages that are sent for missing files, and the decision which requests get the fallback page.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::listing::HtmlWish;
use super::path::{self, ServedPath};

/// The builder's `fallback_page` and `not_found_page`, checked.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    fallback: Option<ServedPath<'static>>,
    not_found: Option<ServedPath<'static>>,
}

impl Pages {
    /// Takes two paths beneath the root.
    ///
    /// # Errors
    /// `InvalidInput` for a path that cannot be a file's.
    pub(super) fn new(fallback: Option<&Path>, not_found: Option<&Path>) -> io::Result<Self> {
        let page = |path: &Path| {
            let served =
                ServedPath::of_path(path.as_os_str().as_bytes(), "").filter(|served| !served.is_directory_form());
            served.ok_or_else(|| {
                let path = path.display();
                let text = format!("\"{path}\" is not a page; write a file's path beneath the root, such as 404.html");
                io::Error::new(io::ErrorKind::InvalidInput, text)
            })
        };
        Ok(Pages { fallback: fallback.map(page).transpose()?, not_found: not_found.map(page).transpose()? })
    }

    /// Returns the fallback page if a client with this wish for HTML is to get it for `path`.
    pub(super) fn fallback_for(&self, path: &str, wish: impl FnOnce() -> HtmlWish) -> Option<&ServedPath<'static>> {
        self.fallback.as_ref().filter(|_| is_client_side_route(path, wish()))
    }

    /// Returns the page that is sent with 404.
    pub(super) fn not_found(&self) -> Option<&ServedPath<'static>> {
        self.not_found.as_ref()
    }
}

/// Returns true if `raw` may be a route of a program in the browser, and not the name of a missing file.
///
/// A browser that opens such a route asks for HTML, whatever the path (`/user/john.doe`). A client that accepts
/// anything may want a file, so a last segment with a dot counts as a file's name. A page in place of a missing script
/// would be harder to understand than a 404.
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
