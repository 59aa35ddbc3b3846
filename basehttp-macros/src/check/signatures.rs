//! The signatures of the methods that the runtime calls: what stands before `fn`, the receiver, the parameters, and
//! what is returned.

use std::fmt::Display;

use quote::ToTokens;
use syn::{
    GenericParam, ImplItemFn, PathArguments, Receiver, ReceiverKind, ReturnType, Safety, Signature, Type,
    TypeParamBound, TypeTraitObject,
};

use super::methods::meant_name;
use crate::model::{Handler, Method, Parameter, Role, Source, typed};
use crate::overridables::Overridable;
use crate::refusals::Refusals;
use crate::types::{contradicts, inside, last_segment, type_argument, ungrouped};

pub(super) fn check(handler: &Handler<'_>, refusals: &mut Refusals) {
    for method in &handler.methods {
        let wanted = match &method.role {
            Role::Route(_) => meant_name(method).map(|name| Wanted::route(&name, method)),
            Role::Before => Some(Wanted::before(method)),
            // One with a path was meant to serve.
            Role::Override(overridable) => method.paths.is_empty().then(|| Wanted::overridable(overridable)),
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
    /// The parameters after `&self`. `None` if they are judged by their sources.
    parameters: Option<Vec<(&'static str, &'static str)>>,
    output: Output,
}

/// The type that has to be returned.
enum Output {
    /// This type.
    Type(&'static str),
    /// A type that the compiler can make a response of. Without an exchange, it has to be more than `()`.
    Response { has_exchange: bool },
}

impl Wanted {
    fn route(name: &str, method: &Method<'_>) -> Self {
        let is_exchange_alone = matches!(&*method.parameters, [] | [_]) && method.paths.is_empty();
        let signature = if is_exchange_alone { "&self, ex: &mut Exchange) -> Result" } else { "&self, …)" };
        // A parameter without a source may be meant to be the exchange.
        let may_be = |parameter: &Parameter<'_>| matches!(parameter.source, Source::Exchange | Source::Unknown);
        let has_exchange = method.parameters.iter().any(may_be);
        Self {
            instead: format!("write `fn {name}({signature}`"),
            parameters: None,
            output: Output::Response { has_exchange },
        }
    }

    fn before(method: &Method<'_>) -> Self {
        Self {
            instead: format!("write `fn {}(&self, ex: &Exchange) -> Result`", method.name()),
            parameters: Some(vec![("ex", "&Exchange")]),
            output: Output::Type("Result<()>"),
        }
    }

    fn overridable(overridable: &Overridable) -> Self {
        Self {
            instead: format!("write `{overridable}`, or give a helper of your own another name"),
            parameters: Some(overridable.parameters.iter().map(|(name, ty)| (*name, ty.written())).collect()),
            output: Output::Type(overridable.output.written()),
        }
    }

    fn check(&self, method: &ImplItemFn, refusals: &mut Refusals) {
        let signature = &method.sig;
        Self::attributes(method, refusals);
        self.qualifiers(signature, refusals);
        self.receiver(signature, refusals);
        if let Some(parameters) = &self.parameters {
            self.parameters(parameters, signature, refusals);
        }
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

    fn parameters(&self, wanted: &[(&str, &str)], signature: &Signature, refusals: &mut Refusals) {
        let name = &signature.ident;
        let found: Vec<_> = signature.inputs.iter().filter_map(typed).collect();
        if let Some(surplus) = found.get(wanted.len()) {
            return self.refuse(surplus, format_args!("`{name}` has one parameter too many"), refusals);
        }
        if let Some((missing, _)) = wanted.get(found.len()) {
            return self.refuse(name, format_args!("`{name}` lacks its parameter `{missing}`"), refusals);
        }
        for (found, (parameter, wanted)) in found.into_iter().zip(wanted) {
            if contradicts(&found.ty, wanted) {
                self.refuse(&found.ty, format_args!("`{parameter}` of `{name}` has to be `{wanted}`"), refusals);
            }
        }
    }

    fn output(&self, signature: &Signature, refusals: &mut Refusals) {
        let wanted = match self.output {
            Output::Type(wanted) => wanted,
            Output::Response { has_exchange: false } if answers_nothing(&signature.output) => {
                return Self::no_answer(signature, refusals);
            }
            Output::Response { .. } => return self.response(signature, refusals),
        };
        let wrong = || format!("`{}` has to return `{wanted}`", signature.ident);
        match &signature.output {
            ReturnType::Default if wanted != "()" => self.refuse(&signature.ident, wrong(), refusals),
            ReturnType::Type(_, found) if contradicts(found, wanted) => self.refuse(found, wrong(), refusals),
            _ => {}
        }
    }

    /// Without the exchange, the returned value is all that can be sent.
    fn no_answer(signature: &Signature, refusals: &mut Refusals) {
        let name = &signature.ident;
        let wrong = format!("`{name}` has no exchange to send with, and returns nothing to send");
        let instead = "take the exchange, `ex: &mut Exchange`, or return what is to be sent: a `String`, a `u16`, …";
        match &signature.output {
            ReturnType::Default => refusals.refuse(name, wrong, instead),
            ReturnType::Type(_, ty) => refusals.refuse(ty, wrong, instead),
        }
    }

    /// What a `do_*` method returns is the compiler's to judge, except for what it explains badly.
    fn response(&self, signature: &Signature, refusals: &mut Refusals) {
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

/// True for `()`, `Result`, `Result<()>` and `Option<()>`, as they are written.
fn answers_nothing(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => true,
        ReturnType::Type(_, ty) => holds_nothing(ty),
    }
}

fn holds_nothing(ty: &Type) -> bool {
    let is_unit = matches!(ungrouped(ty), Type::Tuple(tuple) if tuple.elems.is_empty());
    let is_bare_result =
        || last_segment(ty).is_some_and(|last| last.ident == "Result" && matches!(last.arguments, PathArguments::None));
    let inside = || inside(ty, "Result").or_else(|| inside(ty, "Option"));
    is_unit || is_bare_result() || inside().is_some_and(holds_nothing)
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
