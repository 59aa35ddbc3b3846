//! The parameters of a method, made from the request, and its call.
//!
//! | parameter                       | made                                        | handed over          |
//! |---------------------------------|---------------------------------------------|----------------------|
//! | `ex: &mut Exchange`             |                                             | `ex`                 |
//! | `id: u64`, of the path          | `let id = path("id", id).one()?;`           | `id`                 |
//! | `word: &str`, of the path       |                                             | `word`               |
//! | `#[query] page: Option<usize>`  | `let page = query("page", ex).optional()?;` | `page`               |
//! | `#[query] tags: Vec<&str>`      | `let tags = query("tags", ex).many_strs()?;` | `borrowed(&tags)`   |
//! | `#[query] n: Result<u8, E>`     | `let n = query("n", ex).one().map_err(Into::into);` | `n`          |
//! | `#[guard] admin: Admin`         | `let admin = guard(self, ex)?;`             | `admin`              |
//! | `#[json] user: User`            | `let mut user = json_text(ex, MAX_BODY_AHEAD)?; let user = of_json(&mut user)?;` | `user` |
//!
//! The compiler finds the types, which may name lifetimes that only the method has. All tokens are at the type of the
//! parameter, so that the compiler shows there what it cannot make.

use proc_macro2::{Group, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::Ident;
use syn::ext::IdentExt;

use super::call::{call, returned_at, site_of};
use super::conditions::Condition;
use super::names::Names;
use crate::model::{Count, Form, Handler, Leaf, Method, Parameter, Shape, Source};

/// `response(self.do_GET(ex)).send(ex)`, or with what has to be made before the call:
///
/// ```text
/// outcome(|| {
///     let id = path("id", id).one()?;
///     let page = query("page", ex).optional()?;
///     Ok(response(self.do_GET_user(id, page)))
/// })
/// .send(ex)
/// ```
pub(super) fn response(
    method: &Method<'_>,
    shape: Option<&Shape<'_>>,
    handler: &Handler<'_>,
    names: &Names,
) -> TokenStream {
    let runtime = &names.runtime;
    let ex = names.parameter("ex", Span::call_site());
    let arguments =
        method.parameters.iter().enumerate().map(|(at, parameter)| {
            placed(Argument { at, parameter, shape, names }.value(), site_of(&parameter.item.ty))
        });
    let call = call(method, arguments);
    let returned = placed(quote!(#runtime::response), returned_at(method));
    let made = made(method, shape, handler, names);
    if made.is_empty() {
        return quote!(#returned(#call).send(#ex));
    }
    quote! {
        #runtime::outcome(|| {
            #made
            #runtime::Ok(#returned(#call))
        })
        .send(#ex)
    }
}

/// The statements that make the parameters: of the path, `#[before]`, guards, the other texts, and the body. The first
/// one that fails is the answer.
fn made(method: &Method<'_>, shape: Option<&Shape<'_>>, handler: &Handler<'_>, names: &Names) -> TokenStream {
    let of = |is_now: fn(&Source) -> bool| {
        let parameters = method.parameters.iter().enumerate().filter(move |(_, parameter)| is_now(&parameter.source));
        parameters.filter_map(move |(at, parameter)| {
            let statement = Argument { at, parameter, shape, names }.statement()?;
            Some(placed(statement, site_of(&parameter.item.ty)))
        })
    };
    let segments = of(|source| matches!(source, Source::Path(_)));
    let befores = handler.befores().map(|before| called_before(before, names));
    let guards = of(|source| matches!(source, Source::Guard));
    let texts = of(|source| matches!(source, Source::Text(..)));
    let bodies = of(|source| matches!(source, Source::Body(..)));
    segments.chain(befores).chain(guards).chain(texts).chain(bodies).collect()
}

/// `self.any(ex)?;`
fn called_before(method: &Method<'_>, names: &Names) -> TokenStream {
    let cfgs = Condition::of(method).attributes();
    let site = method.item.sig.inputs.get(1).map_or_else(Span::call_site, site_of);
    let ex = names.parameter("ex", site);
    let call = call(method, [quote!(#ex)].into_iter());
    quote!(#cfgs #call?;)
}

/// One parameter of a method, as a shape of path serves it.
struct Argument<'a> {
    /// Its place behind `&self`.
    at: usize,
    parameter: &'a Parameter<'a>,
    shape: Option<&'a Shape<'a>>,
    names: &'a Names,
}

impl Argument<'_> {
    /// The statement that makes the value, if it is not there already.
    fn statement(&self) -> Option<TokenStream> {
        let runtime = &self.names.runtime;
        let ex = self.names.parameter("ex", Span::call_site());
        let name = self.name();
        let texts = match &self.parameter.source {
            Source::Guard => return Some(quote!(let #name = #runtime::guard(self, #ex)?;)),
            Source::Body(body, max) => {
                let (read, make) = body.functions();
                let (read, make) = (format_ident!("{read}"), format_ident!("{make}"));
                let max = max.map_or_else(
                    || quote!(#runtime::MAX_BODY_AHEAD),
                    |max| Literal::usize_unsuffixed(max).into_token_stream(),
                );
                return Some(quote! {
                    let mut #name = #runtime::#read(#ex, #max)?;
                    let #name = #runtime::#make(&mut #name)?;
                });
            }
            Source::Path(_) if self.is_there() => return None,
            Source::Path(name) => {
                let segment = self.names.segment(name);
                quote!(#runtime::path(#name, #segment))
            }
            Source::Text(source, key) => {
                let (function, key) = (format_ident!("{}", source.name()), key.value());
                quote!(#runtime::#function(#key, #ex))
            }
            _ => return None,
        };
        let form = self.parameter.form;
        let method = format_ident!("{}", method_of(form));
        let end = match form {
            Form { is_result: false, .. } => quote!(?),
            Form { leaf: Leaf::Str, .. } => TokenStream::new(),
            _ => quote!(.map_err(#runtime::Into::into)),
        };
        Some(quote!(let #name = #texts.#method()#end;))
    }

    /// The value to hand over.
    fn value(&self) -> TokenStream {
        let runtime = &self.names.runtime;
        let name = self.name();
        match &self.parameter.source {
            Source::Exchange => {
                let ex = self.names.parameter("ex", Span::call_site());
                quote!(#ex)
            }
            Source::Path(path) if self.is_rest(path) => {
                if self.shape.is_some_and(|shape| shape.template.rest().is_some()) {
                    quote!(&#name)
                } else {
                    quote!(&[])
                }
            }
            Source::Path(_) if self.is_there() => {
                if self.parameter.form.is_result {
                    quote!(#runtime::Ok(#name))
                } else {
                    quote!(#name)
                }
            }
            Source::Text(..) if self.parameter.form.leaf == Leaf::Str => self.borrowed(),
            _ => quote!(#name),
        }
    }

    /// A text that the statement owns, as the method borrows it.
    fn borrowed(&self) -> TokenStream {
        let runtime = &self.names.runtime;
        let name = self.name();
        let form = self.parameter.form;
        let borrowed = |whole: TokenStream, text: TokenStream| match form.count {
            Count::One => text,
            Count::Optional => quote!(#name.as_deref()),
            Count::Many => quote!(#runtime::borrowed(#whole)),
        };
        if !form.is_result {
            return borrowed(quote!(&#name), quote!(&#name));
        }
        let inside = borrowed(quote!(#name), quote!(&**#name));
        quote! {
            match #name {
                #runtime::Ok(ref #name) => #runtime::Ok(#inside),
                #runtime::Err(#name) => #runtime::Err(#runtime::Into::into(#name)),
            }
        }
    }

    /// True if the pattern of the path binds the value: a text, which may be anything, or a rest.
    fn is_there(&self) -> bool {
        match &self.parameter.source {
            Source::Path(name) => self.is_rest(name) || self.parameter.form.leaf == Leaf::Str,
            _ => false,
        }
    }

    fn is_rest(&self, name: &str) -> bool {
        let has_segment = |shape: &Shape<'_>| {
            shape.template.rest() != Some(name) && shape.template.parameters().any(|known| known == name)
        };
        !self.shape.is_some_and(has_segment)
    }

    fn name(&self) -> Ident {
        match (&self.parameter.source, self.parameter.name()) {
            (Source::Path(name), _) => self.names.segment(name),
            (_, Some(name)) => self.names.segment(&name.unraw().to_string()),
            (_, None) => self.names.parameter(&self.at.to_string(), Span::call_site()),
        }
    }
}

/// The method of `Texts`: `one`, `optional_string`, `many_strs`.
fn method_of(form: Form) -> String {
    let count = match form.count {
        Count::One => "one",
        Count::Optional => "optional",
        Count::Many => "many",
    };
    let leaf = match form.leaf {
        Leaf::Str => "_str",
        Leaf::String => "_string",
        Leaf::Parsed => "",
    };
    let plural = if form.count == Count::Many && form.leaf != Leaf::Parsed { "s" } else { "" };
    format!("{count}{leaf}{plural}")
}

/// The tokens, all of them at this place: `quote_spanned` leaves those that it interpolates where they were.
fn placed(tokens: TokenStream, at: Span) -> TokenStream {
    let place = |token| match token {
        TokenTree::Group(group) => {
            let mut group = Group::new(group.delimiter(), placed(group.stream(), at));
            group.set_span(at);
            TokenTree::Group(group)
        }
        mut token => {
            token.set_span(at);
            token
        }
    };
    tokens.into_iter().map(place).collect()
}
