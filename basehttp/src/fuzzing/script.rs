//! The head of a CGI program's output: the same whether read whole or in pieces, and nothing in it that no reply may
//! say.

use super::choices::{Choices, ends};
use crate::handlers::cgi::head::{ScriptHead, ScriptHeadReader, ScriptResponse};
use crate::proto::is_token;

/// Runs this target on `bytes`.
pub fn script(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let (piece, max_bytes) = (choices.below(16) + 1, choices.of(&[32 * 1024, 40]));
    let bytes = choices.rest();
    let whole = read(bytes, max_bytes, bytes.len().max(1));
    let in_pieces = read(bytes, max_bytes, piece);
    match (&whole, &in_pieces) {
        // One of the two may find a mistake earlier.
        (Err(_), Err(_)) => {}
        _ => assert_eq!(in_pieces, whole, "cut into pieces of {piece}"),
    }
    if let Ok(Some((head, used))) = whole {
        assert!(used <= bytes.len().min(max_bytes));
        check(head);
    }
}

fn read(bytes: &[u8], max_bytes: usize, piece: usize) -> Result<Option<(ScriptHead, usize)>, String> {
    let mut reader = ScriptHeadReader::new(max_bytes);
    let mut start = 0;
    for end in ends(bytes.len(), piece) {
        if let Some((head, used)) = reader.push(&bytes[start..end])? {
            assert!(used <= end - start, "no more than was given");
            return Ok(Some((head, start + used)));
        }
        start = end;
    }
    Ok(None)
}

fn check(head: ScriptHead) {
    match head.response() {
        Err(_) => {}
        Ok(ScriptResponse::LocalRedirect(path)) => assert!(path.starts_with('/') && !path.starts_with("//")),
        Ok(ScriptResponse::Document { code, reason, fields }) => {
            assert!((200..=599).contains(&code));
            assert!(reason.is_none_or(|reason| !reason.chars().any(is_control)));
            for (name, value) in fields {
                assert!(is_token(name.as_bytes()) && !value.chars().any(is_control), "{name}: {value}");
                let name = name.to_ascii_lowercase();
                assert!(!["connection", "transfer-encoding", "upgrade", "status"].contains(&&*name), "{name}");
            }
        }
    }
}

/// What would end a line, or is no character of a field: RFC 9110, section 5.5.
fn is_control(character: char) -> bool {
    character.is_ascii_control() && character != '\t' || character > '\u{ff}'
}
