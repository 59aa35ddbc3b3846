//! A name for a file from what a client calls it. As Werkzeug's `secure_filename`, but it keeps letters of all
//! alphabets and only the last segment of a path.

/// Longest name: 200 bytes. File systems take 255, so that a program can add something.
const MAX_BYTES: usize = 200;

/// Longest extension that is kept when a name is cut: 20 bytes, with its dot.
const MAX_EXTENSION_BYTES: usize = 20;

/// The name if no character is left.
const NOTHING_LEFT: &str = "file";

/// Makes a name that stays in its directory. See [`Part::safe_file_name`](crate::Part::safe_file_name).
pub(super) fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // Browsers send a quote and line breaks so.
    let last = ["%22", "%0D", "%0A"].iter().fold(last.to_owned(), |name, escape| name.replace(escape, "_"));
    let mut safe = String::new();
    for c in last.chars() {
        let is_safe = c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
        if is_safe || !safe.ends_with('_') {
            safe.push(if is_safe { c } else { '_' });
        }
    }
    let safe = safe.trim_start_matches(['.', '-', '_']).trim_end_matches(['.', '_']);
    if safe.is_empty() { NOTHING_LEFT.to_owned() } else { shortened(safe) }
}

/// Cuts a name before its extension.
fn shortened(name: &str) -> String {
    if name.len() <= MAX_BYTES {
        return name.to_owned();
    }
    let dot = name.rfind('.').filter(|dot| name.len() - dot <= MAX_EXTENSION_BYTES).unwrap_or(name.len());
    let (stem, extension) = name.split_at(dot);
    let ends = stem.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| end + extension.len() <= MAX_BYTES).last().unwrap_or(0);
    stem[..end].trim_end_matches(['.', '_']).to_owned() + extension
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_safe_name_is_one_plain_segment() {
        for (name, expected) in [
            ("photo.jpg", "photo.jpg"),
            ("My cool movie.mov", "My_cool_movie.mov"),
            ("../../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("C:\\Users\\Ada\\x.txt", "x.txt"),
            ("a/", "file"),
            ("/", "file"),
            ("", "file"),
            (".", "file"),
            ("..", "file"),
            ("...", "file"),
            ("_.-", "file"),
            (".htaccess", "htaccess"),
            ("-rf", "rf"),
            ("a\0b", "a_b"),
            ("a\r\nb", "a_b"),
            ("a  ;$`'\"b", "a_b"),
            ("x.txt.", "x.txt"),
            ("x.txt ", "x.txt"),
            ("a__b", "a__b"),
            ("caf\u{e9} \u{4e2d}\u{6587}.png", "caf\u{e9}_\u{4e2d}\u{6587}.png"),
            ("gpj.\u{202e}exe", "gpj._exe"),
            ("%2e%2e%2fx", "2e_2e_2fx"),
            ("a%22b%22.txt", "a_b_.txt"),
            ("%%2222", "22"),
            ("\"%0D%0A\"x", "x"),
        ] {
            assert_eq!(safe(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let long = "x".repeat(1000);
        assert_eq!(safe(&long), "x".repeat(200));
        assert_eq!(safe(&format!("{long}.jpeg")), format!("{}.jpeg", "x".repeat(195)));
        assert_eq!(safe(&format!("a.{long}")), format!("a.{}", "x".repeat(198)), "a long end is none");
        assert_eq!(safe(&("\u{e9}".repeat(300) + ".gz")).len(), 199, "cut between characters");
        assert_eq!(safe(&format!("{}..gz", "x".repeat(250))), format!("{}.gz", "x".repeat(197)));
    }

    proptest! {
        #[test]
        fn no_name_leads_out_of_its_directory(name in "([./\\\\_ -]|\\PC|[a\u{e9}]|.){0,300}") {
            let safe = safe(&name);
            prop_assert!((1..=MAX_BYTES).contains(&safe.len()));
            prop_assert!(safe.starts_with(char::is_alphanumeric), "{}", safe);
            prop_assert!(safe.chars().all(|c| c.is_alphanumeric() || ".-_".contains(c)), "{}", safe);
            let path = std::path::Path::new("/d").join(&safe);
            prop_assert_eq!(path.parent(), Some(std::path::Path::new("/d")));
            prop_assert_eq!(super::safe(&safe), safe, "it is safe already");
        }
    }
}
