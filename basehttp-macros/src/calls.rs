//! Finds the calls in a body that are on the exchange or were meant to be, and those written as in Python.

use std::fmt::Display;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{Expr, ExprLit, ExprMethodCall, Ident, Lit, LitInt, Member};

use crate::model::{Handler, Method, Parameter, Role, Source};

/// The methods of an exchange that return it, so that calls can be chained.
const CHAINING: [&str; 4] = ["send_response", "send_response_only", "send_header", "send_cookie"];

/// Python's methods that only an exchange has here. `end_headers` and `send_error` are overridable, so a handler has
/// them too.
const SENDING: [&str; 4] = ["send_response", "send_response_only", "send_header", "flush_headers"];

/// The methods of an exchange that Python does not have. A handler may have its own, for text messages say, so that
/// only a call with a status code is taken for one on the exchange.
const SENDING_WHOLE: [&str; 4] = ["send_text", "send_html", "send_json", "send_bytes"];

/// The methods whose message is `format_args!(…)`.
const LOGGING: [&str; 2] = ["log_message", "log_error"];

/// The exchange that a method gets, as its body speaks of it.
pub(crate) struct Exchange<'m> {
    /// The name of the parameter. `ex` if there is none.
    pub name: Ident,
    /// False for a method that serves without it.
    is_taken: bool,
    handler: &'m Handler<'m>,
}

impl<'m> Exchange<'m> {
    pub(crate) fn of(method: &Method<'m>, handler: &'m Handler<'m>) -> Option<Self> {
        let may_be = |parameter: &Parameter<'_>| {
            matches!(parameter.source, Source::Exchange | Source::Unknown | Source::Refused)
        };
        let none = || matches!(method.role, Role::Route(_)) && !method.parameters.iter().any(may_be);
        match method.exchange() {
            Some(name) => Some(Self { name: name.clone(), is_taken: true, handler }),
            None => none().then(|| Self { name: Ident::new("ex", Span::call_site()), is_taken: false, handler }),
        }
    }

    /// The end of a message that says what to write in the body.
    pub(crate) fn instead(&self, written: impl Display) -> String {
        let name = &self.name;
        let taken = if self.is_taken { "" } else { "take the exchange as a parameter, `ex: &mut Exchange`, and " };
        format!("{taken}write `{name}.{written}`")
    }

    /// True if the call is on the exchange, or has to be.
    pub(crate) fn is_called(&self, call: &ExprMethodCall) -> bool {
        self.is(&call.receiver) || self.is_missed(call)
    }

    /// True if the call is on `self`, as in Python, but has to be on the exchange, such as `self.send_response(200)`.
    ///
    /// Another block of the same type may have a method of that name, most likely one that is handed the exchange.
    pub(crate) fn is_missed(&self, call: &ExprMethodCall) -> bool {
        if !is_self(&call.receiver) {
            return false;
        }
        let name = call.method.unraw();
        let is_sending = SENDING.iter().any(|method| name == method)
            || SENDING_WHOLE.iter().any(|method| name == method) && status(call).is_some();
        is_sending
            && !self.handler.methods.iter().any(|method| method.name().unraw() == name)
            && !call.args.iter().any(|argument| self.is_handed_on(argument))
    }

    /// Returns whether the receiver of a call is the exchange, as `ex` or `ex.send_response(200)` are.
    fn is(&self, receiver: &Expr) -> bool {
        match receiver {
            Expr::Path(_) => self.is_named(receiver),
            Expr::Paren(paren) => self.is(&paren.expr),
            Expr::MethodCall(call) => CHAINING.iter().any(|method| call.method == method) && self.is_called(call),
            _ => false,
        }
    }

    /// Returns whether the expression is a field of the exchange, such as `ex.headers`.
    pub(crate) fn has_field(&self, expression: &Expr, field: &str) -> bool {
        match expression {
            Expr::Field(access) => {
                self.is_named(&access.base) && matches!(&access.member, Member::Named(name) if name.unraw() == field)
            }
            _ => false,
        }
    }

    fn is_named(&self, expression: &Expr) -> bool {
        let Expr::Path(path) = expression else { return false };
        path.path.get_ident().is_some_and(|name| name.unraw() == self.name.unraw())
    }

    /// Returns whether the argument is the exchange, or lends a part of it for writing, as `ex`, `&*ex` and `&mut
    /// ex.wfile` do.
    fn is_handed_on(&self, argument: &Expr) -> bool {
        match argument {
            Expr::Path(_) => self.is_named(argument),
            Expr::Paren(paren) => self.is_handed_on(&paren.expr),
            Expr::Unary(unary) => self.is_handed_on(&unary.expr),
            Expr::Reference(reference) => match &*reference.expr {
                Expr::Field(field) if reference.mutability.is_some() => self.is_handed_on(&field.base),
                whole => self.is_handed_on(whole),
            },
            _ => false,
        }
    }
}

pub(crate) fn is_self(receiver: &Expr) -> bool {
    matches!(receiver, Expr::Path(path) if path.path.is_ident("self"))
}

/// Returns the code of a status that is the first argument, `404` or `(404, "no such page")`.
pub(crate) fn status(call: &ExprMethodCall) -> Option<&LitInt> {
    match call.args.first() {
        Some(Expr::Tuple(status)) => status.elems.first().and_then(integer),
        first => first.and_then(integer),
    }
}

/// The integer that the expression is.
pub(crate) fn integer(expression: &Expr) -> Option<&LitInt> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Int(integer), .. }) => Some(integer),
        _ => None,
    }
}

/// Returns whether the arguments are Python's, as in `ex.send_error(404, "…")`, which is `ex.send_error((404, "…"))`
/// here.
pub(crate) fn has_python_arguments(call: &ExprMethodCall) -> bool {
    let most = match call.method.to_string().as_str() {
        "send_response" | "send_response_only" => 2,
        "send_error" => 3,
        _ => 1,
    };
    (2..=most).contains(&call.args.len())
}

/// Returns whether a message is a text, as in `ex.log_message("hi")`, which is `ex.log_message(format_args!("hi"))`
/// here.
pub(crate) fn has_text_as_message(call: &ExprMethodCall) -> bool {
    let is_text = |argument: &Expr| matches!(argument, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }));
    LOGGING.iter().any(|method| call.method == method) && call.args.first().is_some_and(is_text)
}
