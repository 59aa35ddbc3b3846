//! [`Guard`]: a value that a method needs, made from the request before the method is called.

use super::Exchange;
use super::error::{HandlerError, Result};
use crate::proto::Headers;

/// A value that a method needs before it runs, such as the user who has logged in.
///
/// A parameter of this type, under `#[guard]`, is made by [`check`](Self::check) before the method is called. If the
/// check fails, its error is the response, and the method is not called. So a method that has a parameter
/// `#[guard] admin: Admin` cannot run without one. `H` is the handler's type, and `M` its `MessageClass`.
///
/// Guards are made in the order of the parameters, after the segments of the path and before the query, the fields and
/// the body. A check may block, as the method may.
///
/// ```
/// use basehttp::{Exchange, Guard, HTTPError, Result, http_handler};
///
/// struct Site {
///     token: String,
/// }
///
/// /// Proof that the client has sent the token.
/// struct Admin;
///
/// impl<'c> Guard<'c, Site> for Admin {
///     fn check(site: &Site, ex: &Exchange<'c>) -> Result<Self> {
///         let sent = ex.headers.get("Authorization").and_then(|value| value.strip_prefix("Bearer "));
///         if sent == Some(&site.token) {
///             return Ok(Admin);
///         }
///         Err(HTTPError::new(401, "who are you?").with_header("WWW-Authenticate", "Bearer").into())
///     }
/// }
///
/// #[http_handler]
/// impl Site {
///     #[path("/users/{id}")]
///     fn do_DELETE_user(&self, id: u64, #[guard] _admin: Admin) -> String {
///         format!("user {id} is gone")
///     }
/// }
/// # let site = Site { token: "secret".into() };
/// # let reply = basehttp::testing::respond(&site, "DELETE /users/7 HTTP/1.0\r\n\r\n");
/// # assert!(reply.starts_with(b"HTTP/1.0 401 "));
/// # let request = "DELETE /users/7 HTTP/1.0\r\nAuthorization: Bearer secret\r\n\r\n";
/// # assert!(basehttp::testing::respond(&site, request).ends_with(b"user 7 is gone"));
/// ```
///
/// A redirect is an error, too, such as one to a login page:
/// `Err(HTTPError::from(303).with_header("Location", "/login").into())`.
///
/// A guard for every handler is generic: `impl<'c, H, M> Guard<'c, H, M> for Secure`. [`BasicUser`](crate::BasicUser)
/// is a ready-made one, for name and password.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a guard of the handler `{H}`",
    label = "no `impl<'c> Guard<'c, {H}> for {Self}`",
    note = "write `impl<'c> Guard<'c, {H}> for {Self}` with a function `check`, which makes it from the request",
    note = "for a handler with a `MessageClass` of its own, write `Guard<'c, {H}, {M}>`"
)]
pub trait Guard<'c, H, M = Headers<'c>>: Sized {
    /// Makes the value, or says why the request may not have it.
    ///
    /// # Errors
    /// The response, as if the method had returned it: an [`HTTPError`](crate::HTTPError) is sent, and any other error
    /// is a 500.
    fn check(handler: &H, ex: &Exchange<'c, M>) -> Result<Self>;
}

/// Makes a guard. The compiler finds its type.
pub fn guard<'c, G: Guard<'c, H, M>, H, M>(handler: &H, ex: &Exchange<'c, M>) -> Result<G, HandlerError> {
    G::check(handler, ex)
}
