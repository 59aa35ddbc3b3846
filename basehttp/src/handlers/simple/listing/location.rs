//! The location of a listing in the URL, and the links from there to the directories above. Pure.
//!
//! Links upward are relative (`../`), so they also work behind a proxy that serves the directory below a path of its
//! own. They are absolute only if the request's path has an odd spelling (`/a//b/`, `/a/./b/`), in which a client would
//! count the segments differently.

use percent_encoding::percent_decode_str;

use super::escape::push_href;

/// The path of a directory's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// Decoded segments, without empty ones and dots.
    segments: Vec<Vec<u8>>,
    /// Number of the first segments that lead to the served directory's mount.
    mount_depth: usize,
    spelling: Spelling,
}

/// The spelling of the request's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// One slash behind each segment, and no dots.
    Plain,
    Other,
}

impl Location {
    /// Parses the path of a request, without its query. Its first `mount_depth` segments lead to the served directory.
    pub(super) fn of(path: &str, mount_depth: usize) -> Self {
        let mut segments = Vec::new();
        for segment in path.split('/') {
            match percent_decode_str(segment).collect::<Vec<u8>>() {
                segment if matches!(&segment[..], b"" | b".") => {}
                segment if segment == b".." => drop(segments.pop()),
                segment => segments.push(segment),
            }
        }
        let slashes = path.bytes().filter(|&byte| byte == b'/').count();
        let is_plain = path.starts_with('/') && path.ends_with('/') && slashes == segments.len() + 1;
        let mount_depth = mount_depth.min(segments.len());
        Location { segments, mount_depth, spelling: if is_plain { Spelling::Plain } else { Spelling::Other } }
    }

    /// Returns the names of the directories below the served one, down to this one.
    pub(super) fn segments(&self) -> &[Vec<u8>] {
        &self.segments[self.mount_depth..]
    }

    /// Returns the path for display, such as `/a/b/`.
    pub(super) fn display(&self) -> String {
        let mut text = String::from("/");
        for segment in &self.segments {
            text.push_str(&String::from_utf8_lossy(segment));
            text.push('/');
        }
        text
    }

    /// Returns the bytes of all segments, with a slash behind each.
    pub(super) fn len(&self) -> usize {
        self.segments.iter().map(|segment| segment.len() + 1).sum()
    }

    /// Returns the memory of the location, allocations included.
    pub(super) fn bytes(&self) -> usize {
        self.len() + self.segments.len() * 2 * size_of::<Vec<u8>>()
    }

    /// Adds a link to the directory that is `depth` levels below the served one, at most as deep as this one.
    pub(super) fn push_href_above(&self, depth: usize, out: &mut Vec<u8>) {
        let depth = self.mount_depth + depth;
        let steps = self.segments.len().saturating_sub(depth);
        if self.spelling == Spelling::Plain {
            out.extend_from_slice(if steps == 0 { b"./" } else { b"" });
            return out.extend((0..steps).flat_map(|_| *b"../"));
        }
        out.push(b'/');
        for segment in self.segments.iter().take(depth) {
            push_segment(out, segment);
        }
    }
}

/// Adds a segment of an absolute path, which needs no `./`, since a colon in it does not end a scheme.
fn push_segment(out: &mut Vec<u8>, segment: &[u8]) {
    let start = out.len();
    push_href(out, segment);
    if out[start..].starts_with(b"./") {
        out.drain(start..start + 2);
    }
    out.push(b'/');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The links to all directories on the way, from the top.
    fn ways_up(location: &Location) -> String {
        let mut out = Vec::new();
        for depth in 0..=location.segments().len() {
            if depth > 0 {
                out.push(b' ');
            }
            location.push_href_above(depth, &mut out);
        }
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn a_path_is_decoded_and_the_way_up_is_relative_where_that_is_sure() {
        let table = [
            ("/", "/", "./", "the root"),
            ("/a/", "/a/", "../ ./", "a folder"),
            ("/a/b%20c/", "/a/b c/", "../../ ../ ./", "encoded"),
            ("/%ff/%3Cb%3E/", "/\u{fffd}/<b>/", "../../ ../ ./", "no UTF-8, and markup"),
            ("//a//b/", "/a/b/", "/ /a/ /a/b/", "doubled slashes"),
            ("/a/./b/../c:d/", "/a/c:d/", "/ /a/ /a/c%3Ad/", "dots"),
            ("/%2e%2E/a/", "/a/", "/ /a/", "encoded dots"),
            ("/../../", "/", "/", "above the root"),
            ("/a", "/a/", "/ /a/", "without a slash at the end"),
            ("/a%2fb/", "/a/b/", "../ ./", "an encoded slash stays in its segment"),
            ("/%5c%5chost/", "/\\\\host/", "../ ./", "backslashes"),
        ];
        for (path, display, hrefs, why) in table {
            let location = Location::of(path, 0);
            assert_eq!((&*location.display(), &*ways_up(&location)), (display, hrefs), "{why}");
        }
    }

    #[test]
    fn no_way_up_leads_above_what_is_served() {
        let table = [
            ("/static/", 1, "./", "the served directory"),
            ("/static/a/b/", 1, "../../ ../ ./", "below it"),
            ("/x/static/a/", 2, "../ ./", "further down"),
            ("//static//a/", 1, "/static/ /static/a/", "spelt otherwise"),
            ("/static", 1, "/static/", "without a slash at the end"),
        ];
        for (path, depth, hrefs, why) in table {
            assert_eq!(ways_up(&Location::of(path, depth)), hrefs, "{path}: {why}");
        }
    }
}
