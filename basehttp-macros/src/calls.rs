//! Which calls in a body are calls on the exchange, or were meant to be, and which of them are written as in Python.

use syn::{Expr, ExprLit, ExprMethodCall, Ident, Lit};

use crate::model::{Handler, Method};

/// The methods of an exchange that return it, so that calls can be chained.
const CHAINING: [&str; 3] = ["send_response", "send_response_only", "send_header"];

/// The methods that only an exchange has. `end_headers` and `send_error` are overridable, so a handler has them too.
const SENDING: [&str; 8] = [
    "send_response",
    "send_response_only",
    "send_header",
    "flush_headers",
    "send_text",
    "send_bytes",
    "send_body",
    "send_file",
];

/// The methods whose message is `format_args!(…)`.
const LOGGING: [&str; 2] = ["log_message", "log_error"];

/// The exchange that a method gets, as its body speaks of it.
pub struct Exchange<'m> {
    /// The name of the parameter.
    pub name: &'m Ident,
    handler: &'m Handler<'m>,
}

impl<'m> Exchange<'m> {
    pub fn of(method: &Method<'m>, handler: &'m Handler<'m>) -> Option<Self> {
        method.exchange().map(|name| Self { name, handler })
    }

    /// Whether the call is on the exchange, or has to be.
    pub fn is_called(&self, call: &ExprMethodCall) -> bool {
        self.is(&call.receiver) || self.is_missed(call)
    }

    /// Whether the call is on `self`, as in Python, but has to be on the exchange: `self.send_response(200)`.
    ///
    /// Another block of the same type may have a method of that name, most likely one that is handed the exchange.
    pub fn is_missed(&self, call: &ExprMethodCall) -> bool {
        is_self(&call.receiver)
            && SENDING.iter().any(|method| call.method == method)
            && !self.handler.methods.iter().any(|method| *method.name() == call.method)
            && !call.args.iter().any(|argument| self.is_handed_on(argument))
    }

    /// Whether the receiver of a call is the exchange: `ex`, or `ex.send_response(200)`.
    fn is(&self, receiver: &Expr) -> bool {
        match receiver {
            Expr::Path(path) => path.path.is_ident(self.name),
            Expr::Paren(paren) => self.is(&paren.expr),
            Expr::MethodCall(call) => CHAINING.iter().any(|method| call.method == method) && self.is_called(call),
            _ => false,
        }
    }

    /// Whether the argument is the exchange, or lends a part of it for writing: `ex`, `&*ex`, `&mut ex.wfile`.
    fn is_handed_on(&self, argument: &Expr) -> bool {
        match argument {
            Expr::Path(path) => path.path.is_ident(self.name),
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

fn is_self(receiver: &Expr) -> bool {
    matches!(receiver, Expr::Path(path) if path.path.is_ident("self"))
}

/// Whether the arguments are Python's: `ex.send_error(404, "no such page")`, which is `ex.send_error((404, …))` here.
pub fn has_python_arguments(call: &ExprMethodCall) -> bool {
    let most = match call.method.to_string().as_str() {
        "send_response" | "send_response_only" => 2,
        "send_error" => 3,
        _ => 1,
    };
    (2..=most).contains(&call.args.len())
}

/// Whether a message is a text: `ex.log_message("hello")`, which is `ex.log_message(format_args!("hello"))` here.
pub fn has_text_as_message(call: &ExprMethodCall) -> bool {
    let is_text = |argument: &Expr| matches!(argument, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }));
    LOGGING.iter().any(|method| call.method == method) && call.args.first().is_some_and(is_text)
}
