//! What a request's place turns out to be: a file in the coding that the client prefers, a folder, or nothing.
//!
//! Each request opens its file, to see what is there, and reads a small one into memory unless that has the same state
//! already. Only a small file that is old and asked for often is sent from memory unseen, for a second (`trust`).

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

/// See the module.
pub enum Found {
    File(Selected),
    /// A folder that was asked for without the slash that its page needs.
    MissingSlash,
    /// A folder without an index page.
    Directory(OpenDirectory),
    Missing,
}

/// A file that can be sent: what is said of it and its bytes are of one state.
pub enum Selected {
    InMemory(Arc<SmallFile>),
    Open(Arc<Representation>, File),
}

impl Selected {
    pub fn representation(&self) -> &Representation {
        match self {
            Selected::InMemory(small) => &small.representation,
            Selected::Open(representation, _) => representation,
        }
    }
}

/// A folder, open to be read.
pub struct OpenDirectory {
    pub descriptor: OwnedFd,
    tree: Arc<Tree>,
    path: Vec<u8>,
}

impl OpenDirectory {
    /// What the entry `name` leads to, if that may be served: links are followed as the options say.
    pub fn follow(&self, name: &OsStr) -> Option<Metadata> {
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

/// A file as the disk has it.
struct Original {
    /// Beneath the root.
    path: Vec<u8>,
    file: File,
    stamp: Stamp,
}

/// What a look at the disk found.
enum Look {
    /// A file, and the tree that it is in.
    File(Arc<Tree>, Original),
    Other(Found),
}

/// What the cache has for a path, and where it stores what the disk has.
struct CacheLookup<'c> {
    cache: &'c Cache,
    key: &'c [u8],
    known: Option<Arc<CacheEntry>>,
}

impl CacheLookup<'_> {
    fn remember(&self, entry: Option<CacheEntry>) {
        match entry {
            Some(entry) => self.cache.put(self.key, Arc::new(entry)),
            None if self.known.is_some() => self.cache.forget(self.key),
            None => {}
        }
    }
}

/// The search of one request for its file.
pub struct Lookup<'l, 'c> {
    pub options: &'l Options,
    pub root: &'l Root,
    pub cache: Option<&'l Cache>,
    pub ex: &'l Exchange<'c>,
    /// Read before the disk is asked, so that a later change of it is never missed.
    pub now: Instant,
}

impl Lookup<'_, '_> {
    /// Finds what stands at `served`.
    ///
    /// # Errors
    /// Trouble of the system that another try may mend.
    pub fn find(&self, served: &ServedPath<'_>) -> io::Result<Found> {
        let preference = self.preference();
        let cached = self.cached(served);
        // A file that clients ask for often is sent as it was found within this second.
        if let Some(CacheLookup { known: Some(entry), .. }) = &cached
            && entry.is_believed(self.root.generation(), self.now)
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

    fn cached<'p>(&'p self, served: &'p ServedPath<'_>) -> Option<CacheLookup<'p>> {
        // A slash that only decoding has brought leads elsewhere, which is not remembered.
        let is_usual = served.ends_in_slash() == served.is_directory_form();
        let cache = self.cache.filter(|_| is_usual)?;
        Some(CacheLookup { cache, key: served.key(), known: cache.get(served.key()) })
    }

    /// Asks the disk what stands there. One request is answered from one tree.
    fn look(&self, served: &ServedPath<'_>) -> io::Result<Look> {
        let Some(tree) = self.root.tree(self.now)? else { return Ok(Look::Other(Found::Missing)) };
        let look = self.look_in(&tree, served)?;
        // The tree may have been removed since the last look at its name, and another one may stand there.
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

    /// The best coding of what is remembered. `None`: it is gone or in another state meanwhile.
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

    /// Opens all codings of a file that is there, remembers what they are, and gives the best one.
    fn load(
        &self,
        tree: &Tree,
        preference: Preference,
        original: Original,
        cached: &CacheLookup<'_>,
    ) -> io::Result<Selected> {
        let Original { path, file, stamp } = original;
        let mut opened = [const { None }; CODINGS.len()];
        for coding in CODINGS.into_iter().filter(|coding| *coding != Coding::Identity && self.options.precompressed) {
            opened[coding as usize] = open_neighbour(tree, &path, coding, &stamp)?;
        }
        opened[Coding::Identity as usize] = Some((file, stamp));
        let stamps = opened.each_ref().map(|opened| opened.as_ref().map(|(_, stamp)| stamp));
        if let Some(known) = &cached.known
            && known.is_still(&path, stamps, tree.generation())
        {
            return Ok(take_best(known, preference, opened));
        }
        let description = self.describe(&path, &opened[Coding::Identity as usize].as_ref().expect("it is open").0);
        // Another index page may be the one now.
        let known = cached.known.as_ref().filter(|entry| entry.path == path);
        let mut selected = [const { None }; CODINGS.len()];
        for (coding, opened) in CODINGS.into_iter().zip(opened) {
            selected[coding as usize] = opened.map(|(file, stamp)| {
                let representation = Representation::new(self.options, self.ex, &path, &description, (coding, stamp));
                keep(representation, file, known.map(|entry| entry.variant(coding)))
            });
        }
        let variants = selected.each_ref().map(|selected| match selected {
            None => Variant::Absent,
            Some(Selected::Open(representation, _)) => Variant::Large(Arc::clone(representation)),
            Some(Selected::InMemory(small)) => Variant::Small(Arc::clone(small)),
        });
        let entry = CacheEntry::new(path, variants, tree.generation(), self.now);
        if cached.known.as_ref().is_none_or(|known| entry.is_news_after(known)) {
            cached.remember(Some(entry));
        }
        let best = preference.iter().find_map(|coding| selected[coding as usize].take());
        Ok(best.expect("every preference has the file as it is, and that is open"))
    }

    /// Describes the content of `file`, which is the one at `path`.
    fn describe(&self, path: &[u8], file: &File) -> Description {
        let path = Path::new(OsStr::from_bytes(path));
        match self.options.own_type(path) {
            Some(content_type) => Description { content_type, is_gzipped: false },
            None => self.options.media_types.describe(path, || head_of(file)),
        }
    }

    /// Opens the best coding of a file that is there.
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

/// Opens the file beside `original` that has this coding, unless it was made from an earlier state of it.
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

/// The best coding of a file whose every coding is in the state that `entry` has of it.
fn take_best(
    entry: &CacheEntry,
    preference: Preference,
    mut opened: [Option<(File, Stamp)>; CODINGS.len()],
) -> Selected {
    let best = preference.iter().find_map(|coding| {
        let (file, _) = opened[coding as usize].take()?;
        Some(match entry.variant(coding) {
            Variant::Small(small) => Selected::InMemory(Arc::clone(small)),
            Variant::Large(representation) => Selected::Open(Arc::clone(representation), file),
            Variant::Absent => return None,
        })
    });
    best.expect("every preference has the file as it is, and that is open")
}

/// The first bytes of a file. One that cannot be read says nothing about itself; sending it will fail as well.
fn head_of(file: &File) -> Vec<u8> {
    let mut head = vec![0; HEAD_BYTES];
    let count = file.read_at(&mut head, 0).unwrap_or(0);
    head.truncate(count);
    head
}

/// Reads a small file into memory, unless it is there already.
fn keep(representation: Representation, mut file: File, known: Option<&Variant>) -> Selected {
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

/// All of a file, if nobody writes to it meanwhile.
fn read_whole(file: &mut File, stamp: &Stamp) -> Option<Arc<[u8]>> {
    let size = usize::try_from(stamp.size).ok()?;
    let mut bytes = Vec::with_capacity(size + 1);
    // One byte more than there should be: a file that has grown is found out.
    file.take(stamp.size + 1).read_to_end(&mut bytes).ok()?;
    let is_unchanged = Stamp::of(&retry_on_intr(|| fstat(&*file)).ok()?) == *stamp;
    (bytes.len() == size && is_unchanged).then(|| bytes.into())
}
