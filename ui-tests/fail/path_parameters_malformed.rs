use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/<id>")]
    fn do_GET_angle(&self, id: u64) -> u16 {
        204
    }

    #[path("/{}")]
    fn do_GET_empty(&self) -> u16 {
        204
    }

    #[path("/{1}")]
    fn do_GET_digit(&self) -> u16 {
        204
    }

    #[path("/{Id}")]
    fn do_GET_upper(&self, id: u64) -> u16 {
        204
    }

    #[path("/{id")]
    fn do_GET_open(&self, id: u64) -> u16 {
        204
    }

    #[path("/{a}/{a}")]
    fn do_GET_twice(&self, a: u64) -> u16 {
        204
    }

    #[path("/{id:u64}")]
    fn do_GET_typed(&self, id: u64) -> u16 {
        204
    }

    #[path("/{id?}")]
    fn do_GET_maybe(&self, id: Option<u64>) -> u16 {
        204
    }

    #[path("/*")]
    fn do_GET_star(&self) -> u16 {
        204
    }

    #[path("/*rest")]
    fn do_GET_starred(&self, rest: &[&str]) -> u16 {
        204
    }

    #[path("/{*}")]
    fn do_GET_nameless(&self) -> u16 {
        204
    }

    #[path("/{rest..}")]
    fn do_GET_dotted(&self, rest: &[&str]) -> u16 {
        204
    }

    #[path("/{a}-{b}")]
    fn do_GET_two(&self, a: u64, b: u64) -> u16 {
        204
    }
}

fn main() {}
