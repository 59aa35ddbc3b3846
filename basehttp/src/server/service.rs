//! Makes every handler a `Service`: calls to the object go to the handler's type.

use super::{BaseHTTPRequestHandler, MessageClass};
use crate::exchange;
use crate::exchange::{
    Exchange, HTTPError, HandlerSpec, Hooks, IncomingRequest, Pace, Result, Served, ServerHooks, Service, catch_panic,
    class_variables, overridables,
};
use crate::proto::Field;
use crate::sys::log;

impl<H: BaseHTTPRequestHandler> Service for H {
    fn spec(&self) -> HandlerSpec {
        const {
            assert!(matches!(H::UNKNOWN_METHOD, 405 | 501), "`UNKNOWN_METHOD` is 405 or 501");
        }
        macro_rules! read {
            ($($constant:ident $field:ident: $type:ty = $plain:expr;)*) => { HandlerSpec { $($field: H::$constant),* } };
        }
        class_variables!(read)
    }

    fn pace(&self, command: &str) -> Pace {
        H::pace(command)
    }

    fn route(&self, command: &str, path: &str) -> Option<u16> {
        H::route(command, path)
    }

    fn route_pace(&self, route: u16) -> Pace {
        H::route_pace(route)
    }

    fn serve<'c>(&'c self, incoming: IncomingRequest<'c>) -> Served {
        let (headers, refusal) = match parse::<H>(incoming.fields) {
            Ok(headers) => (Ok(headers), None),
            Err(refusal) => (parse::<H>(&[]), Some(refusal)),
        };
        let Ok(headers) = headers else { return exchange::serve_bare(&incoming) };
        let refusal = refusal.or(incoming.refusal.clone());
        let ex: Exchange<'c, H::MessageClass<'c>> = Exchange::new(&incoming, headers, self);
        exchange::serve(ex, refusal, |ex| self.dispatch(ex))
    }

    fn hooks(&self) -> &dyn ServerHooks {
        self
    }

    fn log_failure<'c>(&'c self, incoming: IncomingRequest<'c>, reason: &str) {
        match parse::<H>(&[]) {
            Ok(headers) => exchange::log_failure(&Exchange::new(&incoming, headers, self), reason),
            Err(_) => log::add_line(&log::default_line(incoming.client, reason)),
        }
    }
}

/// Parses the fields into the handler's `MessageClass`. A panic in there is a 500.
fn parse<'c, H: BaseHTTPRequestHandler>(fields: &'c [Field<'c>]) -> Result<H::MessageClass<'c>, HTTPError> {
    catch_panic(|| H::MessageClass::parse(fields)).unwrap_or_else(|| Err(HTTPError::from(500)))
}

// Input:
//     exchange { ['c ex] fn log_request(code: u16, size: Option<u64>); .. }
// Output:
//     impl<'c, M, H> Hooks<'c, M> for H .. {
//         fn log_request(&self, ex: &Exchange<'c, M>, code: u16, size: Option<u64>) {
//             BaseHTTPRequestHandler::log_request(self, ex, code, size)
//         }
//     }
macro_rules! forward {
    (
        exchange {
            $([$($c:lifetime $ex:ident)?] fn $name:ident($($argument:ident: $type:ty),*) $(-> $output:ty)?;)*
        }
        server {
            $(fn $server_name:ident($($server_argument:ident: $server_type:ty),*) $(-> $server_output:ty)?;)*
        }
    ) => {
        impl<'c, M, H> Hooks<'c, M> for H
        where
            H: BaseHTTPRequestHandler<MessageClass<'c> = M>,
        {
            $(fn $name(&self, $($ex: &Exchange<$c, M>,)? $($argument: $type),*) $(-> $output)? {
                BaseHTTPRequestHandler::$name(self, $($ex,)? $($argument),*)
            })*
        }

        impl<H: BaseHTTPRequestHandler> ServerHooks for H {
            $(fn $server_name(&self, $($server_argument: $server_type),*) $(-> $server_output)? {
                BaseHTTPRequestHandler::$server_name(self, $($server_argument),*)
            })*
        }
    };
}

overridables!(forward);
