//! Who comes to the server in a soak: some 300 honest requests a second, of each kind, and some 60 faulty connections.

use std::io;
use std::time::Duration;

use basehttp_tools::besieger::{Ear, Move};
use basehttp_tools::errand::Persistence::{Fresh, Kept};
use basehttp_tools::errand::{Errand, Make};
use basehttp_tools::honest::{Client, Deed, Special, Watchman};
use basehttp_tools::swarm::{Refill, Squad};
use basehttp_tools::weapons;

/// How long an honest client waits at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// The honest ones, each with what it does and how often.
pub(crate) fn watchmen() -> Vec<Watchman> {
    let errands: [(&str, Make, u64); 11] = [
        ("page", Errand::page, 20),
        ("upload", Errand::upload, 40),
        ("chunked upload", Errand::chunks, 60),
        ("large upload", Errand::large_upload, 250),
        ("ignored upload", Errand::ignored_upload, 150),
        ("file", Errand::file, 40),
        ("range", Errand::range, 60),
        ("head", Errand::head, 80),
        ("stream", Errand::stream, 100),
        ("blocking", Errand::sleep, 60),
        ("missing", Errand::missing, 100),
    ];
    let specials: [(&str, Special, u64); 4] = [
        ("pipeline", pipeline, 80),
        ("half-close", half_close, 100),
        ("hijack", hijack, 250),
        ("return after idling", idle, 7000),
    ];
    let errands = errands.into_iter().flat_map(|(name, make, interval)| {
        [Kept, Fresh].map(|persistence| (name, Deed::Errand(make, persistence), interval))
    });
    let specials = specials.into_iter().map(|(name, special, interval)| (name, Deed::Special(special), interval));
    errands
        .chain(specials)
        .map(|(name, deed, interval)| {
            let interval = Duration::from_millis(interval);
            Watchman { name, deed, interval, patience: PATIENCE }
        })
        .collect()
}

fn pipeline(client: &mut Client, number: u64) -> io::Result<()> {
    client.run_all(&Errand::pipeline(number))
}

/// Sends all, ends its side, and still gets every reply.
fn half_close(client: &mut Client, number: u64) -> io::Result<()> {
    let errands = Errand::pipeline(number);
    errands.iter().try_for_each(|errand| client.send(&errand.request))?;
    client.end_sending()?;
    errands.iter().try_for_each(|errand| client.expect(errand))?;
    client.hang_up();
    Ok(())
}

/// Has its connection taken, and speaks something else.
fn hijack(client: &mut Client, number: u64) -> io::Result<()> {
    let reply = client.ask(b"GET /hijack HTTP/1.1\r\nHost: castle\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n")?;
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
    client.run(&Errand::page(number, Kept))
}

/// The faulty ones. Few enough of each that nobody has to be refused.
pub(crate) fn squads() -> Vec<Squad> {
    let squad = |name, count, starts_a_second, script: fn(u64) -> Vec<Move>| Squad {
        name,
        count,
        starts_a_second,
        refill: Refill::Always,
        ear: Ear::Narrow,
        script,
    };
    vec![
        squad("resetters", 20, 20, weapons::resetter),
        squad("slow heads", 30, 5, weapons::slow_head),
        squad("slow bodies", 30, 5, weapons::slow_body),
        squad("still readers", 15, 2, weapons::still_reader),
        squad("sipping readers", 15, 2, weapons::sipping_reader),
        squad("babblers", 5, 5, weapons::babbler),
        squad("idlers", 300, 10, weapons::idler),
        squad("silent ones", 50, 5, weapons::silent),
        squad("passers-by", 20, 20, weapons::passer_by),
    ]
}
