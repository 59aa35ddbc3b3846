//! Where in the URL a listing stands, and how to get from there to the folders above. Pure.
//!
//! References upward are relative (`../`), so that they are right behind a proxy too that serves the folder below a path
//! of its own. Only where the path as sent is not written plainly (`/a//b/`, `/a/./b/`), so that a client would count
//! its segments otherwise, they are absolute.

use percent_encoding::percent_decode_str;

use super::escape::push_href;

/// The path of a folder's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// Decoded, without empty ones and dots.
    segments: Vec<Vec<u8>>,
    /// The first of them, as many as this, lead to where the served directory is mounted.
    mount_depth: usize,
    spelling: Spelling,
}

/// How the path was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// One slash behind each segment, no dots.
    Plain,
    Other,
}

impl Location {
    /// From a request target's path, without its query. Its first segments, as many as `mount_depth`, are above the served
    /// directory.
    pub fn of(path: &str, mount_depth: usize) -> Self {
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

    /// Names of the folders from the served directory's children down to this one.
    pub fn segments(&self) -> &[Vec<u8>] {
        &self.segments[self.mount_depth..]
    }

    /// `/a/b/`.
    pub fn display(&self) -> String {
        let mut text = String::from("/");
        for segment in &self.segments {
            text.push_str(&String::from_utf8_lossy(segment));
            text.push('/');
        }
        text
    }

    /// Bytes of all segments, with a slash behind each.
    pub fn len(&self) -> usize {
        self.segments.iter().map(|segment| segment.len() + 1).sum()
    }

    /// The memory it takes, allocations included.
    pub fn bytes(&self) -> usize {
        self.len() + self.segments.len() * 2 * size_of::<Vec<u8>>()
    }

    /// Adds a reference to the folder that has so many segments below the served directory, at most those of this one.
    pub fn push_href_above(&self, depth: usize, out: &mut Vec<u8>) {
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

/// In a path nobody takes a colon for a scheme's end.
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
            let found: Vec<_> = (0..=location.segments().len())
                .map(|depth| {
                    let mut out = Vec::new();
                    location.push_href_above(depth, &mut out);
                    String::from_utf8(out).expect("ASCII")
                })
                .collect();
            assert_eq!((&*location.display(), &*found.join(" ")), (display, hrefs), "{why}");
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
            let location = Location::of(path, depth);
            let found: Vec<_> = (0..=location.segments().len())
                .map(|depth| {
                    let mut out = Vec::new();
                    location.push_href_above(depth, &mut out);
                    String::from_utf8(out).expect("ASCII")
                })
                .collect();
            assert_eq!(found.join(" "), hrefs, "{path}: {why}");
        }
    }
}
