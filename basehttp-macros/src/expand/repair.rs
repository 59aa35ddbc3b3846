//! A refused block is given back, and the compiler would refuse some of it once more, in words that lead astray. Here
//! that is made to compile, so that what is said about it is said once.

use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprMethodCall, ExprTuple, Ident, ImplItemFn};

use crate::calls;
use crate::model::{Method, Role};

/// Repairs a copy of the method's function.
///
/// ```text
/// // Input:
/// async fn do_GET(&self, ex: &mut Exchange) -> Result { Ok(ex.send_error(404, "no such page")?) }
/// // Output:
/// fn do_GET(&self, ex: &mut Exchange) -> Result { Ok(ex.send_error((404, "no such page"))?) }
/// ```
pub fn repair(function: &mut ImplItemFn, method: &Method<'_>) {
    if !matches!(method.role, Role::Helper) {
        function.sig.asyncness = None;
    }
    if let Some(exchange) = method.exchange() {
        PythonArguments { exchange }.visit_block_mut(&mut function.block);
    }
}

struct PythonArguments<'m> {
    exchange: &'m Ident,
}

impl VisitMut for PythonArguments<'_> {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        visit_mut::visit_expr_method_call_mut(self, call);
        if calls::is_exchange(&call.receiver, self.exchange) && calls::has_python_arguments(call) {
            let elems = std::mem::take(&mut call.args);
            let tuple = ExprTuple { attrs: Vec::new(), paren_token: call.paren_token, elems };
            call.args.push(Expr::Tuple(tuple));
        }
    }
}
