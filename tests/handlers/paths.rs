//! Paths, with the shape that fits a request, and the response if no path or no method does. The table of paths is that
//! of `Table`, and each method answers with its name and its arguments.

use basehttp::{Exchange, Result, http_handler};

struct Table;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Table {
    #[path("/")]
    fn do_GET_home(&self) -> &'static str {
        "home"
    }

    #[path("/users")]
    fn do_GET_users(&self) -> &'static str {
        "users"
    }

    #[path("/users")]
    fn do_POST_users(&self) -> (u16, &'static str) {
        (201, "added")
    }

    #[path("/users/")]
    fn do_GET_slash(&self) -> &'static str {
        "users/"
    }

    #[path("/users/{id}")]
    fn do_GET_user(&self, id: &str) -> String {
        format!("user {id}")
    }

    #[path("/users/{id}")]
    fn do_DELETE_user(&self, id: u64) -> String {
        format!("deleted {id}")
    }

    // Words go before parameters, wherever they stand in the block.
    #[path("/users/me")]
    fn do_GET_me(&self) -> &'static str {
        "me"
    }

    #[path("/a/{x}/c")]
    fn do_GET_first(&self, x: &str) -> String {
        format!("first {x}")
    }

    #[path("/{y}/b/d")]
    fn do_GET_second(&self, y: &str) -> String {
        format!("second {y}")
    }

    #[path("/{*all}")]
    #[path("/everything")]
    fn do_REPORT_all(&self, all: &[&str]) -> String {
        format!("all {all:?}")
    }

    #[path("/files/{*rest}")]
    fn do_GET_files(&self, ex: &mut Exchange, rest: &[&str]) -> Result {
        Ok(ex.send_text(200, format!("files {rest:?}"))?)
    }

    #[path("/deep/{a}/{*rest}")]
    fn do_GET_deep(&self, rest: &[&str], a: u8) -> String {
        format!("deep {a} {rest:?}")
    }

    #[path("/own/options")]
    fn do_OPTIONS_own(&self) -> &'static str {
        "own options"
    }

    #[path("/own/head")]
    fn do_GET_head(&self) -> &'static str {
        "a body"
    }

    #[path("/own/head")]
    fn do_HEAD_head(&self, ex: &Exchange) -> Result {
        Ok(ex.send_response(200).send_header("X-Own", "yes").end_headers()?)
    }

    #[path("/caf\u{e9} au lait/{what}")]
    fn do_GET_decoded(&self, what: &str) -> String {
        format!("decoded {what}")
    }

    #[http_method("M-SEARCH")]
    #[path("/search")]
    fn search(&self) -> &'static str {
        "found"
    }
}

/// The same, with methods that serve what no path does.
struct WithPlain;

#[http_handler(protocol_version = "HTTP/1.1")]
impl WithPlain {
    #[path("/users/{id}")]
    fn do_GET_user(&self, id: u64) -> String {
        format!("user {id}")
    }

    #[path("/users/{id}/{*rest}")]
    fn do_PUT_below(&self, id: u64, rest: &[&str]) -> String {
        format!("below {id} {rest:?}")
    }

    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, format!("plain {}", ex.path))?)
    }

    fn do_POST(&self) -> &'static str {
        "plain post"
    }
}

/// Rows of which one begins like the other.
struct Posts;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Posts {
    #[path("/users/{id}")]
    fn do_GET_user(&self, id: &str) -> String {
        format!("user {id}")
    }

    #[path("/users/{id}/posts")]
    fn do_GET_posts(&self, id: &str) -> String {
        format!("posts of {id}")
    }

    fn do_GET(&self) -> &'static str {
        "plain"
    }

    fn do_POST(&self) -> &'static str {
        "plain post"
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

/// A request, the status, and a part of the rest of the response.
type Case = (&'static str, u16, &'static str);

fn check<H: basehttp::BaseHTTPRequestHandler>(handler: &H, cases: &[Case]) {
    for (request, status, expected) in cases {
        let response = answer(handler, request);
        let (line, rest) = response.split_once("\r\n").expect("a response has a status line");
        assert!(line.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {response}");
        assert!(rest.contains(expected), "{request}: {response}");
    }
}

fn answer<H: basehttp::BaseHTTPRequestHandler>(handler: &H, request: &str) -> String {
    let request = format!("{request} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    String::from_utf8(basehttp::testing::respond(handler, request)).expect("the response is text")
}

#[test]
fn the_most_specific_shape_that_fits_serves() {
    check(
        &Table,
        &[
            ("GET /", 200, "\r\n\r\nhome"),
            ("GET /?a/b", 200, "\r\n\r\nhome"),
            ("GET /users", 200, "\r\n\r\nusers"),
            ("GET /users?page=7", 200, "\r\n\r\nusers"),
            ("GET /users/me", 200, "\r\n\r\nme"),
            ("GET /users/%6De", 200, "\r\n\r\nme"),
            ("GET /users/7", 200, "\r\n\r\nuser 7"),
            ("GET /users/mee", 200, "\r\n\r\nuser mee"),
            ("GET /users/ME", 200, "\r\n\r\nuser ME"),
            ("DELETE /users/7", 200, "\r\n\r\ndeleted 7"),
            ("DELETE /users/x", 404, ""),
            ("GET http://a/users/7", 200, "\r\n\r\nuser 7"),
            ("M-SEARCH /search", 200, "\r\n\r\nfound"),
            ("GET /caf%C3%A9%20au%20lait/x", 200, "\r\n\r\ndecoded x"),
        ],
    );
}

#[test]
fn a_shape_that_fails_later_in_the_path_leaves_it_to_the_next() {
    check(
        &Table,
        &[
            ("GET /a/b/c", 200, "\r\n\r\nfirst b"),
            ("GET /a/b/d", 200, "\r\n\r\nsecond a"),
            ("GET /q/b/d", 200, "\r\n\r\nsecond q"),
            ("GET /a/x/d", 405, "Allow: REPORT, OPTIONS\r\n"),
            ("REPORT /a/x/d", 200, "\r\n\r\nall [\"a\", \"x\", \"d\"]"),
        ],
    );
}

#[test]
fn segments_are_decoded_and_stay_segments() {
    check(
        &Table,
        &[
            ("GET /users/a%3Fb", 200, "\r\n\r\nuser a?b"),
            ("GET /users/a+b", 200, "\r\n\r\nuser a+b"),
            ("GET /users/%25", 200, "\r\n\r\nuser %"),
            ("GET /users/...", 200, "\r\n\r\nuser ..."),
            ("GET /files/a%2Fb/c", 200, "\r\n\r\nfiles [\"a/b\", \"c\"]"),
        ],
    );
    check(&Posts, &[("GET /users/a%2Fb", 200, "user a/b"), ("GET /users/a%2Fb/posts", 200, "posts of a/b")]);
}

#[test]
fn a_slash_at_the_end_counts_and_a_parameter_is_never_empty() {
    check(
        &Table,
        &[
            ("GET /users/", 200, "\r\n\r\nusers/"),
            ("DELETE /users/", 405, "Allow: GET, HEAD, OPTIONS\r\n"),
            ("GET /users/7/", 405, "Allow: REPORT, OPTIONS\r\n"),
            ("GET //b/d", 405, "Allow: REPORT, OPTIONS\r\n"),
            ("GET /a//c", 405, "Allow: REPORT, OPTIONS\r\n"),
            ("GET /files", 405, "Allow: REPORT, OPTIONS\r\n"),
            ("GET /files/", 200, "\r\n\r\nfiles [\"\"]"),
            ("GET /files/a//b/", 200, "\r\n\r\nfiles [\"a\", \"\", \"b\", \"\"]"),
            ("GET /deep//x", 405, "Allow: REPORT, OPTIONS\r\n"),
            ("GET /deep/7/", 200, "\r\n\r\ndeep 7 [\"\"]"),
            ("REPORT /", 405, "Allow: GET, HEAD, OPTIONS\r\n"),
            ("REPORT /everything", 200, "\r\n\r\nall []"),
        ],
    );
}

#[test]
fn a_value_that_is_forbidden_is_not_found_and_no_other_shape_is_tried() {
    check(
        &Table,
        &[
            ("GET /users/..", 404, ""),
            ("GET /users/.", 404, ""),
            ("GET /users/%2e%2E", 404, ""),
            ("GET /users/%00", 404, ""),
            ("GET /users/a%00b", 404, ""),
            ("GET /users/%FF", 404, ""),
            ("GET /users/caf%E9", 404, ""),
            ("GET /files/..", 404, ""),
            ("GET /files/a/%2e%2e/b", 404, ""),
            ("GET /files/a/..%2Fb", 404, ""),
            ("GET /files/a/b%2f%2e%2e%2fc", 404, ""),
            ("GET /users/a%2F..", 404, ""),
            ("GET /files/a/%FF", 404, ""),
            ("GET /deep/../a", 404, ""),
            ("GET /deep/7/..", 404, ""),
            ("POST /users/..", 404, ""),
            ("PATCH /users/..", 501, ""),
        ],
    );
    check(&WithPlain, &[("GET /users/..", 404, ""), ("GET /users/%00", 404, ""), ("GET /..", 200, "plain /..")]);
}

#[test]
fn a_path_that_fits_another_shape_with_its_slashes_and_dots_resolved_is_not_found() {
    check(
        &Posts,
        &[
            ("GET /users/7/posts", 200, "\r\n\r\nposts of 7"),
            ("GET /users/7%2Fposts", 404, ""),
            ("HEAD /users/7%2Fposts", 404, ""),
            ("OPTIONS /users/7%2Fposts", 404, ""),
            ("POST /users/7/posts", 405, "Allow: GET, HEAD, OPTIONS\r\n"),
            ("POST /users/7%2Fposts", 404, ""),
            ("PATCH /users/7%2Fposts", 501, ""),
            ("GET /users%2F7", 404, ""),
            ("GET /users//7", 404, ""),
            ("GET /./users/7", 404, ""),
            ("GET /x/%2E%2e/users/7?a", 404, ""),
            ("GET /users/7/x/../posts", 404, ""),
            ("GET http://a/users//7", 404, ""),
            // No shape fits these, however they are read.
            ("GET /users//7/", 200, "\r\n\r\nplain"),
            ("GET /users%2F7%2Flikes", 200, "\r\n\r\nplain"),
            ("GET /users/7/..", 200, "\r\n\r\nplain"),
            ("GET /x//y?/../users/7", 200, "\r\n\r\nplain"),
            ("GET /users%252F7", 200, "\r\n\r\nplain"),
            ("POST /x/../y", 200, "\r\n\r\nplain post"),
            // The name in the first segment is no UTF-8, and fits no word.
            ("GET /%FF/users%2F7", 200, "\r\n\r\nplain"),
            ("GET /users%2F%FF", 404, ""),
        ],
    );
    // A shape of another method counts as well, and so does a wider one.
    check(&Table, &[("GET /users/a%2Fb", 404, ""), ("GET /users%2F7", 404, ""), ("REPORT /users%2F7", 404, "")]);
}

#[test]
fn a_path_of_ten_thousand_segments_is_served_and_fits_no_shorter_shape() {
    // All of them are empty, so that the line stays within the limit.
    let long = "/".repeat(10_000);
    let response = answer(&Table, &format!("GET /files{long}"));
    assert_eq!(response.matches("\"\"").count(), 10_000, "{response}");
    let response = answer(&Table, &format!("GET /search{long}"));
    assert!(response.starts_with("HTTP/1.1 405 "), "{response}");
    // Without the empty segments it is `/users/`, another shape.
    let response = answer(&Table, &format!("GET /users{long}"));
    assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    let response = answer(&WithPlain, &format!("GET /other{long}"));
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[test]
fn a_method_that_the_path_lacks_is_405_with_the_paths_own_methods() {
    check(
        &Table,
        &[
            ("POST /users/me", 405, "Allow: GET, HEAD, OPTIONS\r\n"),
            ("DELETE /users/me", 405, "Allow: GET, HEAD, OPTIONS\r\n"),
            ("DELETE /users", 405, "Allow: GET, HEAD, POST, OPTIONS\r\n"),
            ("POST /users/7", 405, "Allow: GET, HEAD, DELETE, OPTIONS\r\n"),
            ("M-SEARCH /users", 405, "Allow: GET, HEAD, POST, OPTIONS\r\n"),
            ("PATCH /users", 501, ""),
            ("PATCH /nowhere", 501, ""),
            ("GET /own/options", 405, "Allow: OPTIONS\r\n"),
        ],
    );
    check(
        &WithPlain,
        &[
            ("POST /users/7", 405, "Allow: GET, HEAD, OPTIONS\r\n"),
            ("GET /users/7/x", 405, "Allow: PUT, OPTIONS\r\n"),
            ("GET /users/x", 404, ""),
        ],
    );
}

#[test]
fn options_lists_the_methods_of_the_path_and_the_asterisk_those_of_the_block() {
    check(
        &Table,
        &[
            ("OPTIONS /users", 204, "Allow: GET, HEAD, POST, OPTIONS\r\n"),
            ("OPTIONS /users/7", 204, "Allow: GET, HEAD, DELETE, OPTIONS\r\n"),
            ("OPTIONS /files/a/b", 204, "Allow: GET, HEAD, OPTIONS\r\n"),
            ("OPTIONS /nowhere", 204, "Allow: REPORT, OPTIONS\r\n"),
            ("OPTIONS /own/options", 200, "\r\n\r\nown options"),
            ("OPTIONS *", 204, "Allow: GET, HEAD, POST, DELETE, REPORT, OPTIONS, M-SEARCH\r\n"),
        ],
    );
    check(
        &WithPlain,
        &[
            ("OPTIONS /users/7", 204, "Allow: GET, HEAD, OPTIONS\r\n"),
            ("OPTIONS /other", 204, "Allow: GET, HEAD, POST, OPTIONS\r\n"),
            ("OPTIONS *", 204, "Allow: GET, HEAD, PUT, POST, OPTIONS\r\n"),
        ],
    );
}

#[test]
fn head_is_served_by_what_serves_get_for_the_path() {
    check(
        &Table,
        &[
            ("HEAD /users/7", 200, "Content-Length: 6\r\n"),
            ("HEAD /own/head", 200, "X-Own: yes\r\n"),
            ("HEAD /users/..", 404, ""),
        ],
    );
    let response = answer(&Table, "HEAD /users/7");
    assert!(response.ends_with("\r\n\r\n"), "no body: {response}");
}

#[test]
fn what_no_path_fits_goes_to_the_methods_without_one() {
    check(
        &WithPlain,
        &[
            ("GET /", 200, "\r\n\r\nplain /"),
            ("GET /users", 200, "\r\n\r\nplain /users"),
            ("GET /users/", 200, "\r\n\r\nplain /users/"),
            ("HEAD /other", 200, "Content-Length: 12\r\n"),
            ("POST /other", 200, "\r\n\r\nplain post"),
            ("PUT /other", 405, "Allow: GET, HEAD, POST, OPTIONS\r\n"),
            ("PATCH /other", 501, ""),
        ],
    );
}

/// No method serves all paths.
struct OnePath;

#[http_handler(protocol_version = "HTTP/1.1")]
impl OnePath {
    #[path("/here")]
    fn do_GET_here(&self) -> &'static str {
        "here"
    }
}

#[test]
fn what_nothing_serves_is_not_found() {
    check(
        &OnePath,
        &[
            ("GET /here", 200, "here"),
            ("GET /", 404, ""),
            ("GET /here/", 404, ""),
            ("GET /there", 404, ""),
            ("HEAD /there", 404, ""),
            ("OPTIONS /there", 404, ""),
            ("OPTIONS *", 204, "Allow: GET, HEAD, OPTIONS\r\n"),
            ("POST /there", 501, ""),
            ("POST /here", 501, ""),
            ("GET *", 400, ""),
        ],
    );
}
