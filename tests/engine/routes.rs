//! The pace of a route. All values of a parameter are one route, and `#[pace]` of a route goes before the block's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::Client;
use crate::support::stage::{Stage, get, one_worker, wait_until};
use basehttp::testing::Server;
use basehttp::{BaseHTTPRequestHandler, Exchange, Headers, Pace, Result, Version};

/// Serves `/slow/{id}`, which waits at the stage, `/fast/{id}`, and everything else.
struct Routed(Arc<Stage>);

/// Time that the slow route takes at least (3 ms), so that none of its runs counts as fast.
const WORK: Duration = Duration::from_millis(3);

const SLOW: u16 = 0;
const FAST: u16 = 1;

impl BaseHTTPRequestHandler for Routed {
    type MessageClass<'c> = Headers<'c>;
    const METHODS: &'static [&'static str] = &["GET"];
    const PROTOCOL_VERSION: Version = Version::Http11;

    fn dispatch<'c>(&self, ex: &mut Exchange<'c>) -> Option<Result> {
        if Self::route("GET", ex.path) == Some(SLOW) {
            std::thread::sleep(WORK);
            self.0.hold("slow");
        }
        Some(ex.send_text(200, ex.path).map_err(Into::into))
    }

    fn pace(_: &str) -> Pace {
        Pace::Pool
    }

    fn route(_: &str, path: &str) -> Option<u16> {
        let routes = [("/slow/", SLOW), ("/fast/", FAST)];
        routes.into_iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, route)| route)
    }

    fn route_pace(route: u16) -> Pace {
        if route == FAST { Pace::Inline } else { Pace::Auto }
    }

    fn log_message<'c>(&self, _: &Exchange<'c>, _: std::fmt::Arguments<'_>) {}
}

fn start() -> (Server, Arc<Stage>) {
    let stage = Arc::new(Stage::default());
    let server = Server::start_with(one_worker(), Routed(Arc::clone(&stage))).expect("a free port");
    (server, stage)
}

#[track_caller]
fn expect_reply(client: &mut Client, path: &str) {
    assert_eq!(client.read_reply().text(), path);
}

#[test]
fn ever_new_values_of_a_slow_route_cost_one_rescue_and_hold_up_no_other_route() {
    /// Four times as long as unproven requests stay away from a leader after a rescue.
    const LONG_ENOUGH: Duration = Duration::from_secs(4);
    let (server, stage) = start();
    let mut fast = Client::of(&server);
    let began = Instant::now();
    for number in 0.. {
        let (slow_path, fast_path) = (format!("/slow/{number}"), format!("/fast/{number}"));
        stage.close("slow");
        // A thread of the pool would keep a connection that only blocks.
        let mut slow = Client::sending(&server, get(&slow_path));
        stage.wait_for("slow");
        if number == 0 {
            wait_until(server.server_handle(), "the first one has cost a leader", |stats| stats.rescues == 1);
        }
        fast.send(get(&fast_path));
        expect_reply(&mut fast, &fast_path);
        stage.open("slow");
        expect_reply(&mut slow, &slow_path);
        if began.elapsed() > LONG_ENOUGH {
            break;
        }
    }
    let stats = server.server_handle().stats();
    assert!(stats.rescues <= 2, "one for the slow route, one for a machine that stalls: {stats:?}");
}

#[test]
fn the_pace_of_a_route_goes_before_that_of_the_block() {
    let (server, _stage) = start();
    let mut client = Client::of(&server);
    for number in 0..20 {
        let path = format!("/fast/{number}");
        client.send(get(&path));
        expect_reply(&mut client, &path);
    }
    assert_eq!(server.server_handle().stats().pooled, 0, "`Inline` by the route");
    client.send(get("/other"));
    expect_reply(&mut client, "/other");
    wait_until(server.server_handle(), "`Pool` by the block", |stats| stats.pooled == 1);
}
