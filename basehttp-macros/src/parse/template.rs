//! Reads the text of `#[path("…")]` into pieces, one for each segment.
//!
//! | in the text  | piece                                              |
//! |--------------|----------------------------------------------------|
//! | `users`      | a word, compared with the decoded segment          |
//! | `{id}`       | a parameter, one segment that is not empty         |
//! | `{*rest}`    | a rest, one segment or more, at the end            |
//!
//! `/` has no pieces, and `/users/` has an empty word at its end. A text with mistakes has pieces too, the likeliest
//! ones: the functions that make links need them.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Attribute, LitStr};

use crate::refusals::Refusals;
use crate::verbs::in_snake_case;

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
            refusals.refuse(attribute, "`path` takes one path, as a string", instead_of_unread(attribute));
            let literal = LitStr::new("/", attribute.path().span());
            return Self { literal, pieces: Vec::new(), is_sound: false };
        };
        let text = literal.value();
        let mut faults = Faults::default();
        let path = likely_path(&text, &mut faults);
        let mut pieces = Vec::new();
        for segment in path.split('/').filter(|_| !path.is_empty()) {
            piece(segment, &mut pieces, &mut faults);
        }
        order(&mut pieces, &mut faults);
        // `check` refuses an attribute of another name as a whole.
        let is_path = attribute.path().is_ident("path");
        let is_sound = faults.first.is_none() && is_path;
        if let Some((wrong, advice)) = faults.first.filter(|_| is_path) {
            refusals.refuse(&literal, wrong, format_args!("write {:?}{advice}", spelt(&pieces)));
        }
        Self { literal, pieces, is_sound }
    }

    /// Takes these parameters if the text could not be read, so that the link has as many as the user expects.
    pub(crate) fn guess(&mut self, names: impl Iterator<Item = String>) {
        if !self.is_sound && self.pieces.is_empty() {
            self.pieces.extend(names.filter(|name| is_name(name)).map(Piece::Parameter));
        }
    }

    /// The text as the user wrote it.
    pub(crate) fn text(&self) -> String {
        self.literal.value()
    }

    /// The text without its mistakes.
    pub(crate) fn likely_text(&self) -> String {
        spelt(&self.pieces)
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
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.literal.to_tokens(tokens);
    }
}

/// The first mistake in a text, with what is to be said behind the text that was meant. Further mistakes are often its
/// consequences.
#[derive(Default)]
struct Faults {
    first: Option<(String, String)>,
}

impl Faults {
    fn add(&mut self, wrong: impl Into<String>) {
        self.add_with(wrong, "");
    }

    fn add_with(&mut self, wrong: impl Into<String>, advice: impl Into<String>) {
        self.first.get_or_insert_with(|| (wrong.into(), advice.into()));
    }
}

/// What to write for `#[path(users)]`, `#[path = "/users"]` or `#[path("/a", "/b")]`.
fn instead_of_unread(attribute: &Attribute) -> String {
    let texts: Vec<_> = texts(attribute.meta.to_token_stream()).map(|text| format!("`#[path({text})]`")).collect();
    match &*texts {
        [] => "write for example `#[path(\"/users/{id}\")]`".to_owned(),
        [text] => format!("write {text}"),
        several => format!("write {}, one above the other", several.join(" and ")),
    }
}

/// The strings among the tokens.
fn texts(tokens: TokenStream) -> impl Iterator<Item = String> {
    let flat = tokens.into_iter().flat_map(|token| match token {
        TokenTree::Group(group) => group.stream(),
        token => token.into(),
    });
    flat.map(|token| token.to_string()).filter(|token| token.starts_with('"'))
}

/// The text that was meant, without its first slash. What no segment shows is looked at here.
fn likely_path(text: &str, faults: &mut Faults) -> String {
    let mut path = text.trim();
    if path.len() < text.len() {
        faults.add("the path begins or ends with white space");
    }
    if let Some((method, rest)) =
        path.split_once(' ').filter(|(method, rest)| !method.contains('/') && rest.contains('/'))
    {
        faults.add(format!("`{method}` is part of the method's name, not of the path"));
        path = rest.trim_start();
    }
    if let Some((_, rest)) = path.split_once("://") {
        faults.add("a path has no scheme and host");
        path = rest.split_once('/').map_or("/", |(host, _)| &rest[host.len()..]);
    }
    if let Some((before, query)) = query(path) {
        let name = query.split(['=', '&']).next().filter(|name| is_name(name)).unwrap_or("page");
        faults.add_with(
            "a path ends before the query",
            format!(", and take the value as a parameter: `#[query] {name}: …`"),
        );
        path = before;
    } else if let Some((before, _)) = path.split_once('#') {
        faults.add("a client never sends a `#` or the text behind it");
        path = before;
    }
    let Some(path) = path.strip_prefix('/').or((path == "*").then_some(path)) else {
        faults.add("a path begins with a slash");
        return plain(path, faults);
    };
    if path.starts_with('/') || path.contains("//") {
        faults.add("the path has an empty segment");
    }
    plain(path, faults)
}

/// Splits at the `?` of a query; that of `{id?}` is none.
fn query(path: &str) -> Option<(&str, &str)> {
    path.match_indices('?').map(|(at, _)| (&path[..at], &path[at + 1..])).find(|(_, rest)| !rest.starts_with('}'))
}

/// The path without empty segments, percent-encoding and control characters.
fn plain(path: &str, faults: &mut Faults) -> String {
    let decoded = decoded(path);
    if decoded != path {
        faults.add("a path is written decoded, since segments are decoded before they are compared");
    }
    if let Some(control) = decoded.chars().find(|character| character.is_control()) {
        faults.add(format!("the path has the control character {control:?}"));
    }
    let mut path: String = decoded.chars().filter(|character| !character.is_control()).collect();
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    path.strip_prefix('/').map(str::to_owned).unwrap_or(path)
}

/// `café` of `caf%C3%A9`. A `%` without two digits behind it is a character like others.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.filter(|_| bytes[at] == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Adds what a segment stands for.
fn piece(segment: &str, pieces: &mut Vec<Piece>, faults: &mut Faults) {
    let inside = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    if let Some(inside) = inside.filter(|inside| !inside.contains(['{', '}'])) {
        pieces.push(in_braces(inside, faults));
    } else if segment.contains(['{', '}']) {
        part_of_a_segment(segment, pieces, faults);
    } else if let Some(piece) = of_another_style(segment) {
        faults.add(format!("`{segment}` is not a parameter in this syntax"));
        pieces.push(piece);
    } else if segment == "." || segment == ".." {
        faults.add(format!("`{segment}` in a path is resolved before the server sees it"));
        if segment == ".." {
            pieces.pop();
        }
    } else {
        pieces.push(Piece::Word(segment.to_owned()));
    }
}

/// `id` of `{id}`, `*rest` of `{*rest}`.
fn in_braces(inside: &str, faults: &mut Faults) -> Piece {
    if is_name(inside) {
        return Piece::Parameter(inside.to_owned());
    }
    if let Some(name) = inside.strip_prefix('*').filter(|name| is_name(name)) {
        return Piece::Rest(name.to_owned());
    }
    let piece = likely_parameter(inside);
    if matches!(piece, Piece::Rest(_)) {
        faults.add(format!("`{{{inside}}}` is not a rest in this syntax"));
    } else if inside.ends_with('?') {
        let wrong = format!("`{{{inside}}}` cannot be missing, since the path would be another one");
        faults.add_with(wrong, "; a path without the parameter is another method's");
    } else if inside.contains(':') {
        faults.add_with(
            format!("`{{{inside}}}` has more than a name in it"),
            "; the type is that of the method's parameter",
        );
    } else {
        faults.add(format!("the name in `{{{inside}}}` has to be one of lower-case letters, digits and `_`"));
    }
    piece
}

/// `id` of `:id`, `<id>` and `<int:id>`; a rest of `*rest`, `*`, `<rest..>` and `<path:rest>`.
fn of_another_style(segment: &str) -> Option<Piece> {
    let angle = segment.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let is_named = |rest: &str| rest.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if let Some((kind, name)) = angle.and_then(|inside| inside.split_once(':')) {
        return Some(if kind == "path" { Piece::Rest(likely_name(name, "rest")) } else { likely_parameter(name) });
    }
    let is_one =
        angle.is_some_and(is_named) || segment.strip_prefix(':').is_some_and(is_named) || segment.starts_with('*');
    is_one.then(|| likely_parameter(segment))
}

/// Reads a parameter as any framework may write it, by its first name, such as `rest` of `**rest`, `rest...` and
/// `rest*`.
fn likely_parameter(text: &str) -> Piece {
    if text.contains('*') || text.contains("..") {
        Piece::Rest(likely_name(text, "rest"))
    } else {
        Piece::Parameter(likely_name(text, "name"))
    }
}

fn likely_name(text: &str, otherwise: &str) -> String {
    let mut names = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let name = names.find(|name| !name.is_empty()).map(in_snake_case);
    name.filter(|name| is_name(name)).unwrap_or_else(|| otherwise.to_owned())
}

/// The parameters of `user-{id}` and `{a}-{b}`, and of `{id`.
fn part_of_a_segment(segment: &str, pieces: &mut Vec<Piece>, faults: &mut Faults) {
    let (opened, closed) = (segment.matches('{').count(), segment.matches('}').count());
    if opened != closed {
        let missing = if opened > closed { '}' } else { '{' };
        faults.add(format!("`{segment}` lacks a `{missing}`"));
        return pieces.push(likely_parameter(segment));
    }
    let advice = if opened == 1 { ", and take the text apart in the method" } else { "" };
    faults.add_with(format!("a parameter is a whole segment, and `{segment}` is more than one"), advice);
    let inside = segment.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    pieces.extend(inside.map(|(name, _)| likely_parameter(name)));
}

/// Looks at the pieces together, and gives each parameter a name of its own.
fn order(pieces: &mut Vec<Piece>, faults: &mut Faults) {
    let is_rest = |piece: &Piece| matches!(piece, Piece::Rest(_));
    if let Some(at) = pieces.iter().position(is_rest).filter(|at| at + 1 < pieces.len()) {
        let name = pieces[at].parameter().unwrap_or_default();
        let wrong = format!("`{{*{name}}}` takes all that follows, so nothing can stand behind it");
        faults.add_with(wrong, ", and look at what the rest holds in the method");
        pieces.truncate(at + 1);
    }
    let mut seen: Vec<String> = Vec::new();
    for piece in pieces {
        let (Piece::Parameter(name) | Piece::Rest(name)) = piece else { continue };
        if seen.contains(name) {
            faults.add_with(format!("the path has `{{{name}}}` twice"), ", or other names that differ");
            *name = format!("{name}_{}", seen.len() + 1);
        }
        seen.push(name.clone());
    }
}

/// The text of the pieces.
fn spelt(pieces: &[Piece]) -> String {
    let segments = pieces.iter().map(|piece| match piece {
        Piece::Word(word) => word.clone(),
        Piece::Parameter(name) => format!("{{{name}}}"),
        Piece::Rest(name) => format!("{{*{name}}}"),
    });
    format!("/{}", segments.collect::<Vec<_>>().join("/"))
}

/// `id`, `user_id`: what a parameter of a method can be called too.
pub(crate) fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_');
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    starts && text.chars().all(is_part) && !["_", "self", "crate", "super"].contains(&text)
}

#[cfg(test)]
mod tests;
