//! The record of the requests that a test's server has received, and the service that writes it in front of any
//! handler.
//!
//! A request is in the record before the handler is called, so that a client that has its response finds it there.
//! Bytes of the body that are read later are added as they come.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::received::ReceivedRequest;
use crate::exchange::{BodyTap, HandlerSpec, IncomingRequest, Pace, Served, ServerHooks, Service};
use crate::proto::BodyDecoder;
use crate::sys::{lock, unpoisoned};

/// Most bytes of all requests together: 64 MiB. Beyond it the oldest requests are forgotten.
const MAX_RECORDED_BYTES: usize = 64 * 1024 * 1024;

/// The requests so far, in the order in which their handlers were called.
#[derive(Debug, Default)]
pub(super) struct RequestRecord {
    kept: Mutex<KeptRequests>,
    came: Condvar,
}

#[derive(Debug, Default)]
struct KeptRequests {
    requests: VecDeque<ReceivedRequest>,
    /// The number of requests before the first that is kept.
    gone: u64,
    /// The memory of all that are kept.
    bytes: usize,
}

impl RequestRecord {
    pub(super) fn requests(&self) -> Vec<ReceivedRequest> {
        lock(&self.kept).requests.iter().cloned().collect()
    }

    /// Removes all requests.
    pub(super) fn take(&self) -> Vec<ReceivedRequest> {
        let mut kept = lock(&self.kept);
        kept.gone += kept.requests.len() as u64;
        kept.bytes = 0;
        std::mem::take(&mut kept.requests).into()
    }

    /// Waits until there are `count` requests, for at most `patience`. Returns those that are there.
    pub(super) fn wait_for(&self, count: usize, patience: Duration) -> Vec<ReceivedRequest> {
        let waited = self.came.wait_timeout_while(lock(&self.kept), patience, |kept| kept.requests.len() < count);
        unpoisoned(waited).0.requests.iter().cloned().collect()
    }

    /// Adds a request. Returns its number.
    fn push(&self, request: ReceivedRequest) -> u64 {
        let mut kept = lock(&self.kept);
        kept.bytes += request.bytes();
        kept.requests.push_back(request);
        let number = kept.gone + kept.requests.len() as u64 - 1;
        kept.forget_oldest();
        drop(kept);
        self.came.notify_all();
        number
    }

    /// Adds bytes to the body of a request, unless it was forgotten.
    fn extend(&self, number: u64, bytes: &[u8], is_end: bool) {
        let mut kept = lock(&self.kept);
        let index = number.checked_sub(kept.gone).and_then(|index| usize::try_from(index).ok());
        let Some(request) = index.and_then(|index| kept.requests.get_mut(index)) else { return };
        kept.bytes += request.extend(bytes, is_end);
        kept.forget_oldest();
    }
}

impl KeptRequests {
    /// Makes room. The latest request is always kept.
    fn forget_oldest(&mut self) {
        while self.bytes > MAX_RECORDED_BYTES && self.requests.len() > 1 {
            let oldest = self.requests.pop_front().expect("there are two at least");
            self.bytes -= oldest.bytes();
            self.gone += 1;
        }
    }
}

/// Any handler, and the record of its requests.
pub(super) struct Recorded {
    pub(super) handler: Arc<dyn Service>,
    pub(super) record: Arc<RequestRecord>,
}

impl Recorded {
    /// Records a request. Returns the tap for the rest of its body, if there is a rest.
    fn begin(&self, incoming: &IncomingRequest<'_>) -> Option<BodyTap> {
        // The head could not be read, so it is not a request.
        if incoming.request.command.is_empty() {
            return None;
        }
        let mut request = ReceivedRequest::new(incoming.request, incoming.fields);
        let mut decoder = BodyDecoder::new(incoming.request.body, &incoming.context.settings.limits);
        let content = decoded(&mut decoder, incoming.ahead);
        request.extend(&content, decoder.is_complete());
        let number = self.record.push(request);
        if decoder.is_complete() || decoder.is_broken() {
            return None;
        }
        let record = Arc::clone(&self.record);
        Some(Box::new(move |raw: &[u8]| {
            let content = decoded(&mut decoder, raw);
            record.extend(number, &content, decoder.is_complete());
        }))
    }
}

/// Takes the content out of raw bytes of a body. Bytes behind the body are left out.
fn decoded(decoder: &mut BodyDecoder, mut raw: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    while !raw.is_empty() && !decoder.is_complete() {
        // The server's own decoder meets the same mistake, and answers it.
        let Ok(found) = decoder.decode(raw) else { break };
        content.extend_from_slice(&raw[found.skip..found.consumed()]);
        raw = &raw[found.consumed()..];
    }
    content
}

impl Service for Recorded {
    fn spec(&self) -> HandlerSpec {
        self.handler.spec()
    }

    fn pace(&self, command: &str) -> Pace {
        self.handler.pace(command)
    }

    fn route(&self, command: &str, path: &str) -> Option<u16> {
        self.handler.route(command, path)
    }

    fn route_pace(&self, route: u16) -> Pace {
        self.handler.route_pace(route)
    }

    fn serve<'c>(&'c self, incoming: IncomingRequest<'c>) -> Served {
        let tap = self.begin(&incoming);
        incoming.io.borrow_mut().tap = tap;
        self.handler.serve(incoming)
    }

    fn hooks(&self) -> &dyn ServerHooks {
        self.handler.hooks()
    }

    fn log_failure<'c>(&'c self, incoming: IncomingRequest<'c>, reason: &str) {
        self.handler.log_failure(incoming, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::RequestHead;
    use crate::proto::{Field, RequestBody, Scheme};

    fn request(path: &str) -> ReceivedRequest {
        let head = RequestHead {
            command: "PUT",
            path,
            requestline: &format!("PUT {path} HTTP/1.1"),
            request_version: "HTTP/1.1",
            authority: None,
            scheme: Scheme::Http,
            body: RequestBody::Chunked,
            expects_continue: false,
        };
        ReceivedRequest::new(&head, &[Field::new("Host", b"h")])
    }

    fn paths(record: &RequestRecord) -> Vec<String> {
        record.requests().iter().map(|request| request.path().to_owned()).collect()
    }

    #[test]
    fn a_body_is_kept_up_to_a_bound_and_says_whether_it_is_whole() {
        let megabyte = vec![b'm'; 1024 * 1024];
        let record = RequestRecord::default();
        let number = record.push(request("/long"));
        for _ in 0..16 {
            record.extend(number, &megabyte, false);
        }
        assert_eq!(record.requests()[0].body().len(), 16 * 1024 * 1024);
        record.extend(number, b"", true);
        assert!(record.requests()[0].is_body_complete(), "all of it was kept");
        let number = record.push(request("/longer"));
        (0..17).for_each(|_| record.extend(number, &megabyte, false));
        record.extend(number, b"", true);
        let longer = &record.requests()[1];
        assert_eq!((longer.body().len(), longer.is_body_complete()), (16 * 1024 * 1024, false));
    }

    #[test]
    fn the_oldest_requests_make_room() {
        let record = RequestRecord::default();
        let first = record.push(request("/0"));
        let numbers: Vec<_> = (1..6).map(|number| record.push(request(&format!("/{number}")))).collect();
        for number in &numbers {
            record.extend(*number, &vec![b'm'; 15 * 1024 * 1024], true);
        }
        assert_eq!(paths(&record), ["/2", "/3", "/4", "/5"], "five times 15 MiB are too much");
        record.extend(first, b"late", true);
        assert!(record.requests().iter().all(|request| request.is_body_complete() && !request.text().contains("late")));
        assert_eq!(record.take().len(), 4);
        assert!(paths(&record).is_empty());
        record.extend(numbers[4], b"late", true);
        let next = record.push(request("/next"));
        record.extend(next, b"its own", true);
        assert_eq!(record.requests()[0].text(), "its own");
    }

    #[test]
    fn a_wait_ends_when_the_requests_are_there_or_time_is_up() {
        let record = Arc::new(RequestRecord::default());
        assert!(record.wait_for(1, Duration::from_millis(10)).is_empty());
        let coming = {
            let record = Arc::clone(&record);
            std::thread::spawn(move || ["/a", "/b"].map(|path| record.push(request(path))))
        };
        assert_eq!(record.wait_for(2, Duration::from_secs(60)).len(), 2);
        assert_eq!(coming.join().expect("no panic"), [0, 1]);
    }
}
