use basehttp::{Exchange, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[target_feature(enable = "avx2")]
    fn do_GET(&self, _ex: &mut Exchange) {}
}

fn main() {}
