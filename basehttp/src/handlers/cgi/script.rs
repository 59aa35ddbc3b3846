//! Decides which paths are scripts, and finds the scripts. Nothing is executed here.
//!
//! | path beneath the root            | is                                                         |
//! |----------------------------------|------------------------------------------------------------|
//! | `cgi-bin`, `other/x`             | not a script: a file or a directory                        |
//! | `cgi-bin/`, `cgi-bin/sub`        | 403, a directory: never listed                             |
//! | `cgi-bin/x`, nothing there       | 404                                                        |
//! | `cgi-bin/x`, not executable      | 403                                                        |
//! | `cgi-bin/nph-x`                  | 501                                                        |
//! | `cgi-bin/sub/x/more/words`       | the script `cgi-bin/sub/x`, and the path behind it         |
//!
//! The path is decoded and collapsed once, by the function that the files use. Both the decision and the search take
//! its result, so no spelling of a script's path shows the script itself.

use std::fs::Metadata;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use basehttp::{HTTPError, Result};

use super::super::simple::SimpleHTTPRequestHandler;
use super::super::simple::root::{Opened, Tree};

/// A program that exists and may be executed.
#[derive(Debug)]
pub(super) struct Script {
    /// The directory of the script, opened beneath the root. The script is executed from there by its name, whatever is
    /// renamed above.
    pub directory: OwnedFd,
    /// The path of that directory, where a descriptor cannot name it.
    #[cfg(not(target_os = "linux"))]
    pub directory_path: std::path::PathBuf,
    pub name: Vec<u8>,
    /// The root of files in which it was found.
    pub tree: Arc<Tree>,
    /// The path beneath the root, without a leading slash.
    pub path: Vec<u8>,
    /// The rest of the request's path, decoded and with its leading slash. Empty if the script ends the path.
    pub path_info: Vec<u8>,
}

/// Returns the length of the script directory that `key` begins with, in bytes, if something follows it. `key` is a
/// path beneath the root.
pub(super) fn directory_len(key: &[u8], directories: &[Vec<u8>]) -> Option<usize> {
    let slashes = key.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    slashes.into_iter().find(|&at| directories.iter().any(|directory| *directory == key[..at]))
}

/// Finds the script of `key`, whose first `start` bytes are a directory of scripts.
///
/// # Errors
/// The [`HTTPError`] of the module's table, or 503 when the system has no descriptors left.
pub(super) fn find(files: &SimpleHTTPRequestHandler, key: &[u8], start: usize) -> Result<Script> {
    let tree = files.tree().map_err(busy)?.ok_or_else(|| missing(key))?;
    let mut directory = match open(&tree, &key[..start])? {
        Some(Opened::Directory(directory)) => directory,
        Some(Opened::File(..)) | None => return Err(missing(key).into()),
    };
    // Takes one name of the path after the other, until one of them is a file.
    let mut begin = start + 1;
    loop {
        let length = key[begin..].iter().position(|&byte| byte == b'/');
        let end = length.map_or(key.len(), |length| begin + length);
        let (path, name) = (&key[..end], &key[begin..end]);
        if name.is_empty() {
            return Err(no_file(path).into());
        }
        if name.starts_with(b".") && !files.shows_dot_files() {
            return Err(missing(path).into());
        }
        match open(&tree, path)? {
            Some(Opened::Directory(inner)) if length.is_some() => directory = inner,
            Some(Opened::Directory(_)) => return Err(no_file(path).into()),
            Some(Opened::File(file, _)) => {
                // The first file on the way is the script, and the rest of the path its `PATH_INFO`.
                check(path, name, &file.metadata().map_err(busy)?)?;
                #[cfg(not(target_os = "linux"))]
                let directory_path = {
                    use std::os::unix::ffi::OsStrExt;
                    tree.path().join(std::ffi::OsStr::from_bytes(&key[..begin]))
                };
                return Ok(Script {
                    directory,
                    #[cfg(not(target_os = "linux"))]
                    directory_path,
                    name: name.to_vec(),
                    path: path.to_vec(),
                    path_info: key[end..].to_vec(),
                    tree,
                });
            }
            None => return Err(missing(path).into()),
        }
        begin = end + 1;
    }
}

fn open(tree: &Tree, path: &[u8]) -> Result<Option<Opened>> {
    Ok(tree.open_beneath(path).map_err(busy)?)
}

fn check(path: &[u8], name: &[u8], metadata: &Metadata) -> Result<(), HTTPError> {
    if metadata.permissions().mode() & 0o111 == 0 {
        return Err(HTTPError::new(403, format!("CGI script is not executable ({})", shown(path))));
    }
    if name.starts_with(b"nph-") {
        let explain = "A script whose name begins with nph- writes the whole response itself, past the server. This \
                       server does not run it: rename the script, and let its output begin with a Content-Type.";
        return Err(HTTPError::from(501).with_explain(explain));
    }
    Ok(())
}

fn missing(path: &[u8]) -> HTTPError {
    HTTPError::new(404, format!("No such CGI script ({})", shown(path)))
}

fn no_file(path: &[u8]) -> HTTPError {
    HTTPError::new(403, format!("CGI script is not a plain file ({})", shown(path)))
}

/// Returns the path as the messages of Python's `http.server` show it.
fn shown(path: &[u8]) -> String {
    format!("'/{}'", String::from_utf8_lossy(path))
}

/// Returns a 503, for a shortage of the system that may be over soon.
pub(super) fn busy(error: io::Error) -> HTTPError {
    HTTPError::from(503).with_header("Retry-After", 1).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_directory_of_scripts_in_a_path_counts() {
        let directories = ["cgi-bin", "htbin", "a/b"].map(|name| name.as_bytes().to_vec());
        let table = [
            ("cgi-bin", None, "the directory itself is a directory like any other"),
            ("cgi-bin/", Some(7), "what follows may be nothing"),
            ("cgi-bin/x", Some(7), "a script"),
            ("cgi-bin/x/htbin/y", Some(7), "the first"),
            ("htbin/x", Some(5), "another directory"),
            ("htbin2/x", None, "another name"),
            ("x/cgi-bin/y", None, "further down it is a name like any other"),
            ("a/b/x", Some(3), "a directory of two names"),
            ("a/x", None, "not that one"),
            ("", None, "the root"),
        ];
        for (key, expected, why) in table {
            assert_eq!(directory_len(key.as_bytes(), &directories), expected, "{key}: {why}");
        }
    }
}
