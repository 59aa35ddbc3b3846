//! How long does a block of 100 methods take, and how long a table of 100 routes?
//!
//! ```text
//! CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_OPT_LEVEL=3 cargo test --release -p basehttp-macros speed -- --nocapture
//! ```
//!
//! prints it; the goal is less than 20 ms for each. Without the variable, cargo does not optimize macros and what they
//! use.

use std::fmt::Write;
use std::time::{Duration, Instant};

use proc_macro2::TokenStream;

use crate::expanded;

#[test]
fn a_hundred_methods_are_expanded() {
    let block: TokenStream = block_of(100).parse().expect("these are tokens");
    let took = measured(&block, "\"METHOD_99\" =>");
    println!("100 methods took {:.2} ms", took.as_secs_f64() * 1e3);
}

#[test]
fn a_hundred_routes_are_expanded() {
    let block: TokenStream = table_of(25).parse().expect("these are tokens");
    let took = measured(&block, "path_book_24");
    println!("100 routes took {:.2} ms", took.as_secs_f64() * 1e3);
}

/// Expands the block a few times. The shortest run is the one that the rest of the machine disturbed least.
fn measured(block: &TokenStream, expected: &str) -> Duration {
    let arguments: TokenStream = "server_version = \"Hello/1.0\"".parse().expect("these are tokens");
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        let expansion = expanded(arguments.clone(), block);
        best = best.min(start.elapsed());
        let text = expansion.to_string();
        assert!(text.contains(expected) && !text.contains("compile_error"));
    }
    best
}

/// Four routes for each resource, below two paths.
fn table_of(resources: usize) -> String {
    let mut block = "impl Hello {".to_owned();
    for number in 0..resources {
        write!(
            block,
            "/// Lists them.
            #[path(\"/shelf_{number}/books\")]
            fn do_GET_books_{number}(&self, #[query] page: Option<usize>, #[query] tags: Vec<&str>) -> String {{
                self.shelves[{number}].page(page.unwrap_or(0)).filter(tags).join(\"\\n\")
            }}
            #[path(\"/shelf_{number}/books\")]
            fn do_POST_books_{number}(&self, ex: &mut Exchange, #[guard] login: Login) -> Result<(u16, String)> {{
                let book = self.shelves[{number}].add(ex.read_body(1000)?, login)?;
                Ok((201, Self::path_book_{number}(book)))
            }}
            #[path(\"/shelf_{number}/books/{{book}}\")]
            fn do_GET_book_{number}(&self, book: u64, #[header(\"Accept\")] accept: Option<&str>) -> Option<String> {{
                self.shelves[{number}].get(book).map(|found| found.shown(accept))
            }}
            #[path(\"/shelf_{number}/books/{{book}}\")]
            #[pace(\"pool\")]
            fn do_DELETE_book_{number}(&self, book: u64, #[guard] login: Login) -> Result<u16> {{
                self.shelves[{number}].remove(book, login).map(|()| 204)
            }}"
        )
        .expect("a string can be written to");
    }
    block + "}"
}

fn block_of(methods: usize) -> String {
    let mut block = "impl Hello {".to_owned();
    for number in 0..methods {
        write!(
            block,
            "fn do_METHOD_{number}(&self, ex: &mut Exchange) -> Result {{
                let user = self.users.get(ex.path).ok_or_else(|| HTTPError::new(404, \"no such user\"))?;
                let text = format!(\"Hello, {{}}!\", user.name);
                ex.send_response(200)
                    .send_header(\"Content-Type\", \"text/plain; charset=utf-8\")
                    .send_header(\"Content-Length\", text.len())
                    .end_headers()?;
                ex.wfile.write_all(text.as_bytes())?;
                Ok(())
            }}"
        )
        .expect("a string can be written to");
    }
    block + "}"
}
