//! HTTP on the wire, with heads, bodies, framing and the life of a connection.

#[path = "../support/mod.rs"]
mod support;

mod connections;
mod early_replies;
mod expect_continue;
mod given_bodies;
mod replies;
mod reply_heads;
mod request_bodies;
mod request_heads;
mod rfc9110_7_routing;
mod rfc9110_9_replies;
mod rfc9112_3_request_line;
mod rfc9112_6_framing;
mod rfc9112_6_replies;
mod rfc9112_9_connections;
