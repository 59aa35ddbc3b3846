//! Rules about the client, the host and the origin of a request. A request that breaks one does not reach the handler.

mod cross_site;
mod hosts;
mod rules;

pub(crate) use self::cross_site::TrustedOrigins;
pub(crate) use self::hosts::Hosts;
pub(crate) use self::rules::{Admission, Admitted};
