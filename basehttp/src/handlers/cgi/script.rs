//! Which path is a script, and where it stands. Nothing is executed here.
//!
//! | path beneath the root            | is                                                         |
//! |----------------------------------|------------------------------------------------------------|
//! | `cgi-bin`, `other/x`             | no script: a file's, or a directory's                         |
//! | `cgi-bin/`, `cgi-bin/sub`        | 403, a directory: never listed                                |
//! | `cgi-bin/x`, nothing there       | 404                                                        |
//! | `cgi-bin/x`, not executable      | 403                                                        |
//! | `cgi-bin/nph-x`                  | 501                                                        |
//! | `cgi-bin/sub/x/more/words`       | the script `cgi-bin/sub/x`, and the path behind it         |
//!
//! The path is decoded and collapsed once, by the files' own function, and both the test and the search take what it
//! says. So no spelling of a script's path shows the script itself.

use std::fs::Metadata;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use basehttp::{HTTPError, Result};

use super::super::simple::SimpleHTTPRequestHandler;
use super::super::simple::root::{Opened, Tree};

/// A program that is there and may be executed.
#[derive(Debug)]
pub struct Script {
    /// Its own directory, reached beneath the root: it is executed from there by its name, whatever is renamed above.
    pub directory: OwnedFd,
    /// The same by its path, where no descriptor names a directory.
    #[cfg(not(target_os = "linux"))]
    pub directory_path: std::path::PathBuf,
    pub name: Vec<u8>,
    /// The directory of the files that it was found in.
    pub tree: Arc<Tree>,
    /// Its path beneath the root, without a slash in front.
    pub path: Vec<u8>,
    /// What follows it in the request's path, decoded, from the slash on; empty if nothing does.
    pub path_info: Vec<u8>,
}

/// How many bytes of `key`, a path beneath the root, are one of `directories`, if something follows.
pub fn directory_len(key: &[u8], directories: &[Vec<u8>]) -> Option<usize> {
    let slashes = key.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    slashes.into_iter().find(|&at| directories.iter().any(|directory| *directory == key[..at]))
}

/// Looks for the script of `key` below its first `start` bytes, which are a directory of scripts.
///
/// # Errors
/// The [`HTTPError`] of the table above; 503 when the system has no descriptors left.
pub fn find(files: &SimpleHTTPRequestHandler, key: &[u8], start: usize) -> Result<Script> {
    let tree = files.tree().map_err(busy)?.ok_or_else(|| missing(key))?;
    let mut directory = match open(&tree, &key[..start])? {
        Some(Opened::Directory(directory)) => directory,
        Some(Opened::File(..)) | None => return Err(missing(key).into()),
    };
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
                       server does not run it: rename the script, and let it begin with a Content-Type.";
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

/// The path as the original's messages have it.
fn shown(path: &[u8]) -> String {
    format!("'/{}'", String::from_utf8_lossy(path))
}

/// The system's trouble, which may be over soon.
pub fn busy(error: io::Error) -> HTTPError {
    HTTPError::from(503).with_header("Retry-After", 1).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_directory_of_scripts_in_a_path_counts() {
        let directories = ["cgi-bin", "htbin", "a/b"].map(|name| name.as_bytes().to_vec());
        let table = [
            ("cgi-bin", None, "the directory's own address is a directory's"),
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
