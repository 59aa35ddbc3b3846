//! Reads the text of `#[path("…")]` into pieces, one for each segment.
//!
//! | in the text  | piece                                              |
//! |--------------|----------------------------------------------------|
//! | `users`      | a word, compared with the decoded segment          |
//! | `{id}`       | a parameter, one segment that is not empty         |
//! | `{*rest}`    | a rest, one segment or more, at the end            |
//!
//! `/` has no pieces, and `/users/` has an empty word at its end. A text with mistakes has pieces too, the likeliest ones:
//! the functions that make links need them.

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Attribute, LitStr};

use crate::refusals::{Refusals, refusal};

/// `#[path("/users/{id}")]`
pub(crate) struct Template {
    pub literal: LitStr,
    pub pieces: Vec<Piece>,
    /// False if something in it was refused, so that nothing more is to be said about it.
    pub is_sound: bool,
}

/// One segment of a template; a rest takes all that follow.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Word(String),
    Parameter(String),
    Rest(String),
}

impl Piece {
    /// The name that a method's parameter has.
    pub(crate) fn parameter(&self) -> Option<&str> {
        match self {
            Self::Word(_) => None,
            Self::Parameter(name) | Self::Rest(name) => Some(name),
        }
    }
}

impl Template {
    pub(crate) fn read(attribute: &Attribute, refusals: &mut Refusals) -> Self {
        let Ok(literal) = attribute.parse_args::<LitStr>() else {
            let wrong = "`path` takes one path, as a string";
            refusals.refuse(attribute, wrong, "write for example `#[path(\"/users/{id}\")]`");
            let literal = LitStr::new("/", attribute.path().span());
            return Self { literal, pieces: Vec::new(), is_sound: false };
        };
        let text = literal.value();
        let mut faults = Faults { literal: &literal, first: None };
        let path = text.strip_prefix('/').unwrap_or(&text);
        whole(&text, &mut faults);
        let segments: Vec<_> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
        let pieces: Vec<_> = segments.into_iter().map(|segment| piece(segment, &mut faults)).collect();
        order(&pieces, &mut faults);
        let is_sound = faults.first.is_none();
        refusals.keep(faults.first.map_or(Ok(()), Err));
        Self { literal, pieces, is_sound }
    }

    /// The text as the user wrote it.
    pub(crate) fn text(&self) -> String {
        self.literal.value()
    }

    /// The names of the parameters, the rest among them.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(Piece::parameter)
    }

    /// True if no request can tell the two apart.
    pub(crate) fn has_shape_of(&self, other: &Self) -> bool {
        use Piece::{Parameter, Rest, Word};
        let is_same = |(left, right): (&Piece, &Piece)| match (left, right) {
            (Word(left), Word(right)) => left == right,
            (Parameter(_), Parameter(_)) | (Rest(_), Rest(_)) => true,
            _ => false,
        };
        self.pieces.len() == other.pieces.len() && self.pieces.iter().zip(&other.pieces).all(is_same)
    }

    /// The name of `{*rest}`.
    pub(crate) fn rest(&self) -> Option<&str> {
        match self.pieces.last() {
            Some(Piece::Rest(name)) => Some(name),
            _ => None,
        }
    }
}

impl ToTokens for Template {
    fn to_tokens(&self, tokens: &mut proc_macro2::TokenStream) {
        self.literal.to_tokens(tokens);
    }
}

/// The first mistake in a text. Others are often its consequences.
struct Faults<'l> {
    literal: &'l LitStr,
    first: Option<syn::Error>,
}

impl Faults<'_> {
    fn add(&mut self, wrong: impl std::fmt::Display, instead: impl std::fmt::Display) {
        if self.first.is_none() {
            self.first = Some(refusal(self.literal, wrong, instead));
        }
    }
}

/// Looks at what no segment shows.
fn whole(text: &str, faults: &mut Faults<'_>) {
    if let Some((path, query)) = text.split_once(['?', '#']) {
        let name = query.split(['=', '&']).next().filter(|name| is_name(name)).unwrap_or("page");
        let wrong = "a path ends before the query";
        faults.add(wrong, format_args!("write {path:?}, and take the value as a parameter: `#[query] {name}: …`"));
    } else if !text.starts_with('/') {
        faults.add("a path begins with a slash", format_args!("write {:?}", format!("/{text}")));
    } else if text.contains("//") {
        let mut single = text.to_owned();
        while single.contains("//") {
            single = single.replace("//", "/");
        }
        faults.add("the path has an empty segment", format_args!("write {single:?}"));
    } else if text.contains('%') {
        let wrong = "a path is written decoded, and this `%` would be one of the text";
        faults.add(wrong, "write the character itself, as in \"/café\"");
    } else if let Some(control) = text.chars().find(|character| character.is_control()) {
        faults.add(format_args!("the path has the control character {control:?}"), "take it away");
    }
}

fn piece(segment: &str, faults: &mut Faults<'_>) -> Piece {
    let inside = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    if let Some(inside) = inside.filter(|inside| !inside.contains(['{', '}'])) {
        return in_braces(inside, faults);
    }
    if let Some(name) = of_another_style(segment) {
        let instead = if segment.contains('*') { format!("{{*{name}}}") } else { format!("{{{name}}}") };
        faults.add(format_args!("`{segment}` is not a parameter in this syntax"), format_args!("write `{instead}`"));
        return if segment.contains('*') { Piece::Rest(name) } else { Piece::Parameter(name) };
    }
    if segment.contains(['{', '}']) {
        let inside = segment.split(['{', '}']).nth(1).filter(|name| is_name(name)).unwrap_or("name");
        faults.add(
            format_args!("a parameter is a whole segment, and `{segment}` is more than one"),
            format_args!("write `{{{inside}}}`, and take the text apart in the method"),
        );
        return Piece::Parameter(inside.to_owned());
    }
    if [".", ".."].contains(&segment) {
        let wrong = format!("`{segment}` in a path is resolved before the server sees it");
        faults.add(wrong, "write the path that is meant, without it");
    }
    Piece::Word(segment.to_owned())
}

/// `id` of `{id}`, `*rest` of `{*rest}`.
fn in_braces(inside: &str, faults: &mut Faults<'_>) -> Piece {
    let (stars, name) = match inside.strip_prefix('*') {
        Some(name) => ("*", name),
        None => ("", inside),
    };
    let is_part = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    let likely: String = name.trim_start_matches('.').trim().chars().take_while(is_part).collect();
    let named = Some(likely.to_ascii_lowercase()).filter(|likely| is_name(likely)).unwrap_or("name".to_owned());
    if name.contains(':') {
        let wrong = format!("`{{{inside}}}` has more than a name in it");
        faults.add(wrong, format_args!("write `{{{stars}{named}}}`; the type is that of the method's parameter"));
    } else if !is_name(name) {
        let wrong = format!("the name in `{{{inside}}}` has to be one of lower-case letters, digits and `_`");
        faults.add(wrong, format_args!("write for example `{{{stars}{named}}}`"));
    }
    if stars.is_empty() { Piece::Parameter(named) } else { Piece::Rest(named) }
}

/// `id` of `:id`, `<id>` and `$id`; `rest` of `*rest` and `*`.
fn of_another_style(segment: &str) -> Option<String> {
    let angle = || segment.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let name = segment.strip_prefix([':', '*', '$']).or_else(angle)?;
    let name = name.trim_start_matches('*');
    // `<int:id>`
    let name = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
    Some(if is_name(&name) { name } else { "rest".to_owned() })
        .filter(|_| segment.contains('*') || is_name_within(segment))
}

fn is_name_within(segment: &str) -> bool {
    segment.chars().any(|letter| letter.is_ascii_alphabetic())
}

fn order(pieces: &[Piece], faults: &mut Faults<'_>) {
    let mut seen = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        if let (Piece::Rest(name), true) = (piece, at + 1 < pieces.len()) {
            let wrong = format!("`{{*{name}}}` takes all that follows, so nothing can stand behind it");
            faults.add(wrong, "write it at the end, and look at what it holds in the method");
        }
        if let Some(name) = piece.parameter() {
            if seen.contains(&name) {
                faults.add(format_args!("the path has `{{{name}}}` twice"), "give each parameter a name of its own");
            }
            seen.push(name);
        }
    }
}

/// `id`, `user_id`: what a parameter of a method can be called too.
pub(crate) fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_');
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    starts && text.chars().all(is_part) && !["_", "self", "crate", "super"].contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Option<String>) {
        let attribute: Attribute = syn::parse_quote!(#[path(#text)]);
        let mut refusals = Refusals::default();
        let template = Template::read(&attribute, &mut refusals);
        let shown = template.pieces.iter().map(|piece| match piece {
            Piece::Word(word) => format!("{word:?}"),
            Piece::Parameter(name) => name.clone(),
            Piece::Rest(name) => format!("*{name}"),
        });
        let shown = shown.collect::<Vec<_>>().join(" ");
        let refused = (!refusals.is_empty()).then(|| refusals.into_compile_errors().to_string());
        assert_eq!(template.is_sound, refused.is_none(), "{text}");
        (shown, refused)
    }

    #[test]
    fn a_template_has_a_piece_for_each_segment() {
        for (text, pieces) in [
            ("/", ""),
            ("/users", "\"users\""),
            ("/users/", "\"users\" \"\""),
            ("/users/{id}", "\"users\" id"),
            ("/{a}/b/{c_2}", "a \"b\" c_2"),
            ("/{*rest}", "*rest"),
            ("/a b/caf\u{e9}/v1.0/~x", "\"a b\" \"caf\u{e9}\" \"v1.0\" \"~x\""),
            ("/{type}", "type"),
            ("/.well-known/x", "\".well-known\" \"x\""),
        ] {
            assert_eq!(read(text), (pieces.to_owned(), None), "{text}");
        }
    }

    #[test]
    fn a_bad_template_is_refused_once_and_has_the_likeliest_pieces() {
        for (text, pieces, instead) in [
            ("", "", "begins with a slash"),
            ("users", "\"users\"", "write \\\"/users\\\""),
            ("/users//x", "\"users\" \"\" \"x\"", "write \\\"/users/x\\\""),
            ("//", "\"\" \"\"", "write \\\"/\\\""),
            ("/users?page=1", "\"users?page=1\"", "`#[query] page: \u{2026}`"),
            ("/a#b", "\"a#b\"", "write \\\"/a\\\""),
            ("/%41", "\"%41\"", "decoded"),
            ("/a\n", "\"a\\n\"", "control character"),
            ("/users/:id", "\"users\" id", "write `{id}`"),
            ("/users/<id>", "\"users\" id", "write `{id}`"),
            ("/users/<int:id>", "\"users\" id", "write `{id}`"),
            ("/static/*rest", "\"static\" *rest", "write `{*rest}`"),
            ("/static/*", "\"static\" *rest", "write `{*rest}`"),
            ("/static/**", "\"static\" *rest", "write `{*rest}`"),
            ("/user-{id}", "id", "a whole segment"),
            ("/{id}.json", "id", "a whole segment"),
            ("/{a}{b}", "a", "a whole segment"),
            ("/{", "name", "a whole segment"),
            ("/{}", "name", "lower-case"),
            ("/{1}", "name", "lower-case"),
            ("/{Id}", "id", "write for example `{id}`"),
            ("/{id:u64}", "id", "the type is that"),
            ("/{*}", "*name", "lower-case"),
            ("/{...rest}", "rest", "lower-case"),
            ("/{*all}/x", "*all \"x\"", "at the end"),
            ("/{a}/{a}", "a a", "twice"),
            ("/a/../b", "\"a\" \"..\" \"b\"", "without it"),
            ("/.", "\".\"", "without it"),
            ("/{self}", "name", "lower-case"),
        ] {
            let (read, refused) = read(text);
            assert_eq!(read, pieces, "{text}");
            let refused = refused.unwrap_or_else(|| panic!("{text} is accepted"));
            assert_eq!(refused.matches("compile_error").count(), 1, "{text}");
            assert!(refused.contains(instead), "{text}: {refused}");
        }
    }
}
