//! One connection.

mod blocking;
mod drive;
mod line;

pub(crate) use self::blocking::handle_one_request;
pub(crate) use self::drive::{Bench, Driver, FilePlace, Host, Place};
pub(crate) use self::line::{Line, Ready, Wait};
