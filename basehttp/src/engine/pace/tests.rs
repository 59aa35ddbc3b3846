//! The pace table: verdicts from runs, places that requests share, and the second after a rescue.

use super::*;

#[test]
fn a_handler_is_blocking_if_none_of_its_last_eight_runs_was_fast() {
    let table = [
        ("", Speed::Unproven, "nothing is known"),
        ("ff", Speed::Unproven, "two runs prove nothing"),
        ("fff", Speed::Fast, "three do"),
        ("ssf", Speed::Fast, "two slow ones may be preemption"),
        ("ss", Speed::Unproven, "as with fast ones"),
        ("sss", Speed::Blocking, "it has never been fast"),
        ("sssf", Speed::Mixed, "it has been"),
        ("sfsfsf", Speed::Mixed, "in any order"),
        ("ffffffffsss", Speed::Mixed, "a busy machine makes three in a row"),
        ("fsssssss", Speed::Mixed, "and more of them"),
        ("fssssssss", Speed::Blocking, "but not eight"),
        ("ssssssssf", Speed::Mixed, "one fast run is enough to doubt it"),
        ("sssfffff", Speed::Mixed, "for eight runs"),
        ("sssffffff", Speed::Fast, "and then it comes back"),
    ];
    for (runs, expected, why) in table {
        let slot = runs.chars().fold(0, |slot, run| after_run(slot, run == 's'));
        assert_eq!(speed(slot), expected, "{runs}: {why}");
    }
}

#[test]
fn a_fast_handler_that_takes_longer_in_the_pool_comes_back_from_there() {
    let pace = PaceTable::new();
    let table = [
        (SLOW * 2, SLOW, Speed::Fast, "cold caches are no reason to keep it"),
        (SLOW_IN_POOL * 2, SLOW, Speed::Mixed, "a handler that waits may be fast at times"),
        (SLOW_IN_POOL * 2, SLOW_IN_POOL * 2, Speed::Blocking, "or never"),
    ];
    for (slot, (odd, even, expected, why)) in table.into_iter().enumerate() {
        (0..3).for_each(|_| pace.record_run(slot, SLOW * 2));
        for took in [odd, even].into_iter().cycle().take(16) {
            pace.record_pool_run(slot, took);
        }
        assert_eq!(pace.speed(slot), expected, "{why}");
    }
    let unclear = 5;
    (0..8).for_each(|_| pace.record_pool_run(unclear, SLOW_IN_POOL));
    assert_eq!(pace.speed(unclear), Speed::Unproven);
}

/// Returns the slot of a request whose places are those of group 7.
fn neighbour(owner: usize) -> usize {
    owner * GROUPS + 7
}

#[test]
fn a_few_requests_share_a_group_and_inherit_nothing() {
    use Speed::{Blocking, Fast, Unproven};
    let pace = PaceTable::new();
    let [fast, blocking, unproven, forgiven, late] = [1, 2, 3, 4, 5].map(neighbour);
    let run = |slot, count| (0..count).for_each(|_| pace.record_run(slot, Duration::ZERO));
    run(fast, 8);
    pace.record_blocked(blocking);
    run(unproven, 2);
    run(forgiven, 8);
    pace.record_blocked(forgiven);
    let known = || [fast, blocking, unproven, forgiven, late].map(|slot| pace.speed(slot));
    assert_eq!(known(), [Fast, Blocking, Unproven, Fast, Unproven]);
    run(late, 4);
    assert_eq!(known(), [Fast, Blocking, Unproven, Fast, Unproven], "all of them may still be in use");
    run(late, 3);
    assert_eq!(known(), [Fast, Blocking, Unproven, Fast, Fast], "the one that was never known has lost its place");
}

#[test]
fn blocking_handlers_that_are_silent_leave_their_places_to_fast_ones() {
    let pace = PaceTable::new();
    let [silent, asked] = [1, 2].map(neighbour);
    for slot in [silent, asked, neighbour(3), neighbour(4)] {
        pace.record_blocked(slot);
    }
    let fast = neighbour(5);
    let mut runs = 0;
    while pace.speed(fast) != Speed::Fast {
        pace.record_run(fast, Duration::ZERO);
        pace.record_run(asked, SLOW * 2);
        runs += 1;
        assert!(runs <= 20, "it has no vote");
    }
    assert_eq!(pace.speed(silent), Speed::Unproven);
    assert_eq!(pace.speed(asked), Speed::Blocking, "what is in use is not washed out");
}

#[test]
fn a_fast_handler_among_many_blocking_ones_stays_known() {
    let pace = PaceTable::new();
    let fast = pace.slot("GET", "/fast");
    let mut known = 0;
    for number in 0_usize..12_000 {
        // A few ids are asked for often, many of them once. Now and then one is rescued.
        let id = if number % 3 == 0 { number % 97 } else { number };
        let slow = pace.slot("GET", &format!("/slow/{id}"));
        if number % 50 == 0 {
            pace.record_blocked(slow);
        } else {
            pace.record_run(slow, SLOW * 2);
        }
        pace.record_run(fast, Duration::ZERO);
        known += u32::from(pace.speed(fast) == Speed::Fast);
    }
    assert!(known > 11_900, "{known} times of 12,000");
    (0..1200).for_each(|number| pace.record_blocked(pace.slot("GET", &format!("/invented/{number}"))));
    (0..20).for_each(|_| pace.record_run(fast, Duration::ZERO));
    assert_eq!(pace.speed(fast), Speed::Fast, "also after a time in which only others came");
}

#[test]
fn a_rescue_is_remembered_whatever_is_in_use() {
    let pace = PaceTable::new();
    (1..=4).for_each(|owner| (0..8).for_each(|_| pace.record_run(neighbour(owner), Duration::ZERO)));
    pace.record_blocked(neighbour(5));
    assert_eq!(pace.speed(neighbour(5)), Speed::Blocking);
    let forgotten = (1..=4).filter(|owner| pace.speed(neighbour(*owner)) != Speed::Fast).count();
    assert_eq!(forgotten, 1);
}

#[test]
fn a_fast_handler_is_forgiven_one_rescue() {
    let pace = PaceTable::new();
    let run = |count| (0..count).for_each(|_| pace.record_run(5, Duration::ZERO));
    pace.record_blocked(5);
    assert_eq!(pace.speed(5), Speed::Blocking, "nothing was known of it");
    run(8);
    assert_eq!(pace.speed(5), Speed::Fast);
    pace.record_blocked(5);
    assert_eq!(pace.speed(5), Speed::Fast, "it may have been the system's fault");
    run(3);
    pace.record_blocked(5);
    assert_eq!(pace.speed(5), Speed::Blocking, "but not twice in a row");
    run(16);
    pace.record_blocked(5);
    pace.record_run(5, SLOW * 2);
    assert_eq!(pace.speed(5), Speed::Mixed, "and a slow run tells, too");
}

#[test]
fn requests_are_told_apart_by_method_and_two_segments() {
    let pace = PaceTable { secret: 1, ..PaceTable::new() };
    assert_ne!(pace.slot("GET", "/"), pace.slot("GET", "/sleep"));
    assert_ne!(pace.slot("GET", "/sleep"), pace.slot("POST", "/sleep"));
    assert_ne!(pace.slot("GET", "/users/7"), pace.slot("GET", "/users/8"));
    assert_eq!(pace.slot("GET", "/a/b/c"), pace.slot("GET", "/a/b/d"));
    assert_eq!(pace.slot("GET", "/a?x"), pace.slot("GET", "/a?y"));
}

#[test]
fn each_route_has_a_place_of_its_own() {
    let pace = PaceTable::new();
    let blocking = [0, 1, 255, 256, u16::MAX];
    for route in blocking {
        assert_eq!(pace.speed(PaceTable::route_slot(route)), Speed::Unproven);
        pace.record_blocked(PaceTable::route_slot(route));
    }
    let fast = PaceTable::route_slot(7);
    (0..8).for_each(|_| pace.record_run(fast, Duration::ZERO));
    // As many other requests as there are slots of a group, and more.
    for number in 0..5_000 {
        let slot = pace.slot("GET", &format!("/invented/{number}"));
        assert!(slot < FIRST_ROUTE);
        pace.record_run(slot, Duration::ZERO);
        pace.record_blocked(slot);
    }
    assert_eq!(pace.speed(fast), Speed::Fast);
    let known = (0..=u16::MAX).filter(|route| pace.speed(PaceTable::route_slot(*route)) == Speed::Blocking);
    assert_eq!(known.collect::<Vec<_>>(), blocking);
    (0..9).for_each(|_| pace.record_run(PaceTable::route_slot(255), Duration::ZERO));
    assert_eq!(pace.speed(PaceTable::route_slot(255)), Speed::Fast, "it is learnt like any other");
}

#[test]
fn a_hook_is_fast_until_it_was_slow_whatever_is_asked_for() {
    let pace = PaceTable::new();
    let hooks = [
        ConnectionCode::VerifyRequest,
        ConnectionCode::LogError,
        #[cfg(feature = "tls")]
        ConnectionCode::Handshake,
    ]
    .map(PaceTable::hook_slot);
    let run = |slot, count, took| (0..count).for_each(|_| pace.record_run(slot, took));
    for (number, hook) in hooks.into_iter().enumerate() {
        assert_eq!(pace.speed(hook), Speed::Fast, "nothing is known against it");
        (0..2).for_each(|_| pace.record_blocked(hook));
        assert_eq!(pace.speed(hook), Speed::Fast, "it may have been the system's fault");
        pace.record_blocked(hook);
        assert_eq!(pace.speed(hook), Speed::Mixed, "it needs a thread, and may not wait for one");
        // As many rescues as evict what the table knows of requests.
        (0..5_000).for_each(|number| pace.record_blocked(pace.slot("GET", &format!("/invented/{number}"))));
        assert_eq!(pace.speed(hook), Speed::Mixed, "it is not forgotten");
        run(hook, 5, SLOW * 2);
        assert_eq!(pace.speed(hook), Speed::Blocking, "it was never fast");
        run(hook, 8, Duration::ZERO);
        assert_eq!(pace.speed(hook), Speed::Fast);
        (0..8).for_each(|_| pace.record_blocked(hook));
        assert_eq!(pace.speed(hook), Speed::Blocking, "eight rescues in a row tell enough");
        assert!(hooks[number + 1..].iter().all(|other| pace.speed(*other) == Speed::Fast), "each has its own place");
    }
    assert!(hooks.iter().all(|hook| *hook > PaceTable::route_slot(u16::MAX)));
}

#[test]
fn caution_lasts_from_a_rescue_until_its_time_is_over() {
    let start = Instant::now();
    let last_rescue = LastRescue::new(start);
    let at = |millis| start + Duration::from_millis(millis);
    assert!(!last_rescue.is_on(start), "there was no rescue");
    last_rescue.begin(at(500));
    assert_eq!([500, 1499, 1500].map(|millis| last_rescue.is_on(at(millis))), [true, true, false]);
    last_rescue.begin(at(3000));
    last_rescue.begin(at(2900));
    assert!(last_rescue.is_on(at(3950)), "the later of two counts");
}
