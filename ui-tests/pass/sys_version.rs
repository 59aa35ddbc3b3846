//! `sys_version` without `server_version`, and left out.

use basehttp::{BaseHTTPRequestHandler, Exchange, Result, http_handler};

struct System;

#[http_handler(sys_version = "Firmware/9")]
impl System {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

struct Bare;

#[http_handler(server_version = "Device/2", sys_version = "")]
impl Bare {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

fn main() {
    assert!(System::VERSION_STRING.starts_with("BaseHTTP/"));
    assert!(System::VERSION_STRING.ends_with(" Firmware/9"));
    assert_eq!(Bare::VERSION_STRING, "Device/2");
}
