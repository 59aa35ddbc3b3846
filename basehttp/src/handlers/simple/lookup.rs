//! Finds what stands at a request's path: a file in the coding that the client prefers, a directory, or nothing.
//!
//! Each request opens its file to see its state, and reads a small file into memory unless the cache has that state.
//! Only a small file that is old and often requested is sent from memory without a look at the disk, for up to a second
//! (`trust`).

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use basehttp::Exchange;
use rustix::fs::fstat;
use rustix::io::retry_on_intr;

use super::cache::{Cache, CacheEntry, MAX_SMALL_FILE_BYTES, SmallFile, Variant};
use super::charset::HEAD_BYTES;
use super::codings::{CODINGS, Coding, Preference};
use super::media::Description;
use super::options::Options;
use super::path::ServedPath;
use super::representation::Representation;
use super::root::{Opened, Root, Stamp, Tree};

/// The result of a lookup.
pub(super) enum Found {
    File(Selected),
    /// A directory whose path lacks the final slash, which relative links in its page need.
    MissingSlash,
    /// A directory without an index page.
    Directory(OpenDirectory),
    Missing,
}

/// A file that can be sent. Its description and its bytes belong to the same state.
pub(super) enum Selected {
    InMemory(Arc<SmallFile>),
    Open(Arc<Representation>, File),
}

impl Selected {
    pub(super) fn representation(&self) -> &Representation {
        match self {
            Selected::InMemory(small) => &small.representation,
            Selected::Open(representation, _) => representation,
        }
    }
}

/// A directory, open for reading.
pub(super) struct OpenDirectory {
    pub descriptor: OwnedFd,
    tree: Arc<Tree>,
    path: Vec<u8>,
}

impl OpenDirectory {
    /// Returns the metadata of the entry `name`, if it may be served. Follows links as far as the options allow.
    pub(super) fn follow(&self, name: &OsStr) -> Option<Metadata> {
        let opened = self.tree.open_beneath(&joined(&self.path, name.as_bytes())).ok()??;
        match opened {
            Opened::File(file, _) => file.metadata().ok(),
            Opened::Directory(directory) => File::from(directory).metadata().ok(),
        }
    }
}

fn joined(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}

/// The uncoded file, as it is on the disk.
struct Original {
    /// Path beneath the root.
    path: Vec<u8>,
    file: File,
    stamp: Stamp,
}

/// The open files of all codings, indexed by coding.
type OpenedCodings = [Option<(File, Stamp)>; CODINGS.len()];

/// The result of a look at the disk.
enum Look {
    /// A file, and the tree that holds it.
    File(Arc<Tree>, Original),
    Other(Found),
}

/// The cache's entry for a path, and the key for a new one.
struct CacheLookup<'c> {
    cache: &'c Cache,
    key: &'c [u8],
    known: Option<Arc<CacheEntry>>,
}

impl CacheLookup<'_> {
    /// Stores `entry`, or forgets the path if there is none.
    fn remember(&self, entry: Option<CacheEntry>) {
        match entry {
            Some(entry) => self.cache.put(self.key, Arc::new(entry)),
            None if self.known.is_some() => self.cache.forget(self.key),
            None => {}
        }
    }
}

/// The lookup of one request.
pub(super) struct Lookup<'l, 'c> {
    pub options: &'l Options,
    pub root: &'l Root,
    pub cache: Option<&'l Cache>,
    pub ex: &'l Exchange<'c>,
    /// A time before the first look at the disk, so that no later change is missed.
    pub now: Instant,
}

impl Lookup<'_, '_> {
    /// Finds the file or directory at `served`.
    ///
    /// # Errors
    /// An error of the system that may soon be over, such as no free descriptors.
    pub(super) fn find(&self, served: &ServedPath<'_>) -> io::Result<Found> {
        let preference = self.preference();
        let cached = self.cached(served);
        // A file that clients request often is sent as it was found within this second.
        if let Some(CacheLookup { known: Some(entry), .. }) = &cached
            && entry.is_trusted(self.root.generation(), self.now)
            && let Some(selected) = self.pick(entry, preference)?
        {
            return Ok(Found::File(selected));
        }
        match (self.look(served)?, cached) {
            (Look::File(tree, original), Some(cached)) => {
                self.load(&tree, preference, original, &cached).map(Found::File)
            }
            (Look::File(tree, original), None) => self.open_best(&tree, preference, original).map(Found::File),
            (Look::Other(found), cached) => {
                cached.inspect(|cached| cached.remember(None));
                Ok(found)
            }
        }
    }

    /// Returns the cache's entry, unless this spelling of the path is never cached.
    fn cached<'p>(&'p self, served: &'p ServedPath<'_>) -> Option<CacheLookup<'p>> {
        // A final slash that was percent-encoded leads to a redirect or a 404, which the cache does not hold.
        let is_usual = served.ends_in_slash() == served.is_directory_form();
        let cache = self.cache.filter(|_| is_usual)?;
        Some(CacheLookup { cache, key: served.key(), known: cache.get(served.key()) })
    }

    /// Looks at the disk. All parts of a response come from the same tree.
    fn look(&self, served: &ServedPath<'_>) -> io::Result<Look> {
        let Some(tree) = self.root.tree(self.now)? else { return Ok(Look::Other(Found::Missing)) };
        let look = self.look_in(&tree, served)?;
        // The tree may have been removed since the last look at its name, and a new one may have the name.
        if matches!(look, Look::Other(Found::Missing))
            && let Some(successor) = self.root.successor(&tree)?
        {
            return self.look_in(&successor, served);
        }
        Ok(look)
    }

    fn look_in(&self, tree: &Arc<Tree>, served: &ServedPath<'_>) -> io::Result<Look> {
        let path = served.path().to_vec();
        Ok(match tree.open_beneath(&path)? {
            Some(Opened::File(file, stamp)) if !served.is_directory_form() => {
                Look::File(Arc::clone(tree), Original { path, file, stamp })
            }
            Some(Opened::File(..)) | None => Look::Other(Found::Missing),
            Some(Opened::Directory(_)) if !served.ends_in_slash() => Look::Other(Found::MissingSlash),
            Some(Opened::Directory(descriptor)) => match self.find_index(tree, &path)? {
                Some(index) => Look::File(Arc::clone(tree), index),
                None if self.options.has_listings => {
                    Look::Other(Found::Directory(OpenDirectory { descriptor, tree: Arc::clone(tree), path }))
                }
                None => Look::Other(Found::Missing),
            },
        })
    }

    fn find_index(&self, tree: &Tree, directory: &[u8]) -> io::Result<Option<Original>> {
        for page in &self.options.index_pages {
            let path = joined(directory, page.as_os_str().as_bytes());
            if let Some(Opened::File(file, stamp)) = tree.open_beneath(&path)? {
                return Ok(Some(Original { path, file, stamp }));
            }
        }
        Ok(None)
    }

    fn preference(&self) -> Preference {
        if !self.options.precompressed {
            return Preference::IDENTITY;
        }
        Preference::of(self.ex.headers.get_all("Accept-Encoding"))
    }

    /// Returns the best coding of a cached file. `None` if that file is gone or has changed.
    fn pick(&self, entry: &CacheEntry, preference: Preference) -> io::Result<Option<Selected>> {
        let best = preference.iter().map(|coding| (coding, entry.variant(coding)));
        match best.into_iter().find(|(_, variant)| !matches!(variant, Variant::Absent)) {
            Some((_, Variant::Small(small))) => Ok(Some(Selected::InMemory(Arc::clone(small)))),
            Some((coding, Variant::Large(representation))) => {
                let Some(tree) = self.root.tree(self.now)? else { return Ok(None) };
                let opened =
                    open_coding(&tree, &entry.path, coding)?.filter(|(_, stamp)| *stamp == representation.stamp);
                Ok(opened.map(|(file, _)| Selected::Open(Arc::clone(representation), file)))
            }
            Some((_, Variant::Absent)) | None => Ok(None),
        }
    }

    /// Opens all codings of a file, caches them, and returns the best one.
    fn load(
        &self,
        tree: &Tree,
        preference: Preference,
        original: Original,
        cached: &CacheLookup<'_>,
    ) -> io::Result<Selected> {
        let Original { path, file, stamp } = original;
        let opened = self.open_all(tree, &path, (file, stamp))?;
        let stamps = opened.each_ref().map(|opened| opened.as_ref().map(|(_, stamp)| stamp));
        // The disk still has the states of the cache's entry, so nothing has to be read or described.
        if let Some(known) = &cached.known
            && known.is_still(&path, stamps, tree.generation())
        {
            return Ok(take_best(known, preference, opened));
        }
        let description = self.describe(&path, &opened[Coding::Identity as usize].as_ref().expect("it is open").0);
        // Only the changed codings are read again. Another index page may come first by now, of which no bytes are
        // known.
        let known = cached.known.as_ref().filter(|entry| entry.path == path);
        let mut selected = [const { None }; CODINGS.len()];
        for (coding, opened) in CODINGS.into_iter().zip(opened) {
            selected[coding as usize] = opened.map(|(file, stamp)| {
                let representation = Representation::new(self.options, self.ex, &path, &description, (coding, stamp));
                read_small(representation, file, known.map(|entry| entry.variant(coding)))
            });
        }
        // The entry shares the descriptions and the bytes with this response.
        let variants = selected.each_ref().map(|selected| match selected {
            None => Variant::Absent,
            Some(Selected::Open(representation, _)) => Variant::Large(Arc::clone(representation)),
            Some(Selected::InMemory(small)) => Variant::Small(Arc::clone(small)),
        });
        let entry = CacheEntry::new(path, variants, tree.generation(), self.now);
        // A needless store would take the cache's write lock from other threads.
        if cached.known.as_ref().is_none_or(|known| entry.is_news_after(known)) {
            cached.remember(Some(entry));
        }
        let best = preference.iter().find_map(|coding| selected[coding as usize].take());
        Ok(best.expect("every preference includes the uncoded file, which is open"))
    }

    /// Opens the coded files beside `original`, if the options allow them. The result has `original` as well.
    fn open_all(&self, tree: &Tree, path: &[u8], original: (File, Stamp)) -> io::Result<OpenedCodings> {
        let mut opened = [const { None }; CODINGS.len()];
        for coding in CODINGS.into_iter().filter(|coding| *coding != Coding::Identity && self.options.precompressed) {
            opened[coding as usize] = open_neighbour(tree, path, coding, &original.1)?;
        }
        opened[Coding::Identity as usize] = Some(original);
        Ok(opened)
    }

    /// Describes the content of `file`, which was opened at `path`.
    fn describe(&self, path: &[u8], file: &File) -> Description {
        let path = Path::new(OsStr::from_bytes(path));
        match self.options.own_type(path) {
            Some(content_type) => Description { content_type, is_gzipped: false },
            None => self.options.media_types.describe(path, || head_of(file)),
        }
    }

    /// Opens the best coding of a file, without the cache.
    fn open_best(&self, tree: &Tree, preference: Preference, original: Original) -> io::Result<Selected> {
        let Original { path, file, stamp } = original;
        let description = self.describe(&path, &file);
        for coding in preference.iter().take_while(|coding| *coding != Coding::Identity) {
            if let Some((file, stamp)) = open_neighbour(tree, &path, coding, &stamp)? {
                return Ok(Selected::Open(
                    Representation::new(self.options, self.ex, &path, &description, (coding, stamp)).into(),
                    file,
                ));
            }
        }
        Ok(Selected::Open(
            Representation::new(self.options, self.ex, &path, &description, (Coding::Identity, stamp)).into(),
            file,
        ))
    }
}

/// Opens the file beside `original` that has this coding, unless it is older: then it was made from another state.
fn open_neighbour(tree: &Tree, path: &[u8], coding: Coding, original: &Stamp) -> io::Result<Option<(File, Stamp)>> {
    let opened = open_coding(tree, path, coding)?;
    Ok(opened.filter(|(_, stamp)| !stamp.is_older_than(original)))
}

fn open_coding(tree: &Tree, path: &[u8], coding: Coding) -> io::Result<Option<(File, Stamp)>> {
    match tree.open_beneath(&[path, coding.suffix()].concat())? {
        Some(Opened::File(file, stamp)) => Ok(Some((file, stamp))),
        Some(Opened::Directory(_)) | None => Ok(None),
    }
}

/// Takes the best coding of a file all of whose codings are in the states that `entry` has.
fn take_best(entry: &CacheEntry, preference: Preference, mut opened: OpenedCodings) -> Selected {
    let best = preference.iter().find_map(|coding| {
        let (file, _) = opened[coding as usize].take()?;
        Some(match entry.variant(coding) {
            Variant::Small(small) => Selected::InMemory(Arc::clone(small)),
            Variant::Large(representation) => Selected::Open(Arc::clone(representation), file),
            Variant::Absent => return None,
        })
    });
    best.expect("every preference includes the uncoded file, which is open")
}

/// Reads the first bytes of a file. An error gives no bytes; sending the file will report it.
fn head_of(file: &File) -> Vec<u8> {
    let mut head = vec![0; HEAD_BYTES];
    let count = file.read_at(&mut head, 0).unwrap_or(0);
    head.truncate(count);
    head
}

/// Reads a small file into memory, unless it is there already.
fn read_small(representation: Representation, mut file: File, known: Option<&Variant>) -> Selected {
    if representation.stamp.size > MAX_SMALL_FILE_BYTES {
        return Selected::Open(representation.into(), file);
    }
    if let Some(Variant::Small(small)) = known
        && small.is_still(&representation)
    {
        return Selected::InMemory(Arc::clone(small));
    }
    match read_whole(&mut file, &representation.stamp) {
        Some(bytes) => Selected::InMemory(Arc::new(SmallFile::new(representation, bytes, SystemTime::now()))),
        None => Selected::Open(representation.into(), file),
    }
}

/// Reads a whole file. `None` if it changes meanwhile.
fn read_whole(file: &mut File, stamp: &Stamp) -> Option<Arc<[u8]>> {
    let size = usize::try_from(stamp.size).ok()?;
    let mut bytes = Vec::with_capacity(size + 1);
    // One byte more than the size, to notice a file that has grown.
    file.take(stamp.size + 1).read_to_end(&mut bytes).ok()?;
    let is_unchanged = Stamp::of(&retry_on_intr(|| fstat(&*file)).ok()?) == *stamp;
    (bytes.len() == size && is_unchanged).then(|| bytes.into())
}
