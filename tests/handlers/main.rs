//! The handler's side, with class variables, overridable methods, errors, the access log and the tools for testing.

#[path = "../support/mod.rs"]
mod support;

mod access_log;
mod basic_auth;
mod bodies;
mod class_variables;
mod cookies;
mod cors;
mod error_pages;
mod failing_hooks;
mod faults;
mod injected_faults;
mod multipart;
mod outcomes;
mod overridables;
mod parameters;
mod paths;
#[allow(dead_code)] // Its `main` is not called.
mod rest;
mod returned_values;
mod sources;
mod sugar;
mod testing_kit;
mod testing_record;
mod testing_tools;
