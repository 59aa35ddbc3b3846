//! Finds the known word that an unknown one was probably meant to be.

/// Returns the known word nearest to `word`, if one slip of the fingers lies between them, or two in longer words.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let is_near = |known: &&&str| word.len().abs_diff(known.len()) <= allowed(known);
    let near = known.iter().filter(is_near).map(|known| (slips(word, known), *known));
    let (slips, nearest) = near.min_by_key(|(slips, _)| *slips)?;
    (slips <= allowed(nearest)).then_some(nearest)
}

/// Returns the known word that has the same letters, such as `MessageClass` for `message_class`.
pub(crate) fn in_another_style<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    known.iter().find(|known| letters(known) == letters(word)).copied()
}

fn letters(word: &str) -> String {
    word.replace('_', "").to_ascii_lowercase()
}

/// `SET` is not a misspelt `GET`, nor `READ` a `HEAD`, nor `GOT` a `GET`: a slip seldom hits the first letter, and in
/// three letters one wrong one makes another word. Swapped letters are a slip wherever they are.
pub(crate) fn is_another_word(word: &str, known: &str) -> bool {
    let same_letters = sorted(word) == sorted(known);
    let same_start = word.as_bytes().first() == known.as_bytes().first();
    !same_letters && (!same_start || (known.len() == 3 && word.len() == 3))
}

fn sorted(word: &str) -> Vec<u8> {
    let mut letters = word.as_bytes().to_vec();
    letters.sort_unstable();
    letters
}

fn allowed(known: &str) -> usize {
    if known.len() < 6 { 1 } else { 2 }
}

/// Counts the letters that are missing, too many, wrong, or swapped with their neighbour.
fn slips(left: &str, right: &str) -> usize {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    // The last three rows of the table: a swap looks two rows back.
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let (mut before, mut row) = (last.clone(), last.clone());
    for length in 1..=left.len() {
        row[0] = length;
        for column in 1..=right.len() {
            let wrong = usize::from(left[length - 1] != right[column - 1]);
            let mut fewest = (last[column] + 1).min(row[column - 1] + 1).min(last[column - 1] + wrong);
            if is_swapped(&left[..length], &right[..column]) {
                fewest = fewest.min(before[column - 2] + 1);
            }
            row[column] = fewest;
        }
        (before, last, row) = (last, row, before);
    }
    last[right.len()]
}

fn is_swapped(left: &[u8], right: &[u8]) -> bool {
    matches!((left, right), ([.., a, b], [.., c, d]) if a == d && b == c && a != b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (left, right, count) in
            [("POST", "POST", 0), ("PSOT", "POST", 1), ("DELET", "DELETE", 1), ("GEET", "GET", 1), ("", "GET", 3)]
        {
            assert_eq!(slips(left, right), count, "{left} {right}");
        }
    }

    #[test]
    fn a_word_far_from_all_is_no_slip() {
        assert_eq!(nearest("server_versoin", &["server_version", "sys_version"]), Some("server_version"));
        assert_eq!(nearest("colour", &["server_version", "sys_version"]), None);
    }
}
