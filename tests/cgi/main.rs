//! `CGIHTTPRequestHandler`, with the environment of a script, bodies, answers and ends.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod bodies;
mod ends;
mod environment;
mod git;
mod leaks;
