#[http_handler(derive_head = false, derive_options = false)]
impl Device {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_text(200, "hello")
    }

    fn do_SPAM(&self, ex: &mut Exchange) {
        self.count(ex);
    }

    #[http_method("M-SEARCH")]
    #[pace("pool")]
    fn search(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_error((404, "nothing found"))
    }
}
