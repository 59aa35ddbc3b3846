//! The traffic of a soak. It has some 300 honest requests a second, of each kind, and some 60 faulty connections.

use std::io;
use std::time::Duration;

use basehttp_tools::attacker::{ReceiveBuffer, Step};
use basehttp_tools::honest::{Action, Client, CustomAction, Probe};
use basehttp_tools::request::Persistence::{Fresh, Kept};
use basehttp_tools::request::{MakeRequest, Request};
use basehttp_tools::scripts;
use basehttp_tools::swarm::{Refill, Squad};
use basehttp_tools::transport;

/// Timeout of an honest client.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);

/// The honest clients, with their actions and intervals.
pub(crate) fn probes() -> Vec<Probe> {
    let requests: [(&str, MakeRequest, u64); 11] = [
        ("page", Request::page, 20),
        ("upload", Request::upload, 40),
        ("chunked upload", Request::chunks, 60),
        ("large upload", Request::large_upload, 250),
        ("ignored upload", Request::ignored_upload, 150),
        ("file", Request::file, 40),
        ("range", Request::range, 60),
        ("head", Request::head, 80),
        ("stream", Request::stream, 100),
        ("blocking", Request::sleep, 60),
        ("missing", Request::missing, 100),
    ];
    let specials: [(&str, CustomAction, u64); 4] = [
        ("pipeline", pipeline, 80),
        ("half-close", half_close, 100),
        ("hijack", hijack, 250),
        ("return after idling", idle, 7000),
    ];
    let requests = requests.into_iter().flat_map(|(name, make, interval)| {
        [Kept, Fresh].map(|persistence| (name, Action::Request(make, persistence), interval))
    });
    let specials = specials.into_iter().map(|(name, special, interval)| (name, Action::Custom(special), interval));
    requests
        .chain(specials)
        .map(|(name, action, interval)| {
            let interval = Duration::from_millis(interval);
            Probe { name, action, interval, timeout: CLIENT_TIMEOUT }
        })
        .collect()
}

fn pipeline(client: &mut Client, number: u64) -> io::Result<()> {
    client.run_all(&Request::pipeline(number))
}

/// Pipelines requests, shuts down its sending side, and still reads every reply.
fn half_close(client: &mut Client, number: u64) -> io::Result<()> {
    let requests = Request::pipeline(number);
    requests.iter().try_for_each(|request| client.send(&request.bytes))?;
    client.end_sending()?;
    requests.iter().try_for_each(|request| client.expect(request))?;
    client.hang_up();
    Ok(())
}

/// Upgrades its connection, and exchanges a word.
fn hijack(client: &mut Client, number: u64) -> io::Result<()> {
    let reply = client.ask(b"GET /hijack HTTP/1.1\r\nHost: siege\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n")?;
    let said = format!("word number {number}");
    client.send(said.as_bytes())?;
    let heard = client.read_exactly(said.len())?;
    client.hang_up();
    if reply.status == 101 && heard == said.to_ascii_uppercase().as_bytes() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, format!("{} and {heard:?}", reply.status)))
}

/// Comes back on a connection that was silent for some seconds.
fn idle(client: &mut Client, number: u64) -> io::Result<()> {
    client.run(&Request::page(number, Kept))
}

/// The faulty clients. They are so few that no client has to be refused.
pub(crate) fn squads() -> Vec<Squad> {
    let squad = |name, count, starts_a_second, script: fn(u64) -> Vec<Step>| Squad {
        name,
        count,
        starts_a_second,
        refill: Refill::Always,
        receive_buffer: ReceiveBuffer::Small,
        script,
    };
    let mut squads = vec![
        squad("resetters", 20, 20, scripts::resetter),
        squad("slow heads", 30, 5, scripts::slow_head),
        squad("slow bodies", 30, 5, scripts::slow_body),
        squad("still readers", 15, 2, scripts::still_reader),
        squad("sipping readers", 15, 2, scripts::sipping_reader),
        squad("garbage senders", 5, 5, scripts::garbage),
        squad("idlers", 300, 10, scripts::idler),
        squad("silent clients", 50, 5, scripts::silent),
        squad("passers-by", 20, 20, scripts::passer_by),
    ];
    if transport::uses_tls() {
        squads.push(squad("half handshakes", 30, 5, scripts::half_handshake));
        squads.push(squad("slow records", 30, 5, scripts::slow_record));
    }
    squads
}
