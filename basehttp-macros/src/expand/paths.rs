//! The parts that only a block with paths has: a match on the segments of the path, the numbers of its routes, and a
//! second impl with the table and the links.

mod dispatch;
mod links;
mod pattern;
mod route;
mod table;

use proc_macro2::Literal;

pub(super) use self::dispatch::dispatch;
pub(super) use self::route::route;
pub(super) use self::table::table_and_links;
use crate::model::{Handler, Method};

/// The methods with a path, each with the number of its route.
pub(super) fn numbered<'h>(handler: &'h Handler<'h>) -> impl Iterator<Item = (Literal, &'h Method<'h>)> {
    let methods = handler.routes().map(|(method, _)| method).filter(|method| !method.paths.is_empty());
    methods.enumerate().map(|(number, method)| (Literal::usize_unsuffixed(number), method))
}
