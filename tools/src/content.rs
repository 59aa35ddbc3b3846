//! Bytes that the server and its clients generate alike, so that clients can compare them without a copy.

/// The body of the fast page.
pub const PAGE: &str = "Welcome. This page is served from memory.\n";

/// The body of the blocking handler's reply.
pub const RESTED: &str = "rested\n";

/// The files with their lengths. The first fits a packet, the second a buffer, and the third is sent in several turns.
pub const FILES: [(&str, usize); 3] = [("small.txt", 900), ("middle.bin", 60_000), ("large.bin", 1_000_000)];

/// Size of the streamed body, four times the buffer in which a server finds a body's length.
pub const STREAM_BYTES: usize = 256 * 1024;

/// Size of the queued body. It exceeds the system's buffers for one connection, so that clients can be slow to take it.
pub const BIG_BYTES: usize = 8 * 1024 * 1024;

/// Size of a queued body that is made for one request and held by one connection alone (2 MiB).
pub const OWN_BYTES: usize = 2 * 1024 * 1024;

/// Bytes that an endless stream sends before it gives up (64 MiB).
pub const ENDLESS_BYTES: usize = 64 * 1024 * 1024;

/// The content of one of [`FILES`].
pub fn file(name: &str) -> Vec<u8> {
    let place = FILES.iter().position(|(other, _)| *other == name).expect("a file of the list");
    bytes(place as u64 + 1, FILES[place].1)
}

/// The streamed body.
pub fn stream() -> Vec<u8> {
    bytes(77, STREAM_BYTES)
}

/// Returns `length` pseudo-random bytes, always the same for one seed.
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend_from_slice(&random.next_u64().to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The text of the reply to an upload of `body`.
pub fn receipt(body: &[u8]) -> String {
    let mut checksum = Checksum::default();
    checksum.add(body);
    checksum.receipt()
}

/// FNV-1a and the length. Together they show a byte that is missing, doubled or exchanged.
pub struct Checksum {
    length: u64,
    hash: u64,
}

impl Default for Checksum {
    fn default() -> Self {
        Checksum { length: 0, hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Checksum {
    pub fn add(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        for &byte in bytes {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub fn receipt(&self) -> String {
        format!("{} bytes, {:016x}\n", self.length, self.hash)
    }
}

/// Pseudo-random numbers (xorshift). A seed always gives the same ones, so that a run can be repeated.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        // Never zero, and far apart for neighbouring seeds.
        Random(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns a number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next_u64() % bound as u64).expect("less than a usize")
    }
}
