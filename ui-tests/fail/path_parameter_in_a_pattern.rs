use basehttp::http_handler;

struct Day(u8);

struct Hello;

#[http_handler]
impl Hello {
    #[path("/days/{day}")]
    fn do_GET_day(&self, Day(day): Day) -> String {
        day.to_string()
    }

    fn do_GET(&self, (a, b): (u8, u8), #[query] _: u8) -> String {
        format!("{a} {b}")
    }
}

fn main() {}
