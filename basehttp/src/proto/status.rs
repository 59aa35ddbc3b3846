//! The status codes, each with a short phrase and a sentence. A handler's own codes are merged in at compile time.
//! `reply` says which statuses have a body.
//!
//! Codes and phrases are those of the IANA HTTP Status Code Registry as of September 2025; the sentences are ours. The
//! table leaves out 306 and 418, which the registry lists as unused, and 104, a temporary registration.

/// Codes with their phrase and a sentence that explains it to a person, in ascending order of the codes.
pub type Responses = &'static [(u16, &'static str, &'static str)];

/// Returns phrase and sentence of a code.
pub(crate) fn lookup(responses: Responses, code: u16) -> Option<(&'static str, &'static str)> {
    let at = responses.binary_search_by_key(&code, |row| row.0).ok()?;
    let (_, phrase, explanation) = responses[at];
    Some((phrase, explanation))
}

/// Returns whether the codes ascend without repetition, as [`lookup`] needs them.
pub(crate) const fn is_sorted(responses: &[(u16, &'static str, &'static str)]) -> bool {
    let mut at = 1;
    while at < responses.len() {
        if responses[at - 1].0 >= responses[at].0 {
            return false;
        }
        at += 1;
    }
    true
}

/// Counts the different codes of base and additions together. This is the `N` of [`merge`].
pub const fn merged_len(base: Responses, added: &[(u16, &'static str, &'static str)]) -> usize {
    let mut len = 0;
    let mut last = None;
    while let Some(row) = next_row(base, added, last) {
        last = Some(row.0);
        len += 1;
    }
    len
}

/// Merges base and additions into one table in ascending order. An addition wins over the base, and of two equal
/// additions the first wins.
///
/// # Panics
/// If `N` is not [`merged_len`]. In a constant this is an error of the compiler.
pub const fn merge<const N: usize>(
    base: Responses,
    added: &[(u16, &'static str, &'static str)],
) -> [(u16, &'static str, &'static str); N] {
    let mut merged = [(0, "", ""); N];
    let mut len = 0;
    let mut last = None;
    while let Some(row) = next_row(base, added, last) {
        assert!(len < N, "N is less than merged_len(base, added)");
        merged[len] = row;
        last = Some(row.0);
        len += 1;
    }
    assert!(len == N, "N is more than merged_len(base, added)");
    merged
}

/// Finds the row of the lowest code above `last`. It looks at every row, since it runs in the compiler, over a few
/// dozen of them.
const fn next_row(
    base: Responses,
    added: &[(u16, &'static str, &'static str)],
    last: Option<u16>,
) -> Option<(u16, &'static str, &'static str)> {
    let added_row = lowest_above(added, last);
    match (added_row, lowest_above(base, last)) {
        (Some(ours), Some(theirs)) if theirs.0 < ours.0 => Some(theirs),
        (Some(ours), _) => Some(ours),
        (None, theirs) => theirs,
    }
}

const fn lowest_above(
    rows: &[(u16, &'static str, &'static str)],
    last: Option<u16>,
) -> Option<(u16, &'static str, &'static str)> {
    let mut lowest: Option<(u16, &'static str, &'static str)> = None;
    let mut at = 0;
    while at < rows.len() {
        let row = rows[at];
        let is_above = match last {
            None => true,
            Some(last) => row.0 > last,
        };
        let is_lower = match lowest {
            None => true,
            Some(lowest) => row.0 < lowest.0,
        };
        if is_above && is_lower {
            lowest = Some(row);
        }
        at += 1;
    }
    lowest
}

const _: () = assert!(is_sorted(RESPONSES), "lookup searches by halves");

/// Every code of the registry.
pub const RESPONSES: Responses = &[
    (100, "Continue", "The beginning of the request is fine; please send the rest."),
    (101, "Switching Protocols", "The connection changes to the protocol that was asked for."),
    (102, "Processing", "The request was accepted and is still being worked on."),
    (103, "Early Hints", "Here are some fields of the response that is being prepared."),
    (200, "OK", "The request was carried out, and this is the result."),
    (201, "Created", "Something new was made, and here is where it can be found."),
    (202, "Accepted", "The request was taken on and will be carried out later."),
    (203, "Non-Authoritative Information", "The request was carried out, and someone on the way changed the result."),
    (204, "No Content", "The request was carried out, and there is nothing to show."),
    (205, "Reset Content", "The request was carried out; please clear the form."),
    (206, "Partial Content", "These are the parts that were asked for."),
    (207, "Multi-Status", "Several things were done, each with a status of its own."),
    (208, "Already Reported", "The members of this collection were already listed."),
    (226, "IM Used", "This is the difference from the version that you have."),
    (300, "Multiple Choices", "There is more than one version; please choose."),
    (301, "Moved Permanently", "This has moved for good; please use the new address from now on."),
    (302, "Found", "This is at another address for now."),
    (303, "See Other", "The answer is at another address; please fetch it with GET."),
    (304, "Not Modified", "This has not changed since you fetched it."),
    (305, "Use Proxy", "This can be reached only through a certain proxy."),
    (307, "Temporary Redirect", "This is at another address for now; please repeat the same request there."),
    (308, "Permanent Redirect", "This has moved for good; please repeat the same request at the new address."),
    (400, "Bad Request", "The server does not understand the request as it was sent."),
    (401, "Unauthorized", "Please say who you are; the server could not find out from this request."),
    (402, "Payment Required", "This is not free of charge."),
    (403, "Forbidden", "The server understands the request and refuses it, whoever asks."),
    (404, "Not Found", "There is nothing at this address."),
    (405, "Method Not Allowed", "This address exists, but not for this method."),
    (406, "Not Acceptable", "There is no version of this that fits what you accept."),
    (407, "Proxy Authentication Required", "Please tell the proxy who you are."),
    (408, "Request Timeout", "The request did not arrive in time; please send it again."),
    (409, "Conflict", "The request does not fit the present state of what it is about."),
    (410, "Gone", "This was here once and will not come back."),
    (411, "Length Required", "Please say in advance how long the body is."),
    (412, "Precondition Failed", "A condition in the request does not hold."),
    (413, "Content Too Large", "The body is longer than the server takes."),
    (414, "URI Too Long", "The address is longer than the server takes."),
    (415, "Unsupported Media Type", "The body is in a format that is not understood here."),
    (416, "Range Not Satisfiable", "The part that was asked for does not exist."),
    (417, "Expectation Failed", "The server cannot do what the Expect field demands."),
    (421, "Misdirected Request", "This server does not answer for that host."),
    (422, "Unprocessable Content", "The body is well written, but what it says cannot be done."),
    (423, "Locked", "Someone has locked this."),
    (424, "Failed Dependency", "This was not done because something before it failed."),
    (425, "Too Early", "The request came so early that it may be a repetition; please send it again."),
    (426, "Upgrade Required", "Please come back with the protocol that the server names."),
    (428, "Precondition Required", "Please say which version the request is about, so that nothing gets lost."),
    (429, "Too Many Requests", "There were too many requests in a short time; please wait a little."),
    (431, "Request Header Fields Too Large", "The fields of the request are longer than the server takes."),
    (451, "Unavailable For Legal Reasons", "The law does not let the server show this."),
    (500, "Internal Server Error", "Something went wrong in the server; the request is not to blame."),
    (501, "Not Implemented", "The server does not know this method or feature at all."),
    (502, "Bad Gateway", "The server behind this one gave an answer that makes no sense."),
    (503, "Service Unavailable", "The server cannot do this just now; please try again later."),
    (504, "Gateway Timeout", "The server behind this one did not answer in time."),
    (505, "HTTP Version Not Supported", "The server does not speak this version of HTTP."),
    (
        506,
        "Variant Also Negotiates",
        "The choice between versions leads in a circle, which is a mistake in the server.",
    ),
    (507, "Insufficient Storage", "There is no room left to carry this out."),
    (508, "Loop Detected", "The server stopped because the request leads in a circle."),
    (510, "Not Extended", "The request lacks an extension that is needed here."),
    (511, "Network Authentication Required", "Please log in to the network first."),
];

#[cfg(test)]
mod tests {
    use super::*;

    const ADDED: &[(u16, &str, &str)] = &[(599, "Last", "z"), (200, "Fine", "own"), (101, "X", "y"), (299, "New", "n")];
    const MERGED: &[(u16, &str, &str)] = &merge::<{ merged_len(RESPONSES, ADDED) }>(RESPONSES, ADDED);

    #[test]
    fn the_registry_is_sorted_whole_and_well_written() {
        assert_eq!(RESPONSES.len(), 61);
        for (code, phrase, explanation) in RESPONSES {
            assert!((100..=599).contains(code));
            assert!(phrase.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !phrase.is_empty(), "{code}");
            assert!(explanation.ends_with('.') && explanation.is_ascii(), "{code}");
        }
    }

    #[test]
    fn codes_are_looked_up_with_their_present_names() {
        let table = [
            (103, Some("Early Hints")),
            (200, Some("OK")),
            (413, Some("Content Too Large")),
            (414, Some("URI Too Long")),
            (416, Some("Range Not Satisfiable")),
            (422, Some("Unprocessable Content")),
            (511, Some("Network Authentication Required")),
            (306, None),
            (418, None),
            (0, None),
            (999, None),
        ];
        for (code, phrase) in table {
            assert_eq!(lookup(RESPONSES, code).map(|row| row.0), phrase, "{code}");
        }
    }

    #[test]
    fn additions_win_and_the_merged_table_is_sorted() {
        assert!(is_sorted(MERGED));
        assert_eq!(MERGED.len(), RESPONSES.len() + 2);
        assert_eq!(lookup(MERGED, 200), Some(("Fine", "own")));
        assert_eq!(lookup(MERGED, 299), Some(("New", "n")));
        assert_eq!(lookup(MERGED, 404), lookup(RESPONSES, 404));
    }

    #[test]
    fn nothing_merged_with_nothing_is_the_base_itself() {
        assert_eq!(merge::<61>(RESPONSES, &[]), RESPONSES);
        assert_eq!(merged_len(&[], &[]), 0);
        assert_eq!(merge::<1>(&[], &[(1, "a", ""), (1, "b", "")]), [(1, "a", "")], "the first of two equal additions");
    }

    #[test]
    fn a_table_with_a_code_twice_is_not_sorted() {
        assert!(!is_sorted(&[(1, "", ""), (1, "", "")]));
        assert!(!is_sorted(&[(2, "", ""), (1, "", "")]));
    }
}
