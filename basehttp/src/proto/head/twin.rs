//! The scanner once more, written as plainly as possible. Tests and fuzzing compare the real one with it.

use std::ops::Range;

use super::super::{field::is_token_byte, limits::Limits, version::Version};

/// Scans one byte after another, and remembers only the line.
pub(crate) fn naive_scan(bytes: &[u8], limits: &Limits) -> Result<Option<Range<usize>>, u16> {
    let (mut start, mut lines, mut empty_lines, mut line) = (0, 0, 0, Vec::new());
    for (at, byte) in bytes.iter().enumerate() {
        let after_cr = line.last() == Some(&b'\r');
        let is_content = !matches!(byte, b'\r' | b'\n');
        let line_room = if lines == 0 { limits.max_request_line_bytes } else { limits.max_field_line_bytes };
        if !after_cr && is_content {
            if lines == 0 && line.len() < line_room && at - start < limits.max_head_bytes && !line.contains(&b' ') {
                match byte {
                    b' ' if !line.is_empty() => {}
                    _ if !is_token_byte(*byte) => return Err(400),
                    _ if line.len() == limits.max_method_bytes => return Err(501),
                    _ => {}
                }
            }
            if lines > limits.max_fields {
                return Err(431);
            }
            if line.len() >= line_room.min(limits.max_head_bytes.saturating_sub(at - start - line.len())) {
                let is_target = lines == 0 && line_room <= limits.max_head_bytes;
                return Err(if is_target { 414 } else { 431 });
            }
        }
        line.push(*byte);
        match (after_cr, byte) {
            (true, b'\n') => {}
            (true, _) | (false, b'\n') => return Err(400),
            (false, _) => continue,
        }
        line.truncate(line.len() - 2);
        match (lines, line.is_empty()) {
            (0, true) if empty_lines == limits.max_empty_lines => return Err(400),
            (0, true) => (empty_lines, start) = (empty_lines + 1, at + 1),
            (_, true) if at + 1 - start > limits.max_head_bytes => return Err(431),
            (_, true) => return Ok(Some(start..at + 1)),
            (0, false) => {
                let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
                Version::of_request(version).map_err(|refusal| refusal.status)?;
                lines = 1;
            }
            _ => lines += 1,
        }
        line.clear();
    }
    Ok(None)
}
