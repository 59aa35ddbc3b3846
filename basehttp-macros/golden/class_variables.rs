#[http_handler(
    crate = "reexported::basehttp",
    server_version = "Device/2.1",
    sys_version = "",
    protocol_version = "HTTP/1.0",
    error_message_format = "{\"error\": %(code)d, \"message\": \"%(message)s\"}",
    error_content_type = "application/json",
    responses = { 299: ("Fine", "All is well."), 520: ("Tired", "The device needs a rest.") },
    unknown_method = 405,
    cors = "*",
    pace = "pool",
    MessageClass = MyHeaders<'_, u8>,
)]
impl Device {
    fn do_GET(&self, ex: &mut Exchange<'_, MyHeaders<'_, u8>>) -> Result {
        ex.send_text(299, "hello")
    }
}
