//! The signatures of the methods that the runtime calls: what stands before `fn`, the receiver, the parameters, and what
//! is returned.

use std::fmt::Display;

use quote::ToTokens;
use syn::{
    FnArg, GenericArgument, GenericParam, ImplItemFn, PatType, PathArguments, PathSegment, Receiver, ReceiverKind,
    ReturnType, Safety, Signature, Type, TypeParamBound, TypeTraitObject,
};

use super::types::contradicts;
use super::verbs;
use crate::model::{Handler, Role};
use crate::overridables::Overridable;
use crate::refusals::Refusals;

pub(super) fn check(handler: &Handler<'_>, refusals: &mut Refusals) {
    for method in &handler.methods {
        let wanted = match &method.role {
            Role::Route(token) => verbs::meant_name(method.name(), token).map(|name| Wanted::route(&name)),
            Role::Override(overridable) => Some(Wanted::overridable(overridable)),
            Role::Helper => None,
        };
        if let Some(wanted) = wanted {
            wanted.check(method.item, refusals);
        }
    }
}

/// The signature that a method has to have, its types as users write them.
struct Wanted {
    /// The end of the messages.
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

    fn check(&self, method: &ImplItemFn, refusals: &mut Refusals) {
        let signature = &method.sig;
        Self::attributes(method, refusals);
        self.qualifiers(signature, refusals);
        self.receiver(signature, refusals);
        self.parameters(signature, refusals);
        self.output(signature, refusals);
    }

    fn attributes(method: &ImplItemFn, refusals: &mut Refusals) {
        let name = &method.sig.ident;
        if let Some(attribute) = method.attrs.iter().find(|attribute| attribute.path().is_ident("target_feature")) {
            refusals.refuse(
                attribute,
                format_args!("`{name}` needs features of the CPU, but the runtime calls it on any"),
                "write a helper with these features, and call it once you have found them there",
            );
        }
    }

    fn qualifiers(&self, signature: &Signature, refusals: &mut Refusals) {
        let name = &signature.ident;
        if let Some(keyword) = &signature.constness {
            self.refuse(keyword, format_args!("`{name}` is const, but the runtime calls it while it serves"), refusals);
        }
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
            return self.refuse(surplus, format_args!("`{name}` has one parameter too many"), refusals);
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
        let Some(wanted) = self.output else { return self.outcome(signature, refusals) };
        let wrong = || format!("`{}` has to return `{wanted}`", signature.ident);
        match &signature.output {
            ReturnType::Default if wanted != "()" => self.refuse(&signature.ident, wrong(), refusals),
            ReturnType::Type(_, found) if contradicts(found, wanted) => self.refuse(found, wrong(), refusals),
            _ => {}
        }
    }

    /// What a `do_*` method returns is the compiler's to judge, except for what it explains badly.
    fn outcome(&self, signature: &Signature, refusals: &mut Refusals) {
        let name = &signature.ident;
        match &signature.output {
            ReturnType::Type(_, ty) if matches!(&**ty, Type::Never(_)) => {
                self.refuse(ty, format_args!("`{name}` never returns, but a request has to end"), refusals);
            }
            ReturnType::Type(_, ty) => {
                if let Some(error) = unshared_error(ty) {
                    refusals.refuse(
                        error,
                        format_args!("the error of `{name}` has to be `Send + Sync`"),
                        format_args!("add `+ Send + Sync`, or {}", self.instead),
                    );
                }
            }
            ReturnType::Default => {}
        }
    }

    fn refuse(&self, tokens: impl ToTokens, wrong: impl Display, refusals: &mut Refusals) {
        refusals.refuse(tokens, wrong, &self.instead);
    }
}

/// `dyn Error` of `Result<(), Box<dyn Error>>`, unless it is `Send + Sync`.
fn unshared_error(output: &Type) -> Option<&TypeTraitObject> {
    let error = type_argument(last_segment(output).filter(|last| last.ident == "Result")?, 1)?;
    let Type::TraitObject(object) = type_argument(last_segment(error).filter(|last| last.ident == "Box")?, 0)? else {
        return None;
    };
    let names = |wanted: &str| {
        object.bounds.iter().any(|bound| match bound {
            TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == wanted),
            _ => false,
        })
    };
    (names("Error") && !(names("Send") && names("Sync"))).then_some(object)
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

fn type_argument(segment: &PathSegment, at: usize) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.nth(at)
}

/// The way a receiver takes the handler.
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
