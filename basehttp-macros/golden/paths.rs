#[http_handler(server_version = "Users/1.0", protocol_version = "HTTP/1.1")]
impl Users {
    /// Lists users, a page of ten at a time.
    #[path("/users")]
    fn do_GET_users(&self, #[query] page: Option<usize>) -> String {
        self.listed(page.unwrap_or(0))
    }

    #[path("/users")]
    fn do_POST_users(&self, ex: &mut Exchange) -> Result<(u16, String)> {
        let id = self.add(ex.read_body(1000)?);
        Ok((201, Users::path_user(id)))
    }

    /// One user.
    #[path("/users/{id}")]
    fn do_GET_user(&self, id: u64) -> Option<String> {
        self.name_of(id)
    }

    #[path("/users/{id}")]
    #[pace("pool")]
    fn do_DELETE_user(&self, id: u64, #[guard] _admin: Admin) -> Result<&'static str> {
        self.remove(id)?;
        Ok("gone")
    }

    #[path("/users/me")]
    fn do_GET_me(&self) -> &'static str {
        "me"
    }

    #[path("/echo/{word}/{count}")]
    fn do_GET_echo(&self, word: &str, count: u8, #[header("X-Sep")] sep: Option<&str>) -> String {
        vec![word; count.into()].join(sep.unwrap_or(","))
    }

    #[path("/static/{*rest}")]
    #[path("/static")]
    fn do_GET_static(&self, ex: &mut Exchange, rest: &[&str]) -> io::Result<()> {
        ex.send_text(200, rest.join("|"))
    }

    #[path("/search")]
    fn do_GET_search(
        &self,
        #[query("q")] text: String,
        #[query] tag: Vec<&str>,
        #[cookie] lang: Result<&str, Bad>,
    ) -> String {
        self.search(text, tag, lang)
    }

    #[before]
    fn counted(&self, ex: &Exchange) -> Result {
        self.count(ex)
    }

    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.files.do_GET(ex)
    }
}
