struct Hello;
#[allow(elided_lifetimes_in_paths)]
impl Hello {
    /// Greets.
    #[allow(non_snake_case, clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(200)
            .send_header("Content-Type", "text/plain; charset=utf-8")
            .end_headers()?;
        writeln!(ex.wfile, "Hello! You asked for {}", ex.path)?;
        Ok(())
    }
    #[allow(non_snake_case, clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        ex.send_text(201, "made")
    }
}
#[automatically_derived]
impl ::basehttp::__private::BaseHTTPRequestHandler for Hello
where
    Hello: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    type MessageClass<'c> = ::basehttp::__private::Headers<'c>;
    const METHODS: &'static [&'static str] = &["GET", "HEAD", "POST", "OPTIONS"];
    fn dispatch<'c>(
        &self,
        ex: &mut ::basehttp::__private::Exchange<'c, Self::MessageClass<'c>>,
    ) -> ::basehttp::__private::Option<::basehttp::__private::Outcome> {
        ::basehttp::__private::Some(
            match ex.command {
                "GET" | "HEAD" => ::basehttp::__private::outcome(Self::do_GET(self, ex)),
                "POST" => ::basehttp::__private::outcome(Self::do_POST(self, ex)),
                "OPTIONS" => ::basehttp::__private::allow(ex, Self::METHODS),
                _ => return ::basehttp::__private::None,
            },
        )
    }
    const VERSION_STRING: &'static str = ::basehttp::__private::version_string!(
        "Hello/1.0"
    );
    const PROTOCOL_VERSION: ::basehttp::__private::Version = ::basehttp::__private::Version::Http11;
    const OVERRIDES: ::basehttp::__private::Overrides = ::basehttp::__private::Overrides::NONE;
}
