//! Reads a client's `Accept` fields: the form of a listing that it prefers, and whether it accepts HTML. Pure.
//!
//! The most specific range that matches a media type gives its weight (RFC 9110, section 12.5.1). A client gets JSON if
//! it prefers JSON to HTML. All others get HTML, such as browsers and clients with `*/*`, and also clients that accept
//! neither.

use super::super::qvalue::{FULL, QValue, parse_qvalue};
use super::Format;

/// Returns the form for a client that sent these `Accept` values.
pub(super) fn preferred<'v>(values: impl Iterator<Item = &'v str>) -> Format {
    let (mut html, mut json) = (Best::default(), Best::default());
    for range in values.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let Some(weight) = weight(parts) else { continue };
        html.offer(specificity(media, "text", "html"), weight);
        json.offer(specificity(media, "application", "json"), weight);
    }
    if json.weight > html.weight { Format::Json } else { Format::Html }
}

/// A client's wish for HTML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HtmlWish {
    /// The client names `text/html`, like a browser that opens a page.
    Named,
    /// The client accepts anything, or sends no `Accept`.
    Taken,
    /// The client accepts only other types.
    Refused,
}

/// Returns the wish of a client that sent these `Accept` values.
pub(crate) fn html_wish<'v>(values: impl Iterator<Item = &'v str>) -> HtmlWish {
    let mut html = Best::default();
    let mut is_silent = true;
    for range in values.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let Some(weight) = weight(parts) else { continue };
        is_silent = is_silent && media.is_empty();
        html.offer(specificity(media, "text", "html"), weight);
    }
    match html {
        _ if is_silent => HtmlWish::Taken,
        Best { weight: 0, .. } => HtmlWish::Refused,
        Best { specificity: 3, .. } => HtmlWish::Named,
        Best { .. } => HtmlWish::Taken,
    }
}

/// The weight of the most specific range so far.
#[derive(Default)]
struct Best {
    specificity: u8,
    weight: QValue,
}

impl Best {
    fn offer(&mut self, specificity: u8, weight: QValue) {
        if specificity > self.specificity {
            *self = Best { specificity, weight };
        } else if specificity == self.specificity && specificity > 0 {
            self.weight = self.weight.max(weight);
        }
    }
}

/// Returns how well a range matches a media type: 0 not at all, 1 as `*/*`, 2 as `type/*`, 3 exactly. Ignores
/// parameters.
fn specificity(range: &str, kind: &str, subtype: &str) -> u8 {
    match range.split_once('/') {
        Some(("*", "*")) => 1,
        Some((range_kind, "*")) if range_kind.eq_ignore_ascii_case(kind) => 2,
        Some((range_kind, range_subtype))
            if range_kind.eq_ignore_ascii_case(kind) && range_subtype.eq_ignore_ascii_case(subtype) =>
        {
            3
        }
        _ => 0,
    }
}

/// Reads the weight among the parameters, 1 without `q=`. `None` if it is malformed; such a range is skipped.
fn weight<'v>(mut parameters: impl Iterator<Item = &'v str>) -> Option<QValue> {
    let is_weight = |parameter: &&str| parameter.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("q="));
    match parameters.find(is_weight) {
        Some(parameter) => parse_qvalue(&parameter[2..]),
        None => Some(FULL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_goes_to_a_page_names_html() {
        let table: [(&[&str], HtmlWish, &str); 12] = [
            (&["text/html,application/xhtml+xml,*/*;q=0.8"], HtmlWish::Named, "a browser that goes to a page"),
            (&["application/json", "Text/HTML;q=0.1"], HtmlWish::Named, "in two fields"),
            (&[], HtmlWish::Taken, "nothing"),
            (&[""], HtmlWish::Taken, "an empty field"),
            (&["*/*"], HtmlWish::Taken, "a script, curl"),
            (&["text/css,*/*;q=0.1"], HtmlWish::Taken, "a style sheet"),
            (&["text/*"], HtmlWish::Taken, "any text"),
            (&["image/avif,image/webp,*/*;q=0.8"], HtmlWish::Taken, "a picture"),
            (&["application/json"], HtmlWish::Refused, "a program's own request"),
            (&["text/html;q=0, */*"], HtmlWish::Refused, "anything else"),
            (&["*/*;q=0"], HtmlWish::Refused, "nothing at all"),
            (&["application/json;q=2"], HtmlWish::Taken, "nonsense is passed over"),
        ];
        for (values, expected, why) in table {
            assert_eq!(html_wish(values.iter().copied()), expected, "{why}: {values:?}");
        }
    }

    #[test]
    fn json_goes_to_those_who_prefer_it() {
        use Format::{Html, Json};
        let table: [(&[&str], Format, &str); 24] = [
            (&[], Html, "no Accept at all"),
            (&[""], Html, "an empty one"),
            (&["*/*"], Html, "curl"),
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], Html, "a browser"),
            (&["application/json"], Json, "JSON alone"),
            (&["Application/JSON"], Json, "in any case"),
            (&["application/json;charset=utf-8"], Json, "with a parameter"),
            (&["application/json, text/html"], Html, "a tie"),
            (&["application/json, */*"], Html, "a tie through a range"),
            (&["application/json, */*;q=0.9"], Json, "a range that weighs less"),
            (&["application/json;q=0.5, text/html;q=0.4"], Json, "weights"),
            (&["application/json;q=0.4, text/html;q=0.5"], Html, "weights the other way"),
            (&["application/json ; Q=0.001"], Json, "a small weight, with spaces"),
            (&["application/json;q=0"], Html, "refused"),
            (&["application/json;q=0, text/html;q=0"], Html, "both refused"),
            (&["application/*"], Json, "a range of its type"),
            (&["application/*, application/json;q=0"], Html, "the exact one counts"),
            (&["text/*;q=0.2, application/json;q=0.3"], Json, "a range for HTML"),
            (&["text/html;q=0.1", "application/json"], Json, "two fields"),
            (&["*/*, text/html;q=0.1"], Json, "HTML is liked less than the rest"),
            (&["application/json;q=2"], Html, "a weight that is none"),
            (&["application/json;q=0.1234"], Html, "too many digits"),
            (&["application/json;q=, text/plain"], Html, "an empty weight"),
            (&["json, application, /, */json, ;;, \u{e9}/\u{e9};\u{e9}=1"], Html, "nonsense"),
        ];
        for (values, expected, why) in table {
            assert_eq!(preferred(values.iter().copied()), expected, "{why}: {values:?}");
        }
    }
}
