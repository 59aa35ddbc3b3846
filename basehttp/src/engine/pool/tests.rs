//! Jobs, leases and threads of a pool, as a test that plays each thread sees them.

use std::io;

use super::*;

/// A system that refuses a thread.
fn none() -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

/// A system that gives a thread. The test is that thread.
#[allow(clippy::unnecessary_wraps)] // As the pool wants it.
fn started() -> io::Result<()> {
    Ok(())
}

fn pool() -> Pool<u32> {
    Pool::new(PoolLimits { max_threads: 4, leaders: 1, max_queued: 4 })
}

/// Asks the system once more, in vain. Returns the jobs that are given up, if a thread is needed at all.
fn given_up(pool: &Pool<u32>, now: Instant) -> Option<Vec<u32>> {
    pool.reinforce(now, none).map(|lack| lack.given_up)
}

#[test]
fn jobs_come_back_from_a_system_that_gives_no_thread() {
    let pool = pool();
    let now = Instant::now();
    pool.submit(1, none).expect("it may wait");
    pool.submit(2, none).expect("it may wait");
    assert_eq!(given_up(&pool, now), Some(vec![]), "not at once");
    assert_eq!(pool.room(), Room::Free, "there may be a thread soon");
    assert_eq!(given_up(&pool, now + 2 * THREAD_WAIT), Some(vec![1, 2]));
    assert_eq!(pool.room(), Room::Full, "no job need come");
    assert_eq!(pool.submit(3, none), Err(3));
    assert_eq!(given_up(&pool, now + 2 * THREAD_WAIT), None, "and none is wanted any more");
    pool.lock().deserted_until = Some(now);
    assert_eq!(pool.room(), Room::Free, "when that is over it is tried again");
    pool.submit(4, none).expect("it may wait");
    assert_eq!(given_up(&pool, now), Some(vec![]), "for as long as the first");
}

#[test]
fn it_is_quiet_while_a_thread_comes_for_each_job_and_each_shard() {
    let pool = pool();
    let mut me = PoolThread::new();
    assert!(pool.is_quiet());
    pool.submit(0, started).expect("there is a thread");
    assert!(pool.is_quiet(), "it is on its way");
    assert!(matches!(pool.next(&mut me), Some(Task::Job(0))));
    pool.grant(0, || Some(1), none);
    assert!(!pool.is_quiet(), "a thread that keeps a connection would leave the shard without a leader");
    assert!(matches!(pool.next(&mut me), Some(Task::Lead { .. })));
    assert!(pool.is_quiet());
    pool.submit(1, none).expect("it may wait");
    assert!(!pool.is_quiet());
}

#[test]
fn a_job_that_is_put_back_stands_behind_the_others_and_needs_no_place() {
    let pool = Pool::new(PoolLimits { max_threads: 1, leaders: 1, max_queued: 1 });
    let (mut leader, mut me) = (PoolThread::new(), PoolThread::new());
    pool.grant(0, || Some(1), started);
    assert!(matches!(pool.next(&mut leader), Some(Task::Lead { .. })));
    pool.submit("first", started).expect("there is a thread");
    assert!(matches!(pool.next(&mut me), Some(Task::Job("first"))));
    pool.submit("other", started).expect("it may wait");
    assert_eq!(pool.room(), Room::Full);
    assert_eq!(pool.requeue("again", started), Ok(()), "its thread takes the other one next");
    assert!(matches!(pool.next(&mut me), Some(Task::Job("other"))));
    assert!(matches!(pool.next(&mut me), Some(Task::Job("again"))));
    assert_eq!(pool.end(), [""; 0]);
    assert_eq!(pool.requeue("late", started), Err("late"));
}

#[test]
fn jobs_leave_threads_for_shards_whose_leader_gets_stuck() {
    let pool = &pool();
    let mut threads: Vec<_> = (0..5).map(|_| PoolThread::new()).collect();
    std::thread::scope(|scope| {
        let returning = [0, 1].map(|job| {
            let (ends_job, job_ends) = std::sync::mpsc::channel();
            pool.submit(job, started).expect("there is a thread");
            let thread = scope.spawn(move || {
                let mut me = PoolThread::new();
                assert!(matches!(pool.next(&mut me), Some(Task::Job(_))));
                job_ends.recv().expect("the test ends it");
                pool.next(&mut me)
            });
            (ends_job, thread)
        });
        while pool.lock().serving < 2 {
            std::thread::yield_now();
        }
        // A leader that is stuck, its successor, and as many other jobs as the pool allows.
        let (worker, leaders) = threads.split_first_mut().expect("five");
        let mut leaders = (1..).zip(leaders);
        let mut lead = || {
            let (epoch, leader) = leaders.next().expect("four lead");
            pool.grant(0, || Some(epoch), started);
            assert!(matches!(pool.next(leader), Some(Task::Lead { .. })));
        };
        (0..2).for_each(|_| lead());
        assert_eq!(pool.room(), Room::Free);
        pool.submit(2, started).expect("there is a thread");
        assert!(matches!(pool.next(worker), Some(Task::Job(2))));
        pool.submit(3, || panic!("no thread is left for jobs")).expect("it may wait");
        assert_eq!(pool.room(), Room::Queue);
        assert!(pool.may_risk_leader() && pool.has_leader_left());
        // The next leader gets stuck, and then another one.
        lead();
        assert!(!pool.may_risk_leader() && pool.has_leader_left(), "the last thread is for fast handlers");
        lead();
        assert!(!pool.has_leader_left());
        // The threads that come back first are those for the shard, although a job waits.
        let answers: [fn(&Pool<u32>) -> bool; 2] = [Pool::has_leader_left, Pool::may_risk_leader];
        let returning = returning.into_iter().zip(answers).map(|((ends_job, thread), is_there)| {
            ends_job.send(()).expect("it waits");
            while !is_there(pool) {
                std::thread::yield_now();
            }
            thread
        });
        let returning: Vec<_> = returning.collect();
        assert!(matches!(pool.next(worker), Some(Task::Job(3))), "the third one is for the job");
        for epoch in [5, 6] {
            pool.grant(0, || Some(epoch), || panic!("a thread sleeps"));
        }
        for thread in returning {
            assert!(matches!(thread.join(), Ok(Some(Task::Lead { epoch: 5 | 6, .. }))));
        }
    });
}

#[test]
fn every_shard_gets_a_leader_once_threads_are_to_be_had() {
    let pool = Pool::<u32>::new(PoolLimits { max_threads: 4, leaders: 3, max_queued: 4 });
    let now = Instant::now();
    (0..3).for_each(|shard| pool.grant(shard, || Some(1), none));
    assert_eq!(given_up(&pool, now), Some(vec![]), "none is to be had yet");
    let mut started = 0;
    let mut start = || {
        started += 1;
        assert!(started <= 3, "one for each shard");
        Ok(())
    };
    while let Some(lack) = pool.reinforce(now, &mut start) {
        assert!(lack.given_up.is_empty());
    }
    assert_eq!(started, 3, "one for each shard");
}

#[test]
fn jobs_wait_for_a_thread_that_is_at_another() {
    let pool = pool();
    let now = Instant::now();
    let mut me = PoolThread::new();
    pool.submit(1, || Ok(())).expect("there is a thread");
    assert!(matches!(pool.next(&mut me), Some(Task::Job(1))));
    pool.submit(2, none).expect("it may wait");
    assert_eq!(given_up(&pool, now + 2 * THREAD_WAIT), Some(vec![]), "the thread will come back");
    assert!(matches!(pool.next(&mut me), Some(Task::Job(2))));
    // One that leads does not serve jobs.
    pool.grant(0, || Some(1), none);
    assert!(matches!(pool.next(&mut me), Some(Task::Lead { shard: 0, epoch: 1 })));
    pool.submit(3, none).expect("it may wait");
    assert_eq!(given_up(&pool, now + 4 * THREAD_WAIT), Some(vec![3]));
}

#[test]
fn jobs_that_a_system_has_refused_threads_for_get_one_each_when_it_gives_them() {
    let pool = pool();
    (1..=3).for_each(|job| pool.submit(job, none).expect("it may wait"));
    let now = Instant::now();
    let mut count = 0;
    let mut start = || {
        count += 1;
        Ok(())
    };
    while pool.reinforce(now, &mut start).is_some_and(|lack| lack.given_up.is_empty()) && pool.threads() < 9 {}
    assert_eq!(count, 3);
}

/// A pool of four shards in a system that gives two threads. They lead the first two.
fn two_leaders_of_four() -> (Pool<u32>, [PoolThread; 2]) {
    let pool = Pool::new(PoolLimits { max_threads: 4, leaders: 4, max_queued: 4 });
    (0..4).for_each(|shard| pool.grant(shard, || Some(1), if shard < 2 { started } else { none }));
    let mut leaders = [PoolThread::new(), PoolThread::new()];
    for (shard, leader) in leaders.iter_mut().enumerate() {
        expect_lease(&pool, leader, shard, 1);
    }
    (pool, leaders)
}

#[track_caller]
fn expect_lease(pool: &Pool<u32>, me: &mut PoolThread, shard: usize, epoch: u32) {
    match pool.next(me) {
        Some(Task::Lead { shard: next, epoch: its }) => assert_eq!((next, its), (shard, epoch)),
        _ => panic!("a lease waits"),
    }
}

#[test]
fn a_shard_that_has_lost_its_leader_goes_before_those_that_never_had_one() {
    let (pool, mut leaders) = two_leaders_of_four();
    assert!(!pool.lacks_leader(), "no connection is where no thread has led");
    pool.grant(1, || Some(2), none);
    assert!(pool.lacks_leader());
    pool.grant(0, || Some(2), none);
    expect_lease(&pool, &mut leaders[0], 1, 2);
    assert!(pool.lacks_leader());
    expect_lease(&pool, &mut leaders[1], 0, 2);
    assert!(!pool.lacks_leader());
    assert!(pool.reinforce(Instant::now(), started).is_some());
    expect_lease(&pool, &mut PoolThread::new(), 2, 1);
}

#[test]
fn a_leader_that_gives_way_takes_the_shard_that_has_waited_longest() {
    let (pool, [_stuck, mut me]) = two_leaders_of_four();
    pool.grant(0, || Some(2), none);
    let (mut mine, mut epochs) = (1, [2, 1]);
    for _ in 0..4 {
        epochs[mine] += 1;
        pool.give_way(mine, || Some(epochs[mine]));
        mine = 1 - mine;
        expect_lease(&pool, &mut me, mine, epochs[mine]);
        assert!(pool.lacks_leader(), "the other one waits now");
    }
}

#[test]
fn a_thread_that_the_system_may_refuse_is_on_its_way_to_no_shard() {
    let (pool, [_stuck, _]) = two_leaders_of_four();
    pool.grant(0, || Some(2), none);
    let refused = || {
        assert!(pool.lacks_leader(), "a leader that slept now would not be woken");
        none()
    };
    pool.submit(1, refused).expect("it may wait");
    assert!(pool.reinforce(Instant::now(), refused).is_some());
    assert!(pool.lacks_leader());
    assert!(pool.reinforce(Instant::now(), started).is_some());
    assert!(!pool.lacks_leader(), "a thread comes");
}

#[test]
fn a_refusal_that_is_not_noted_yet_has_the_monitor_come_again() {
    let pool = pool();
    let now = Instant::now();
    let refused = || {
        assert_eq!(given_up(&pool, now), Some(vec![]), "the monitor was woken, and may not sleep for good");
        none()
    };
    pool.submit(1, refused).expect("it may wait");
    assert!(pool.reinforce(now, started).is_some(), "it is noted now");
    assert_eq!(given_up(&pool, now), None, "a thread comes");
}

#[test]
fn the_longer_a_thread_is_lacking_the_less_often_the_system_is_asked() {
    let pool = pool();
    pool.grant(0, || Some(1), none);
    let since = pool.lock().lacks_thread.expect("it has refused");
    let retry_in = |after| pool.reinforce(since + after, none).map(|lack| lack.retry_in);
    assert_eq!(retry_in(Duration::ZERO), Some(Duration::from_millis(4)));
    assert_eq!(retry_in(Duration::from_millis(80)), Some(Duration::from_millis(10)));
    assert_eq!(retry_in(Duration::from_secs(3600)), Some(Duration::from_millis(250)));
}
