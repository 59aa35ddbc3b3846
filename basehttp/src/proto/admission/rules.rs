//! Applies all rules to one request, in this order: whom do the proxies speak for, may this scheme and this host be
//! asked here, and may this page ask.

use super::super::{
    head::{Field, Head},
    proxy::{ClientAddress, ProxySays, TrustedProxies},
    refusal::Refusal,
    target::{Scheme, Target, TargetForm},
};
use super::{Hosts, TrustedOrigins};

/// The rules of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Admission {
    pub proxies: TrustedProxies,
    /// The hosts that are served. `None` for all.
    pub hosts: Option<Hosts>,
    /// Paths that may be read under any other host as well.
    pub any_host_paths: Vec<String>,
    /// Refuses what pages of other sites send, except these. `None` if all may send everything.
    pub origins: Option<TrustedOrigins>,
}

/// The origin of a request that may be served, as its client has sent it to the first proxy. A refused request has one,
/// too, for its line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admitted<'b> {
    /// The client's address, if it is not the connection's.
    pub client: Option<ClientAddress>,
    pub scheme: Scheme,
    pub authority: Option<&'b [u8]>,
}

impl Admission {
    /// Returns whether there is no rule, so that requests need not be looked at.
    pub(crate) fn is_trivial(&self) -> bool {
        *self == Admission::default()
    }

    /// Returns the scheme that a connection may be asked for, if it is known before the fields are read. A proxy may
    /// say that its client used another one, and [`admit`](Self::admit) then decides.
    pub(crate) fn parsed_as(&self, served: Scheme) -> Option<Scheme> {
        (!self.proxies.may_tell_scheme()).then_some(served)
    }

    /// Returns what is known of a refused request, as far as the proxies' fields can be read. `sent` is its own
    /// authority.
    pub(crate) fn of_refused<'b>(
        &self,
        sent: Option<&'b [u8]>,
        fields: &[Field<'b>],
        is_from_proxy: bool,
        served: Scheme,
    ) -> Admitted<'b> {
        let mut says = ProxySays::default();
        if is_from_proxy && self.proxies.read(fields, &mut says).is_err() {
            says = ProxySays::default();
        }
        // A part that cannot be understood is as if it were missing.
        let (scheme, authority) = (says.scheme.flatten(), says.authority.flatten());
        Admitted { client: says.client, scheme: scheme.unwrap_or(served), authority: authority.or(sent) }
    }

    /// Applies the rules to a request on a connection that serves `served`.
    pub(crate) fn admit<'b>(
        &self,
        head: &Head<'b>,
        fields: &[Field<'b>],
        is_from_proxy: bool,
        served: Scheme,
    ) -> Result<Admitted<'b>, Refusal> {
        let mut says = ProxySays::default();
        if is_from_proxy {
            self.proxies.read(fields, &mut says)?;
        }
        let (scheme, authority) = (says.checked_scheme()?, says.checked_authority()?);
        let (scheme, authority) = (scheme.unwrap_or(served), authority.or(head.authority));
        head.target.check_scheme(scheme)?;
        // Only a client of HTTP/1.0 sends no host at all, and a browser is none.
        if let (Some(hosts), Some(authority)) = (&self.hosts, authority)
            && !hosts.allows(authority)
            && !self.is_for_any_host(head)
        {
            return Err(NOT_SERVED);
        }
        if let Some(origins) = &self.origins {
            origins.check(head.method, fields, authority)?;
        }
        Ok(Admitted { client: says.client, scheme, authority })
    }

    /// Returns whether the request reads one of the paths that are for any host. The path is compared as it was sent,
    /// so that no other spelling passes, and the absolute form, which names a host itself, does not pass either.
    fn is_for_any_host(&self, head: &Head<'_>) -> bool {
        let Target { form: TargetForm::Origin, path, .. } = &head.target else { return false };
        let path = path.split('?').next().unwrap_or_default();
        matches!(head.method, "GET" | "HEAD") && self.any_host_paths.iter().any(|own| own == path)
    }
}

/// RFC 9110, section 15.5.20.
const NOT_SERVED: Refusal = Refusal::new(421, "this server does not serve the host that was asked");
