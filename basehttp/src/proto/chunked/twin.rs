//! Reads chunks once more, with the plainest means. Tests and fuzzing compare the decoder with it.

use super::super::field::is_token;

/// Returns the content of a complete body without trailers. Knows no limits.
pub(crate) fn naive(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut rest, mut content) = (bytes, Vec::new());
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        let line = str::from_utf8(&rest[..end]).ok()?;
        let digits = line.split([';', ' ', '\t']).next()?;
        if digits.len() > 16 || digits.starts_with('+') || !naive_extensions(&line[digits.len()..]) {
            return None;
        }
        let size = usize::try_from(u64::from_str_radix(digits, 16).ok()?).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return (rest == b"\r\n").then_some(content);
        }
        content.extend_from_slice(rest.get(..size)?);
        rest = rest[size..].strip_prefix(b"\r\n")?;
    }
}

/// Checks extensions without quoted strings.
fn naive_extensions(text: &str) -> bool {
    let is_token = |text: &str| is_token(text.as_bytes());
    let spaces = [' ', '\t'];
    let Some(first) = text.trim_start_matches(spaces).strip_prefix(';') else { return text.is_empty() };
    !text.ends_with(spaces)
        && first.split(';').all(|extension| match extension.trim_matches(spaces).split_once('=') {
            Some((name, value)) => {
                is_token(name.trim_end_matches(spaces)) && is_token(value.trim_start_matches(spaces))
            }
            None => is_token(extension.trim_matches(spaces)),
        })
}
