//! The signatures of the methods that the runtime calls: what stands before `fn`, the receiver, the parameters, and what
//! is returned.

use std::fmt::Display;

use syn::{FnArg, GenericParam, PatType, Receiver, ReceiverKind, ReturnType, Safety, Signature, Type};

use super::types::contradicts;
use super::verbs;
use crate::model::{Handler, Role};
use crate::overridables::Overridable;
use crate::refusals::Refusals;

pub fn check(handler: &Handler<'_>, refusals: &mut Refusals) {
    for method in &handler.methods {
        let signature = &method.item.sig;
        let wanted = match &method.role {
            Role::Route(token) => verbs::meant_name(method.name(), token).map(|name| Wanted::route(&name)),
            Role::Override(overridable) => Some(Wanted::overridable(overridable)),
            Role::Helper => None,
        };
        if let Some(wanted) = wanted {
            wanted.check(signature, refusals);
        }
    }
}

/// The signature that a method has to have, its types as users write them.
struct Wanted {
    /// What the messages end with.
    instead: String,
    /// The parameters after `&self`.
    parameters: Vec<(&'static str, &'static str)>,
    /// `None` if the compiler has to judge it.
    output: Option<&'static str>,
}

impl Wanted {
    fn route(name: &str) -> Self {
        Self {
            instead: format!("write `fn {name}(&self, ex: &mut Exchange) -> Result`"),
            parameters: vec![("ex", "&mut Exchange")],
            output: None,
        }
    }

    fn overridable(overridable: &Overridable) -> Self {
        Self {
            instead: format!("write `{overridable}`, or give a helper of your own another name"),
            parameters: overridable.parameters.iter().map(|(name, ty)| (*name, ty.written())).collect(),
            output: Some(overridable.output.written()),
        }
    }

    fn check(&self, signature: &Signature, refusals: &mut Refusals) {
        self.qualifiers(signature, refusals);
        self.receiver(signature, refusals);
        self.parameters(signature, refusals);
        self.output(signature, refusals);
    }

    fn qualifiers(&self, signature: &Signature, refusals: &mut Refusals) {
        let name = &signature.ident;
        if let Some(keyword) = &signature.asyncness {
            self.refuse(
                keyword,
                format_args!("`{name}` is async, but the runtime calls plain functions, which may block"),
                refusals,
            );
        }
        if let Safety::Unsafe(keyword) = &signature.safety {
            self.refuse(keyword, format_args!("`{name}` is unsafe, but the runtime calls it from safe code"), refusals);
        }
        if let Some(abi) = &signature.abi {
            self.refuse(abi, format_args!("`{name}` is extern, but the runtime calls Rust functions"), refusals);
        }
        let is_lifetime = |parameter: &&GenericParam| matches!(parameter, GenericParam::Lifetime(_));
        if let Some(parameter) = signature.generics.params.iter().find(|parameter| !is_lifetime(parameter)) {
            self.refuse(
                parameter,
                format_args!("`{name}` is generic, so the runtime cannot know which one to call"),
                refusals,
            );
        }
    }

    fn receiver(&self, signature: &Signature, refusals: &mut Refusals) {
        let name = &signature.ident;
        let Some(receiver) = signature.receiver() else {
            return self.refuse(name, format_args!("`{name}` lacks `&self`"), refusals);
        };
        match Access::of(receiver) {
            Access::Shared => {}
            Access::Exclusive => refusals.refuse(
                receiver,
                format_args!("`{name}` cannot take `&mut self`"),
                format_args!(
                    "{}\nthe handler is shared by all connections: keep state in a `Mutex` or an atomic",
                    self.instead
                ),
            ),
            Access::Owned => {
                self.refuse(
                    receiver,
                    format_args!("`{name}` takes the handler by value, but requests share it"),
                    refusals,
                );
            }
        }
    }

    fn parameters(&self, signature: &Signature, refusals: &mut Refusals) {
        let name = &signature.ident;
        let found: Vec<_> = signature.inputs.iter().filter_map(typed).collect();
        if let Some(surplus) = found.get(self.parameters.len()) {
            return self.refuse(surplus, format_args!("`{name}` has a parameter too many"), refusals);
        }
        if let Some((missing, _)) = self.parameters.get(found.len()) {
            return self.refuse(name, format_args!("`{name}` lacks its parameter `{missing}`"), refusals);
        }
        for (found, (parameter, wanted)) in found.into_iter().zip(&self.parameters) {
            if contradicts(&found.ty, wanted) {
                self.refuse(&found.ty, format_args!("`{parameter}` of `{name}` has to be `{wanted}`"), refusals);
            }
        }
    }

    fn output(&self, signature: &Signature, refusals: &mut Refusals) {
        let Some(wanted) = self.output else { return };
        let wrong = || format!("`{}` has to return `{wanted}`", signature.ident);
        match &signature.output {
            ReturnType::Default if wanted != "()" => self.refuse(&signature.ident, wrong(), refusals),
            ReturnType::Type(_, found) if contradicts(found, wanted) => self.refuse(found, wrong(), refusals),
            _ => {}
        }
    }

    fn refuse(&self, tokens: impl quote::ToTokens, wrong: impl Display, refusals: &mut Refusals) {
        refusals.refuse(tokens, wrong, &self.instead);
    }
}

/// What a receiver does to the handler.
enum Access {
    Shared,
    Exclusive,
    Owned,
}

impl Access {
    fn of(receiver: &Receiver) -> Self {
        match &receiver.kind {
            ReceiverKind::Reference(_, _, None) => Self::Shared,
            ReceiverKind::Reference(_, _, Some(_)) => Self::Exclusive,
            ReceiverKind::Typed(_, ty) => match &**ty {
                Type::Reference(reference) if reference.mutability.is_some() => Self::Exclusive,
                Type::Reference(_) => Self::Shared,
                _ => Self::Owned,
            },
            _ => Self::Owned,
        }
    }
}

fn typed(input: &FnArg) -> Option<&PatType> {
    match input {
        FnArg::Typed(parameter) => Some(parameter),
        FnArg::Receiver(_) => None,
    }
}
