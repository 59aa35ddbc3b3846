//! The overridable methods, each of them once: the table from which the traits and forwarding impls are written.
//!
//! [`Hooks`] is object-safe, so that an [`Exchange`] does not need to name the type of its handler. The documented
//! trait is `BaseHTTPRequestHandler`.
//!
//! If you add a row, add the method to `BaseHTTPRequestHandler` and its default to `defaults`, and the row to the macro
//! crate's table `OVERRIDABLES`. A method that handlers may call belongs into `convenience`, too, and one that makes or
//! logs a response into [`Overrides::any_runs_for_refusals`]. Nothing else names them all.

use super::Exchange;

/// Calls the macro `write` with one row for each overridable method. `['c ex]` begins a row whose method takes the
/// exchange, as its first argument. A type has its whole path, since the rows are written out in other modules.
macro_rules! overridables {
    ($write:ident) => {
        $write! {
            exchange {
                ['c ex] fn log_request(code: u16, size: Option<u64>);
                ['c ex] fn log_error(message: std::fmt::Arguments<'_>);
                ['c ex] fn log_message(message: std::fmt::Arguments<'_>);
                [] fn version_string() -> std::borrow::Cow<'_, str>;
                [] fn date_time_string(time: std::time::SystemTime) -> String;
                [] fn log_date_time_string() -> String;
                ['c ex] fn address_string() -> String;
                ['c ex] fn handle_expect_100() -> crate::exchange::Result<bool>;
                ['c ex] fn end_headers() -> std::io::Result<()>;
                ['c ex] fn send_error(code: u16, message: &str, explain: &str) -> std::io::Result<()>;
                [] fn handle_error(client_address: &crate::sys::Address, error: &crate::exchange::HandlerError);
            }
            server {
                fn verify_request(client_address: &crate::sys::Address) -> bool;
                fn handle_timeout();
                fn service_actions();
            }
        }
    };
}

pub(crate) use overridables;

// Input:
//     exchange { ['c ex] fn log_request(code: u16, size: Option<u64>); .. }
//     server { fn handle_timeout(); .. }
// Output:
//     pub trait Hooks<'c, M> { fn log_request(&self, ex: &Exchange<'c, M>, code: u16, size: Option<u64>); .. }
//     pub trait ServerHooks { fn handle_timeout(&self); .. }
//     pub struct Overrides { pub log_request: bool, .., pub handle_timeout: bool, .. }
macro_rules! declare {
    (
        exchange {
            $([$($c:lifetime $ex:ident)?] fn $name:ident($($argument:ident: $type:ty),*) $(-> $output:ty)?;)*
        }
        server {
            $(fn $server_name:ident($($server_argument:ident: $server_type:ty),*) $(-> $server_output:ty)?;)*
        }
    ) => {
        /// The overridable methods that concern one exchange. `M` is the handler's `MessageClass`.
        #[allow(missing_docs)] // Documented on `BaseHTTPRequestHandler`.
        pub(crate) trait Hooks<'c, M> {
            $(fn $name(&self, $($ex: &Exchange<$c, M>,)? $($argument: $type),*) $(-> $output)?;)*
        }

        /// The overridable methods that the server calls without an exchange.
        #[allow(missing_docs)] // Documented on `BaseHTTPRequestHandler`.
        pub(crate) trait ServerHooks {
            $(fn $server_name(&self, $($server_argument: $server_type),*) $(-> $server_output)?;)*
        }

        /// The overridable methods that a handler defines itself, so that the server can take a short cut for the
        /// others.
        ///
        /// `#[http_handler]` writes it. A handler type without the attribute has [`ALL`](Self::ALL), which is slower
        /// but never wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(clippy::struct_excessive_bools)] // Independent facts, as many as rows.
        #[allow(missing_docs)] // Each field is named after its method.
        pub struct Overrides {
            $(pub $name: bool,)*
            $(pub $server_name: bool,)*
        }

        impl Overrides {
            const fn each(is_own: bool) -> Self {
                Overrides { $($name: is_own,)* $($server_name: is_own,)* }
            }
        }
    };
}

overridables!(declare);

impl Overrides {
    /// The handler defines no overridable method.
    pub const NONE: Overrides = Overrides::each(false);

    /// The handler may define every overridable method.
    pub const ALL: Overrides = Overrides::each(true);

    /// Returns whether one of them makes or logs the response to a refused request.
    pub(crate) fn any_runs_for_refusals(&self) -> bool {
        self.log_error
            || self.log_message
            || self.log_request
            || self.send_error
            || self.end_headers
            || self.version_string
            || self.date_time_string
            || self.log_date_time_string
            || self.address_string
    }
}
