//! Checks the values of the attribute's arguments.

use syn::{LitInt, LitStr};

use crate::grammar;
use crate::parse::{Arguments, Response};
use crate::refusals::Refusals;

pub(super) fn check(arguments: &Arguments, refusals: &mut Refusals) {
    if let Some(version) = &arguments.server_version {
        products(version, "server_version", "Hello/1.0", refusals);
    }
    if let Some(version) = arguments.sys_version.as_ref().filter(|version| !version.value().is_empty()) {
        products(version, "sys_version", "Device/2", refusals);
    }
    if let Some(version) = &arguments.protocol_version {
        protocol(version, refusals);
    }
    if let Some(format) = &arguments.error_message_format {
        message_format(format, refusals);
    }
    if let Some(media_type) = &arguments.error_content_type {
        content_type(media_type, refusals);
    }
    if let Some(code) = &arguments.unknown_method {
        unknown_method(code, refusals);
    }
    responses(&arguments.responses, refusals);
}

/// RFC 9110, section 10.2.4, without the comments in parentheses.
fn products(version: &LitStr, argument: &str, example: &str, refusals: &mut Refusals) {
    let value = version.value();
    if let Some(word) = value.split(' ').find(|word| !grammar::is_product(word)) {
        let wrong = format!("`{argument}` is made of `name` or `name/version` words, and {word:?} is not one");
        let instead = format!("write for example `{argument} = \"{example}\"`, with one space between words");
        refusals.refuse(version, wrong, instead);
    }
}

fn protocol(version: &LitStr, refusals: &mut Refusals) {
    let value = version.value();
    if !["HTTP/1.0", "HTTP/1.1"].contains(&value.as_str()) {
        let wrong = format!("the server does not speak {value:?}");
        refusals.refuse(version, wrong, "write \"HTTP/1.1\", or \"HTTP/1.0\" to close after every response");
    }
}

/// RFC 9110, section 9.1: 501 says that the server knows no such method, 405 that it is not for this resource.
fn unknown_method(code: &LitInt, refusals: &mut Refusals) {
    if !matches!(code.base10_parse::<u16>(), Ok(405 | 501)) {
        let wrong = format!("{code} does not tell a client that its method is unknown");
        refusals.refuse(code, wrong, "write 405 (Method Not Allowed), or 501 (Not Implemented), which is the default");
    }
}

/// Python's syntax, for the three keys there are.
fn message_format(format: &LitStr, refusals: &mut Refusals) {
    const KEYS: [&str; 4] = ["(code)d", "(message)s", "(explain)s", "%"];
    const INSTEAD: &str = "write %(code)d, %(message)s or %(explain)s, and %% for a percent sign";

    let value = format.value();
    let mut rest = value.as_str();
    while let Some((_, directive)) = rest.split_once('%') {
        let Some(key) = KEYS.iter().find(|key| directive.starts_with(**key)) else {
            let wrong = format!("`{}` has no meaning in `error_message_format`", shown_directive(directive));
            return refusals.refuse(format, wrong, INSTEAD);
        };
        rest = &directive[key.len()..];
    }
}

/// Returns as much of an unknown directive as shows which one it is, such as `%(reason)s`, `%s` or `%`.
fn shown_directive(directive: &str) -> String {
    let conversion = if directive.starts_with('(') { directive.find(')').map_or(0, |end| end + 1) } else { 0 };
    let end = directive[conversion..].chars().next().map_or(0, char::len_utf8);
    format!("%{}", &directive[..conversion + end])
}

fn content_type(media_type: &LitStr, refusals: &mut Refusals) {
    let value = media_type.value();
    if !grammar::is_media_type(&value) {
        let wrong = format!("{value:?} is not a media type");
        refusals.refuse(media_type, wrong, "write for example \"text/html; charset=utf-8\" or \"application/json\"");
    }
}

fn responses(responses: &[Response], refusals: &mut Refusals) {
    let mut seen = Vec::new();
    for response in responses {
        let literal = &response.code;
        match status_code(literal) {
            None => refuse_status_code(literal, refusals),
            Some(code) if seen.contains(&code) => {
                refusals.refuse(literal, format_args!("`responses` has {code} twice"), "keep one of them");
            }
            Some(code) => seen.push(code),
        }
        texts(response, refusals);
    }
}

/// The literal's value, if it is a code with a meaning (RFC 9110, section 15).
pub(super) fn status_code(literal: &LitInt) -> Option<u16> {
    literal.base10_parse().ok().filter(|code| (100..=599).contains(code))
}

pub(super) fn refuse_status_code(literal: &LitInt, refusals: &mut Refusals) {
    refusals.refuse(literal, format_args!("{literal} is not a status code"), "write one from 100 to 599");
}

/// The phrase goes into the status line (RFC 9112, section 4), the explanation into the error page only.
fn texts(response: &Response, refusals: &mut Refusals) {
    if let Some(character) = grammar::first_unsendable(&response.phrase.value()) {
        let wrong = format!("a status line cannot carry {character:?}");
        refusals.refuse(&response.phrase, wrong, "write a phrase of plain Latin-1 text");
    }
    if let Some(character) = grammar::first_control(&response.explanation.value()) {
        let wrong = format!("the text has the control character {character:?}");
        refusals.refuse(&response.explanation, wrong, "write one line of text");
    }
}
