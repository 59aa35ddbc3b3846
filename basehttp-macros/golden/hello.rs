struct Hello;

#[http_handler(server_version = "Hello/1.0", protocol_version = "HTTP/1.1")]
impl Hello {
    /// Greets.
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(200).send_header("Content-Type", "text/plain; charset=utf-8").end_headers()?;
        writeln!(ex.wfile, "Hello! You asked for {}", ex.path)?;
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        ex.send_text(201, "made")
    }
}
