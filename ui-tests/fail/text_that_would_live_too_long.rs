use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{name}/{*rest}")]
    fn do_GET_user(&self, name: &'static str, rest: &[&'static str]) -> String {
        rest.join(name)
    }

    #[path("/days")]
    fn do_GET_days<'a>(&self, #[query] days: Vec<&'a str>, #[cookie] login: Option<&'static str>) -> Option<&'a str> {
        login.or_else(|| days.first().copied())
    }
}

fn main() {}
