//! Methods of one's own, by name and by attribute, some that look misspelt among them.

use basehttp::{BaseHTTPRequestHandler, Exchange, Result, http_handler};

struct Device;

#[http_handler(derive_options = false)]
impl Device {
    fn do_SPAM(&self, ex: &mut Exchange) -> Result {
        self.search(ex)
    }

    fn do_SET(&self, ex: &mut Exchange) -> Result {
        self.search(ex)
    }

    fn do_VERSION_2(&self, ex: &mut Exchange) -> Result {
        self.search(ex)
    }

    #[http_method("M-SEARCH")]
    fn search(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    #[http_method("PSOT")]
    fn do_PSOT(&self, ex: &mut Exchange) -> Result {
        self.search(ex)
    }

    #[http_method("M-PSOT")]
    fn do_M_PSOT(&self, ex: &mut Exchange) -> Result {
        self.search(ex)
    }

    #[http_method("get")]
    fn do_get(&self, ex: &mut Exchange) -> Result {
        self.search(ex)
    }

    #[http_method("GET")]
    fn index(&self, ex: &mut Exchange) -> Result {
        self.search(ex)
    }
}

fn main() {
    assert_eq!(Device::METHODS, ["SPAM", "SET", "VERSION_2", "M-SEARCH", "PSOT", "M-PSOT", "get", "GET", "HEAD"]);
}
