//! The words that say where a method runs. The checks, the messages and the expansion all use this table.
//!
//! If you change it, change `Pace` in the runtime and the table in the documentation of `http_handler`.

/// Each word, and the variant of the runtime's `Pace` that it names.
pub(crate) const PACES: [(&str, &str); 3] = [("inline", "Inline"), ("pool", "Pool"), ("auto", "Auto")];

/// The variant that a word names.
pub(crate) fn variant(word: &str) -> Option<&'static str> {
    PACES.iter().find(|(known, _)| *known == word).map(|(_, variant)| *variant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pace_is_documented() {
        for (word, _) in PACES {
            assert!(include_str!("http_handler.md").contains(&format!("\n| `\"{word}\"` |")), "{word}");
        }
    }
}
