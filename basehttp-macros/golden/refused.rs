#[http_handler(server_versoin = "Hello/1.0")]
impl Hello {
    async fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404, "no such page")?)
    }

    fn greeting(&self) -> &str {
        "hello"
    }
}
