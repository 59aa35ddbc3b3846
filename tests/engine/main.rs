//! The engine under load, with turns, rescue, limits, slow and silent clients, and slow disks.

#[path = "../support/mod.rs"]
mod support;

mod clients;
mod full_pool;
mod gone_clients;
mod hijack;
mod limits;
mod over_tls;
mod rescue;
mod routes;
mod shutdown;
mod slow_disks;
mod stay;
mod system_limits;
mod turns;
