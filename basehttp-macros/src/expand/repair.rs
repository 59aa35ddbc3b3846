//! A refused block is given back, and the compiler would refuse some of it once more, in words that lead astray. Here
//! that is made to compile, so that what is said about it is said once.

use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprMethodCall, ExprTuple, ImplItemFn, parse_quote};

use crate::calls::{self, Exchange};
use crate::model::{Handler, Method, Role};

/// Repairs a copy of the method's function.
///
/// ```text
/// // Input:
/// async fn do_GET(&self, ex: &mut Exchange) -> Result {
///     ex.log_message("no {}", ex.path);
///     self.send_response(404, "no such page").end_headers()?;
///     Ok(())
/// }
/// // Output:
/// fn do_GET(&self, ex: &mut Exchange) -> Result {
///     ex.log_message(format_args!("no {}", ex.path));
///     ex.send_response((404, "no such page")).end_headers()?;
///     Ok(())
/// }
/// ```
pub fn repair(function: &mut ImplItemFn, method: &Method<'_>, handler: &Handler<'_>) {
    if !matches!(method.role, Role::Helper) {
        function.sig.asyncness = None;
    }
    if let Some(exchange) = Exchange::of(method, handler) {
        Calls { exchange }.visit_block_mut(&mut function.block);
    }
}

struct Calls<'m> {
    exchange: Exchange<'m>,
}

impl VisitMut for Calls<'_> {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        visit_mut::visit_expr_method_call_mut(self, call);
        if self.exchange.is_missed(call) {
            let name = self.exchange.name;
            call.receiver = parse_quote!(#name);
        }
        if !self.exchange.is_called(call) {
            return;
        }
        if calls::has_python_arguments(call) {
            let elems = std::mem::take(&mut call.args);
            let tuple = ExprTuple { attrs: Vec::new(), paren_token: call.paren_token, elems };
            call.args.push(Expr::Tuple(tuple));
        }
        if calls::has_text_as_message(call) {
            let message = std::mem::take(&mut call.args);
            call.args.push(parse_quote!(::core::format_args!(#message)));
        }
    }
}
