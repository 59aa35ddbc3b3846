//! Helper methods, consts, docs and attributes stay in the block as they are.

use basehttp::{Exchange, Result, http_handler};

struct Greeter {
    name: &'static str,
}

/// Greets.
#[http_handler]
#[allow(clippy::must_use_candidate)]
impl Greeter {
    /// What is said.
    pub const GREETING: &'static str = "Hello";

    pub fn new(name: &'static str) -> Self {
        Self { name }
    }

    /// Says it.
    #[inline]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let greeting = self.greeting();
        ex.send_response(200).send_header("X-Greeting", greeting).end_headers()?;
        Ok(())
    }

    fn greeting(&self) -> String {
        format!("{} {}, {}", Self::GREETING, self.name, Self::generic(1_u8))
    }

    fn generic<T: ToString>(value: T) -> String {
        value.to_string()
    }

    #[allow(dead_code)]
    async fn later(self) {}
}

fn main() {
    assert_eq!(Greeter::new("you").greeting(), "Hello you, 1");
}
