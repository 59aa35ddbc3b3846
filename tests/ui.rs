//! `#[http_handler]` as the compiler sees it: blocks that are refused with our messages, and blocks that compile.
//!
//! After a change that is meant, `TRYBUILD=overwrite cargo test --test ui` writes the `.stderr` files anew; read them.

use trybuild::TestCases;

#[test]
fn broken_rules_are_refused_with_our_messages() {
    TestCases::new().compile_fail("ui-tests/fail/*.rs");
}

#[test]
fn what_the_rules_allow_compiles_and_runs() {
    TestCases::new().pass("ui-tests/pass/*.rs");
}
