//! A refused block is given back, and the compiler would refuse some of it once more, in words that lead astray. Here
//! that is kept from it, so that what is wrong is said once.

use quote::quote;
use syn::{Expr, FnArg, ImplItemFn, Stmt, parse_quote};

use crate::check;
use crate::model::{Handler, Method, Role};
use crate::refusals::Refusals;

/// Repairs a copy of the method's function. A body in which something is refused is left to editors, which complete in
/// it; the condition is theirs, not the compiler's.
///
/// ```text
/// // Input:
/// async fn do_GET(&self, ex: &mut Exchange) -> Result {
///     self.send_response(404).end_headers()?;
///     Ok(())
/// }
/// // Output:
/// #[allow(unused)]
/// fn do_GET(&self, ex: &mut Exchange) -> Result {
///     #[cfg(miri)]
///     {
///         self.send_response(404).end_headers()?;
///         Ok(())
///     }
///     loop {}
/// }
/// ```
pub(super) fn repair(function: &mut ImplItemFn, method: &Method<'_>, handler: &Handler<'_>) {
    let was_async = function.sig.asyncness.is_some();
    let is_called = !matches!(method.role, Role::Helper) || !method.paths.is_empty();
    if is_called {
        function.sig.asyncness = None;
        function.sig.constness = None;
        for parameter in &mut function.sig.inputs {
            if let FnArg::Typed(parameter) = parameter {
                parameter.attrs.clear();
            }
        }
    }
    let mut refusals = Refusals::default();
    check::body(method, handler, &mut refusals);
    // There may be an `.await` in the body.
    if !refusals.is_empty() || (is_called && was_async) {
        let body = &function.block;
        // A body with a syntax error in it cannot be parsed once more.
        let statements = quote! {
            #[cfg(miri)]
            #body
            loop {}
        };
        function.block.stmts = vec![Stmt::Expr(Expr::Verbatim(statements), None)];
        function.attrs.push(parse_quote!(#[allow(unused)]));
    }
}
