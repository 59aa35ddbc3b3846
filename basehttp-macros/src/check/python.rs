//! Lines that are right in Python. The compiler refuses them here, and its advice leads elsewhere.
//!
//! | written                              | to write instead                              |
//! |--------------------------------------|-----------------------------------------------|
//! | `self.wfile`                         | `ex.wfile`                                    |
//! | `ex.headers["Host"]`                 | `ex.headers.get("Host")`                      |
//! | `ex.rfile.read(100)`, `.readline()`  | `ex.read_body(max)`, `.read_line(&mut line)`  |
//! | `return Err(404)`                    | `return Err(HTTPError::from(404).into())`     |
//! | `ex.send_bytes(200, "…", &text)`     | `ex.send_bytes(200, "…", text)`               |
//!
//! A handler may have fields of its own, so that only names are refused that say something of one request. `self.path`
//! is left to the compiler, since it may be the directory that a handler serves.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{
    Block, Expr, ExprAsync, ExprCall, ExprClosure, ExprField, ExprIndex, ExprMethodCall, ExprReturn, Ident, Item,
    Local, Macro, Member, Pat, PatIdent, Stmt,
};

use super::literals::binds;
use crate::calls::{Exchange, integer, is_self};
use crate::model::{Handler, Method, Role};
use crate::refusals::Refusals;

/// Fields of the exchange that a handler, which all requests share, does not have.
const OF_ONE_REQUEST: [&str; 6] =
    ["rfile", "wfile", "requestline", "request_version", "client_address", "close_connection"];

/// Texts of the exchange that end with the request.
const TEXTS_OF_THE_REQUEST: [&str; 4] = ["path", "command", "requestline", "request_version"];

pub(super) fn check(method: &Method<'_>, handler: &Handler<'_>, refusals: &mut Refusals) {
    let body = &method.item.block;
    let Some(exchange) = Exchange::of(method, handler).filter(|exchange| !binds(body, &exchange.name)) else { return };
    let mut python = Python { exchange, handler, owned: Vec::new(), refusals };
    python.visit_block(body);
    if matches!(method.role, Role::Route(_)) {
        tails(body, &mut |tail| python.returned(tail));
    }
}

struct Python<'a> {
    exchange: Exchange<'a>,
    handler: &'a Handler<'a>,
    /// The variables that own a text or bytes.
    owned: Vec<&'a Ident>,
    refusals: &'a mut Refusals,
}

impl<'ast: 'a, 'a> Visit<'ast> for Python<'a> {
    fn visit_local(&mut self, local: &'ast Local) {
        visit::visit_local(self, local);
        if local.init.as_ref().is_some_and(|init| is_owned(&init.expr)) {
            self.owned.extend(bound_name(&local.pat));
        }
    }

    fn visit_expr_field(&mut self, access: &'ast ExprField) {
        visit::visit_expr_field(self, access);
        if let (true, Member::Named(name)) = (is_self(&access.base), &access.member) {
            self.field_of_self(name);
        }
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        fields_of_self(called.tokens.clone(), &mut |name| self.field_of_self(&name));
    }

    fn visit_expr_index(&mut self, index: &'ast ExprIndex) {
        visit::visit_expr_index(self, index);
        // Another `MessageClass` may be indexed.
        if self.handler.arguments.message_class.is_none() && self.exchange.has_field(&index.expr, "headers") {
            let ex = &self.exchange.name;
            self.refusals.refuse(
                index,
                "`headers` cannot be indexed, since a request may lack the field",
                format_args!("write `{ex}.headers.get(\"…\")`, which is `None` then"),
            );
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        if self.exchange.has_field(&call.receiver, "rfile") {
            self.reading(call);
        } else if self.exchange.is_called(call) {
            self.sending(call);
        }
    }

    fn visit_expr_return(&mut self, expression: &'ast ExprReturn) {
        visit::visit_expr_return(self, expression);
        if let Some(value) = &expression.expr {
            self.returned(value);
        }
    }

    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.owned.retain(|known| **known != pattern.ident);
    }

    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}
    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}

impl Python<'_> {
    fn field_of_self(&mut self, name: &Ident) {
        if OF_ONE_REQUEST.iter().any(|field| name.unraw() == field) {
            let instead = self.exchange.instead(name);
            self.refusals.refuse(
                name,
                format_args!("`{name}` is a field of the exchange, and `self` is the handler"),
                format_args!(
                    "{instead}\n\
                     if the handler has a field of that name, write `let Self {{ {name}, .. }} = self;`"
                ),
            );
        }
    }

    fn reading(&mut self, call: &ExprMethodCall) {
        let ex = &self.exchange.name;
        let is_length = |argument: &Expr| integer(argument).is_some() || matches!(argument, Expr::Cast(_));
        let method = call.method.unraw().to_string();
        let instead = match method.as_str() {
            "read" if call.args.is_empty() || call.args.first().is_some_and(is_length) => {
                format!("write `{ex}.read_body(max)?` for all of it, or `{ex}.rfile.read_exact(&mut buffer)?`")
            }
            "readline" => format!("write `{ex}.rfile.read_line(&mut line)?`, with `use std::io::BufRead`"),
            "readlines" => format!("write `{ex}.read_text(max)?`, and go through its `lines()`"),
            _ => return,
        };
        self.refusals.refuse(&call.method, format_args!("`rfile.{method}` of Python reads into a new value"), instead);
    }

    /// The body of a reply is sent after the method has returned.
    fn sending(&mut self, call: &ExprMethodCall) {
        let body = match call.method.unraw().to_string().as_str() {
            "send_bytes" => call.args.get(2),
            "send_body" => call.args.first(),
            _ => None,
        };
        if let Some((body, instead)) = body.and_then(|body| Some((body, self.owned_instead_of(body)?))) {
            self.refusals.refuse(
                body,
                format_args!("`{}` keeps the body until it is sent, after this method has returned", call.method),
                format_args!("what is borrowed does not last so long: write `{instead}`"),
            );
        }
    }

    /// What to write where a variable that owns its text is borrowed, or a text of the request.
    fn owned_instead_of(&self, body: &Expr) -> Option<String> {
        let (lender, is_part) = lender(body);
        if let Some(field) = TEXTS_OF_THE_REQUEST.iter().find(|field| self.exchange.has_field(lender, field)) {
            let ex = &self.exchange.name;
            return Some(format!("{ex}.{field}{}.to_owned()", if is_part { "[…]" } else { "" }));
        }
        let Expr::Path(path) = lender else { return None };
        let name = path.path.get_ident().filter(|name| self.owned.contains(name) && !matches!(body, Expr::Path(_)))?;
        Some(if is_part { format!("{name}[…].to_owned()") } else { format!("{name}`, or `{name}.clone()") })
    }

    /// `Err(404)`, where the error is the reply.
    fn returned(&mut self, value: &Expr) {
        let Expr::Call(ExprCall { func, args, .. }) = value else { return };
        let Expr::Path(path) = &**func else { return };
        if !path.path.is_ident("Err") {
            return;
        }
        let (code, made) = match args.first() {
            Some(Expr::Tuple(status)) => (status.elems.first().and_then(integer), "new(…, \"…\")"),
            Some(argument) => (integer(argument), "from(…)"),
            None => return,
        };
        if let Some(code) = code {
            self.refusals.refuse(
                args,
                "a status is not an error yet",
                format_args!("write `Err(HTTPError::{}.into())`", made.replacen('…', &code.to_string(), 1)),
            );
        }
    }
}

/// `text` of `&text`, `text.as_str()` and `text[1..].as_bytes()`, and whether it is only a part of it.
fn lender(mut borrowed: &Expr) -> (&Expr, bool) {
    let mut is_part = false;
    loop {
        borrowed = match borrowed {
            Expr::Reference(reference) => &reference.expr,
            Expr::Paren(paren) => &paren.expr,
            Expr::Index(index) if matches!(*index.index, Expr::Range(_)) => {
                is_part = true;
                &index.expr
            }
            Expr::MethodCall(call)
                if ["as_str", "as_bytes", "as_slice"].iter().any(|method| call.method.unraw() == method) =>
            {
                &call.receiver
            }
            _ => return (borrowed, is_part),
        };
    }
}

/// The values that a body may end with.
fn tails(body: &Block, found: &mut impl FnMut(&Expr)) {
    if let Some(Stmt::Expr(tail, None)) = body.stmts.last() {
        tails_of(tail, found);
    }
}

fn tails_of(expression: &Expr, found: &mut impl FnMut(&Expr)) {
    match expression {
        Expr::If(branches) => {
            tails(&branches.then_branch, found);
            if let Some((_, otherwise)) = &branches.else_branch {
                tails_of(otherwise, found);
            }
        }
        Expr::Match(matching) => matching.arms.iter().for_each(|arm| tails_of(&arm.body, found)),
        Expr::Block(block) => tails(&block.block, found),
        Expr::Return(_) => {}
        tail => found(tail),
    }
}

/// The fields in `self.wfile` and the like, anywhere in the tokens of a macro's call.
fn fields_of_self(tokens: TokenStream, found: &mut impl FnMut(Ident)) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match (token, tokens.get(at + 1), tokens.get(at + 2), tokens.get(at + 3)) {
            (TokenTree::Group(group), ..) => fields_of_self(group.stream(), found),
            (TokenTree::Ident(handler), Some(TokenTree::Punct(dot)), Some(TokenTree::Ident(field)), behind)
                if handler == "self" && dot.as_char() == '.' && !matches!(behind, Some(TokenTree::Group(_))) =>
            {
                found(field.clone());
            }
            _ => {}
        }
    }
}

fn bound_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(pattern) => Some(&pattern.ident),
        Pat::Type(typed) => bound_name(&typed.pat),
        _ => None,
    }
}

/// True if the value is surely a text or bytes of its own.
fn is_owned(value: &Expr) -> bool {
    const MAKING: [&str; 9] = [
        "to_string",
        "to_owned",
        "to_vec",
        "into_bytes",
        "read_body",
        "read_text",
        "to_uppercase",
        "to_lowercase",
        "replace",
    ];
    match value {
        Expr::Try(fallible) => is_owned(&fallible.expr),
        Expr::Macro(called) => ["format", "vec"].iter().any(|name| called.mac.path.is_ident(name)),
        Expr::MethodCall(call) => MAKING.iter().any(|method| call.method.unraw() == method),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let mut names = path.path.segments.iter().rev().map(|segment| &segment.ident);
                names.next().is_some_and(|function| function != "leak")
                    && names.next().is_some_and(|ty| ty == "String" || ty == "Vec")
            }
            _ => false,
        },
        _ => false,
    }
}
