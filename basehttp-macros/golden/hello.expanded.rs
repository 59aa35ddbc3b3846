struct Hello;
#[allow(elided_lifetimes_in_paths)]
impl Hello {
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    /// Greets.
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(200)
            .send_header("Content-Type", "text/plain; charset=utf-8")
            .end_headers()?;
        writeln!(ex.wfile, "Hello! You asked for {}", ex.path)?;
        Ok(())
    }
    #[cfg_attr(miri, allow(non_snake_case))]
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        ex.send_text(201, "made")
    }
}
#[automatically_derived]
impl ::basehttp::__private::BaseHTTPRequestHandler for Hello
where
    for<'s> Hello: ::basehttp::__private::Shared<'s>,
{
    type MessageClass<'c> = ::basehttp::__private::Headers<'c>;
    const METHODS: &'static [&'static ::basehttp::__private::str] = &[
        "GET",
        "HEAD",
        "POST",
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
                "POST" => ::basehttp::__private::response(self.do_POST(__ex)).send(__ex),
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
    const VERSION_STRING: &'static ::basehttp::__private::str = ::basehttp::__private::version_string!(
        "Hello/1.0"
    );
    const PROTOCOL_VERSION: ::basehttp::__private::Version = ::basehttp::__private::Version::Http11;
    const OVERRIDES: ::basehttp::__private::Overrides = ::basehttp::__private::Overrides::NONE;
}
#[automatically_derived]
impl ::basehttp::__private::AllMethodsOfATypeGoIntoOneBlockWithHttpHandler for Hello {}
