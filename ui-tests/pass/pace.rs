//! Where methods run: what the attribute says, what a method says before that, and what nobody says.

#![deny(warnings)]

use basehttp::__private::Pace;
use basehttp::{BaseHTTPRequestHandler, Exchange, Result, http_handler};

struct Silent;

#[http_handler]
impl Silent {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

struct All;

#[http_handler(pace = "pool")]
impl All {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

struct Each;

#[http_handler(pace = "inline")]
impl Each {
    #[pace("pool")]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    #[http_method("M-SEARCH")]
    #[pace("auto")]
    fn search(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

struct OwnHead;

#[http_handler]
impl OwnHead {
    #[pace("pool")]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    fn do_HEAD(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

/// A parameter named like the one of the expansion.
#[allow(non_upper_case_globals)]
struct Generic<const command: usize>;

#[http_handler]
#[allow(non_upper_case_globals)]
impl<const command: usize> Generic<command> {
    #[pace("inline")]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

struct Conditional;

#[http_handler]
impl Conditional {
    #[cfg(any())]
    #[pace("inline")]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.not_here(ex)
    }

    #[pace("pool")]
    #[cfg(not(any()))]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    #[cfg(any())]
    #[pace("inline")]
    fn do_HEAD(&self, ex: &mut Exchange) -> Result {
        self.not_here(ex)
    }

    #[cfg(all())]
    #[pace("inline")]
    fn do_LOCK(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

struct NothingLeft;

#[http_handler]
impl NothingLeft {
    #[cfg(any())]
    #[pace("inline")]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.not_here(ex)
    }
}

fn main() {
    paces::<Silent>(&[("GET", Pace::Auto)]);
    paces::<All>(&[("GET", Pace::Pool), ("HEAD", Pace::Pool), ("OPTIONS", Pace::Pool)]);
    let each = [("GET", Pace::Pool), ("HEAD", Pace::Pool), ("POST", Pace::Inline), ("M-SEARCH", Pace::Auto)];
    paces::<Each>(&each);
    paces::<OwnHead>(&[("GET", Pace::Pool), ("HEAD", Pace::Auto)]);
    paces::<Generic<1>>(&[("GET", Pace::Inline), ("HEAD", Pace::Inline)]);
    paces::<Conditional>(&[("GET", Pace::Pool), ("HEAD", Pace::Pool), ("LOCK", Pace::Inline), ("POST", Pace::Auto)]);
    paces::<NothingLeft>(&[("GET", Pace::Auto)]);
}

fn paces<H: BaseHTTPRequestHandler>(expected: &[(&str, Pace)]) {
    for (command, pace) in expected {
        assert_eq!(H::pace(command), *pace, "{command}");
    }
}
