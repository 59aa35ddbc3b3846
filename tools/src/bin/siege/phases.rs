//! The phases, each with its attackers, the server's settings, and the conditions that must hold afterwards.

use std::time::Duration;

use basehttp_tools::attacker::{ReceiveBuffer, Step};
use basehttp_tools::scripts;
use basehttp_tools::server::Setting;
use basehttp_tools::swarm::{Refill, Squad};

/// The service that new honest clients may expect. Clients with a connection are always served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Newcomers {
    /// They are served like the others.
    Served,
    /// They wait until an attacker leaves, since attackers hold every place. They must not be turned away.
    Wait,
}

/// The size of a siege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Full,
    /// A tenth of everything.
    Quick,
}

/// One phase.
pub(crate) struct Phase {
    pub name: &'static str,
    /// The server's settings, where they are not the defaults.
    pub settings: Vec<Setting>,
    pub seconds: u64,
    /// Number of times that it is run. The memory that the server keeps must not grow from the first time to the last.
    pub times: u32,
    pub squads: Vec<Squad>,
    pub newcomers: Newcomers,
    /// It is an attack on TLS.
    pub needs_tls: bool,
    /// In the middle, a signal stops the server for that time. Times are not judged then.
    pub freeze: Option<Duration>,
    /// Number of connections that the server must have had at once.
    pub at_once: usize,
    /// Counters that must have increased, and by how much at least.
    pub counted: Vec<(&'static str, usize)>,
    /// Counters of [`FAULTS`] that may have increased. All others must not.
    pub excused: &'static [&'static str],
    /// Statuses that attackers may receive.
    pub statuses: &'static [u16],
    /// Memory that the server may use beyond what it has before the phase, in MiB.
    pub memory: u64,
}

impl Phase {
    /// True if it needs the stalling file system.
    pub(crate) fn wants_stalling(&self) -> bool {
        self.settings.iter().any(|(name, _)| *name == "stalling")
    }
}

/// The counters of failures.
pub(crate) const FAULTS: [&str; 12] = [
    "bad_heads",
    "bad_bodies",
    "slow_heads",
    "slow_bodies",
    "slow_readers",
    "idle",
    "clients_gone",
    "handler_errors",
    "panics",
    "resource_limit",
    "busy",
    "tls",
];

impl Scale {
    fn many(self, count: usize) -> usize {
        match self {
            Scale::Full => count,
            Scale::Quick => count.div_ceil(10),
        }
    }

    fn seconds(self, seconds: u64) -> u64 {
        match self {
            Scale::Full => seconds,
            Scale::Quick => seconds.div_ceil(4).max(2),
        }
    }

    /// A deadline in milliseconds that passes twice in a phase of 12 s.
    fn deadline(self) -> u64 {
        match self {
            Scale::Full => 4000,
            Scale::Quick => 1000,
        }
    }
}

/// Settings with deadlines that pass during a phase.
fn short(scale: Scale) -> Vec<Setting> {
    let deadlines = ["head_timeout", "body_stall_timeout", "write_stall_timeout"];
    deadlines.map(|name| (name, scale.deadline())).into()
}

/// Settings that demand more speed than the slow readers have, although they never stall for long. Bytes by which the
/// system's buffers grow count as taken. For a client that reads whole records of TLS, these grow to hold a file of 1
/// MB, so that it must be too slow even if it had taken the whole file after 4 s.
const FAST_CLIENTS: [Setting; 2] = [("write_stall_timeout", 4000), ("min_body_bytes_per_second", 512 * 1024)];

/// A squad with a bounded rate of starts. The rate is low where a start costs the server much. A burst of requests is
/// ordinary load, for which the server takes all processors, in turn with the others.
fn squad(scale: Scale, name: &'static str, count: usize, starts_a_second: u32, script: fn(u64) -> Vec<Step>) -> Squad {
    Squad {
        name,
        count: scale.many(count),
        starts_a_second,
        refill: Refill::Always,
        receive_buffer: ReceiveBuffer::Small,
        script,
    }
}

fn phase(scale: Scale, name: &'static str, squads: Vec<Squad>) -> Phase {
    Phase {
        name,
        settings: Vec::new(),
        seconds: scale.seconds(10),
        times: 1,
        at_once: 0,
        squads,
        newcomers: Newcomers::Served,
        needs_tls: false,
        freeze: None,
        counted: Vec::new(),
        excused: &["clients_gone"],
        statuses: &[200],
        memory: 128,
    }
}

/// All phases. Those with the same settings are adjacent.
#[allow(clippy::too_many_lines)] // A table.
pub(crate) fn phases(scale: Scale) -> Vec<Phase> {
    let many = |count| scale.many(count);
    let long = scale.seconds(14);
    vec![
        phase(scale, "quiet", vec![]),
        Phase {
            squads: vec![Squad {
                receive_buffer: ReceiveBuffer::Default,
                ..squad(scale, "passers-by", 1000, 3000, scripts::passer_by)
            }],
            ..phase(scale, "flood of connections", vec![])
        },
        Phase {
            counted: vec![("clients_gone", many(500)), ("bad_heads", many(20)), ("bad_bodies", many(20))],
            excused: &["handler_errors"],
            statuses: &[200, 400],
            ..phase(scale, "resets in every state", vec![squad(scale, "resetters", 500, 1000, scripts::resetter)])
        },
        Phase {
            seconds: scale.seconds(16),
            times: 3,
            squads: vec![Squad {
                refill: Refill::Never,
                receive_buffer: ReceiveBuffer::Default,
                ..squad(scale, "idlers", 10_000, 2000, scripts::idler)
            }],
            at_once: many(10_000),
            ..phase(scale, "10,000 idle connections", vec![])
        },
        Phase {
            counted: vec![("bad_heads", many(500)), ("bad_bodies", many(100))],
            statuses: &[200, 400, 404, 414, 431, 501, 505],
            ..phase(scale, "garbage", vec![squad(scale, "garbage senders", 200, 400, scripts::garbage)])
        },
        Phase {
            counted: vec![("busy", if scale == Scale::Full { 100 } else { 0 })],
            // A handshake may be refused for want of a thread, as a request is.
            excused: &["clients_gone", "resource_limit"],
            statuses: &[200, 503],
            ..phase(
                scale,
                "blocking handlers saturated",
                vec![squad(scale, "long sleepers", 2000, 1000, scripts::long_sleeper)],
            )
        },
        Phase {
            excused: &["clients_gone", "slow_readers"],
            ..phase(
                scale,
                "pipelines nobody reads",
                vec![
                    squad(scale, "pipeliners", 400, 100, scripts::pipeliner),
                    Squad {
                        receive_buffer: ReceiveBuffer::Default,
                        ..squad(scale, "pipeliners, large buffers", 20, 10, scripts::pipeliner)
                    },
                ],
            )
        },
        Phase {
            // 500 replies of 2 MiB need 1 GiB, and `max_unsent_bytes` allows a quarter of it.
            memory: 320,
            counted: vec![("resource_limit", if scale == Scale::Full { 100 } else { 0 })],
            ..phase(
                scale,
                "replies nobody reads",
                vec![squad(scale, "hoarding readers", 500, 200, scripts::hoarding_reader)],
            )
        },
        Phase {
            // Each handler may hold a thread until it notices that the client is gone.
            statuses: &[200, 503],
            excused: &["clients_gone", "handler_errors", "busy", "resource_limit"],
            ..phase(
                scale,
                "heads of endless replies",
                vec![squad(scale, "head readers", 200, 100, scripts::endless_head)],
            )
        },
        Phase {
            settings: vec![("workers", 2)],
            ..phase(
                scale,
                "blocking path, new spellings",
                vec![squad(scale, "new spellers", 20, 20, scripts::new_speller)],
            )
        },
        Phase {
            settings: short(scale),
            seconds: long,
            counted: vec![("slow_heads", many(500))],
            statuses: &[408],
            ..phase(scale, "slow heads", vec![squad(scale, "slow senders", 500, 500, scripts::slow_head)])
        },
        Phase {
            settings: short(scale),
            seconds: long,
            needs_tls: true,
            // Each of them is closed in time, and most of their successors are, too. They made no request to answer.
            counted: vec![("slow_heads", many(1500))],
            statuses: &[],
            ..phase(
                scale,
                "half handshakes, slow records",
                vec![
                    squad(scale, "half handshakes", 500, 500, scripts::half_handshake),
                    squad(scale, "slow records", 500, 500, scripts::slow_record),
                ],
            )
        },
        Phase {
            settings: short(scale),
            seconds: long,
            counted: vec![("slow_bodies", many(500))],
            // Half of the threads never wait for them.
            excused: &["clients_gone", "bad_bodies", "resource_limit"],
            statuses: &[408, 503],
            ..phase(scale, "slow bodies", vec![squad(scale, "slow senders", 500, 500, scripts::slow_body)])
        },
        Phase {
            settings: short(scale),
            seconds: long,
            counted: vec![("slow_readers", many(500))],
            excused: &["clients_gone", "handler_errors"],
            ..phase(scale, "slow readers", vec![squad(scale, "still readers", 500, 300, scripts::still_reader)])
        },
        Phase {
            settings: FAST_CLIENTS.into(),
            seconds: 14,
            // The readers of streams are cut off three times at most, too rarely to count.
            counted: vec![("slow_readers", many(500))],
            excused: &["clients_gone"],
            ..phase(
                scale,
                "sipping readers",
                vec![
                    squad(scale, "sipping readers", 500, 300, scripts::sipping_reader),
                    squad(scale, "sipping listeners", 60, 300, scripts::sipping_listener),
                ],
            )
        },
        Phase {
            settings: short(scale),
            seconds: long,
            // Twice as long as each deadline. Bytes that arrive meanwhile are in time.
            excused: &["clients_gone", "bad_bodies"],
            freeze: Some(Duration::from_millis(2 * scale.deadline()).min(Duration::from_secs(6))),
            ..phase(
                scale,
                "a server that is stopped",
                vec![squad(scale, "slow ones", 200, 200, scripts::slow_and_honest)],
            )
        },
        Phase {
            settings: short(scale),
            seconds: long,
            excused: &FAULTS_OF_CLIENTS,
            statuses: &[200, 400, 404, 408, 414, 431, 501, 503, 505],
            ..phase(
                scale,
                "all at once",
                vec![
                    squad(scale, "all kinds", 2000, 300, scripts::everything),
                    squad(scale, "pipeliners", 50, 100, scripts::pipeliner),
                ],
            )
        },
        Phase {
            settings: vec![("stalling", 1)],
            excused: &["clients_gone", "bad_bodies"],
            ..phase(
                scale,
                "a file system that stalls",
                vec![
                    squad(scale, "patient readers", 60, 30, scripts::patient_reader),
                    squad(scale, "slow ones", 100, 100, scripts::slow_and_honest),
                ],
            )
        },
        Phase {
            settings: vec![("max_connections", 500), ("head_timeout", scale.deadline())],
            squads: vec![Squad {
                receive_buffer: ReceiveBuffer::Default,
                count: 1000,
                ..squad(scale, "silent clients", 1000, 1000, scripts::silent)
            }],
            newcomers: Newcomers::Wait,
            at_once: 450,
            counted: vec![("slow_heads", 450)],
            ..phase(scale, "more than max_connections", vec![])
        },
        Phase {
            settings: vec![("descriptors", 256)],
            squads: vec![Squad {
                receive_buffer: ReceiveBuffer::Default,
                count: 500,
                ..squad(scale, "idlers", 500, 2000, scripts::idler)
            }],
            newcomers: Newcomers::Wait,
            at_once: 180,
            ..phase(scale, "all descriptors: connections", vec![])
        },
        Phase {
            settings: vec![("descriptors", 256)],
            squads: vec![Squad { count: 500, ..squad(scale, "file readers", 500, 500, scripts::file_reader) }],
            newcomers: Newcomers::Wait,
            // They hold two descriptors each, and some come and go.
            at_once: 90,
            // When descriptors run out, a connection that waits for its reader with a file is given up.
            excused: &["clients_gone", "slow_readers", "resource_limit"],
            ..phase(scale, "all descriptors: queued files", vec![])
        },
    ]
}

/// Counters of failures that clients cause, and of refusals for want of threads, memory or descriptors.
const FAULTS_OF_CLIENTS: [&str; 10] = [
    "bad_heads",
    "bad_bodies",
    "slow_heads",
    "slow_bodies",
    "slow_readers",
    "clients_gone",
    "handler_errors",
    "resource_limit",
    "busy",
    "tls",
];
