//! Calls in the bodies of the methods that get an exchange: literals that would be an error in every run, and what is
//! written as in Python, which the compiler would explain less well.
//!
//! Only calls whose receiver is the exchange are looked at: `ex.send_response(200).send_header("A", "b")`, and those on
//! `self` that should have it as theirs. Closures, nested items and macros are left alone, and a body that binds the
//! exchange's name anew is as a whole.

use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprClosure, ExprLit, ExprMethodCall, Ident, Item, Lit, LitInt, LitStr, PatIdent};

use super::arguments::{refuse_status_code, status_code};
use crate::calls::{self, Exchange};
use crate::grammar;
use crate::model::{Handler, Method};
use crate::refusals::Refusals;

pub(super) fn check(method: &Method<'_>, handler: &Handler<'_>, refusals: &mut Refusals) {
    let body = &method.item.block;
    if let Some(exchange) = Exchange::of(method, handler).filter(|exchange| !binds(body, &exchange.name)) {
        Calls { exchange, refusals }.visit_block(body);
    }
}

/// True if the body gives `name` a meaning of its own somewhere.
pub(super) fn binds(body: &Block, name: &Ident) -> bool {
    struct Bindings<'n> {
        name: &'n Ident,
        found: bool,
    }
    impl<'ast> Visit<'ast> for Bindings<'_> {
        fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
            self.found |= pattern.ident == *self.name;
            visit::visit_pat_ident(self, pattern);
        }
        fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
        fn visit_item(&mut self, _: &'ast Item) {}
    }
    let mut bindings = Bindings { name, found: false };
    bindings.visit_block(body);
    bindings.found
}

/// Looks at the calls on the exchange, and at those that should be.
struct Calls<'a> {
    exchange: Exchange<'a>,
    refusals: &'a mut Refusals,
}

impl<'ast> Visit<'ast> for Calls<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        if self.exchange.is_missed(call) {
            self.missed(call);
        }
        if self.exchange.is_called(call) {
            self.call(call);
        }
    }
    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}

impl Calls<'_> {
    /// `self.send_response(200)` is Python; here the handler is shared, and each request has an exchange of its own.
    fn missed(&mut self, call: &ExprMethodCall) {
        let ExprMethodCall { receiver, dot_token, method, args, .. } = call;
        let arguments = if args.is_empty() { "" } else { "…" };
        self.refusals.refuse(
            quote::quote!(#receiver #dot_token #method),
            format_args!("`{method}` is a method of the exchange, and `self` is the handler"),
            format_args!(
                "{}\nif another block has a `{method}` of your own, write `Self::{method}(self, …)`",
                self.exchange.instead(format_args!("{method}({arguments})"))
            ),
        );
    }

    fn call(&mut self, call: &ExprMethodCall) {
        match call.method.to_string().as_str() {
            "send_response" | "send_response_only" | "send_error" | "send_text" | "send_html" | "send_json"
            | "send_bytes" => self.status(call),
            "redirect" => self.redirect(call),
            "send_header" => self.header(call),
            "log_message" | "log_error" => self.message(call),
            _ => {}
        }
    }

    fn status(&mut self, call: &ExprMethodCall) {
        if calls::has_python_arguments(call) {
            self.python_arguments(call);
        }
        if let Some(code) = calls::status(call) {
            self.code(code, call);
        }
    }

    /// The statuses that send a client on by themselves (RFC 9110, section 15.4).
    fn redirect(&mut self, call: &ExprMethodCall) {
        let Some(code) = calls::status(call) else { return };
        if !matches!(code.base10_parse(), Ok(301..=303 | 307..=308u16)) {
            self.refusals.refuse(
                code,
                format_args!("{code} sends no client to another page"),
                "write 303 after a form, 308 for a page that has moved, 307 for one that is elsewhere for now, 301 or 302",
            );
        }
    }

    fn code(&mut self, code: &LitInt, call: &ExprMethodCall) {
        match (status_code(code), code.base10_parse()) {
            (Some(100..=199), _) if call.method == "send_error" => self.refusals.refuse(
                code,
                format_args!("{code} is an interim status, and an error is a final response"),
                "write one from 400 to 599",
            ),
            (None, Ok(600..=999u16)) => self.refusals.refuse(
                code,
                format_args!("{code} is not a status code of HTTP"),
                format_args!("write one from 100 to 599\nif both sides have agreed on it, write it as a constant: `const CODE: u16 = {code};`"),
            ),
            (None, _) => refuse_status_code(code, self.refusals),
            (Some(_), _) => {}
        }
    }

    /// `ex.send_error(404, "no such page")` is Python; here the status is one argument.
    fn python_arguments(&mut self, call: &ExprMethodCall) {
        let method = &call.method;
        self.refusals.refuse(
            &call.args,
            format_args!("`{method}` takes one argument"),
            format_args!("write `{}.{method}(({}))`", self.exchange.name, shown_arguments(call)),
        );
    }

    /// `ex.log_message("hello")` is Python; here a message is formatted where it is written.
    fn message(&mut self, call: &ExprMethodCall) {
        if calls::has_text_as_message(call) {
            let method = &call.method;
            self.refusals.refuse(
                &call.args,
                format_args!("`{method}` takes its message as `format_args!`"),
                format_args!("write `{}.{method}(format_args!({}))`", self.exchange.name, shown_arguments(call)),
            );
        }
    }

    fn header(&mut self, call: &ExprMethodCall) {
        let Some((name, value)) = call.args.first().zip(call.args.get(1)) else { return };
        if let Some(name) = text(name).filter(|name| !grammar::is_token(&name.value())) {
            let wrong = format!("{:?} is not the name of a header field", name.value());
            self.refusals.refuse(name, wrong, "write one word such as \"Content-Type\", without colon or spaces");
        }
        if let Some(name) = text(name).filter(|name| is_sent_before(&name.value(), &call.receiver)) {
            self.refusals.refuse(name, format_args!("a second `{}`: a response has one", name.value()), "send it once");
        }
        let Some(value) = text(value) else { return };
        if let Some(character) = grammar::first_unsendable(&value.value()) {
            let wrong = format!("a header field cannot carry {character:?}");
            self.refusals.refuse(value, wrong, "write plain Latin-1 text on one line");
        }
    }
}

/// True if the chain of calls has sent that field already, and it may come once only.
fn is_sent_before(name: &str, mut receiver: &Expr) -> bool {
    while let Expr::MethodCall(call) = receiver {
        let sent = call.args.first().and_then(text).filter(|_| call.method == "send_header");
        if sent.is_some_and(|sent| sent.value().eq_ignore_ascii_case(name)) {
            return grammar::comes_once(name);
        }
        receiver = &call.receiver;
    }
    false
}

/// The arguments, short enough for a message.
fn shown_arguments(call: &ExprMethodCall) -> String {
    call.args.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// A literal as it stands, anything longer as `…`.
fn shown(argument: &Expr) -> String {
    match argument {
        Expr::Lit(_) | Expr::Path(_) => quote::quote!(#argument).to_string(),
        _ => "…".to_owned(),
    }
}

fn text(argument: &Expr) -> Option<&LitStr> {
    match argument {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
        _ => None,
    }
}
