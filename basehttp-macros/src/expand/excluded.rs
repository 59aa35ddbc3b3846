//! Two methods may serve one request if conditions keep one of them away. Only the compiler knows the conditions, so
//! the expansion has it refuse what does not hold.

use proc_macro2::TokenStream;
use quote::quote;

use super::conditions::Condition;
use crate::model::{Handler, Method};
use crate::refusals::refusal;

/// ```text
/// // Input:
/// #[cfg(unix)]
/// #[path("/users")]
/// fn do_GET_users(&self) -> String { … }
/// #[cfg(feature = "new")]
/// #[path("/users")]
/// fn do_GET_people(&self) -> String { … }
/// // Output:
/// #[cfg(all(unix, feature = "new"))]
/// compile_error! { "GET of \"/users\" is served by `do_GET_users` and by `do_GET_people`…" }
/// ```
pub(super) fn asserted(handler: &Handler<'_>) -> TokenStream {
    let plain: Vec<_> = handler.plain().collect();
    let mut errors = pairs(&plain, "", handler);
    for shape in handler.shapes() {
        let methods: Vec<_> = shape.methods.iter().map(|(method, _)| *method).collect();
        errors.extend(pairs(&methods, &format!(" of {:?}", shape.template.text()), handler));
    }
    errors
}

/// The pairs of conditional methods that serve the same. Where both have the same name, the compiler says so itself.
fn pairs(methods: &[&Method<'_>], path: &str, handler: &Handler<'_>) -> TokenStream {
    let of_the_block: Vec<_> =
        handler.block.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    let conditional = methods.iter().filter_map(|method| Some((*method, Condition::of(method).predicate()?)));
    let conditional: Vec<_> = conditional.collect();
    let later = |at: usize| conditional[at + 1..].iter();
    let pairs = conditional.iter().enumerate().flat_map(|(at, first)| later(at).map(move |second| (first, second)));
    let errors = pairs.filter_map(|((first, left), (second, right))| {
        let token = first.token()?.text();
        (token == second.token()?.text() && first.name() != second.name()).then(|| {
            let both = format!("`{}` and by `{}`", first.name(), second.name());
            let wrong = format!("{token}{path} is served by {both}, whose conditions both hold");
            let instead = "change the conditions so that one of them excludes the other";
            let error = refusal(second.name(), wrong, instead).into_compile_error();
            quote!(#(#of_the_block)* #[cfg(all(#left, #right))] #error)
        })
    });
    errors.collect()
}
