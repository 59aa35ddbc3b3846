//! The handler's type as the trait impl names it.

use proc_macro2::Span;
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericParam, Generics, Lifetime, LifetimeParam, ParenthesizedGenericArguments, Type, TypeFnPtr, TypeReference,
};

use super::names::Names;
use crate::model::Handler;

/// The type, and the block's generics with a name for each lifetime of the type that has none, because a where clause
/// cannot speak of the others.
///
/// ```text
/// // Input:
/// impl Greeter<'_> { … }
/// // Output:
/// impl<'h0> BaseHTTPRequestHandler for Greeter<'h0> where Greeter<'h0>: … { … }
/// ```
pub(super) fn named(handler: &Handler<'_>, names: &Names) -> (Type, Generics) {
    let mut ty = (*handler.block.self_ty).clone();
    let mut naming = Naming { names, given: Vec::new() };
    naming.visit_type_mut(&mut ty);
    let mut generics = handler.block.generics.clone();
    let parameters = naming.given.into_iter().map(|lifetime| GenericParam::Lifetime(LifetimeParam::new(lifetime)));
    generics.params = parameters.chain(generics.params).collect();
    (ty, generics)
}

struct Naming<'n> {
    names: &'n Names,
    given: Vec<Lifetime>,
}

impl Naming<'_> {
    fn next(&mut self, at: Span) -> Lifetime {
        let mut lifetime = self.names.free_lifetime(&format!("h{}", self.given.len()));
        lifetime.set_span(at.resolved_at(Span::call_site()));
        self.given.push(lifetime.clone());
        lifetime
    }
}

impl VisitMut for Naming<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.next(lifetime.span());
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            reference.lifetime = Some(self.next(reference.and_token.spans[0]));
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    // The lifetimes in `fn(&str)` and `dyn Fn(&str)` are theirs.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {}
}
