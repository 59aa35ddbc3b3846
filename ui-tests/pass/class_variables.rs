//! Every argument that sets a class variable.

use basehttp::{BaseHTTPRequestHandler, Exchange, Result, http_handler};

struct Device;

#[http_handler(
    server_version = "Device/2.1 Board",
    sys_version = "Firmware/9",
    protocol_version = "HTTP/1.1",
    error_message_format = "%(code)d %(message)s, %(explain)s, 100%%",
    error_content_type = "text/plain; charset=utf-8",
    unknown_method = 405,
    cors = "https://example.org",
    responses = { 299: ("Fine", "All is well."), 298: ("Übrig", "There is something left.") },
)]
impl Device {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(299).end_headers()?;
        Ok(())
    }
}

fn main() {
    assert_eq!(Device::VERSION_STRING, "Device/2.1 Board Firmware/9");
    assert_eq!(Device::ERROR_MESSAGE_FORMAT, "%(code)d %(message)s, %(explain)s, 100%%");
    assert_eq!(Device::ERROR_CONTENT_TYPE, "text/plain; charset=utf-8");
    assert_eq!((Device::UNKNOWN_METHOD, Device::CORS), (405, Some("https://example.org")));
    assert!(Device::RESPONSES.contains(&(299, "Fine", "All is well.")));
}
