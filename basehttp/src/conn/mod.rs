//! One connection.

mod blocking;
mod connection;
mod drive;

pub(crate) use self::blocking::handle_one_request;
pub(crate) use self::connection::{Conn, Ready, Wait};
pub(crate) use self::drive::{Buffers, Host, RunOn, Scheduler, SendOn};
