//! Tells the crate which compiler builds it: the `Rust/1.95.0` of the `Server` field.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // For the models in `engine/loom_models.rs`.
    println!("cargo::rustc-check-cfg=cfg(loom)");
    // For the invariants in `fuzzing`, which the targets in the repository's `fuzz` call.
    println!("cargo::rustc-check-cfg=cfg(fuzzing)");
    println!("cargo::rustc-env=BASEHTTP_SYS_VERSION=Rust/{}", compiler_version());
}

/// `1.95.0` of `rustc 1.95.0 (59807616e 2026-04-14)`; `unknown` where the compiler does not say.
fn compiler_version() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.split_whitespace().nth(1).unwrap_or("unknown").to_owned()
}
