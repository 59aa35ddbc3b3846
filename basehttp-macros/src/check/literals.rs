//! Literals in the bodies of the methods that get an exchange: what would be an error in every run is one now.
//!
//! Only calls whose receiver is the exchange are looked at: `ex.send_response(200).send_header("A", "b")`. Closures,
//! nested items and macros are left alone, and a body that binds the exchange's name anew is as a whole.

use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprClosure, ExprLit, ExprMethodCall, Ident, Item, Lit, LitInt, LitStr, PatIdent};

use super::arguments::{refuse_status_code, status_code};
use crate::calls;
use crate::grammar;
use crate::model::Handler;
use crate::refusals::Refusals;

pub fn check(handler: &Handler<'_>, refusals: &mut Refusals) {
    for method in &handler.methods {
        let body = &method.item.block;
        if let Some(exchange) = method.exchange().filter(|exchange| !binds(body, exchange)) {
            Calls { exchange, refusals }.visit_block(body);
        }
    }
}

/// Whether the body gives `name` a meaning of its own somewhere.
fn binds(body: &Block, name: &Ident) -> bool {
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

/// Looks at the calls on the exchange.
struct Calls<'a> {
    exchange: &'a Ident,
    refusals: &'a mut Refusals,
}

impl<'ast> Visit<'ast> for Calls<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        if calls::is_exchange(&call.receiver, self.exchange) {
            self.call(call);
        }
    }
    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}

impl Calls<'_> {
    fn call(&mut self, call: &ExprMethodCall) {
        match call.method.to_string().as_str() {
            "send_response" | "send_response_only" | "send_error" | "send_text" | "send_bytes" => self.status(call),
            "send_header" => self.header(call),
            _ => {}
        }
    }

    fn status(&mut self, call: &ExprMethodCall) {
        if calls::has_python_arguments(call) {
            self.python_arguments(call);
        }
        let code = match call.args.first() {
            Some(Expr::Tuple(status)) => status.elems.first(),
            first => first,
        };
        if let Some(Expr::Lit(ExprLit { lit: Lit::Int(code), .. })) = code {
            self.code(code);
        }
    }

    fn code(&mut self, code: &LitInt) {
        if status_code(code).is_none() {
            refuse_status_code(code, self.refusals);
        }
    }

    /// `ex.send_error(404, "no such page")` is Python; here the status is one argument.
    fn python_arguments(&mut self, call: &ExprMethodCall) {
        let method = &call.method;
        let shown = call.args.iter().map(shown).collect::<Vec<_>>().join(", ");
        self.refusals.refuse(
            &call.args,
            format_args!("`{method}` takes one argument"),
            format_args!("write `{}.{method}(({shown}))`", self.exchange),
        );
    }

    fn header(&mut self, call: &ExprMethodCall) {
        let Some((name, value)) = call.args.first().zip(call.args.get(1)) else { return };
        if let Some(name) = text(name).filter(|name| !grammar::is_token(&name.value())) {
            let wrong = format_args!("{:?} is no name of a header field", name.value());
            self.refusals.refuse(name, wrong, "write one word such as \"Content-Type\", without colon or blanks");
        }
        let Some(value) = text(value) else { return };
        if let Some(character) = grammar::first_unsendable(&value.value()) {
            let wrong = format_args!("a header field cannot carry {character:?}");
            self.refusals.refuse(value, wrong, "write plain Latin-1 text on one line");
        }
    }
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
