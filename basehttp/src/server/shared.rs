//! Makes an `Arc` of a handler a handler, so that a program can look at its state while it serves, and afterwards.

use std::sync::Arc;

use super::BaseHTTPRequestHandler;
use crate::exchange::{Exchange, Pace, Result, class_variables, overridables};

macro_rules! forward_constants {
    ($($constant:ident $field:ident: $type:ty = $plain:expr;)*) => { $(const $constant: $type = H::$constant;)* };
}

// Input:
//     exchange { ['c ex] fn log_request(code: u16, size: Option<u64>); .. }
//     server { fn handle_timeout(); .. }
// Output:
//     fn log_request<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>, code: u16, size: Option<u64>) {
//         H::log_request(self, ex, code, size)
//     }
//     fn handle_timeout(&self) {
//         H::handle_timeout(self)
//     }
macro_rules! forward_methods {
    (
        exchange {
            $([$($c:lifetime $ex:ident)?] fn $name:ident($($argument:ident: $type:ty),*) $(-> $output:ty)?;)*
        }
        server {
            $(fn $server_name:ident($($server_argument:ident: $server_type:ty),*) $(-> $server_output:ty)?;)*
        }
    ) => {
        $(fn $name$(<$c>)?(
            &self,
            $($ex: &Exchange<$c, Self::MessageClass<$c>>,)?
            $($argument: $type),*
        ) $(-> $output)? {
            H::$name(self, $($ex,)? $($argument),*)
        })*

        $(fn $server_name(&self, $($server_argument: $server_type),*) $(-> $server_output)? {
            H::$server_name(self, $($server_argument),*)
        })*
    };
}

/// ```
/// # use basehttp::{Exchange, http_handler};
/// # use std::sync::{Arc, Mutex};
/// #[derive(Default)]
/// struct Login {
///     code: Mutex<Option<String>>,
/// }
///
/// #[http_handler]
/// impl Login {
///     fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
///         *self.code.lock().unwrap() = ex.query().get("code").map(Into::into);
///         ex.send_text(200, "You may close this window.\n")
///     }
/// }
///
/// let login = Arc::new(Login::default());
/// let server = basehttp::testing::Server::start(Arc::clone(&login))?;
/// # use std::io::{Read, Write};
/// # let mut client = std::net::TcpStream::connect(server.address())?;
/// # client.write_all(b"GET /callback?code=1234 HTTP/1.0\r\n\r\n")?;
/// # client.read_to_end(&mut Vec::new())?;
/// // … the browser comes by …
/// assert_eq!(login.code.lock().unwrap().as_deref(), Some("1234"));
/// # Ok::<(), std::io::Error>(())
/// ```
impl<H: BaseHTTPRequestHandler> BaseHTTPRequestHandler for Arc<H> {
    type MessageClass<'c> = H::MessageClass<'c>;

    class_variables!(forward_constants);

    fn dispatch<'c>(&self, ex: &mut Exchange<'c, Self::MessageClass<'c>>) -> Option<Result> {
        H::dispatch(self, ex)
    }

    fn pace(command: &str) -> Pace {
        H::pace(command)
    }

    fn route(command: &str, path: &str) -> Option<u16> {
        H::route(command, path)
    }

    fn route_pace(route: u16) -> Pace {
        H::route_pace(route)
    }

    overridables!(forward_methods);
}
