use super::*;

const PAUSE: Duration = Duration::from_millis(5);

/// The steps in words, for a body of `hello`.
fn words(fault: &Fault) -> String {
    let steps = fault.steps(b"HEAD ", Some(b"hello"));
    let words = steps.iter().map(|step| match step {
        WireStep::Send(bytes) => bytes.escape_ascii().to_string(),
        WireStep::Drip(bytes, piece, pause) => format!("{} by {piece} every {pause:?}", bytes.escape_ascii()),
        WireStep::Pause(pause) => format!("{pause:?}"),
        WireStep::End(ending) => ending.to_string(),
    });
    words.collect::<Vec<_>>().join(", ")
}

#[test]
fn each_fault_takes_the_steps_that_its_name_says() {
    let garbage = GARBAGE.escape_ascii();
    let table = [
        (Fault::close(), "a close".to_owned()),
        (Fault::reset(), "a reset".to_owned()),
        (Fault::garbage(), format!("{garbage}, a close")),
        (Fault::close_after(2), "HEAD he, a close".to_owned()),
        (Fault::close_after(0), "HEAD , a close".to_owned()),
        (Fault::reset_after(2), "HEAD he, a reset".to_owned()),
        (Fault::reset_after(99), "HEAD hello, a reset".to_owned()),
        (Fault::stall_after(2, PAUSE), "HEAD he, 5ms, llo, a close".to_owned()),
        (Fault::stall_after(2, PAUSE).then_close(), "HEAD he, 5ms, a close".to_owned()),
        (Fault::stall_after(2, PAUSE).then_reset(), "HEAD he, 5ms, a reset".to_owned()),
        (Fault::drip(2, PAUSE), "HEAD , hello by 2 every 5ms, a close".to_owned()),
        (Fault::slow_head(1, PAUSE), "HEAD  by 1 every 5ms, hello, a close".to_owned()),
        (Fault::wrong_length(99), "HEAD hello, a close".to_owned()),
        (Fault::bad_chunk_after(2), r"HEAD 2\r\nhe\r\nnot a size\r\nllo, a close".to_owned()),
        (Fault::bad_chunk_after(0), r"HEAD not a size\r\nhello, a close".to_owned()),
    ];
    for (fault, expected) in table {
        assert_eq!(words(&fault), expected, "{fault}");
    }
}

#[test]
fn a_response_without_a_body_gets_none_by_a_fault() {
    for fault in [Fault::close_after(3), Fault::drip(1, PAUSE), Fault::wrong_length(9), Fault::bad_chunk_after(1)] {
        let sent = fault.steps(b"HEAD", None).into_iter().flat_map(|step| match step {
            WireStep::Send(bytes) | WireStep::Drip(bytes, ..) => bytes,
            WireStep::Pause(_) | WireStep::End(_) => Vec::new(),
        });
        assert_eq!(sent.collect::<Vec<_>>(), b"HEAD", "{fault}");
    }
}

#[test]
fn only_a_stall_has_an_end_to_choose() {
    let panic = std::panic::catch_unwind(|| Fault::reset().then_close()).expect_err("a reset is an end");
    let message = panic.downcast_ref::<String>().expect("a text");
    assert!(message.ends_with("a reset without a response has an end of its own"), "{message}");
    std::panic::catch_unwind(|| Fault::drip(0, PAUSE)).expect_err("no bytes a piece");
}
