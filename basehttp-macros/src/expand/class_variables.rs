//! Turns the attribute's arguments into class variables. Those that are not given are left to the trait.

use proc_macro2::{Group, Punct, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Lifetime;

use super::names::Names;
use crate::parse::Arguments;

/// `type MessageClass<'c> = Headers<'c>;`
pub(super) fn message_class(arguments: &Arguments, names: &Names) -> TokenStream {
    let Names { runtime, lifetime, .. } = names;
    let given = arguments.message_class.as_ref().map(|ty| with_lifetime(ty.to_token_stream(), lifetime));
    let message_class = given.unwrap_or_else(|| quote!(#runtime::Headers<#lifetime>));
    quote!(type MessageClass<#lifetime> = #message_class;)
}

/// The constants that were given, in the order of the trait.
pub(super) fn constants(arguments: &Arguments, names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let text = names.text();
    let responses = responses(arguments, names);
    let version_string = version_string(arguments, names);
    let protocol_version = arguments.protocol_version.as_ref().map(|version| {
        let version = if version.value() == "HTTP/1.1" { quote!(Http11) } else { quote!(Http10) };
        quote!(const PROTOCOL_VERSION: #runtime::Version = #runtime::Version::#version;)
    });
    let error_message_format =
        arguments.error_message_format.as_ref().map(|format| quote!(const ERROR_MESSAGE_FORMAT: #text = #format;));
    let error_content_type =
        arguments.error_content_type.as_ref().map(|media_type| quote!(const ERROR_CONTENT_TYPE: #text = #media_type;));
    let unknown_method =
        arguments.unknown_method.as_ref().map(|code| quote!(const UNKNOWN_METHOD: #runtime::u16 = #code;));
    let cors =
        arguments.cors.as_ref().map(|origin| quote!(const CORS: #runtime::Option<#text> = #runtime::Some(#origin);));
    quote!(#responses #version_string #protocol_version #error_message_format #error_content_type #unknown_method #cors)
}

fn responses(arguments: &Arguments, names: &Names) -> Option<TokenStream> {
    let runtime = &names.runtime;
    let entries = arguments.responses.iter().map(|response| {
        let (code, phrase, explanation) = (&response.code, &response.phrase, &response.explanation);
        quote!(#code: (#phrase, #explanation))
    });
    (!arguments.responses.is_empty()).then(|| {
        quote! {
            const RESPONSES: #runtime::Responses = #runtime::responses! { #(#entries),* };
        }
    })
}

/// The runtime's macro adds its own `sys_version` where none is given, and leaves out an empty one.
fn version_string(arguments: &Arguments, names: &Names) -> Option<TokenStream> {
    let (runtime, text) = (&names.runtime, names.text());
    let words = match (&arguments.server_version, &arguments.sys_version) {
        (None, None) => return None,
        (Some(server), None) => quote!(#server),
        (Some(server), Some(sys)) => quote!(#server, #sys),
        (None, Some(sys)) => quote!(#runtime::SERVER_VERSION, #sys),
    };
    Some(quote!(const VERSION_STRING: #text = #runtime::version_string!(#words);))
}

/// `MyHeaders<'c>` and `MyHeaders<'_>`, with the lifetime that the expansion gives to the exchange.
fn with_lifetime(tokens: TokenStream, lifetime: &Lifetime) -> TokenStream {
    let mut replaced = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(quote) if is_exchange_lifetime(&quote, tokens.peek()) => {
                tokens.next();
                lifetime.to_tokens(&mut replaced);
            }
            TokenTree::Group(group) => {
                let inside = with_lifetime(group.stream(), lifetime);
                replaced.extend([TokenTree::from(Group::new(group.delimiter(), inside))]);
            }
            other => replaced.extend([other]),
        }
    }
    replaced
}

fn is_exchange_lifetime(quote: &Punct, name: Option<&TokenTree>) -> bool {
    quote.as_char() == '\'' && matches!(name, Some(TokenTree::Ident(name)) if name == "c" || name == "_")
}
