//! The flags of HTTPS, which only builds with the feature `tls` have.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueHint};

use crate::values;

/// The flags of HTTPS.
#[derive(Debug, Args)]
#[command(next_help_heading = "HTTPS")]
#[group(skip)]
#[command(group = ArgGroup::new("certificate").args(["tls_cert", "tls_self_signed"]))]
pub(crate) struct HttpsFlags {
    /// Serve HTTPS with the certificate in this PEM file
    ///
    /// The file has the certificate of this server first, and then those that lead to a root that clients know. SIGHUP
    /// makes the program read it again, so that a renewed certificate needs no restart.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub tls_cert: Option<PathBuf>,

    /// PEM file with the certificate's key, without a password [default: the certificate's file]
    #[arg(long, value_name = "PATH", requires = "tls_cert", conflicts_with = "tls_self_signed", value_hint = ValueHint::FilePath)]
    pub tls_key: Option<PathBuf>,

    /// Serve HTTPS with a certificate that is made for this run, for development
    ///
    /// It is for localhost, and for the names and addresses of --bind, --host and sockets of a service manager.
    /// Browsers warn of it. Its fingerprint is printed, to compare it.
    #[arg(long)]
    pub tls_self_signed: bool,

    /// Port of plain HTTP that sends every client to HTTPS, such as 80
    ///
    /// It is opened at each address where HTTPS is served, leads to the port of HTTPS there, and is closed when that
    /// one is. --trust-proxy, --proxy-protocol, --host and --reuse-port hold for it as well. A client that has asked at
    /// port 80 of such a proxy is sent to its port 443.
    #[arg(long, value_name = "PORT", requires = "certificate", value_parser = values::port, allow_negative_numbers = true)]
    pub http_redirect: Option<u16>,
}
