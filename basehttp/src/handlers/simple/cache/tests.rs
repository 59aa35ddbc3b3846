use super::*;

fn small(bytes: usize, changed: i64, now: u64) -> Arc<SmallFile> {
    let stamp = Stamp { device: 1, inode: 1, size: bytes as u64, modified: (0, 0), changed: (changed, 0) };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
    Arc::new(SmallFile::new(Representation::plain(stamp), vec![0; bytes].into(), now))
}

fn entry(bytes: usize) -> Arc<CacheEntry> {
    let mut variants = [const { Variant::Absent }; CODINGS.len()];
    variants[Coding::Identity as usize] = Variant::Small(small(bytes, 0, 100));
    Arc::new(CacheEntry::new(Vec::new(), variants, 1, Instant::now()))
}

/// Adds the cost of all entries up anew, and checks that the ring has each key once.
fn check(cache: &Cache) -> usize {
    let entries = cache.read();
    let bytes = entries.slots.iter().map(|(key, slot)| slot.entry.cost(key)).sum();
    assert_eq!(entries.bytes, bytes, "the sum is small");
    assert_eq!(entries.ring.len(), entries.slots.len(), "the ring has the keys");
    assert!(entries.ring.iter().all(|key| entries.slots.contains_key(key)), "and no others");
    assert!(bytes <= cache.max_bytes, "{bytes} of {}", cache.max_bytes);
    bytes
}

#[test]
fn the_bytes_stay_within_the_bound_whatever_is_put() {
    let cache = Cache::new(100_000);
    for round in 0..2000_usize {
        let key = format!("file{}", round * 7919 % 300);
        match round % 5 {
            0 => cache.forget(key.as_bytes()),
            1 => drop(cache.get(key.as_bytes())),
            _ => cache.put(key.as_bytes(), entry(round * 31 % 20_000)),
        }
        check(&cache);
    }
    assert!(check(&cache) > 50_000, "and they are used");
}

#[test]
fn what_is_asked_for_stays_and_what_nobody_asks_for_goes() {
    let cache = Cache::new(20 * (ENTRY_BYTES + 1000 + 10));
    cache.put(b"popular", entry(1000));
    for other in 0..200 {
        assert!(cache.get(b"popular").is_some(), "after {other} others");
        cache.put(format!("other{other}").as_bytes(), entry(1000));
    }
    assert!(cache.get(b"other0").is_none());
    assert!(cache.get(b"other199").is_some());
}

#[test]
fn what_is_larger_than_the_bound_is_not_kept_and_takes_nothings_place() {
    let cache = Cache::new(10_000);
    cache.put(b"small", entry(1));
    cache.put(b"large", entry(10_000));
    assert!(cache.get(b"small").is_some());
    assert!(cache.get(b"large").is_none());
    cache.put(b"small", entry(10_000));
    assert!(cache.get(b"small").is_none(), "the old state is not served in place of one that cannot be small");
    check(&cache);
}

#[test]
fn an_entry_is_believed_where_it_is_old_and_asked_for_often() {
    let start = Instant::now();
    let entry = |changed: SystemTime| {
        let changed = changed.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
        let mut variants = [const { Variant::Absent }; CODINGS.len()];
        variants[Coding::Identity as usize] = Variant::Small(small(1, changed.cast_signed(), changed + 100));
        CacheEntry::new(b"a".to_vec(), variants, 1, start)
    };
    let old = entry(SystemTime::UNIX_EPOCH);
    let believed =
        |entry: &CacheEntry, generation| (0..100).filter(|_| entry.is_trusted(generation, start)).count() as u64;
    assert_eq!(believed(&old, 1), 101 - MAX_LOOKS, "not the first times");
    assert_eq!(believed(&old, 1), 100, "then always");
    assert_eq!(believed(&old, 2), 0, "another tree is served by now");
    assert!(!old.is_trusted(1, start + Duration::from_secs(1)), "at most for a second");
    assert_eq!(believed(&entry(SystemTime::now()), 1), 0, "it has just been changed");
}

#[test]
fn bytes_are_taken_over_only_if_the_file_had_settled_when_they_were_read() {
    let table = [
        (50, 100, true, "changed long before"),
        (98, 100, true, "two seconds before"),
        (99, 100, false, "just before: the next change may have the same time"),
        (100, 100, false, "just now"),
        (101, 100, false, "another machine's clock"),
    ];
    for (changed, now, expected, why) in table {
        let small = small(5, changed, now);
        let same = Representation::plain(small.representation.stamp);
        assert_eq!(small.is_still(&same), expected, "{why}");
        let longer = Representation::plain(Stamp { size: 6, ..same.stamp });
        assert!(!small.is_still(&longer), "another state: {why}");
    }
}
