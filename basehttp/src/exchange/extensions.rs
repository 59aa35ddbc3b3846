//! `insert` and `get`: values of any type that travel with one exchange, from a guard or a method to the hooks.
//!
//! The values are a list that only grows, so that `get` can lend one while another is added. It allocates nothing until
//! the first `insert`.

use std::any::Any;
use std::cell::OnceCell;
use std::fmt;

use super::Exchange;

impl<M> Exchange<'_, M> {
    /// Keeps a value for the rest of this exchange, to be read by [`get`](Self::get). Returns it as `get` does.
    ///
    /// A guard or a method can hand a value on to the hooks this way. A second value of the same type takes the place
    /// of the first one, which is dropped when the exchange ends.
    ///
    /// ```
    /// use basehttp::{Exchange, Result, http_handler};
    ///
    /// struct User(String);
    ///
    /// struct Site;
    ///
    /// #[http_handler]
    /// impl Site {
    ///     fn do_GET(&self, ex: &mut Exchange) -> Result {
    ///         let user = ex.insert(User("ada".to_owned()));
    ///         Ok(ex.send_text(200, format!("hello {}", user.0))?)
    ///     }
    ///
    ///     fn log_request(&self, ex: &Exchange, code: u16, _: Option<u64>) {
    ///         let user = ex.get::<User>().map_or("-", |user| &user.0);
    ///         ex.log_message(format_args!("{user} \"{}\" {code}", ex.requestline));
    ///     }
    /// }
    /// # assert!(basehttp::testing::respond(&Site, b"GET / HTTP/1.0\r\n\r\n").ends_with(b"hello ada"));
    /// ```
    pub fn insert<T: 'static>(&self, value: T) -> &T {
        self.extensions.insert(value)
    }

    /// Returns the value of this type that was kept last for this exchange, or `None`. See [`insert`](Self::insert).
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.extensions.get()
    }
}

/// Values of different types, in the order they came.
#[derive(Default)]
pub(crate) struct Extensions(OnceCell<Box<Node>>);

struct Node {
    value: Box<dyn Any>,
    rest: Extensions,
}

impl Extensions {
    fn insert<T: 'static>(&self, value: T) -> &T {
        let mut end = self;
        while let Some(node) = end.0.get() {
            end = &node.rest;
        }
        let node = end.0.get_or_init(|| Box::new(Node { value: Box::new(value), rest: Extensions::default() }));
        node.value.downcast_ref().expect("the list ended here, so this is the new value")
    }

    fn get<T: 'static>(&self) -> Option<&T> {
        let mut found = None;
        let mut at = self;
        while let Some(node) = at.0.get() {
            found = node.value.downcast_ref().or(found);
            at = &node.rest;
        }
        found
    }
}

/// Without recursion, so that a long list cannot overflow the stack.
impl Drop for Extensions {
    #[inline]
    fn drop(&mut self) {
        if let Some(first) = self.0.take() {
            drop_all(first);
        }
    }
}

#[cold]
fn drop_all(first: Box<Node>) {
    let mut next = Some(first);
    while let Some(mut node) = next {
        next = node.rest.0.take();
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extensions").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn the_last_value_of_a_type_is_found_and_the_first_can_still_be_used() {
        let extensions = Extensions::default();
        assert_eq!(extensions.get::<u8>(), None);
        let first = extensions.insert(1_u8);
        extensions.insert("text");
        extensions.insert(2_u8);
        assert_eq!(
            (extensions.get::<u8>(), extensions.get::<&str>(), extensions.get::<u16>()),
            (Some(&2), Some(&"text"), None)
        );
        assert_eq!(*first, 1);
    }

    #[test]
    fn a_hundred_thousand_values_are_dropped_one_after_the_other() {
        let counted = Rc::new(());
        let mut extensions = Extensions::default();
        for _ in 0..100_000 {
            // At the front, since `insert` walks to the end.
            let rest = std::mem::take(&mut extensions);
            extensions = Extensions(OnceCell::from(Box::new(Node { value: Box::new(Rc::clone(&counted)), rest })));
        }
        drop(extensions);
        assert_eq!(Rc::strong_count(&counted), 1);
    }
}
