#[allow(elided_lifetimes_in_paths)]
impl<'c, S: Store, const N: usize> Files<'c, S, N>
where
    S::Error: Error,
{
    const LIMIT: usize = N;
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.serve(ex)
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    #[cfg(feature = "head")]
    fn do_HEAD(&self, ex: &mut Exchange) -> Result {
        self.serve(ex)
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    #[cfg(unix)]
    #[cfg(feature = "locks")]
    fn do_LOCK(&self, ex: &mut Exchange) {
        self.lock(ex);
    }
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps
    )]
    #[cfg(feature = "quiet")]
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
    for<'s> Files<'c, S, N>: ::basehttp::__private::Shared<'s>,
{
    type MessageClass<'c_> = ::basehttp::__private::Headers<'c_>;
    const METHODS: &'static [&'static ::basehttp::__private::str] = &[
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
        __ex: &mut ::basehttp::__private::Exchange<
            'c_,
            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::MessageClass<'c_>,
        >,
    ) -> ::basehttp::__private::Option<::basehttp::__private::Outcome> {
        ::basehttp::__private::Some(
            match __ex.command {
                "GET" => ::basehttp::__private::response(self.do_GET(__ex)).send(__ex),
                #[cfg(not(feature = "head"))]
                "HEAD" => ::basehttp::__private::response(self.do_GET(__ex)).send(__ex),
                #[cfg(feature = "head")]
                "HEAD" => ::basehttp::__private::response(self.do_HEAD(__ex)).send(__ex),
                #[cfg(unix)]
                #[cfg(feature = "locks")]
                "LOCK" => ::basehttp::__private::response(self.do_LOCK(__ex)).send(__ex),
                "OPTIONS" => {
                    ::basehttp::__private::allow(
                        __ex,
                        <Self as ::basehttp::__private::BaseHTTPRequestHandler>::METHODS,
                    )
                }
                _ => return ::basehttp::__private::None,
            },
        )
    }
    fn pace(__command: &::basehttp::__private::str) -> ::basehttp::__private::Pace {
        match __command {
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
        __ex: &::basehttp::__private::Exchange<
            'c_,
            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::MessageClass<'c_>,
        >,
        __code: ::basehttp::__private::u16,
        __size: ::basehttp::__private::Option<::basehttp::__private::u64>,
    ) {
        self.log_request(__ex, __code, __size)
    }
}
#[automatically_derived]
impl<
    'c,
    S: Store,
    const N: usize,
> ::basehttp::__private::AllMethodsOfATypeGoIntoOneBlockWithHttpHandler
for Files<'c, S, N>
where
    S::Error: Error,
{}
