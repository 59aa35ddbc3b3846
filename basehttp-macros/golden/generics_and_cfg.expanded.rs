#[allow(elided_lifetimes_in_paths)]
impl<'c, S: Store, const N: usize> Files<'c, S, N>
where
    S::Error: Error,
{
    const LIMIT: usize = N;
    #[allow(non_snake_case, clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.serve(ex)
    }
    #[cfg(feature = "head")]
    #[allow(non_snake_case, clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_HEAD(&self, ex: &mut Exchange) -> Result {
        self.serve(ex)
    }
    #[cfg(unix)]
    #[cfg(feature = "locks")]
    #[allow(non_snake_case, clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_LOCK(&self, ex: &mut Exchange) {
        self.lock(ex);
    }
    #[cfg(feature = "quiet")]
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps
    )]
    fn log_request(&self, _ex: &Exchange, _code: u16, _size: Option<u64>) {}
    fn serve(&self, ex: &mut Exchange) -> Result {
        ex.send_bytes(200, "text/plain", self.store.read(ex.path, Self::LIMIT)?)
    }
}
#[automatically_derived]
impl<'c, S: Store, const N: usize> ::basehttp::__private::BaseHTTPRequestHandler
for Files<'c, S, N>
where
    S::Error: Error,
    Files<'c, S, N>: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    type MessageClass<'c_> = ::basehttp::__private::Headers<'c_>;
    const METHODS: &'static [&'static str] = &[
        "GET",
        #[cfg(not(feature = "head"))]
        "HEAD",
        #[cfg(feature = "head")]
        "HEAD",
        #[cfg(unix)]
        #[cfg(feature = "locks")]
        "LOCK",
        "OPTIONS",
    ];
    fn dispatch<'c_>(
        &self,
        ex: &mut ::basehttp::__private::Exchange<'c_, Self::MessageClass<'c_>>,
    ) -> ::basehttp::__private::Option<::basehttp::__private::Outcome> {
        ::basehttp::__private::Some(
            match ex.command {
                "GET" => ::basehttp::__private::outcome(Self::do_GET(self, ex)),
                #[cfg(not(feature = "head"))]
                "HEAD" => ::basehttp::__private::outcome(Self::do_GET(self, ex)),
                #[cfg(feature = "head")]
                "HEAD" => ::basehttp::__private::outcome(Self::do_HEAD(self, ex)),
                #[cfg(unix)]
                #[cfg(feature = "locks")]
                "LOCK" => ::basehttp::__private::outcome(Self::do_LOCK(self, ex)),
                "OPTIONS" => ::basehttp::__private::allow(ex, Self::METHODS),
                _ => return ::basehttp::__private::None,
            },
        )
    }
    fn pace(command: &str) -> ::basehttp::__private::Pace {
        match command {
            "GET" => ::basehttp::__private::Pace::Pool,
            #[cfg(not(feature = "head"))]
            "HEAD" => ::basehttp::__private::Pace::Pool,
            #[cfg(unix)]
            #[cfg(feature = "locks")]
            "LOCK" => ::basehttp::__private::Pace::Auto,
            _ => ::basehttp::__private::Pace::Inline,
        }
    }
    const OVERRIDES: ::basehttp::__private::Overrides = ::basehttp::__private::Overrides {
        #[cfg(feature = "quiet")]
        log_request: true,
        ..::basehttp::__private::Overrides::NONE
    };
    #[cfg(feature = "quiet")]
    fn log_request<'c_>(
        &self,
        ex: &::basehttp::__private::Exchange<'c_, Self::MessageClass<'c_>>,
        code: u16,
        size: ::basehttp::__private::Option<u64>,
    ) {
        Self::log_request(self, ex, code, size)
    }
}
