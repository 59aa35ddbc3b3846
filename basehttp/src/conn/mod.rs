//! One connection.

mod blocking;
mod buffers;
mod connection;
mod drive;
mod outgoing;
mod read_buffer;
mod saved;
mod scheduler;

pub(crate) use self::blocking::handle_one_request;
pub(crate) use self::buffers::Buffers;
pub(crate) use self::connection::{Conn, Ready, Wait};
pub(crate) use self::scheduler::{RunOn, Scheduler, SendOn};
