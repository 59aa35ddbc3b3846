#[http_handler]
impl Quiet {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_text(200, "hello")
    }

    fn log_message(&self, ex: &Exchange, message: fmt::Arguments<'_>) {
        self.lines.lock().unwrap().push(format!("{} {message}", ex.path));
    }

    fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
        ex.send_header("Access-Control-Allow-Origin", "*");
        basehttp::defaults::end_headers(self, ex)
    }

    fn version_string(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }
}
