//! The engine under load: turns, rescue, limits, slow and silent clients, slow disks.

#[path = "../support/mod.rs"]
mod support;

mod clients;
mod gone_clients;
mod hijack;
mod limits;
mod rescue;
mod routes;
mod shutdown;
mod slow_disks;
mod stay;
mod turns;
