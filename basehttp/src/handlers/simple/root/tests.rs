use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::super::scratch::Scratch;
use super::*;

impl Scratch {
    /// Makes the served directory `www`, and one beside it that is not served.
    fn with_tree() -> Self {
        let scratch = Scratch::new();
        let www = scratch.www();
        for directory in ["outside", "www", "www/a", "www/a/b"] {
            fs::create_dir(scratch.0.join(directory)).expect("a directory");
        }
        for (file, text) in [("outside/secret", "secret"), ("www/f", "f"), ("www/a/f", "a/f"), ("www/a/b/f", "a/b/f")] {
            fs::write(scratch.0.join(file), text).expect("a file");
        }
        let link = |target: &Path, name: &str| symlink(target, www.join(name)).expect("a link");
        for (target, name) in [
            ("f", "to_file"),
            ("a", "to_folder"),
            ("a/b/../f", "up_and_down"),
            ("to_folder/to_b", "chain"),
            ("b", "a/to_b"),
            ("../f", "a/up"),
            ("../../outside/secret", "a/out"),
            ("../outside", "out_folder"),
            ("../outside/secret", "out_file"),
            ("../www/f", "out_and_in"),
            ("/etc/passwd", "absolute_out"),
            ("loop_b", "loop_a"),
            ("loop_a", "loop_b"),
            (".", "here"),
            ("nothing", "dangling"),
            ("..", "parent"),
            ("a/..", "root_again"),
            ("/proc/self/root/etc/passwd", "magic"),
        ] {
            link(Path::new(target), name);
        }
        link(&www.join("a/f"), "absolute_in");
        link(&www.join("a"), "absolute_folder");
        link(&www.join("a/../../outside/secret"), "absolute_in_and_out");
        rustix::fs::mknodat(CWD, www.join("fifo"), FileType::Fifo, Mode::from_raw_mode(0o644), 0).expect("a fifo");
        scratch
    }

    fn www(&self) -> PathBuf {
        self.0.join("www")
    }
}

/// Tells what was opened: the text of a file, `/` for a directory, an empty text for nothing.
fn told(opened: io::Result<Option<Opened>>) -> String {
    match opened.expect("nothing is wrong with this system") {
        Some(Opened::File(file, stamp)) => {
            let text = io::read_to_string(file).expect("a file can be read");
            assert_eq!(stamp.size, text.len() as u64);
            text
        }
        Some(Opened::Directory(_)) => "/".into(),
        None => String::new(),
    }
}

/// Opens the directory at `path`.
fn tree(path: &Path, links: Links) -> Arc<Tree> {
    now(&Root::open(path, links).expect("the root")).expect("it is there")
}

/// Returns the directory that has the root's name now.
fn now(root: &Root) -> Option<Arc<Tree>> {
    root.tree(Instant::now()).expect("the system can look")
}

/// Opens a path like [`Tree::open_beneath`] on a system without openat2.
fn walked(root: &Tree, path: &[u8]) -> io::Result<Option<Opened>> {
    match root.walk(path) {
        Ok(descriptor) => classify(descriptor),
        Err(error) if is_trouble(error) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

#[test]
fn nothing_outside_the_root_is_opened_by_the_kernels_way_or_by_hand() {
    let scratch = Scratch::with_tree();
    let root = tree(&scratch.www(), Links::Inside);
    let table = [
        ("", "/", "the root"),
        ("f", "f", "a file"),
        ("a", "/", "a folder"),
        ("a/b/f", "a/b/f", "a file in folders"),
        ("nothing", "", "nothing"),
        ("f/x", "", "a file is no folder"),
        ("to_file", "f", "a link"),
        ("to_folder/f", "a/f", "a link on the way"),
        ("up_and_down", "a/f", "a link with dots"),
        ("chain/f", "a/b/f", "links that lead to links"),
        ("a/up", "f", "a link up, inside"),
        ("a/b/../up", "f", "dots and a link"),
        ("here/here/here/f", "f", "a link to its own folder"),
        ("root_again/f", "f", "a link to the root"),
        ("absolute_in", "a/f", "a full path inside"),
        ("absolute_folder/b/f", "a/b/f", "a full path inside, on the way"),
        ("absolute_in_and_out", "", "a full path that begins inside"),
        ("a/out", "", "a link out"),
        ("out_file", "", "a link out"),
        ("out_folder", "", "a link out"),
        ("out_folder/secret", "", "a link out on the way"),
        ("out_and_in", "", "out and in again"),
        ("absolute_out", "", "a full path outside"),
        ("parent", "", "the root's parent"),
        ("parent/outside/secret", "", "through the root's parent"),
        ("..", "", "dots"),
        ("../outside/secret", "", "dots"),
        ("a/../../outside/secret", "", "dots"),
        ("loop_a", "", "a loop"),
        ("dangling", "", "a link to nothing"),
        ("magic", "", "a link through the process's own root"),
        ("fifo", "", "a pipe without another end"),
        ("a\0b", "", "a NUL"),
    ];
    for (path, expected, why) in table {
        assert_eq!(told(root.open_beneath(path.as_bytes())), expected, "{path}: {why}");
        assert_eq!(told(walked(&root, path.as_bytes())), expected, "{path}: {why}, by hand");
    }
}

#[test]
fn links_lead_anywhere_where_that_is_asked_for() {
    let scratch = Scratch::with_tree();
    let root = tree(&scratch.www(), Links::Anywhere);
    let table = [("a/out", "secret"), ("out_folder/secret", "secret"), ("parent/outside/secret", "secret"), ("f", "f")];
    for (path, expected) in table {
        assert_eq!(told(root.open_beneath(path.as_bytes())), expected, "{path}");
    }
    assert_eq!(told(root.open_beneath(b"fifo")), "", "a pipe is no file, wherever links lead");
}

#[test]
fn an_open_tree_stays_the_same_directory_whatever_its_path_names_later() {
    let scratch = Scratch::with_tree();
    let tree = tree(&scratch.www(), Links::Inside);
    fs::rename(scratch.www(), scratch.0.join("moved")).expect("a directory can be renamed");
    symlink(scratch.0.join("outside"), scratch.www()).expect("a link");
    assert_eq!(told(tree.open_beneath(b"f")), "f");
    assert_eq!(told(tree.open_beneath(b"secret")), "");
}

#[test]
fn the_roots_name_means_whatever_directory_has_it_now() {
    let scratch = Scratch::with_tree();
    let root = Root::open(&scratch.www(), Links::Inside).expect("the root");
    let first = now(&root).expect("it is there");
    assert!(Arc::ptr_eq(&first, &now(&root).expect("it is there")), "nothing has changed");
    fs::rename(scratch.www(), scratch.0.join("moved")).expect("a directory can be renamed");
    assert!(now(&root).is_none(), "nothing has the name");
    assert_eq!(root.generation(), 0);
    fs::write(scratch.www(), "a file").expect("a file");
    assert!(now(&root).is_none(), "a file is not a directory");
    fs::remove_file(scratch.www()).expect("it is there");
    symlink("outside", scratch.www()).expect("a link");
    let second = now(&root).expect("a link to a directory");
    assert_eq!(told(second.open_beneath(b"secret")), "secret");
    assert_ne!(first.generation(), second.generation());
    assert_eq!(root.generation(), second.generation());
    fs::remove_file(scratch.www()).expect("it is there");
    fs::rename(scratch.0.join("moved"), scratch.www()).expect("a directory can be renamed");
    assert_eq!(told(now(&root).expect("back again").open_beneath(b"f")), "f");
}

#[test]
fn a_busy_root_is_looked_at_again_within_a_second_and_at_once_when_it_is_removed() {
    let scratch = Scratch::with_tree();
    let (root, start) = (Root::open(&scratch.0.join("www/a/b"), Links::Inside).expect("the root"), Instant::now());
    let at = |millis| root.tree(start + std::time::Duration::from_millis(millis)).expect("the system can look");
    let old = (0..MAX_LOOKS).fold(None, |_, _| at(500)).expect("it is there");
    fs::remove_dir_all(scratch.0.join("www/a/b")).expect("it is there");
    assert!(root.successor(&old).expect("the system can look").is_none(), "nothing has its name");
    assert!(at(501).is_none(), "and that is not forgotten");
    fs::create_dir(scratch.0.join("www/a/b")).expect("a directory");
    let new = at(502).expect("a new one");
    fs::rename(scratch.0.join("www/a/b"), scratch.0.join("www/a/c")).expect("a directory can be renamed");
    fs::create_dir(scratch.0.join("www/a/b")).expect("a directory");
    assert!(root.successor(&new).expect("the system can look").is_none(), "it is still somewhere");
    assert_eq!(at(503).map(|tree| tree.generation()), Some(new.generation()), "a busy root is believed");
    assert_ne!(at(3000).expect("it is there").generation(), new.generation(), "for a second");
}

#[test]
fn the_walk_has_an_end_however_long_or_deep_or_tangled_the_path() {
    let scratch = Scratch::new();
    let root = tree(&scratch.0, Links::Inside);
    // Each link doubles the number of names, up to 2 to the 30th without a bound.
    symlink(".", scratch.0.join("link0")).expect("a link");
    for level in 1..30 {
        let (target, name) = (format!("link{0}/link{0}", level - 1), format!("link{level}"));
        symlink(target, scratch.0.join(name)).expect("a link");
    }
    assert_eq!(told(walked(&root, b"link29")), "", "more links than one path may lead over");
    let deep = vec![b"d".as_slice(); 200].join(&b'/');
    fs::create_dir_all(scratch.0.join(OsStr::from_bytes(&deep))).expect("a deep directory");
    assert_eq!(told(walked(&root, &deep)), "", "deeper than descriptors are spent on");
    assert_eq!(told(root.open_beneath(&deep)), "/", "the kernel needs none");
    assert_eq!(told(walked(&root, &vec![b"d/..".as_slice(); 2000].join(&b'/'))), "/", "as many names as a path holds");
    assert_eq!(told(walked(&root, &vec![b"d/..".as_slice(); 3000].join(&b'/'))), "", "more than that");
}

#[test]
fn the_walk_never_shows_what_is_outside_while_folders_become_links() {
    let scratch = Scratch::with_tree();
    let www = scratch.www();
    fs::write(scratch.0.join("outside/f"), "outside").expect("a file");
    symlink("../outside", www.join("trap")).expect("a link");
    let root = tree(&www, Links::Inside);
    let swap = || {
        for (from, to) in [("a", "safe"), ("trap", "a"), ("a", "trap"), ("safe", "a")] {
            fs::rename(www.join(from), www.join(to)).expect("names change");
        }
    };
    let look = || {
        let mut seen = std::collections::BTreeSet::new();
        for round in 0..200_000 {
            seen.insert(told(walked(&root, b"a/f")));
            if round > 20_000 && seen.len() > 1 {
                break;
            }
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["", "a/f"], "the file, or nothing");
    };
    std::thread::scope(|scope| {
        let looks = scope.spawn(look);
        while !looks.is_finished() {
            swap();
        }
    });
}

#[test]
fn a_root_that_is_no_folder_is_an_error() {
    let scratch = Scratch::with_tree();
    for (path, kind) in [("www/f", io::ErrorKind::NotADirectory), ("nothing", io::ErrorKind::NotFound)] {
        assert_eq!(Root::open(&scratch.0.join(path), Links::Inside).map_err(|e| e.kind()).err(), Some(kind), "{path}");
    }
}

#[test]
fn only_what_the_path_is_to_blame_for_is_not_found() {
    let table = [
        (Errno::NOENT, false, "nothing has that name"),
        (Errno::NOTDIR, false, "a file in place of a directory"),
        (Errno::ACCESS, false, "the server may not see it"),
        (Errno::LOOP, false, "links in a circle"),
        (Errno::NAMETOOLONG, false, "no file system has such names"),
        (Errno::INVAL, false, "nor such letters"),
        (Errno::NXIO, false, "a socket"),
        (Errno::MFILE, true, "the process has no descriptor left"),
        (Errno::NOMEM, true, "no memory"),
        (Errno::IO, true, "the disk is broken"),
        (Errno::AGAIN, true, "another process has reserved it"),
        (Errno::TIMEDOUT, true, "the network's server is silent"),
        (Errno::STALE, true, "it has forgotten what was opened"),
        (Errno::NOTCONN, true, "the process behind the file system has died"),
        (Errno::CONNABORTED, true, "just now"),
    ];
    for (error, expected, why) in table {
        assert_eq!(is_trouble(error), expected, "{error}: {why}");
    }
}
