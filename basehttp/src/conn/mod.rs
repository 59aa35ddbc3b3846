//! One connection over many requests. It says when the connection reads, serves, writes, waits and ends.
//!
//! `connection` is the connection at rest and `saved` the state that it keeps while it waits. `drive` is the act, with
//! a thread's `buffers`. The thread takes its decisions through the trait in `scheduler`. `blocking` drives a
//! connection without an engine.

mod blocking;
mod buffers;
mod connection;
mod drive;
mod read_buffer;
mod saved;
mod scheduler;

pub(crate) use self::blocking::{go_on_with_beginning, handle_one_request};
pub(crate) use self::buffers::Buffers;
pub(crate) use self::connection::{Conn, Ready, Wait};
pub(crate) use self::scheduler::{ConnectionCode, RunOn, Scheduler};
