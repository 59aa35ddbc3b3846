//! The time of day, as replies and logs show it: the only place of this floor that asks for it.

use std::cell::RefCell;
use std::time::SystemTime;

use crate::proto::DateCache;

thread_local! {
    /// The text of the second that this thread wrote last.
    static HTTP_DATE: RefCell<DateCache> = RefCell::new(DateCache::default());
}

/// Lends the `Date` of now (RFC 9110, section 5.6.7), formatted once a second.
pub(crate) fn with_http_date<R>(use_date: impl FnOnce(&[u8]) -> R) -> R {
    HTTP_DATE.with_borrow_mut(|cache| use_date(cache.get(SystemTime::now())))
}
