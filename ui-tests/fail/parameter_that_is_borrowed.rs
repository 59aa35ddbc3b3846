use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}/{name}/{day}")]
    fn do_GET_user(&self, id: &u64, name: &String, day: &mut u8) -> String {
        *day = 1;
        format!("{id} {name}")
    }

    #[path("/days")]
    fn do_GET_days(&self, #[query] days: &[u16], #[cookie] key: &[u8], #[header("X-Text")] text: &mut str) -> String {
        format!("{days:?} {key:?} {text}")
    }
}

fn main() {}
