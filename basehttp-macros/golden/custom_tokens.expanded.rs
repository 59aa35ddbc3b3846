#[allow(elided_lifetimes_in_paths)]
impl Device {
    #[allow(non_snake_case, clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_text(200, "hello")
    }
    #[allow(non_snake_case, clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn do_SPAM(&self, ex: &mut Exchange) {
        self.count(ex);
    }
    #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
    fn search(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_error((404, "nothing found"))
    }
}
#[automatically_derived]
impl ::basehttp::__private::BaseHTTPRequestHandler for Device
where
    Device: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    type MessageClass<'c> = ::basehttp::__private::Headers<'c>;
    const METHODS: &'static [&'static str] = &["GET", "SPAM", "M-SEARCH"];
    fn dispatch<'c>(
        &self,
        ex: &mut ::basehttp::__private::Exchange<'c, Self::MessageClass<'c>>,
    ) -> ::basehttp::__private::Option<::basehttp::__private::Outcome> {
        ::basehttp::__private::Some(
            match ex.command {
                "GET" => ::basehttp::__private::outcome(Self::do_GET(self, ex)),
                "SPAM" => ::basehttp::__private::outcome(Self::do_SPAM(self, ex)),
                "M-SEARCH" => ::basehttp::__private::outcome(Self::search(self, ex)),
                _ => return ::basehttp::__private::None,
            },
        )
    }
    fn pace(command: &str) -> ::basehttp::__private::Pace {
        match command {
            "M-SEARCH" => ::basehttp::__private::Pace::Pool,
            _ => ::basehttp::__private::Pace::Auto,
        }
    }
    const OVERRIDES: ::basehttp::__private::Overrides = ::basehttp::__private::Overrides::NONE;
}
