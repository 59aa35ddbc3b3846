//! errors: 10
//! says: `<id>` is not a parameter in this syntax
//! says: `page` of `do_GET_user` has no source
//! says: the path has `{day}` twice
//! says: `do_GET_month` is async, but the runtime calls plain functions, which may block
//! says: `querry` is not a source of a parameter
//! says: `get_year` has a path, but no HTTP method that it serves
//! says: `get` is not an attribute of `#[http_handler]`
//! says: `path` takes one path, as a string
//! says: a `cfg` on a parameter cannot be copied onto the call
//! says: `do_get_hour` is not a method in upper case with a word in lower case behind it

#![deny(warnings)]

use basehttp::{HTTPServer, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_user(&self, page: u8) -> String {
        page.to_string()
    }

    #[path("/names/<id>")]
    fn do_GET_name(&self, id: u64, unknown: u8) -> String {
        (id + u64::from(unknown)).to_string()
    }

    #[path("/days/{day}/{day}")]
    fn do_GET_day(&self, day: u64) -> String {
        day.to_string()
    }

    #[path("/months/{month}")]
    async fn do_GET_month(&self, month: u64, #[querry] page: u8) -> String {
        later(month + u64::from(page)).await
    }

    #[path("/years/{year}")]
    fn get_year(&self, year: u64, #[query] page: u8) -> String {
        (year + u64::from(page)).to_string()
    }

    #[get("/weeks/<week>")]
    fn week(&self, week: u64) -> String {
        week.to_string()
    }

    #[path(HOURS)]
    fn do_GET_hours(&self, #[cfg(all())] hours: u64) -> String {
        hours.to_string()
    }

    #[path("/hour/{hour}")]
    fn do_get_hour(&self, hour: u64) -> String {
        hour.to_string()
    }
}

async fn later(month: u64) -> String {
    Hello::path_month(month)
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
    let links = [
        Hello::path_user(),
        Hello::path_name(1),
        Hello::path_day(1, 2),
        Hello::path_month(1),
        Hello::path_year(1),
        Hello::path_week(1),
        Hello::path_hour(1),
        Hello::path_hours(1),
        Hello.get_year(1, 2),
    ];
    assert!(Hello::ROUTES.len() < links.len());
}
