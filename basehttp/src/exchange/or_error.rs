//! `.or_error(…)`: a `Result` or an `Option` with the error response that its failure becomes.

use std::result::Result;

use super::error::{HTTPError, HandlerError, IntoHTTPError};

/// Gives `Result` and `Option` the method [`or_error`](Self::or_error), which names the error response for a failure.
///
/// ```
/// use basehttp::{Exchange, OrError, http_handler};
///
/// struct Squares;
///
/// #[http_handler]
/// impl Squares {
///     fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
///         let text = ex.query().get("n").or_error((400, "which number? add ?n=7"))?;
///         let n: u32 = text.parse().or_error(400)?;
///         Ok(ex.send_text(200, n.saturating_mul(n).to_string())?)
///     }
/// }
/// # for (target, expected) in [
/// #     ("/?n=7", &b"HTTP/1.0 200 OK\r\n"[..]),
/// #     ("/?n=x", b"HTTP/1.0 400 Bad Request\r\n"),
/// #     ("/", b"HTTP/1.0 400 which number? add ?n=7\r\n"),
/// # ] {
/// #     let reply = basehttp::testing::respond(&Squares, format!("GET {target} HTTP/1.0\r\n\r\n"));
/// #     assert!(reply.starts_with(expected), "{target}");
/// # }
/// ```
pub trait OrError<T> {
    /// Returns the value, or the error response that takes its place.
    ///
    /// `error` is anything that [`send_error`](crate::Exchange::send_error) takes: a code, `(code, message)`, `(code,
    /// message, explain)` or an [`HTTPError`]. The error of a `Result` becomes its source, which goes to the log and
    /// never to the client. That error may have any type that [`HandlerError`] is made from.
    ///
    /// # Errors
    /// `error`, if there is no value.
    fn or_error(self, error: impl IntoHTTPError) -> Result<T, HTTPError>;
}

impl<T, E: Into<HandlerError>> OrError<T> for Result<T, E> {
    fn or_error(self, error: impl IntoHTTPError) -> Result<T, HTTPError> {
        self.map_err(|cause| error.into().with_source(cause.into().into_inner()))
    }
}

impl<T> OrError<T> for Option<T> {
    fn or_error(self, error: impl IntoHTTPError) -> Result<T, HTTPError> {
        self.ok_or_else(|| error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_passes() {
        assert_eq!(Some(7).or_error(404).unwrap(), 7);
        assert_eq!("7".parse::<u8>().or_error(404).unwrap(), 7);
    }

    #[test]
    fn nothing_becomes_the_error_in_each_of_its_forms() {
        let table = [
            (None::<u8>.or_error(404), (404, None, None)),
            (None.or_error((410, "gone")), (410, Some("gone"), None)),
            (None.or_error((400, "no", String::from("never"))), (400, Some("no"), Some("never"))),
            (None.or_error(HTTPError::new(418, "short")), (418, Some("short"), None)),
        ];
        for (result, expected) in table {
            let error = result.unwrap_err();
            assert_eq!((error.code(), error.message(), error.explain()), expected);
        }
    }

    #[test]
    fn an_error_of_any_kind_stays_as_the_source() {
        let parsed = "x".parse::<u8>().or_error(400).unwrap_err();
        let boxed = Err::<(), Box<dyn std::error::Error + Send + Sync>>("boxed".into()).or_error(400).unwrap_err();
        let text = Err::<(), _>("a text").or_error((500, "oh")).unwrap_err();
        let of_a_handler = Err::<(), HandlerError>("a handler's".into()).or_error(502).unwrap_err();
        for (error, cause) in [
            (parsed, "invalid digit found in string"),
            (boxed, "boxed"),
            (text, "a text"),
            (of_a_handler, "a handler's"),
        ] {
            assert_eq!(error.log_note().as_deref(), Some(cause));
        }
    }
}
