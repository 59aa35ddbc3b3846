#[allow(elided_lifetimes_in_paths)]
impl Quiet {
    #[allow(non_snake_case, clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
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
    Quiet: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    type MessageClass<'c> = ::basehttp::__private::Headers<'c>;
    const METHODS: &'static [&'static str] = &["GET", "HEAD", "OPTIONS"];
    fn dispatch<'c>(
        &self,
        ex: &mut ::basehttp::__private::Exchange<'c, Self::MessageClass<'c>>,
    ) -> ::basehttp::__private::Option<::basehttp::__private::Outcome> {
        ::basehttp::__private::Some(
            match ex.command {
                "GET" | "HEAD" => ::basehttp::__private::outcome(Self::do_GET(self, ex)),
                "OPTIONS" => ::basehttp::__private::allow(ex, Self::METHODS),
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
        ex: &::basehttp::__private::Exchange<'c, Self::MessageClass<'c>>,
        message: ::basehttp::__private::fmt::Arguments<'_>,
    ) {
        Self::log_message(self, ex, message)
    }
    fn end_headers<'c>(
        &self,
        ex: &::basehttp::__private::Exchange<'c, Self::MessageClass<'c>>,
    ) -> ::basehttp::__private::io::Result<()> {
        Self::end_headers(self, ex)
    }
    fn version_string(&self) -> ::basehttp::__private::Cow<'_, str> {
        Self::version_string(self)
    }
}
