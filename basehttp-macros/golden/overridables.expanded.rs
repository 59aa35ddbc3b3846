#[allow(elided_lifetimes_in_paths)]
impl Quiet {
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_text(200, "hello")
    }
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps
    )]
    fn log_message(&self, ex: &Exchange, message: fmt::Arguments<'_>) {
        self.lines.lock().unwrap().push(format!("{} {message}", ex.path));
    }
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps
    )]
    fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
        ex.send_header("Access-Control-Allow-Origin", "*");
        basehttp::defaults::end_headers(self, ex)
    }
    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps
    )]
    fn version_string(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }
}
#[automatically_derived]
impl ::basehttp::__private::BaseHTTPRequestHandler for Quiet
where
    for<'s> Quiet: ::basehttp::__private::Shared<'s>,
{
    type MessageClass<'c> = ::basehttp::__private::Headers<'c>;
    const METHODS: &'static [&'static ::basehttp::__private::str] = &[
        "GET",
        "HEAD",
        "OPTIONS",
    ];
    fn dispatch<'c>(
        &self,
        __ex: &mut ::basehttp::__private::Exchange<
            'c,
            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::MessageClass<'c>,
        >,
    ) -> ::basehttp::__private::Option<::basehttp::__private::Outcome> {
        ::basehttp::__private::Some(
            match __ex.command {
                "GET" | "HEAD" => {
                    ::basehttp::__private::response(self.do_GET(__ex)).send(__ex)
                }
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
    const OVERRIDES: ::basehttp::__private::Overrides = ::basehttp::__private::Overrides {
        log_message: true,
        end_headers: true,
        version_string: true,
        ..::basehttp::__private::Overrides::NONE
    };
    fn log_message<'c>(
        &self,
        __ex: &::basehttp::__private::Exchange<
            'c,
            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::MessageClass<'c>,
        >,
        __message: ::basehttp::__private::fmt::Arguments<'_>,
    ) {
        self.log_message(__ex, __message)
    }
    fn end_headers<'c>(
        &self,
        __ex: &::basehttp::__private::Exchange<
            'c,
            <Self as ::basehttp::__private::BaseHTTPRequestHandler>::MessageClass<'c>,
        >,
    ) -> ::basehttp::__private::io::Result<()> {
        self.end_headers(__ex)
    }
    fn version_string(
        &self,
    ) -> ::basehttp::__private::Cow<'_, ::basehttp::__private::str> {
        self.version_string()
    }
}
#[automatically_derived]
impl ::basehttp::__private::AllMethodsOfATypeGoIntoOneBlockWithHttpHandler for Quiet {}
