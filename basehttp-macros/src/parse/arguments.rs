//! The arguments of `#[http_handler(…)]`, read one by one so that a bad one does not hide the next.
//!
//! A new argument needs a line in [`ARGUMENTS`], a field and a line in [`Arguments::read_value`]; what its value may
//! say is judged in `check::arguments`.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, LitBool, LitInt, LitStr, Path, Token, Type, braced, parenthesized};

use crate::refusals::{Refusals, refusal};
use crate::similar;

/// Each argument with a value to show in messages.
const ARGUMENTS: [(&str, &str); 13] = [
    ("server_version", "\"Hello/1.0\""),
    ("sys_version", "\"Device/2\""),
    ("protocol_version", "\"HTTP/1.1\""),
    ("error_message_format", "\"%(code)d %(message)s\""),
    ("error_content_type", "\"text/plain\""),
    ("responses", "{ 299: (\"Phrase\", \"A longer text\") }"),
    ("MessageClass", "MyHeaders<'c>"),
    ("derive_head", "false"),
    ("derive_options", "false"),
    ("unknown_method", "405"),
    ("cors", "\"https://example.org\""),
    ("pace", "\"pool\""),
    ("crate", "\"path::to::basehttp\""),
];

/// The arguments of the attribute. `None` is the default of the trait.
#[derive(Default)]
pub(crate) struct Arguments {
    pub server_version: Option<LitStr>,
    pub sys_version: Option<LitStr>,
    pub protocol_version: Option<LitStr>,
    pub error_message_format: Option<LitStr>,
    pub error_content_type: Option<LitStr>,
    pub responses: Vec<Response>,
    pub message_class: Option<Type>,
    pub derive_head: Option<bool>,
    pub derive_options: Option<bool>,
    pub unknown_method: Option<LitInt>,
    pub cors: Option<LitStr>,
    pub pace: Option<LitStr>,
    /// The path of the runtime crate, `::basehttp` if nothing is said.
    pub runtime: Option<Path>,
}

/// One entry of `responses`: `299: ("Phrase", "A longer text")`.
pub(crate) struct Response {
    pub code: LitInt,
    pub phrase: LitStr,
    pub explanation: LitStr,
}

impl Arguments {
    pub(crate) fn parse(tokens: TokenStream, refusals: &mut Refusals) -> Self {
        let mut arguments = Self::default();
        let read_all = |input: ParseStream| arguments.read_all(input, refusals);
        read_all.parse2(tokens).expect("every argument that cannot be read is refused and skipped");
        arguments
    }

    fn read_all(&mut self, input: ParseStream, refusals: &mut Refusals) -> syn::Result<()> {
        let mut seen = Vec::new();
        while !input.is_empty() {
            let name = refusals.keep(argument_name(input));
            let value = sign_and_value(input)?;
            if let Some(name) = name {
                refusals.keep(self.read_one(&name, value, &seen));
                seen.push(name);
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    }

    fn read_one(&mut self, name: &Ident, value: TokenStream, seen: &[Ident]) -> syn::Result<()> {
        let example = example_of(name)?;
        if seen.contains(name) {
            return Err(refusal(name, format_args!("`{name}` is given twice"), "keep one of them"));
        }
        let instead = format!("write for example `{name} = {example}`");
        if value.clone().into_iter().count() < 2 {
            return Err(refusal(name, format_args!("`{name}` needs a `=` and a value"), instead));
        }
        let read_value = |input: ParseStream| {
            input.parse::<Token![=]>()?;
            self.read_value(name, input)
        };
        read_value
            .parse2(value)
            .map_err(|error| syn::Error::new(error.span(), format!("`{name}` does not take this value\n{instead}")))
    }

    fn read_value(&mut self, name: &Ident, input: ParseStream) -> syn::Result<()> {
        match name.to_string().as_str() {
            "server_version" => self.server_version = Some(input.parse()?),
            "sys_version" => self.sys_version = Some(input.parse()?),
            "protocol_version" => self.protocol_version = Some(input.parse()?),
            "error_message_format" => self.error_message_format = Some(input.parse()?),
            "error_content_type" => self.error_content_type = Some(input.parse()?),
            "responses" => self.responses = responses(input)?,
            "MessageClass" => self.message_class = Some(input.parse()?),
            "derive_head" => self.derive_head = Some(input.parse::<LitBool>()?.value),
            "derive_options" => self.derive_options = Some(input.parse::<LitBool>()?.value),
            "unknown_method" => self.unknown_method = Some(input.parse()?),
            "cors" => self.cors = Some(input.parse()?),
            "pace" => self.pace = Some(input.parse()?),
            "crate" => self.runtime = Some(input.parse::<LitStr>()?.parse_with(Path::parse_mod_style)?),
            unlisted => unreachable!("`{unlisted}` has an example but is not read"),
        }
        Ok(())
    }
}

fn argument_name(input: ParseStream) -> syn::Result<Ident> {
    input.call(Ident::parse_any).map_err(|_| {
        let token = input.cursor().token_tree().map(|(token, _)| token);
        let instead = "write for example `server_version = \"Hello/1.0\"`";
        refusal(token, "an argument is written `name = value`", instead)
    })
}

/// Everything before the next `, name =`, since a value may hold commas of its own (`MyHeaders<'c, u8>`).
fn sign_and_value(input: ParseStream) -> syn::Result<TokenStream> {
    let mut value = TokenStream::new();
    while !input.is_empty() && !at_next_argument(input) {
        value.extend([input.parse::<TokenTree>()?]);
    }
    Ok(value)
}

fn at_next_argument(input: ParseStream) -> bool {
    let is_last = || input.cursor().token_tree().is_some_and(|(_, rest)| rest.eof());
    input.peek(Token![,]) && (is_last() || input.peek2(Ident::peek_any) && input.peek3(Token![=]))
}

fn example_of(name: &Ident) -> syn::Result<&'static str> {
    match ARGUMENTS.iter().find(|(known, _)| name == known) {
        Some((_, example)) => Ok(example),
        None => Err(unknown(name)),
    }
}

fn unknown(name: &Ident) -> syn::Error {
    let known = ARGUMENTS.map(|(known, _)| known);
    let wrong = format!("`{name}` is not an argument of `http_handler`");
    let text = name.to_string();
    match similar::in_another_style(&text, &known).or_else(|| similar::nearest(&text, &known)) {
        Some(nearest) => refusal(name, wrong, format_args!("did you mean `{nearest}`?")),
        None => refusal(name, wrong, format_args!("write one of {}", known.join(", "))),
    }
}

/// Reads `{ 299: ("Phrase", "A longer text"), … }`.
fn responses(input: ParseStream) -> syn::Result<Vec<Response>> {
    let entries;
    braced!(entries in input);
    Ok(Punctuated::<Response, Token![,]>::parse_terminated_with(&entries, Response::parse)?.into_iter().collect())
}

impl Response {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let code = input.parse()?;
        input.parse::<Token![:]>()?;
        let texts;
        parenthesized!(texts in input);
        let phrase = texts.parse()?;
        texts.parse::<Token![,]>()?;
        let explanation = texts.parse()?;
        texts.parse::<Option<Token![,]>>()?;
        if !texts.is_empty() {
            return Err(texts.error("expected two texts"));
        }
        Ok(Self { code, phrase, explanation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_is_documented() {
        for (argument, _) in ARGUMENTS {
            assert!(include_str!("../http_handler.md").contains(&format!("\n| `{argument}` |")), "{argument}");
        }
    }

    #[test]
    fn every_argument_is_read() {
        for (argument, example) in ARGUMENTS {
            assert_eq!(refusals_of(&format!("{argument} = {example}")), 0, "{argument}");
        }
    }

    #[test]
    fn each_bad_argument_is_refused_once() {
        for (arguments, expected) in [
            ("", 0),
            ("MessageClass = MyHeaders<'c, u8>, derive_head = false,", 0),
            ("MessageClass = MyHeaders<'c u8>, derive_head = 1, derive_options = false", 2),
            ("derive_head, derive_options = false", 1),
            ("derive_head = , derive_options =", 2),
            ("derive_head = false derive_options = true", 1),
            ("responses = { 299: (\"Fine\", \"\", \"\"), }, colour = 1, colour = 2", 3),
            ("\"Hello/1.0\", 7, derive_head = false", 1),
            (",", 1),
            (",, = ,", 1),
            ("derive_head = true, derive_head = 1", 1),
        ] {
            assert_eq!(refusals_of(arguments), expected, "{arguments}");
        }
    }

    fn refusals_of(arguments: &str) -> usize {
        let mut refusals = Refusals::default();
        Arguments::parse(arguments.parse().expect("these are tokens"), &mut refusals);
        refusals.into_compile_errors().to_string().matches("compile_error").count()
    }
}
