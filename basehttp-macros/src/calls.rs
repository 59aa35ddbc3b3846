//! Which calls in a body are calls on the exchange.

use syn::{Expr, ExprMethodCall, Ident};

/// The methods of an exchange that return it, so that calls can be chained.
const CHAINING: [&str; 3] = ["send_response", "send_response_only", "send_header"];

/// Whether the receiver of a call is the exchange: `ex`, or `ex.send_response(200)`.
pub fn is_exchange(receiver: &Expr, exchange: &Ident) -> bool {
    match receiver {
        Expr::Path(path) => path.path.is_ident(exchange),
        Expr::Paren(paren) => is_exchange(&paren.expr, exchange),
        Expr::MethodCall(call) => {
            CHAINING.iter().any(|method| call.method == method) && is_exchange(&call.receiver, exchange)
        }
        _ => false,
    }
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
