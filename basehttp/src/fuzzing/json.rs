//! JSON bodies as values: what `serde_json` reads is read, what it does not read is a 400, and the rest is a 422.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::misfit::expect_short;
use crate::exchange::from_json;
use crate::{Json, testing};

/// Runs this target on `bytes`.
pub fn json(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let value = check::<Value>(text);
    check::<BTreeMap<&str, u8>>(text);
    check::<BTreeMap<String, Vec<Option<bool>>>>(text);
    check::<(u8, &str, f32)>(text);
    check::<String>(text);
    if let Some(value) = value {
        check_sent(&value);
    }
}

/// Reads the text, and holds it against `serde_json` alone.
fn check<'b, T: Deserialize<'b> + PartialEq>(text: &'b str) -> Option<T> {
    let expected = serde_json::from_str::<T>(text);
    let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    match (from_json::<T>(text), expected) {
        (Ok(value), Ok(expected)) => {
            assert!(value == expected, "the same value: {text}");
            Some(value)
        }
        (Ok(_), Err(error)) => panic!("serde_json does not read it: {error}: {text}"),
        (Err(error), expected) => {
            assert!(expected.is_err(), "serde_json reads it: {text}");
            let code = expect_short(&error);
            assert!(code == 400 || code == 422 && is_json, "{code}: {text}");
            None
        }
    }
}

/// Sends the value. It need not be the same when it is read again, since `serde_json` rounds long numbers twice.
fn check_sent(value: &Value) {
    let reply = testing::respond(&Returned(value.clone()), "GET / HTTP/1.0\r\n\r\n");
    let reply = String::from_utf8(reply).expect("JSON is UTF-8");
    let (_, body) = reply.split_once("\r\n\r\n").expect("a head");
    assert_eq!(serde_json::to_string(value).ok().as_deref(), Some(body), "sent as it is");
    assert!(serde_json::from_str::<Value>(body).is_ok(), "read again: {body}");
}

/// A handler that returns its value.
struct Returned(Value);

#[crate::http_handler]
impl Returned {
    fn do_GET(&self, _: &mut crate::Exchange) -> Json<Value> {
        Json(self.0.clone())
    }

    fn log_message(&self, _: &crate::Exchange, _: std::fmt::Arguments) {}
}
