//! Models of the monitor's sleep: it misses no handler that begins, and no thread that the system refuses.

use std::sync::Arc;
use std::time::Instant;

use loom::thread;

use crate::engine::heartbeat::Heartbeat;
use crate::engine::monitor::MonitorWaker;
use crate::engine::pool::{Pool, PoolLimits};

#[test]
fn a_handler_that_begins_is_seen_by_the_monitor_or_wakes_it() {
    loom::model(|| {
        let shared = Arc::new((Heartbeat::default(), MonitorWaker::new()));
        let leader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (heartbeat, monitor_waker) = &*shared;
                let mut beat = heartbeat.take_over(1).expect("no other thread does");
                // One handler that returns, and one that does not.
                for steps in [2, 1] {
                    assert!(beat.tick());
                    monitor_waker.wake_if_asleep();
                    assert!(steps == 1 || beat.tick());
                }
            })
        };
        let (heartbeat, monitor_waker) = &*shared;
        // If the second handler is missed, this sleeps for ever, which loom reports.
        while heartbeat.word() != 1 << 32 | 3 {
            monitor_waker.sleep(None, || Heartbeat::is_in_handler(heartbeat.word()));
            thread::yield_now();
        }
        leader.join().unwrap();
    });
}

#[test]
fn a_thread_that_the_system_refuses_is_asked_for_again_by_the_monitor() {
    loom::model(|| {
        let limits = PoolLimits { max_threads: 1, leaders: 1, max_queued: 1 };
        let shared = Arc::new((Pool::new(limits), MonitorWaker::new()));
        let leader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (pool, monitor_waker) = &*shared;
                // As `Engine::spawn`.
                let refused = || {
                    monitor_waker.wake();
                    Err(std::io::ErrorKind::WouldBlock.into())
                };
                assert!(pool.submit((), refused).is_ok());
            })
        };
        let (pool, monitor_waker) = &*shared;
        let mut is_given = false;
        // If the refusal is missed, this sleeps for ever, which loom reports.
        while !is_given {
            let gives = || {
                is_given = true;
                Ok(())
            };
            match pool.reinforce(Instant::now(), gives) {
                Some(_) => thread::yield_now(),
                None => monitor_waker.sleep(None, || false),
            }
        }
        leader.join().unwrap();
        assert_eq!((pool.threads(), pool.end().len()), (1, 1), "one thread, for the job");
    });
}
